//! What past runs left behind: how each ended, and one metric over many of them.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::error::{StateError, while_trying};
use super::outcomes::{OutcomeRecord, OutcomeRow};
use super::reports::{Delivery, parse_delivery};
use super::runs::{Run, RunRow};
use super::store::{StateStore, on_pool};

/// A run, and what became of its metrics and its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    pub run: Run,
    /// Outcomes that the run has kept; none while it measures.
    pub metrics: u64,
    /// Those with a reason, whatever it says.
    pub with_reason: u64,
    /// Where its payload stands; `None` where it left none.
    pub delivery: Option<Delivery>,
    /// Why it stands there still, or for good.
    pub delivery_error: Option<String>,
}

/// One metric in one run.
#[derive(Debug, Clone, PartialEq)]
pub struct PastOutcome {
    pub run_id: Uuid,
    pub recorded_at: DateTime<Utc>,
    pub outcome: OutcomeRecord,
}

#[derive(FromRow)]
struct SummaryRow {
    #[sqlx(flatten)]
    run: RunRow,
    metrics: i64,
    with_reason: i64,
    delivery: Option<String>,
    delivery_error: Option<String>,
}

#[derive(FromRow)]
struct PastRow {
    run_id: String,
    recorded_at: DateTime<Utc>,
    #[sqlx(flatten)]
    outcome: OutcomeRow,
}

impl TryFrom<SummaryRow> for RunSummary {
    type Error = StateError;

    fn try_from(row: SummaryRow) -> Result<RunSummary, StateError> {
        Ok(RunSummary {
            run: row.run.try_into()?,
            metrics: u64::try_from(row.metrics).unwrap_or(0),
            with_reason: u64::try_from(row.with_reason).unwrap_or(0),
            delivery: row.delivery.map(parse_delivery).transpose()?,
            delivery_error: row.delivery_error,
        })
    }
}

impl TryFrom<PastRow> for PastOutcome {
    type Error = StateError;

    fn try_from(row: PastRow) -> Result<PastOutcome, StateError> {
        Ok(PastOutcome {
            run_id: super::runs::parse_uuid("a run id", row.run_id)?,
            recorded_at: row.recorded_at,
            outcome: row.outcome.try_into()?,
        })
    }
}

impl StateStore {
    /// The latest runs with what became of them, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn run_summaries(&self, limit: u32) -> Result<Vec<RunSummary>, StateError> {
        let rows: Vec<SummaryRow> = on_pool!(self, |pool| sqlx::query_as(
            "SELECT id, recorded_at, started_at, finished_at, definitions_digest, triggered_by, status, message, \
             (SELECT COUNT(*) FROM outcomes WHERE outcomes.run_id = runs.id) AS metrics, \
             (SELECT COUNT(reason) FROM outcomes WHERE outcomes.run_id = runs.id) AS with_reason, \
             (SELECT delivery FROM raw_usage_data WHERE raw_usage_data.run_id = runs.id \
              ORDER BY raw_usage_data.id DESC LIMIT 1) AS delivery, \
             (SELECT last_error FROM raw_usage_data WHERE raw_usage_data.run_id = runs.id \
              ORDER BY raw_usage_data.id DESC LIMIT 1) AS delivery_error \
             FROM runs ORDER BY number DESC, id DESC LIMIT $1"
        )
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await
        .map_err(while_trying("list runs")))?;
        rows.into_iter().map(RunSummary::try_from).collect()
    }

    /// One metric in the latest runs that have it, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn past_outcomes(&self, key_path: &str, limit: u32) -> Result<Vec<PastOutcome>, StateError> {
        let rows: Vec<PastRow> = on_pool!(self, |pool| sqlx::query_as(
            "SELECT run_id, recorded_at, key_path, value, reason, outcomes.message, elapsed_seconds, statements, \
             retries, error_bound FROM outcomes JOIN runs ON runs.id = outcomes.run_id \
             WHERE key_path = $1 ORDER BY number DESC, runs.id DESC LIMIT $2"
        )
        .bind(key_path)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await
        .map_err(while_trying("read a metric's past")))?;
        rows.into_iter().map(PastOutcome::try_from).collect()
    }
}
