//! Readings: each measure of a plan read once, on few connections, none able to break another.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};

use super::events::read_events;
use super::lanes::read_database;
use super::waiting::while_telling;
use crate::measure::{Failure, Measure, Reading, Reason};
use crate::source::Sources;
use crate::source::database::Stop;

/// Is told how far a run is.
pub trait Progress: Sync {
    /// So many readings will be taken.
    fn begin(&self, _readings: usize) {}
    /// A reading was taken.
    fn reading(&self, _label: &str, _failure: Option<&Failure>) {}
    /// Databases are not read for now, and for what; `None` when all are read again. Told again and again while it lasts.
    fn waiting(&self, _for: Option<&str>) {}
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
    let reading = join(join_all(lanes), read_events(measures, sources, progress));
    let (of_databases, of_events) = while_telling(reading, &sources.databases, progress).await;
    for (index, result) in of_databases.into_iter().flatten().chain(of_events) {
        taken[index] = Some(of_the_budget(result, sources));
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

/// What the end of the budget cut short was not run at all: a metric has its whole value, or none.
fn of_the_budget(mut taken: Taken, sources: &Sources) -> Taken {
    if let (Some(Stop::Budget(budget)), Err(failure)) = (sources.interrupt.cause(), &mut taken.result)
        && matches!(failure.reason, Reason::Cancelled | Reason::NotRun)
    {
        let message = format!("the budget of {budget:?} was over before this was read");
        *failure = Failure::new(Reason::NotRun, message);
    }
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

fn read_known(measure: &Measure, sources: &Sources) -> Result<Reading, Failure> {
    match measure {
        Measure::Fact(fact) => sources.facts.fact(*fact).map(Reading::Value),
        Measure::Setting(name) => sources.facts.setting(name).map(Reading::Value),
        Measure::Constant(value) => Ok(Reading::Value(value.clone())),
        Measure::Database(measure) => Err(not_configured(&measure.database)),
        Measure::SqlValue(measure) => Err(not_configured(&measure.database)),
        Measure::Event(_) => Err(Failure::new(
            Reason::SourceNotConfigured,
            "the configuration has no [event_store]",
        )),
        Measure::Sum(_) | Measure::Aggregate(_) => Err(Failure::new(
            Reason::InvalidOptions,
            "what is made of others is read by its parts",
        )),
    }
}

fn not_configured(database: &str) -> Failure {
    Failure::new(
        Reason::SourceNotConfigured,
        format!("the configuration has no [database.{database}]"),
    )
}

/// The text of a panic may hold a row's value: only texts fixed in the code are kept.
pub(super) fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let message = panic
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("the code of the counter panicked");
    Failure::new(Reason::Panic, message)
}
