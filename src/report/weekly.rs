//! The weekly job: collect, store, deliver.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::collect::{Collection, collect};
use super::outcome::Outcome;
use super::payload::{metadata, payload};
use super::plan::Plan;
use super::read::Progress;
use crate::measure::{Failure, Reason};
use crate::source::Sources;
use crate::source::database::Stop;
use crate::state::{NewReport, NewRun, OutcomeRecord, RunEnd, RunStatus, StateError, StateStore};
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
    pub state: &'a StateStore,
    pub destination: Destination<'a>,
    pub uuid: Uuid,
    /// A digest of all definitions, so that runs can be compared.
    pub definitions_digest: String,
    /// What started it, such as `cli`.
    pub trigger: String,
}

/// What a run did.
pub struct RunReport {
    pub run_id: Uuid,
    pub recorded_at: DateTime<Utc>,
    pub collection: Collection,
    /// The payload, byte for byte as it is sent.
    pub payload: String,
    pub interrupted: bool,
    /// The budget that was over before every metric had been read.
    pub budget_over: Option<Duration>,
    pub delivery: Delivered,
    pub elapsed: Duration,
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
/// The state store failed.
pub async fn run(job: &Job<'_>, progress: &dyn Progress) -> Result<RunReport, StateError> {
    let begun = Instant::now();
    let run_id = Uuid::now_v7();
    let recorded_at = job.sources.facts.recorded_at;
    let started_at = Utc::now();
    let new_run = NewRun {
        id: run_id,
        recorded_at,
        started_at,
        definitions_digest: job.definitions_digest.clone(),
        trigger: job.trigger.clone(),
    };
    job.state.begin_run(&new_run).await?;
    let collection = collect(job.plan, job.sources, progress).await;
    let records: Vec<OutcomeRecord> = collection.outcomes.iter().map(record).collect();
    job.state.record_outcomes(run_id, &records).await?;
    let payload = payload(&collection.outcomes).to_string();
    let interrupted = job.sources.interrupt.cause() == Some(Stop::Asked);
    let budget_over = budget_over(job, &collection);
    let delivery = if interrupted {
        Delivered::Kept("the run was interrupted".to_owned())
    } else {
        let report = new_report(job, run_id, recorded_at, &payload, &collection);
        store_and_send(job, report).await?
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
        recorded_at,
        collection,
        payload,
        interrupted,
        budget_over,
        delivery,
        elapsed: begun.elapsed(),
    })
}

/// A budget that ends when all is read has cost nothing.
fn budget_over(job: &Job<'_>, collection: &Collection) -> Option<Duration> {
    let Some(Stop::Budget(budget)) = job.sources.interrupt.cause() else {
        return None;
    };
    let is_not_run = |(_, failure): (&Outcome, &Failure)| failure.reason == Reason::NotRun;
    collection.fallbacks().any(is_not_run).then_some(budget)
}

fn new_report(
    job: &Job<'_>,
    run_id: Uuid,
    recorded_at: DateTime<Utc>,
    payload: &str,
    collection: &Collection,
) -> NewReport {
    let metadata_json = match metadata(job.uuid, &collection.outcomes).to_body() {
        Ok(body) => Some(body),
        Err(error) => {
            tracing::warn!(%error, "The run's metadata cannot be written.");
            None
        }
    };
    NewReport {
        run_id,
        recorded_at,
        payload_json: payload.to_owned(),
        metadata_json,
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
    DeliveryOptions::new(Sender {
        uuid: job.uuid,
        hostname: facts.hostname.clone().unwrap_or_default(),
        version: facts.version.clone().unwrap_or_default(),
    })
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
