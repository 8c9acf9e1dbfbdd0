//! What the outbox holds, in numbers, and whether the store answers.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::error::{StateError, while_trying};
use super::store::{Pool, StateStore, on_pool};

/// The outbox in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct OutboxTotals {
    pub waiting: i64,
    pub waiting_bytes: i64,
    /// When the payload that has waited longest was kept.
    pub waiting_since: Option<DateTime<Utc>>,
    /// Reports that were sent but whose metadata was not.
    pub unsent_metadata: i64,
    pub sent: i64,
    pub rejected: i64,
    pub withheld: i64,
    /// Requests for the payloads that are kept.
    pub attempts: i64,
    pub last_sent_at: Option<DateTime<Utc>>,
}

impl StateStore {
    /// The outbox in numbers.
    ///
    /// # Errors
    /// The store failed.
    pub async fn outbox_totals(&self) -> Result<OutboxTotals, StateError> {
        on_pool!(self, |pool| sqlx::query_as(
            "SELECT count(CASE WHEN delivery = 'waiting' THEN 1 END) AS waiting, \
             CAST(coalesce(sum(CASE WHEN delivery = 'waiting' THEN octet_length(payload) END), 0) AS bigint) \
             AS waiting_bytes, \
             min(CASE WHEN delivery = 'waiting' THEN created_at END) AS waiting_since, \
             count(CASE WHEN delivery = 'sent' AND metadata_delivery = 'waiting' THEN 1 END) AS unsent_metadata, \
             count(CASE WHEN delivery = 'sent' THEN 1 END) AS sent, \
             count(CASE WHEN delivery = 'rejected' THEN 1 END) AS rejected, \
             count(CASE WHEN delivery = 'withheld' THEN 1 END) AS withheld, \
             CAST(coalesce(sum(attempts), 0) AS bigint) AS attempts, max(sent_at) AS last_sent_at FROM raw_usage_data"
        )
        .fetch_one(pool)
        .await
        .map_err(while_trying("count what waits")))
    }

    /// Whether what the store holds can be read, as far as SQLite tells by looking through its file. PostgreSQL tells of
    /// damage when it reads what is damaged.
    ///
    /// # Errors
    /// It is damaged, or the store does not answer.
    pub async fn check_whole(&self) -> Result<(), StateError> {
        const ACTION: &str = "be read as a whole";
        let Pool::Sqlite(pool) = &self.pool else {
            return self.check().await;
        };
        let found: String = sqlx::query_scalar("PRAGMA quick_check(1)")
            .fetch_one(pool)
            .await
            .map_err(while_trying(ACTION))?;
        match found.as_str() {
            "ok" => Ok(()),
            _ => Err(StateError::Damaged {
                location: self.location.clone(),
            }),
        }
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn check(&self) -> Result<(), StateError> {
        on_pool!(self, |pool| sqlx::query("SELECT count(*) FROM instance_facts")
            .execute(pool)
            .await
            .map(drop)
            .map_err(while_trying("answer")))
    }
}
