//! Readings: each measure of a plan read once, on few connections, none able to break another.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::Value;

use crate::batch;
use crate::measure::{DatabaseMeasure, Failure, Measure, Reading, Reason, SqlValueMeasure};
use crate::source::Sources;
use crate::source::database::{Database, Session};

/// Is told how far a run is.
pub trait Progress: Sync {
    /// So many readings will be taken.
    fn begin(&self, _readings: usize) {}
    /// A reading was taken.
    fn reading(&self, _label: &str, _failure: Option<&Failure>) {}
    /// All readings are taken.
    fn end(&self) {}
}

/// Tells nobody.
pub struct NoProgress;

impl Progress for NoProgress {}

/// What a measure gave, and what it took.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) result: Result<Reading, Failure>,
    pub(super) elapsed: Duration,
    pub(super) statements: u64,
    pub(super) retries: u32,
}

/// All readings, in the order of the measures; each has the label that progress shows.
pub(super) async fn read_all(measures: &[(Measure, String)], sources: &Sources, progress: &dyn Progress) -> Vec<Taken> {
    progress.begin(measures.len());
    let mut taken: Vec<Option<Taken>> = vec![None; measures.len()];
    let mut lanes = Vec::new();
    for (name, database) in &sources.databases {
        let mine: Vec<usize> = (0..measures.len())
            .filter(|index| asks(&measures[*index].0, name))
            .collect();
        lanes.push(read_database(mine, measures, database, sources, progress));
    }
    for (index, result) in join_all(lanes).await.into_iter().flatten() {
        taken[index] = Some(result);
    }
    let finish = |(index, slot): (usize, Option<Taken>)| {
        slot.unwrap_or_else(|| {
            let (measure, label) = &measures[index];
            let begun = Instant::now();
            let result = isolated(|| read_known(measure, sources));
            progress.reading(label, result.as_ref().err());
            Taken {
                result,
                elapsed: begun.elapsed(),
                statements: 0,
                retries: 0,
            }
        })
    };
    let taken = taken.into_iter().enumerate().map(finish).collect();
    progress.end();
    taken
}

/// Runs pure code that may panic, as one failure.
pub(super) fn isolated<T>(code: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(code)).unwrap_or_else(|panic| Err(panicked(panic.as_ref())))
}

fn asks(measure: &Measure, database: &str) -> bool {
    match measure {
        Measure::Database(measure) => measure.database == database,
        Measure::SqlValue(measure) => measure.database == database,
        _ => false,
    }
}

/// The measures of one database, shared out among its connections: whoever is free takes the next.
async fn read_database(
    mine: Vec<usize>,
    measures: &[(Measure, String)],
    database: &Database,
    sources: &Sources,
    progress: &dyn Progress,
) -> Vec<(usize, Taken)> {
    let next = AtomicUsize::new(0);
    let workers = database.options().connections.clamp(1, mine.len().max(1));
    let lane = || async {
        let mut session: Option<Session> = None;
        let mut taken = Vec::new();
        while let Some(index) = mine.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (measure, label) = &measures[*index];
            let reading = read_one(&mut session, database, measure, sources).await;
            progress.reading(label, reading.result.as_ref().err());
            taken.push((*index, reading));
        }
        if let Some(session) = session {
            session.close().await;
        }
        taken
    };
    join_all((0..workers).map(|_| lane()))
        .await
        .into_iter()
        .flatten()
        .collect()
}

async fn read_one(session: &mut Option<Session>, database: &Database, measure: &Measure, sources: &Sources) -> Taken {
    let begun = Instant::now();
    if sources.interrupt.is_raised() {
        let result = Err(Failure::new(
            Reason::NotRun,
            "the run was interrupted before this metric",
        ));
        return Taken {
            result,
            elapsed: Duration::ZERO,
            statements: 0,
            retries: 0,
        };
    }
    let mut open = match session.take() {
        Some(open) => open,
        None => match database.open_patiently(&sources.interrupt, sources.log.clone()).await {
            Ok(open) => open,
            Err(error) => {
                return Taken {
                    result: Err(error.into()),
                    elapsed: begun.elapsed(),
                    statements: 0,
                    retries: 0,
                };
            }
        },
    };
    let before = open.statements();
    let attempt = AssertUnwindSafe(read_measure(&mut open, database, measure))
        .catch_unwind()
        .await;
    let (result, retries, usable) = match attempt {
        Ok((result, retries)) => {
            let usable = !result.as_ref().is_err_and(|failure| ends_session(failure.reason));
            (result, retries, usable)
        }
        Err(panic) => (Err(panicked(panic.as_ref())), 0, false),
    };
    let statements = open.statements() - before;
    if usable {
        *session = Some(open);
    }
    Taken {
        result,
        elapsed: begun.elapsed(),
        statements,
        retries,
    }
}

fn ends_session(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::ConnectionLost | Reason::ConnectionTerminated | Reason::Cancelled | Reason::SourceUnavailable
    )
}

async fn read_measure(
    session: &mut Session,
    database: &Database,
    measure: &Measure,
) -> (Result<Reading, Failure>, u32) {
    match measure {
        Measure::Database(measure) => read_batches(session, database, measure).await,
        Measure::SqlValue(measure) => (read_value(session, measure).await, 0),
        _ => (
            Err(Failure::new(
                Reason::InvalidOptions,
                "the measure is not one of a database",
            )),
            0,
        ),
    }
}

async fn read_batches(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
) -> (Result<Reading, Failure>, u32) {
    let batches = batch::read(session, database, measure).await;
    (batches.reading, batches.retries)
}

/// The first column of the only row; no row is no value.
async fn read_value(session: &mut Session, measure: &SqlValueMeasure) -> Result<Reading, Failure> {
    let unwritable = |error: crate::relation::RelationError| Failure::new(Reason::InvalidStatement, error.to_string());
    let sql = measure.query.render(session.dialect()).map_err(unwritable)?;
    let rows = session.rows(&sql).await?;
    if rows.len() > 1 {
        return Err(Failure::new(
            Reason::WrongType,
            format!("the query gives {} rows instead of one", rows.len()),
        ));
    }
    let cell = rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten();
    Ok(cell.map_or(Reading::Empty, |text| Reading::Value(Value::from(text))))
}

fn read_known(measure: &Measure, sources: &Sources) -> Result<Reading, Failure> {
    match measure {
        Measure::Fact(fact) => sources.facts.fact(*fact).map(Reading::Value),
        Measure::Setting(name) => sources.facts.setting(name).map(Reading::Value),
        Measure::Constant(value) => Ok(Reading::Value(value.clone())),
        Measure::Database(measure) => Err(not_configured(&measure.database)),
        Measure::SqlValue(measure) => Err(not_configured(&measure.database)),
        Measure::Sum(_) => Err(Failure::new(Reason::InvalidOptions, "a sum is read by its parts")),
    }
}

fn not_configured(database: &str) -> Failure {
    Failure::new(
        Reason::SourceNotConfigured,
        format!("the configuration has no [database.{database}]"),
    )
}

/// The text of a panic may hold a row's value: only texts fixed in the code are kept.
fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let message = panic
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("the code of the counter panicked");
    Failure::new(Reason::Panic, message)
}
