//! The lanes of one database: few connections, each reading one measure after the other.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{join, join_all};
use serde_json::Value;
use tokio::sync::Semaphore;

use super::read::{Progress, Taken, panicked};
use crate::batch;
use crate::measure::{DatabaseMeasure, Failure, Measure, Reading, Reason, SqlValueMeasure};
use crate::source::Sources;
use crate::source::database::{Database, DatabaseError, Session};

/// The measures of one database, shared out among its lanes: whoever is free takes the next.
struct Lanes<'a> {
    mine: Vec<usize>,
    next: AtomicUsize,
    measures: &'a [(Measure, String)],
    database: &'a Database,
    sources: &'a Sources,
    progress: &'a dyn Progress,
    /// Holds the helpers back until the server has answered once.
    gate: Semaphore,
    is_open: AtomicBool,
}

/// All measures of `mine`, by their indexes, in no order.
pub(super) async fn read_database(
    mine: Vec<usize>,
    measures: &[(Measure, String)],
    database: &Database,
    sources: &Sources,
    progress: &dyn Progress,
) -> Vec<(usize, Taken)> {
    let helpers = database.options().connections.clamp(1, mine.len().max(1)) - 1;
    let lanes = Lanes {
        mine,
        next: AtomicUsize::new(0),
        measures,
        database,
        sources,
        progress,
        gate: Semaphore::new(0),
        is_open: AtomicBool::new(false),
    };
    let helped = join_all((0..helpers).map(|_| lanes.help()));
    let (mut taken, helped) = join(lanes.lead(helpers), helped).await;
    taken.extend(helped.into_iter().flatten());
    taken
}

impl Lanes<'_> {
    /// The lane that answers for every measure: it waits for a server that is away, and what cannot be read falls back.
    async fn lead(&self, helpers: usize) -> Vec<(usize, Taken)> {
        let (mut session, mut taken) = (None, Vec::new());
        while let Some(index) = self.take() {
            let begun = Instant::now();
            let reading = match self.session(session.take()).await {
                Ok(open) => {
                    if !self.is_open.swap(true, Ordering::Relaxed) {
                        self.gate.add_permits(helpers);
                    }
                    self.read(index, open, &mut session).await
                }
                Err(failure) => unread(failure, begun.elapsed()),
            };
            taken.push(self.told(index, reading));
        }
        self.gate.close();
        close(session).await;
        taken
    }

    /// One more lane, for as long as the server has a connection for it: a role that may connect only so often costs
    /// time, and no metric.
    async fn help(&self) -> Vec<(usize, Taken)> {
        let (mut session, mut taken) = (None, Vec::new());
        let Ok(_permit) = self.gate.acquire().await else {
            return taken;
        };
        while !self.is_done() {
            let open = match session.take() {
                Some(open) => Ok(open),
                None => {
                    self.database
                        .open(&self.sources.interrupt, self.sources.log.clone())
                        .await
                }
            };
            let Ok(open) = open else { break };
            let Some(index) = self.take() else {
                session = Some(open);
                break;
            };
            let reading = self.read(index, open, &mut session).await;
            taken.push(self.told(index, reading));
        }
        close(session).await;
        taken
    }

    fn take(&self) -> Option<usize> {
        self.mine.get(self.next.fetch_add(1, Ordering::Relaxed)).copied()
    }

    fn is_done(&self) -> bool {
        self.next.load(Ordering::Relaxed) >= self.mine.len()
    }

    fn told(&self, index: usize, taken: Taken) -> (usize, Taken) {
        let (_, label) = &self.measures[index];
        self.progress.reading(label, taken.result.as_ref().err());
        (index, taken)
    }

    async fn session(&self, open: Option<Session>) -> Result<Session, Failure> {
        let Sources { interrupt, log, .. } = self.sources;
        match open {
            _ if interrupt.is_raised() => Err(not_run()),
            Some(open) => Ok(open),
            None => match self.database.open_patiently(interrupt, log.clone()).await {
                Ok(open) => Ok(open),
                Err(DatabaseError::Interrupted) => Err(not_run()),
                Err(error) => Err(error.into()),
            },
        }
    }

    /// Reads one measure; the session is put back if it can be used again.
    async fn read(&self, index: usize, mut open: Session, session: &mut Option<Session>) -> Taken {
        if self.sources.interrupt.is_raised() {
            return unread(not_run(), Duration::ZERO);
        }
        let (measure, _) = &self.measures[index];
        let begun = Instant::now();
        let before = open.statements();
        let attempt = AssertUnwindSafe(read_measure(&mut open, self.database, measure))
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
}

fn not_run() -> Failure {
    Failure::new(Reason::NotRun, "the run was interrupted before this metric")
}

fn unread(failure: Failure, elapsed: Duration) -> Taken {
    Taken {
        result: Err(failure),
        elapsed,
        statements: 0,
        retries: 0,
    }
}

async fn close(session: Option<Session>) {
    if let Some(session) = session {
        session.close().await;
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
    if let Err(error) = database.pass(session).await {
        return (Err(error.into()), 0);
    }
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
