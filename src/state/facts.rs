//! What the instance is, kept for good.

use chrono::Utc;
use uuid::Uuid;

use super::error::{StateError, while_trying};
use super::store::{StateStore, on_pool};
use super::time::micros;

const UUID: &str = "uuid";

impl StateStore {
    /// The instance's uuid: made once, by whoever asks first, and kept.
    ///
    /// # Errors
    /// The store failed, or holds something that is no UUID.
    pub async fn instance_uuid(&self) -> Result<Uuid, StateError> {
        let kept = self.keep_fact(UUID, &Uuid::new_v4().to_string()).await?;
        Uuid::parse_str(&kept).map_err(|_| StateError::Corrupt {
            what: "an instance uuid",
            value: kept,
        })
    }

    /// Keeps the value unless the fact has one already; returns what is kept.
    async fn keep_fact(&self, name: &str, value: &str) -> Result<String, StateError> {
        on_pool!(self, |pool| {
            sqlx::query(
                "INSERT INTO instance_facts (name, value, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
            )
            .bind(name)
            .bind(value)
            .bind(micros(Utc::now()))
            .execute(pool)
            .await
            .map_err(while_trying("keep a fact of the instance"))?;
            sqlx::query_scalar("SELECT value FROM instance_facts WHERE name = $1")
                .bind(name)
                .fetch_one(pool)
                .await
                .map_err(while_trying("read a fact of the instance"))
        })
    }
}
