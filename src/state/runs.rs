//! Runs of the weekly job.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::error::{StateError, while_trying};
use super::store::{StateStore, on_pool};
use super::time::micros;

/// A run that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    pub id: Uuid,
    /// The one instant that the run's payload bears.
    pub recorded_at: DateTime<Utc>,
    pub started_at: DateTime<Utc>,
    /// A digest of all definitions that the run computes, so that runs can be compared.
    pub definitions_digest: String,
    /// What started it, such as `cli` or `schedule`.
    pub trigger: String,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    pub finished_at: DateTime<Utc>,
    pub status: RunStatus,
    /// Why it failed, scrubbed of secrets by the caller.
    pub message: Option<String>,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// It runs, or its process was killed.
    Running,
    Completed,
    Failed,
    /// It was told to stop.
    Interrupted,
}

impl RunStatus {
    /// The word that the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            RunStatus::Running => "running",
            RunStatus::Completed => "completed",
            RunStatus::Failed => "failed",
            RunStatus::Interrupted => "interrupted",
        }
    }

    fn parse(text: String) -> Result<RunStatus, StateError> {
        match text.as_str() {
            "running" => Ok(RunStatus::Running),
            "completed" => Ok(RunStatus::Completed),
            "failed" => Ok(RunStatus::Failed),
            "interrupted" => Ok(RunStatus::Interrupted),
            _ => Err(StateError::Corrupt {
                what: "a run status",
                value: text,
            }),
        }
    }
}

/// A run as it is kept. Instants are to the microsecond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub id: Uuid,
    pub recorded_at: DateTime<Utc>,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub definitions_digest: String,
    pub trigger: String,
    pub status: RunStatus,
    pub message: Option<String>,
}

#[derive(FromRow)]
pub(super) struct RunRow {
    id: String,
    recorded_at: DateTime<Utc>,
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    definitions_digest: String,
    triggered_by: String,
    status: String,
    message: Option<String>,
}

impl TryFrom<RunRow> for Run {
    type Error = StateError;

    fn try_from(row: RunRow) -> Result<Run, StateError> {
        Ok(Run {
            id: parse_uuid("a run id", row.id)?,
            recorded_at: row.recorded_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            definitions_digest: row.definitions_digest,
            trigger: row.triggered_by,
            status: RunStatus::parse(row.status)?,
            message: row.message,
        })
    }
}

pub(super) fn parse_uuid(what: &'static str, text: String) -> Result<Uuid, StateError> {
    Uuid::parse_str(&text).map_err(|_| StateError::Corrupt { what, value: text })
}

impl StateStore {
    /// Keeps a run that begins.
    ///
    /// # Errors
    /// The store failed, or knows a run of this id.
    pub async fn begin_run(&self, run: &NewRun) -> Result<(), StateError> {
        on_pool!(self, |pool| sqlx::query(
            "INSERT INTO runs (id, recorded_at, started_at, definitions_digest, triggered_by, status) \
             VALUES ($1, $2, $3, $4, $5, 'running')"
        )
        .bind(run.id.to_string())
        .bind(micros(run.recorded_at))
        .bind(micros(run.started_at))
        .bind(&run.definitions_digest)
        .bind(&run.trigger)
        .execute(pool)
        .await
        .map(drop)
        .map_err(while_trying("begin a run")))
    }

    /// Keeps how a run ended.
    ///
    /// # Errors
    /// The store failed, or knows no run of this id.
    pub async fn finish_run(&self, id: Uuid, end: &RunEnd) -> Result<(), StateError> {
        let changed = on_pool!(self, |pool| sqlx::query(
            "UPDATE runs SET finished_at = $2, status = $3, message = $4 WHERE id = $1"
        )
        .bind(id.to_string())
        .bind(micros(end.finished_at))
        .bind(end.status.as_str())
        .bind(&end.message)
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
        .map_err(while_trying("finish a run")))?;
        match changed {
            0 => Err(while_trying("finish a run")(sqlx::Error::RowNotFound)),
            _ => Ok(()),
        }
    }

    /// The latest runs, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn runs(&self, limit: u32) -> Result<Vec<Run>, StateError> {
        let rows: Vec<RunRow> = on_pool!(self, |pool| sqlx::query_as(
            "SELECT id, recorded_at, started_at, finished_at, definitions_digest, triggered_by, status, message \
             FROM runs ORDER BY started_at DESC, id DESC LIMIT $1"
        )
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await
        .map_err(while_trying("list runs")))?;
        rows.into_iter().map(Run::try_from).collect()
    }
}
