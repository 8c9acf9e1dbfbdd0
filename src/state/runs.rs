//! Runs of the weekly job.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::error::{StateError, while_trying};
use super::run_lease::{check_fence, write_fenced};
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

    /// Whether it may be gone on with.
    pub fn is_unfinished(self) -> bool {
        matches!(self, RunStatus::Running | RunStatus::Interrupted)
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
    /// Keeps a run that begins. Under the lease no other can be running: what is left of those that ended in the middle
    /// goes.
    ///
    /// # Errors
    /// The store failed, knows a run of this id, or its lease was lost.
    pub async fn begin_run(&self, run: &NewRun) -> Result<(), StateError> {
        let failed = |error| while_trying("begin a run")(error);
        on_pool!(self, |pool| {
            let mut transaction = pool.begin().await.map_err(failed)?;
            check_fence!(self, transaction);
            if self.fence.is_some() {
                sqlx::query(
                    "UPDATE runs SET status = 'failed', finished_at = $1, \
                     message = 'its process ended in the middle, and a new run was begun' WHERE status = 'running'",
                )
                .bind(micros(Utc::now()))
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
                for statement in ["DELETE FROM run_readings", "DELETE FROM run_scans"] {
                    sqlx::query(statement)
                        .execute(&mut *transaction)
                        .await
                        .map_err(failed)?;
                }
            }
            sqlx::query(
                "INSERT INTO runs (id, recorded_at, started_at, definitions_digest, triggered_by, status, number) \
                 VALUES ($1, $2, $3, $4, $5, 'running', (SELECT COALESCE(MAX(number), 0) + 1 FROM runs))",
            )
            .bind(run.id.to_string())
            .bind(micros(run.recorded_at))
            .bind(micros(run.started_at))
            .bind(&run.definitions_digest)
            .bind(&run.trigger)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
            transaction.commit().await.map_err(failed)
        })
    }

    /// A run goes on that was killed, or told to stop: it is this process's now.
    ///
    /// # Errors
    /// The store failed, or its lease was lost.
    pub async fn resume_run(&self, id: Uuid, definitions_digest: &str, trigger: &str) -> Result<(), StateError> {
        write_fenced!(
            self,
            "go on with a run",
            sqlx::query(
                "UPDATE runs SET status = 'running', finished_at = NULL, message = NULL, definitions_digest = $2, \
                 triggered_by = $3 WHERE id = $1"
            )
            .bind(id.to_string())
            .bind(definitions_digest)
            .bind(trigger)
        );
        Ok(())
    }

    /// Keeps how a run ended. What it had done so far is kept only where it may be gone on with.
    ///
    /// # Errors
    /// The store failed, knows no run of this id, or its lease was lost.
    pub async fn finish_run(&self, id: Uuid, end: &RunEnd) -> Result<(), StateError> {
        let failed = |error| while_trying("finish a run")(error);
        let id = id.to_string();
        on_pool!(self, |pool| {
            let mut transaction = pool.begin().await.map_err(failed)?;
            check_fence!(self, transaction);
            let done = sqlx::query("UPDATE runs SET finished_at = $2, status = $3, message = $4 WHERE id = $1")
                .bind(&id)
                .bind(micros(end.finished_at))
                .bind(end.status.as_str())
                .bind(&end.message)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
            if done.rows_affected() == 0 {
                return Err(failed(sqlx::Error::RowNotFound));
            }
            if !end.status.is_unfinished() {
                for statement in [
                    "DELETE FROM run_readings WHERE run_id = $1",
                    "DELETE FROM run_scans WHERE run_id = $1",
                ] {
                    sqlx::query(statement)
                        .bind(&id)
                        .execute(&mut *transaction)
                        .await
                        .map_err(failed)?;
                }
            }
            transaction.commit().await.map_err(failed)
        })
    }

    /// The latest runs, newest first: in the order that they were begun, whatever their clocks said.
    ///
    /// # Errors
    /// The store failed.
    pub async fn runs(&self, limit: u32) -> Result<Vec<Run>, StateError> {
        let rows: Vec<RunRow> = on_pool!(self, |pool| sqlx::query_as(
            "SELECT id, recorded_at, started_at, finished_at, definitions_digest, triggered_by, status, message \
             FROM runs ORDER BY number DESC, id DESC LIMIT $1"
        )
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await
        .map_err(while_trying("list runs")))?;
        rows.into_iter().map(Run::try_from).collect()
    }
}
