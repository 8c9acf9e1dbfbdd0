//! What the store lets go of, so that it stays small however long it serves.

use chrono::Utc;

use super::error::{StateError, while_trying};
use super::store::{StateStore, on_pool};
use super::time::micros;

/// Why a payload, or the metadata of one, that waited is given up.
const GAVE_WAY: &str = "it gave way to newer ones: more waited than [state] outbox_reports and outbox_mib allow";

/// How much the store keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The newest runs that stay.
    pub runs: u32,
    /// Bytes of outcomes, and of payloads that do not wait, together, at most; those of the newest run stay whatever they
    /// take.
    pub history_bytes: u64,
    /// Payloads that wait for delivery at once, at most.
    pub waiting_reports: u32,
    /// Bytes of what waits for delivery together, at most; the newest payload waits whatever it takes.
    pub waiting_bytes: u64,
}

/// What the store let go of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Released {
    /// Waiting payloads that gave way to newer ones: they will never be delivered.
    pub reports: u64,
    /// Delivered payloads whose metadata gave way to newer ones.
    pub metadata: u64,
    /// Runs that are older than those that stay.
    pub runs: u64,
    /// Older runs of which only the fact, its instant and its delivery stay.
    pub details: u64,
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
            metadata: self.release_metadata(retention).await?,
            runs: self.release_runs(retention).await?,
            details: self.release_details(retention).await?,
        })
    }

    async fn release_reports(&self, retention: &Retention) -> Result<u64, StateError> {
        on_pool!(self, |pool| sqlx::query(
            "UPDATE raw_usage_data SET delivery = 'rejected', updated_at = $1, next_attempt_at = NULL, last_error = $4 \
             WHERE delivery = 'waiting' AND (lease_until IS NULL OR lease_until <= $1) AND id IN ( \
               SELECT id FROM ( \
                 SELECT id, ROW_NUMBER() OVER newest AS place, \
                   SUM(OCTET_LENGTH(payload) + COALESCE(OCTET_LENGTH(metadata), 0)) OVER newest AS bytes \
                 FROM raw_usage_data WHERE delivery = 'waiting' WINDOW newest AS (ORDER BY id DESC) \
               ) AS waiting WHERE place > $2 OR (place > 1 AND bytes > $3))"
        )
        .bind(micros(Utc::now()))
        .bind(i64::from(retention.waiting_reports))
        .bind(bytes(retention.waiting_bytes))
        .bind(GAVE_WAY)
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
        .map_err(while_trying("bound the outbox")))
    }

    async fn release_metadata(&self, retention: &Retention) -> Result<u64, StateError> {
        on_pool!(self, |pool| sqlx::query(
            "UPDATE raw_usage_data SET metadata_delivery = 'rejected', updated_at = $1, next_attempt_at = NULL, \
             metadata_last_error = $4 \
             WHERE delivery = 'sent' AND metadata_delivery = 'waiting' \
             AND (lease_until IS NULL OR lease_until <= $1) AND id IN ( \
               SELECT id FROM ( \
                 SELECT id, ROW_NUMBER() OVER newest AS place, SUM(OCTET_LENGTH(metadata)) OVER newest AS bytes \
                 FROM raw_usage_data WHERE delivery = 'sent' AND metadata_delivery = 'waiting' \
                 WINDOW newest AS (ORDER BY id DESC) \
               ) AS waiting WHERE place > $2 OR (place > 1 AND bytes > $3))"
        )
        .bind(micros(Utc::now()))
        .bind(i64::from(retention.waiting_reports))
        .bind(bytes(retention.waiting_bytes))
        .bind(GAVE_WAY)
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
        .map_err(while_trying("bound the outbox")))
    }

    async fn release_runs(&self, retention: &Retention) -> Result<u64, StateError> {
        on_pool!(self, |pool| sqlx::query(
            "DELETE FROM runs WHERE id NOT IN (SELECT id FROM runs ORDER BY number DESC, id DESC LIMIT $1) \
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

    /// Empties what is large of the runs that are beyond the bound: outcomes, and texts that do not wait.
    async fn release_details(&self, retention: &Retention) -> Result<u64, StateError> {
        let heavy = self.heavy_runs(retention.history_bytes).await?;
        for run in &heavy {
            self.release_details_of(run).await?;
        }
        Ok(heavy.len() as u64)
    }

    /// Runs, the newest left out, that are beyond so many bytes together and have something to let go of.
    async fn heavy_runs(&self, history_bytes: u64) -> Result<Vec<String>, StateError> {
        on_pool!(self, |pool| {
            sqlx::query_scalar(
            "WITH weighed AS ( \
               SELECT id, number, \
                 (SELECT COALESCE(SUM(OCTET_LENGTH(key_path) + OCTET_LENGTH(value) + COALESCE(OCTET_LENGTH(message), 0)), 0) \
                  FROM outcomes WHERE run_id = runs.id) \
                 + (SELECT COALESCE(SUM(OCTET_LENGTH(payload) + COALESCE(OCTET_LENGTH(metadata), 0)), 0) \
                  FROM raw_usage_data WHERE run_id = runs.id AND delivery <> 'waiting') AS bytes FROM runs \
             ), ranked AS ( \
               SELECT id, bytes, ROW_NUMBER() OVER newest AS place, SUM(bytes) OVER newest AS total FROM weighed \
               WINDOW newest AS (ORDER BY number DESC, id DESC) \
             ) SELECT id FROM ranked WHERE place > 1 AND total > $1 AND bytes > 0"
        )
        .bind(bytes(history_bytes))
        .fetch_all(pool)
        .await
        .map_err(while_trying("weigh old runs"))
        })
    }

    async fn release_details_of(&self, run: &str) -> Result<(), StateError> {
        const ACTION: &str = "let go of the details of old runs";
        on_pool!(self, |pool| {
            let mut transaction = pool.begin().await.map_err(while_trying(ACTION))?;
            for statement in [
                "DELETE FROM outcomes WHERE run_id = $1",
                "UPDATE raw_usage_data SET payload = '', \
                 metadata = CASE WHEN delivery = 'sent' AND metadata_delivery = 'waiting' THEN metadata END \
                 WHERE run_id = $1 AND delivery <> 'waiting'",
            ] {
                sqlx::query(statement)
                    .bind(run)
                    .execute(&mut *transaction)
                    .await
                    .map_err(while_trying(ACTION))?;
            }
            transaction.commit().await.map_err(while_trying(ACTION))
        })
    }
}

fn bytes(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
