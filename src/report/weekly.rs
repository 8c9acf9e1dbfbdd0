//! The weekly job: collect, store, deliver.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::collect::{Collection, collect_on};
use super::journal::RunJournal;
use super::outcome::Outcome;
use super::payload::{metadata, payload};
use super::plan::Plan;
use super::read::Progress;
use super::source_read::SourceRead;
use super::trace::RunTrace;
use crate::measure::{Failure, Reason};
use crate::source::Sources;
use crate::source::database::{Stop, Switch};
use crate::state::{self, NewReport, NewRun, OutcomeRecord, RunEnd, RunStatus, StateError, StateStore};
use crate::versions::{Client, DeliveryOptions, DeliveryReport, Sender, deliver};

/// Where the payload of a run goes.
pub enum Destination<'a> {
    /// It is delivered, after everything that waited before it.
    Versions(&'a Client),
    /// It waits in the outbox, and nothing is tried; why.
    Outbox(String),
    /// It is kept and does not leave; why.
    Nowhere(String),
}

/// What a run is told.
pub struct Job<'a> {
    pub plan: &'a Plan<'a>,
    pub sources: &'a Sources,
    /// The store under the run's lease: once that is lost, nothing more is written, and no attempt to send begins.
    pub state: &'a StateStore,
    /// Stops the sources once the lease is lost.
    pub stop: &'a Switch,
    pub run_id: Uuid,
    /// Whether the run began in another process; its instant is that of the sources.
    pub resumes: bool,
    pub destination: Destination<'a>,
    /// The instant to deliver at, if the clock is frozen: another than the run's own, where that is gone on with.
    pub frozen_at: Option<DateTime<Utc>>,
    pub uuid: Uuid,
    /// A digest of all definitions, so that runs can be compared.
    pub definitions_digest: String,
    /// What started it, such as `cli`.
    pub trigger: String,
    /// Is told of all that takes time.
    pub trace: Option<&'a RunTrace>,
}

/// What a run did.
pub struct RunReport {
    pub run_id: Uuid,
    pub recorded_at: DateTime<Utc>,
    /// What was there already, where another process had begun the run.
    pub resumed: Option<Resumed>,
    pub collection: Collection,
    /// The payload, byte for byte as it is sent.
    pub payload: String,
    pub interrupted: bool,
    /// The budget that was over before every metric had been read.
    pub budget_over: Option<Duration>,
    pub delivery: Delivered,
    pub elapsed: Duration,
}

/// How far a run had come that another process began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resumed {
    /// Readings that were taken already.
    pub kept: usize,
    /// Readings of the whole plan.
    pub readings: usize,
}

/// What became of the payload.
pub enum Delivered {
    Tried(DeliveryReport),
    /// It does not leave; why.
    Kept(String),
}

/// Runs the job. A payload that was cut short by somebody who asked is neither stored nor sent; at the end of the budget
/// it goes its way with what there is.
///
/// # Errors
/// The state store failed, or the run's lease was lost.
pub async fn run(job: &Job<'_>, progress: &dyn Progress) -> Result<RunReport, StateError> {
    let ended = whole(job, progress).await;
    if let Some(trace) = job.trace {
        trace.ended(job, &ended);
    }
    ended
}

async fn whole(job: &Job<'_>, progress: &dyn Progress) -> Result<RunReport, StateError> {
    let begun = Instant::now();
    let run_id = job.run_id;
    begin(job).await?;
    let measured = match restored(job).await? {
        Some(measured) => measured,
        None => measured(job, progress).await?,
    };
    let interrupted = job.sources.interrupt.cause() == Some(Stop::Asked) && !measured.is_stored;
    let budget_over = budget_over(job, &measured.collection);
    let delivery = if interrupted {
        Delivered::Kept("the run was interrupted".to_owned())
    } else {
        let report = NewReport {
            run_id,
            recorded_at: job.sources.facts.recorded_at,
            payload_json: measured.payload.clone(),
            metadata_json: measured.metadata,
        };
        let begun = Instant::now();
        let delivered = store_and_send(job, report).await;
        if let Some(trace) = job.trace {
            trace.delivered(begun, &delivered);
        }
        delivered?
    };
    let status = if interrupted {
        RunStatus::Interrupted
    } else {
        RunStatus::Completed
    };
    job.state
        .finish_run(
            run_id,
            &RunEnd {
                finished_at: Utc::now(),
                status,
                message: budget_over.map(|budget| format!("the budget of {budget:?} was over before the end")),
            },
        )
        .await?;
    Ok(RunReport {
        run_id,
        recorded_at: job.sources.facts.recorded_at,
        resumed: measured.resumed,
        collection: measured.collection,
        payload: measured.payload,
        interrupted,
        budget_over,
        delivery,
        elapsed: begun.elapsed(),
    })
}

async fn begin(job: &Job<'_>) -> Result<(), StateError> {
    if job.resumes {
        return job
            .state
            .resume_run(job.run_id, &job.definitions_digest, &job.trigger)
            .await;
    }
    let run = NewRun {
        id: job.run_id,
        recorded_at: job.sources.facts.recorded_at,
        started_at: Utc::now(),
        definitions_digest: job.definitions_digest.clone(),
        trigger: job.trigger.clone(),
    };
    job.state.begin_run(&run).await
}

/// What is there of a run before it goes its way.
struct Measured {
    collection: Collection,
    payload: String,
    metadata: Option<String>,
    resumed: Option<Resumed>,
    /// The payload stands in the state store, as it may have been sent.
    is_stored: bool,
}

/// A run that has its payload already has it once and for all: what remains is to deliver it.
async fn restored(job: &Job<'_>) -> Result<Option<Measured>, StateError> {
    if !job.resumes {
        return Ok(None);
    }
    let Some(stored) = job.state.report_of_run(job.run_id).await? else {
        return Ok(None);
    };
    let records = job.state.outcomes(job.run_id).await?;
    let readings = job.plan.readings.len();
    Ok(Some(Measured {
        collection: Collection::restored(job.plan, &records),
        payload: stored.payload,
        metadata: stored.metadata,
        resumed: Some(Resumed {
            kept: readings,
            readings,
        }),
        is_stored: true,
    }))
}

async fn measured(job: &Job<'_>, progress: &dyn Progress) -> Result<Measured, StateError> {
    let run_id = job.run_id;
    let kept = match job.resumes {
        true => job.state.progress(run_id).await?,
        false => state::Progress::default(),
    };
    let journal = RunJournal::new(job.state, run_id, job.stop, &job.plan.readings, kept);
    let collection = collect_on(job.plan, job.sources, progress, &journal, job.trace).await;
    log_fallbacks(&collection);
    if job.sources.interrupt.cause() == Some(Stop::LeaseLost) {
        return Err(StateError::LeaseLost);
    }
    let records: Vec<OutcomeRecord> = collection.outcomes.iter().map(record).collect();
    job.state.record_outcomes(run_id, &records).await?;
    let sources: Vec<_> = collection.sources.iter().map(SourceRead::record).collect();
    job.state.record_sources(run_id, &sources).await?;
    Ok(Measured {
        payload: payload(&collection.outcomes).to_string(),
        metadata: metadata_of(job, &collection),
        resumed: job.resumes.then(|| Resumed {
            kept: journal.readings(),
            readings: job.plan.readings.len(),
        }),
        collection,
        is_stored: false,
    })
}

fn log_fallbacks(collection: &Collection) {
    for (Outcome { key_path, elapsed, .. }, failure) in collection.fallbacks() {
        let (reason, because, elapsed) = (failure.reason.code(), &failure.message, elapsed.as_secs_f64());
        tracing::info!(%key_path, reason, because, elapsed, "A metric fell back.");
    }
}

/// A budget that ends when all is read has cost nothing.
fn budget_over(job: &Job<'_>, collection: &Collection) -> Option<Duration> {
    let Some(Stop::Budget(budget)) = job.sources.interrupt.cause() else {
        return None;
    };
    let is_not_run = |(_, failure): (&Outcome, &Failure)| failure.reason == Reason::NotRun;
    collection.fallbacks().any(is_not_run).then_some(budget)
}

fn metadata_of(job: &Job<'_>, collection: &Collection) -> Option<String> {
    match metadata(job.uuid, &collection.outcomes).to_body() {
        Ok(body) => Some(body),
        Err(error) => {
            tracing::warn!(%error, "The run's metadata cannot be written.");
            None
        }
    }
}

async fn store_and_send(job: &Job<'_>, report: NewReport) -> Result<Delivered, StateError> {
    match &job.destination {
        Destination::Nowhere(why) => {
            job.state.keep(&report).await?;
            Ok(Delivered::Kept(why.clone()))
        }
        Destination::Outbox(why) => {
            job.state.enqueue(&report).await?;
            Ok(Delivered::Kept(why.clone()))
        }
        Destination::Versions(client) => {
            job.state.enqueue(&report).await?;
            deliver(job.state, client, &delivery_options(job))
                .await
                .map(Delivered::Tried)
        }
    }
}

fn delivery_options(job: &Job<'_>) -> DeliveryOptions {
    let facts = &job.sources.facts;
    let sender = Sender {
        uuid: job.uuid,
        hostname: facts.hostname.clone().unwrap_or_default(),
        version: facts.version.clone().unwrap_or_default(),
    };
    DeliveryOptions {
        now: job.frozen_at,
        ..DeliveryOptions::new(sender)
    }
}

fn record(outcome: &Outcome) -> OutcomeRecord {
    OutcomeRecord {
        key_path: outcome.key_path.to_string(),
        value: outcome.value.clone(),
        reason: outcome.remark().map(|failure| failure.reason.code().to_owned()),
        message: outcome.remark().map(|failure| failure.message.clone()),
        elapsed_seconds: outcome.elapsed.as_secs_f64(),
        statements: u32::try_from(outcome.statements).unwrap_or(u32::MAX),
        retries: outcome.retries,
        error_bound: outcome.error_bound,
    }
}
