//! What was received in a month, a page at a time: an export holds a few bodies, never a month.

use chrono::{DateTime, Utc};

use super::open::{ReceiverStore, on_pool};
use crate::versions::receiver::{ReceivedError, ReceivedMetadata, ReceivedPayload};

/// Bodies that are read at once; each may be as long as the receiver takes.
const PAGE: i64 = 4;

/// From one instant up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::versions::receiver) struct Span {
    pub(in crate::versions::receiver) from: DateTime<Utc>,
    pub(in crate::versions::receiver) to: DateTime<Utc>,
}

/// The last row that was read: its instant and its id.
pub(in crate::versions::receiver) type Place = (DateTime<Utc>, i64);

impl ReceiverStore {
    /// Payloads of a span that come after a place.
    pub(in crate::versions::receiver) async fn payloads_of(
        &self,
        span: Span,
        after: Place,
    ) -> Result<Vec<ReceivedPayload>, sqlx::Error> {
        on_pool!(self, |pool| {
            sqlx::query_as(
            "SELECT id, received_at, idempotency_key, uuid, recorded_at, payload FROM raw_usage_data \
             WHERE received_at >= $1 AND received_at < $2 AND (received_at, id) > ($3, $4) ORDER BY received_at, id LIMIT $5"
        )
        .bind(span.from)
        .bind(span.to)
        .bind(after.0)
        .bind(after.1)
        .bind(PAGE)
        .fetch_all(pool)
        .await
        })
    }

    /// Metadata of a span that comes after a place.
    pub(in crate::versions::receiver) async fn metadata_of(
        &self,
        span: Span,
        after: Place,
    ) -> Result<Vec<ReceivedMetadata>, sqlx::Error> {
        on_pool!(self, |pool| {
            sqlx::query_as(
            "SELECT id, received_at, idempotency_key, uuid, body FROM usage_ping_metadata \
             WHERE received_at >= $1 AND received_at < $2 AND (received_at, id) > ($3, $4) ORDER BY received_at, id LIMIT $5"
        )
        .bind(span.from)
        .bind(span.to)
        .bind(after.0)
        .bind(after.1)
        .bind(PAGE)
        .fetch_all(pool)
        .await
        })
    }

    /// Error reports of a span that come after a place.
    pub(in crate::versions::receiver) async fn errors_of(
        &self,
        span: Span,
        after: Place,
    ) -> Result<Vec<ReceivedError>, sqlx::Error> {
        on_pool!(self, |pool| {
            sqlx::query_as(
            "SELECT id, received_at, uuid, body FROM usage_ping_errors \
             WHERE received_at >= $1 AND received_at < $2 AND (received_at, id) > ($3, $4) ORDER BY received_at, id LIMIT $5"
        )
        .bind(span.from)
        .bind(span.to)
        .bind(after.0)
        .bind(after.1)
        .bind(PAGE)
        .fetch_all(pool)
        .await
        })
    }

    /// Error reports, the last first, those before an id.
    pub(in crate::versions::receiver) async fn last_errors(
        &self,
        before: i64,
        most: i64,
    ) -> Result<Vec<ReceivedError>, sqlx::Error> {
        on_pool!(self, |pool| sqlx::query_as(
            "SELECT id, received_at, uuid, body FROM usage_ping_errors WHERE id < $1 ORDER BY id DESC LIMIT $2"
        )
        .bind(before)
        .bind(most)
        .fetch_all(pool)
        .await)
    }

    /// A payload by its id.
    pub(in crate::versions::receiver) async fn payload(&self, id: i64) -> Result<Option<ReceivedPayload>, sqlx::Error> {
        on_pool!(self, |pool| sqlx::query_as(
            "SELECT id, received_at, idempotency_key, uuid, recorded_at, payload FROM raw_usage_data WHERE id = $1"
        )
        .bind(id)
        .fetch_optional(pool)
        .await)
    }
}
