//! What was received, as it came.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::open::{ReceiverStore, on_pool};
use crate::versions::receiver::leaves::walk;

/// How many of each kind were received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiverCounts {
    pub payloads: u64,
    pub metadata: u64,
    pub errors: u64,
}

/// A payload as it came.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ReceivedPayload {
    /// The id that the sender was told.
    pub id: i64,
    pub received_at: DateTime<Utc>,
    pub idempotency_key: Option<String>,
    pub uuid: String,
    pub recorded_at: Option<String>,
    /// The body, byte for byte.
    pub payload: String,
}

/// Metadata as it came.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ReceivedMetadata {
    pub id: i64,
    pub received_at: DateTime<Utc>,
    pub idempotency_key: Option<String>,
    pub uuid: String,
    /// The body, byte for byte.
    pub body: String,
}

/// An error report as it came.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ReceivedError {
    pub id: i64,
    pub received_at: DateTime<Utc>,
    pub uuid: String,
    /// The body, byte for byte.
    pub body: String,
}

/// What an error report says; what is of another kind than it should be is left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::versions::receiver) struct ErrorSays {
    pub(in crate::versions::receiver) time: Option<String>,
    pub(in crate::versions::receiver) hostname: Option<String>,
    pub(in crate::versions::receiver) version: Option<String>,
    pub(in crate::versions::receiver) elapsed: Option<f64>,
    pub(in crate::versions::receiver) message: Option<String>,
}

impl ReceivedError {
    pub(in crate::versions::receiver) fn report(&self) -> Result<ErrorSays, serde_json::Error> {
        let mut says = ErrorSays::default();
        walk(&self.body, &mut |path, leaf| {
            let place = match path {
                "error.time" => &mut says.time,
                "error.hostname" => &mut says.hostname,
                "error.version" => &mut says.version,
                "error.message" => &mut says.message,
                "error.elapsed" => return says.elapsed = leaf.number(),
                _ => return,
            };
            *place = leaf.text().map(str::to_owned);
        })?;
        Ok(says)
    }
}

impl ReceiverStore {
    /// How many of each kind were received.
    ///
    /// # Errors
    /// The store failed.
    pub async fn counts(&self) -> Result<ReceiverCounts, sqlx::Error> {
        let (payloads, metadata, errors): (i64, i64, i64) = on_pool!(self, |pool| sqlx::query_as(
            "SELECT (SELECT count(*) FROM raw_usage_data), (SELECT count(*) FROM usage_ping_metadata), \
             (SELECT count(*) FROM usage_ping_errors)"
        )
        .fetch_one(pool)
        .await)?;
        let [payloads, metadata, errors] = [payloads, metadata, errors].map(i64::unsigned_abs);
        Ok(ReceiverCounts {
            payloads,
            metadata,
            errors,
        })
    }

    /// All payloads in the order they came.
    ///
    /// # Errors
    /// The store failed.
    pub async fn payloads(&self) -> Result<Vec<ReceivedPayload>, sqlx::Error> {
        on_pool!(self, |pool| sqlx::query_as(
            "SELECT id, received_at, idempotency_key, uuid, recorded_at, payload FROM raw_usage_data ORDER BY id"
        )
        .fetch_all(pool)
        .await)
    }

    /// All metadata in the order they came.
    ///
    /// # Errors
    /// The store failed.
    pub async fn metadata(&self) -> Result<Vec<ReceivedMetadata>, sqlx::Error> {
        on_pool!(self, |pool| sqlx::query_as(
            "SELECT id, received_at, idempotency_key, uuid, body FROM usage_ping_metadata ORDER BY id"
        )
        .fetch_all(pool)
        .await)
    }

    /// All error reports in the order they came.
    ///
    /// # Errors
    /// The store failed.
    pub async fn errors(&self) -> Result<Vec<ReceivedError>, sqlx::Error> {
        on_pool!(self, |pool| sqlx::query_as(
            "SELECT id, received_at, uuid, body FROM usage_ping_errors ORDER BY id"
        )
        .fetch_all(pool)
        .await)
    }
}
