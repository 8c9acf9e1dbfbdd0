//! What a run has done so far, so that another process can go on with it.
//!
//! Readings that are there, and of scans over several ranges what each range added and what is left. Nothing here outlives
//! its run's end. A checkpoint outlives its process, not a power cut: to lose some costs time alone.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::error::{StateError, while_trying};
use super::run_lease::check_fence;
use super::runs::{Run, RunRow};
use super::store::{Pool, StateStore, on_pool};
use super::time::micros;

/// Rows in one statement. Six parameters each stay well under SQLite's 32,766.
const ROWS_A_STATEMENT: usize = 500;

/// A reading that is there.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct KeptReading {
    /// A digest of what was asked.
    pub measure: String,
    /// The caller's own form of it.
    pub reading: Vec<u8>,
    pub elapsed_seconds: f64,
    pub statements: i64,
    pub retries: i64,
}

/// A scan that is not over.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct KeptScan {
    pub id: String,
    pub database: String,
    /// The digests of its members' measures, as the caller has put them.
    pub members: String,
    /// What is left of it, in the caller's own form.
    pub remaining: String,
}

/// One step of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanStep {
    /// How the scan stands now; `None` where it is over, and nothing of it is kept.
    pub scan: Option<KeptScan>,
    pub id: String,
    /// The number of the range among those of the scan.
    pub number: i64,
    /// What the range added, in the caller's own form.
    pub added: Vec<u8>,
}

/// What was done since the last checkpoint.
#[derive(Debug, Default)]
pub struct Checkpoint {
    pub readings: Vec<KeptReading>,
    pub steps: Vec<ScanStep>,
}

impl Checkpoint {
    pub fn is_empty(&self) -> bool {
        self.readings.is_empty() && self.steps.is_empty()
    }
}

/// What one range added, with the number of the range.
pub type KeptPart = (i64, Vec<u8>);

/// Everything that is kept of a run that is not over.
#[derive(Debug, Default)]
pub struct Progress {
    pub readings: Vec<KeptReading>,
    /// Each with what its ranges added, in their order.
    pub scans: Vec<(KeptScan, Vec<KeptPart>)>,
}

impl StateStore {
    /// Keeps what was done, all or nothing of it.
    ///
    /// # Errors
    /// The store failed, or its lease was lost.
    pub async fn keep_checkpoint(&self, run_id: Uuid, checkpoint: &Checkpoint) -> Result<(), StateError> {
        const ACTION: &str = "keep a checkpoint";
        let failed = |error| while_trying(ACTION)(error);
        let run_id = run_id.to_string();
        on_pool!(self.hasty(), |pool| {
            let mut transaction = pool.begin().await.map_err(failed)?;
            check_fence!(self, transaction);
            if let Pool::Postgres(_) = &self.pool {
                sqlx::query("SET LOCAL synchronous_commit = off")
                    .execute(&mut *transaction)
                    .await
                    .map_err(failed)?;
            }
            for readings in checkpoint.readings.chunks(ROWS_A_STATEMENT) {
                let mut insert = QueryBuilder::new(
                    "INSERT INTO run_readings (run_id, measure, reading, elapsed_seconds, statements, retries) ",
                );
                insert.push_values(readings, |mut row, kept| {
                    row.push_bind(&run_id)
                        .push_bind(&kept.measure)
                        .push_bind(&kept.reading)
                        .push_bind(kept.elapsed_seconds)
                        .push_bind(kept.statements)
                        .push_bind(kept.retries);
                });
                insert.push(" ON CONFLICT (run_id, measure) DO NOTHING");
                insert.build().execute(&mut *transaction).await.map_err(failed)?;
            }
            for step in &checkpoint.steps {
                let Some(scan) = &step.scan else {
                    sqlx::query("DELETE FROM run_scans WHERE id = $1")
                        .bind(&step.id)
                        .execute(&mut *transaction)
                        .await
                        .map_err(failed)?;
                    continue;
                };
                sqlx::query(
                    "INSERT INTO run_scans (id, run_id, database, members, remaining) VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT (id) DO UPDATE SET members = excluded.members, \
                     remaining = excluded.remaining",
                )
                .bind(&scan.id)
                .bind(&run_id)
                .bind(&scan.database)
                .bind(&scan.members)
                .bind(&scan.remaining)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
                sqlx::query("INSERT INTO run_scan_parts (scan_id, number, added) VALUES ($1, $2, $3)")
                    .bind(&scan.id)
                    .bind(step.number)
                    .bind(&step.added)
                    .execute(&mut *transaction)
                    .await
                    .map_err(failed)?;
            }
            transaction.commit().await.map_err(failed)
        })
    }

    /// What is kept of a run.
    ///
    /// # Errors
    /// The store failed.
    pub async fn progress(&self, run_id: Uuid) -> Result<Progress, StateError> {
        const ACTION: &str = "read what a run had done";
        let run_id = run_id.to_string();
        let readings: Vec<KeptReading> = on_pool!(self, |pool| sqlx::query_as(
            "SELECT measure, reading, elapsed_seconds, statements, retries FROM run_readings WHERE run_id = $1"
        )
        .bind(&run_id)
        .fetch_all(pool)
        .await
        .map_err(while_trying(ACTION)))?;
        let kept: Vec<KeptScan> = on_pool!(self, |pool| sqlx::query_as(
            "SELECT id, database, members, remaining FROM run_scans WHERE run_id = $1 ORDER BY id"
        )
        .bind(&run_id)
        .fetch_all(pool)
        .await
        .map_err(while_trying(ACTION)))?;
        let mut scans = Vec::with_capacity(kept.len());
        for scan in kept {
            let parts: Vec<KeptPart> = on_pool!(self, |pool| sqlx::query_as(
                "SELECT number, added FROM run_scan_parts WHERE scan_id = $1 ORDER BY number"
            )
            .bind(&scan.id)
            .fetch_all(pool)
            .await
            .map_err(while_trying(ACTION)))?;
            scans.push((scan, parts));
        }
        Ok(Progress { readings, scans })
    }

    /// The latest run, if it recorded nothing before `since` and is not over: it was killed, or told to stop.
    ///
    /// # Errors
    /// The store failed.
    pub async fn unfinished_run(&self, since: DateTime<Utc>) -> Result<Option<Run>, StateError> {
        let row: Option<RunRow> = on_pool!(self, |pool| sqlx::query_as(
            "SELECT id, recorded_at, started_at, finished_at, definitions_digest, triggered_by, status, message \
             FROM runs ORDER BY number DESC, id DESC LIMIT 1"
        )
        .fetch_optional(pool)
        .await
        .map_err(while_trying("look for a run to go on with")))?;
        let run = row.map(Run::try_from).transpose()?;
        Ok(run.filter(|run| run.status.is_unfinished() && run.recorded_at >= micros(since)))
    }
}
