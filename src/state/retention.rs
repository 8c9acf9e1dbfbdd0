//! What the store lets go of, so that it stays small however long it serves.

use chrono::Utc;

use super::error::{StateError, while_trying};
use super::store::{StateStore, on_pool};
use super::time::micros;

/// How much the store keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The newest runs that stay, with their outcomes and payloads.
    pub runs: u32,
    /// Payloads that wait for delivery at once, at most.
    pub waiting_reports: u32,
    /// Bytes of the payloads that wait for delivery together, at most; the newest one waits whatever it takes.
    pub waiting_bytes: u64,
}

/// What the store let go of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Released {
    /// Waiting payloads that gave way to newer ones: they will never be delivered.
    pub reports: u64,
    /// Runs that are older than those that stay.
    pub runs: u64,
}

impl StateStore {
    /// Lets go of what is beyond the bounds, the oldest first. A payload that somebody delivers at this moment is left alone,
    /// and so is a run whose payload, or the metadata of it, still waits.
    ///
    /// # Errors
    /// The store failed.
    pub async fn release(&self, retention: &Retention) -> Result<Released, StateError> {
        Ok(Released {
            reports: self.release_reports(retention).await?,
            runs: self.release_runs(retention).await?,
        })
    }

    async fn release_reports(&self, retention: &Retention) -> Result<u64, StateError> {
        on_pool!(self, |pool| sqlx::query(
            "UPDATE raw_usage_data SET delivery = 'rejected', updated_at = $1, next_attempt_at = NULL, \
             last_error = 'it gave way to newer payloads: more waited than the outbox holds' \
             WHERE delivery = 'waiting' AND (lease_until IS NULL OR lease_until <= $1) AND id IN ( \
               SELECT id FROM ( \
                 SELECT id, ROW_NUMBER() OVER newest AS place, SUM(LENGTH(payload)) OVER newest AS bytes \
                 FROM raw_usage_data WHERE delivery = 'waiting' \
                 WINDOW newest AS (ORDER BY recorded_at DESC, id DESC) \
               ) AS waiting WHERE place > $2 OR (place > 1 AND bytes > $3))"
        )
        .bind(micros(Utc::now()))
        .bind(i64::from(retention.waiting_reports))
        .bind(i64::try_from(retention.waiting_bytes).unwrap_or(i64::MAX))
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
        .map_err(while_trying("bound the outbox")))
    }

    async fn release_runs(&self, retention: &Retention) -> Result<u64, StateError> {
        on_pool!(self, |pool| sqlx::query(
            "DELETE FROM runs WHERE id NOT IN (SELECT id FROM runs ORDER BY started_at DESC, id DESC LIMIT $1) \
             AND NOT EXISTS (SELECT 1 FROM raw_usage_data AS report WHERE report.run_id = runs.id \
               AND (report.delivery = 'waiting' \
                 OR (report.delivery = 'sent' AND report.metadata_delivery = 'waiting')))"
        )
        .bind(i64::from(retention.runs))
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
        .map_err(while_trying("let go of old runs")))
    }
}
