//! What became of each metric of a run.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::error::{StateError, while_trying};
use super::outbox::storable;
use super::run_lease::check_fence;
use super::store::{StateStore, on_pool};

/// Rows in one statement. Nine parameters each stay well under SQLite's 32,766 and PostgreSQL's 65,535.
const ROWS_A_STATEMENT: usize = 500;

/// One metric's outcome in one run.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeRecord {
    pub key_path: String,
    /// What went into the payload, a fallback included.
    pub value: Value,
    /// The reason code of a fallback; `None` means that the value is the metric's own.
    pub reason: Option<String>,
    /// What went wrong in words, scrubbed of secrets by the caller.
    pub message: Option<String>,
    pub elapsed_seconds: f64,
    pub statements: u32,
    pub retries: u32,
    /// The relative error that an estimate keeps to in at least 99 of 100 cases.
    pub error_bound: Option<f64>,
}

#[derive(FromRow)]
pub(super) struct OutcomeRow {
    key_path: String,
    value: String,
    reason: Option<String>,
    message: Option<String>,
    elapsed_seconds: f64,
    statements: i64,
    retries: i64,
    error_bound: Option<f64>,
}

impl TryFrom<OutcomeRow> for OutcomeRecord {
    type Error = StateError;

    fn try_from(row: OutcomeRow) -> Result<OutcomeRecord, StateError> {
        let value = serde_json::from_str(&row.value).map_err(|_| StateError::Corrupt {
            what: "a metric value",
            value: row.value,
        })?;
        Ok(OutcomeRecord {
            key_path: row.key_path,
            value,
            reason: row.reason,
            message: row.message,
            elapsed_seconds: row.elapsed_seconds,
            statements: u32::try_from(row.statements).unwrap_or(u32::MAX),
            retries: u32::try_from(row.retries).unwrap_or(u32::MAX),
            error_bound: row.error_bound,
        })
    }
}

impl StateStore {
    /// Keeps outcomes of a run, all or none of them. An outcome of a key path that the run has already replaces it.
    ///
    /// # Errors
    /// The store failed, knows no run of this id, or its lease was lost.
    pub async fn record_outcomes(&self, run_id: Uuid, outcomes: &[OutcomeRecord]) -> Result<(), StateError> {
        const ACTION: &str = "record outcomes";
        let run_id = run_id.to_string();
        // One statement must not touch a row twice; of equal key paths the last stands.
        let by_key: BTreeMap<&str, &OutcomeRecord> = outcomes.iter().map(|one| (one.key_path.as_str(), one)).collect();
        let records: Vec<&OutcomeRecord> = by_key.into_values().collect();
        on_pool!(self, |pool| {
            let mut transaction = pool.begin().await.map_err(while_trying(ACTION))?;
            check_fence!(self, transaction);
            for records in records.chunks(ROWS_A_STATEMENT) {
                let mut insert = QueryBuilder::new(
                    "INSERT INTO outcomes (run_id, key_path, value, reason, message, elapsed_seconds, statements, \
                     retries, error_bound) ",
                );
                insert.push_values(records, |mut row, record| {
                    row.push_bind(&run_id)
                        .push_bind(&record.key_path)
                        .push_bind(record.value.to_string())
                        .push_bind(&record.reason)
                        .push_bind(record.message.as_deref().map(storable))
                        .push_bind(finite(record.elapsed_seconds))
                        .push_bind(i64::from(record.statements))
                        .push_bind(i64::from(record.retries))
                        .push_bind(record.error_bound);
                });
                insert.push(
                    " ON CONFLICT (run_id, key_path) DO UPDATE SET value = excluded.value, reason = excluded.reason, \
                     message = excluded.message, elapsed_seconds = excluded.elapsed_seconds, \
                     statements = excluded.statements, retries = excluded.retries, error_bound = excluded.error_bound",
                );
                insert
                    .build()
                    .execute(&mut *transaction)
                    .await
                    .map_err(while_trying(ACTION))?;
            }
            transaction.commit().await.map_err(while_trying(ACTION))
        })
    }

    /// The outcomes of a run, by key path.
    ///
    /// # Errors
    /// The store failed.
    pub async fn outcomes(&self, run_id: Uuid) -> Result<Vec<OutcomeRecord>, StateError> {
        let rows: Vec<OutcomeRow> = on_pool!(self, |pool| sqlx::query_as(
            "SELECT key_path, value, reason, message, elapsed_seconds, statements, retries, error_bound \
             FROM outcomes WHERE run_id = $1 ORDER BY key_path"
        )
        .bind(run_id.to_string())
        .fetch_all(pool)
        .await
        .map_err(while_trying("read outcomes")))?;
        rows.into_iter().map(OutcomeRecord::try_from).collect()
    }
}

/// SQLite keeps NaN as NULL; a nonsensical duration must not end a run.
fn finite(seconds: f64) -> f64 {
    if seconds.is_finite() { seconds } else { 0.0 }
}
