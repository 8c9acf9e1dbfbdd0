//! The outbox: who may send a report now, and what became of each attempt.
//!
//! A deliverer claims a report by a lease before it sends it and renews the lease while it works, so that of several
//! processes one sends; the lease of a process that died runs out. Whoever sends uses the report's one key, so that
//! even a deliverer that was paused past its lease does no harm.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::error::{StateError, while_trying};
use super::reports::Report;
use super::store::{StateStore, on_pool};
use super::time::micros;

/// Who holds a report, and for how long at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    holder: String,
    duration: Duration,
}

impl Lease {
    /// A lease of a new holder, to be renewed well within `duration`.
    pub fn new(duration: Duration) -> Lease {
        Lease {
            holder: Uuid::new_v4().to_string(),
            duration,
        }
    }

    /// How long it lasts unless renewed.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// Until when it lasts if taken at `now`. Leases go by the real clock, whatever instant a run takes for its own:
    /// other processes watch them.
    fn until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let duration = TimeDelta::from_std(self.duration).unwrap_or(TimeDelta::MAX);
        micros(now.checked_add_signed(duration).unwrap_or(DateTime::<Utc>::MAX_UTC))
    }
}

/// A report that is ours to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedReport {
    pub report: Report,
    /// The exact text to send.
    pub payload: String,
}

/// Metadata that is ours to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedMetadata {
    pub report: Report,
    /// The exact text to send.
    pub metadata: String,
    /// The key of the metadata request: another than the payload's, as it is another request.
    pub key: Uuid,
}

/// No lease lasts longer from now than the longest a deliverer takes: one that seems to was taken by a clock since set
/// back, and is void.
const LONGEST_LEASE: TimeDelta = TimeDelta::minutes(10);

impl StateStore {
    /// Claims a waiting report, unless it is held by another or waits no more.
    ///
    /// # Errors
    /// The store failed.
    pub async fn claim_report(&self, id: i64, lease: &Lease) -> Result<Option<ClaimedReport>, StateError> {
        const ACTION: &str = "claim a report";
        let now = micros(Utc::now());
        let payload: Option<String> = on_pool!(self, |pool| sqlx::query_scalar(
            "UPDATE raw_usage_data SET lease_holder = $2, lease_until = $3, updated_at = $4 \
             WHERE id = $1 AND delivery = 'waiting' \
             AND (lease_until IS NULL OR lease_until <= $4 OR lease_until > $5 OR lease_holder = $2) RETURNING payload"
        )
        .bind(id)
        .bind(&lease.holder)
        .bind(lease.until(now))
        .bind(now)
        .bind(now + LONGEST_LEASE)
        .fetch_optional(pool)
        .await
        .map_err(while_trying(ACTION)))?;
        let Some(payload) = payload else { return Ok(None) };
        let report = self.report(id).await?;
        Ok(report.map(|report| ClaimedReport { report, payload }))
    }

    /// Claims the unsent metadata of a sent report, unless it is held by another or waits no more.
    ///
    /// # Errors
    /// The store failed.
    pub async fn claim_metadata(&self, id: i64, lease: &Lease) -> Result<Option<ClaimedMetadata>, StateError> {
        const ACTION: &str = "claim metadata";
        let now = micros(Utc::now());
        let texts: Option<(String, String)> = on_pool!(self, |pool| sqlx::query_as(
            "UPDATE raw_usage_data SET lease_holder = $2, lease_until = $3, updated_at = $4 \
             WHERE id = $1 AND delivery = 'sent' AND metadata_delivery = 'waiting' AND metadata IS NOT NULL \
             AND (lease_until IS NULL OR lease_until <= $4 OR lease_until > $5 OR lease_holder = $2) \
             RETURNING metadata, metadata_key"
        )
        .bind(id)
        .bind(&lease.holder)
        .bind(lease.until(now))
        .bind(now)
        .bind(now + LONGEST_LEASE)
        .fetch_optional(pool)
        .await
        .map_err(while_trying(ACTION)))?;
        let Some((metadata, key)) = texts else { return Ok(None) };
        let key = super::runs::parse_uuid("a metadata key", key)?;
        let report = self.report(id).await?;
        Ok(report.map(|report| ClaimedMetadata { report, metadata, key }))
    }

    /// Renews a lease; false if it was lost to another.
    ///
    /// # Errors
    /// The store failed.
    pub async fn renew_lease(&self, id: i64, lease: &Lease) -> Result<bool, StateError> {
        let renewed = on_pool!(self, |pool| sqlx::query(
            "UPDATE raw_usage_data SET lease_until = $3 WHERE id = $1 AND lease_holder = $2"
        )
        .bind(id)
        .bind(&lease.holder)
        .bind(lease.until(Utc::now()))
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
        .map_err(while_trying("renew a lease")))?;
        Ok(renewed > 0)
    }

    /// Counts an attempt that is about to begin; false if the lease was lost, and nothing may be sent.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_attempt(&self, id: i64, lease: &Lease) -> Result<bool, StateError> {
        self.count_attempt(
            "UPDATE raw_usage_data SET attempts = attempts + 1, lease_until = $3 \
             WHERE id = $1 AND lease_holder = $2 AND delivery = 'waiting'",
            id,
            lease,
        )
        .await
    }

    /// Counts an attempt at metadata that is about to begin; false if the lease was lost.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_metadata_attempt(&self, id: i64, lease: &Lease) -> Result<bool, StateError> {
        self.count_attempt(
            "UPDATE raw_usage_data SET metadata_attempts = metadata_attempts + 1, lease_until = $3 \
             WHERE id = $1 AND lease_holder = $2 AND metadata_delivery = 'waiting'",
            id,
            lease,
        )
        .await
    }

    async fn count_attempt(&self, statement: &'static str, id: i64, lease: &Lease) -> Result<bool, StateError> {
        let counted = on_pool!(self, |pool| sqlx::query(statement)
            .bind(id)
            .bind(&lease.holder)
            .bind(lease.until(Utc::now()))
            .execute(pool)
            .await
            .map(|done| done.rows_affected())
            .map_err(while_trying("count an attempt")))?;
        Ok(counted > 0)
    }

    /// Gives a report back that was not taken: it waits on, not before `next_attempt_at` if that is given.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_waiting(
        &self,
        id: i64,
        lease: &Lease,
        error: &str,
        next_attempt_at: Option<DateTime<Utc>>,
    ) -> Result<(), StateError> {
        on_pool!(self, |pool| sqlx::query(
            "UPDATE raw_usage_data SET last_error = $3, next_attempt_at = $4, updated_at = $5, lease_holder = NULL, \
             lease_until = NULL WHERE id = $1 AND lease_holder = $2 AND delivery = 'waiting'"
        )
        .bind(id)
        .bind(&lease.holder)
        .bind(storable(error))
        .bind(next_attempt_at.map(micros))
        .bind(micros(Utc::now()))
        .execute(pool)
        .await
        .map(drop)
        .map_err(while_trying("put a report back")))
    }

    /// Keeps that the endpoint took a report. This is a fact, and holds also if the lease was lost meanwhile.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_sent(&self, id: i64, sent_at: DateTime<Utc>, usage_data_id: i64) -> Result<(), StateError> {
        on_pool!(self, |pool| sqlx::query(
            "UPDATE raw_usage_data SET delivery = 'sent', sent_at = $2, version_usage_data_id_value = $3, \
             last_error = NULL, next_attempt_at = NULL, updated_at = $4, lease_holder = NULL, lease_until = NULL \
             WHERE id = $1 AND delivery <> 'sent'"
        )
        .bind(id)
        .bind(micros(sent_at))
        .bind(usage_data_id)
        .bind(micros(Utc::now()))
        .execute(pool)
        .await
        .map(drop)
        .map_err(while_trying("mark a report as sent")))
    }

    /// Keeps that the endpoint will never take a report.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_rejected(&self, id: i64, lease: &Lease, error: &str) -> Result<(), StateError> {
        on_pool!(self, |pool| sqlx::query(
            "UPDATE raw_usage_data SET delivery = 'rejected', last_error = $3, next_attempt_at = NULL, \
             updated_at = $4, lease_holder = NULL, lease_until = NULL \
             WHERE id = $1 AND lease_holder = $2 AND delivery = 'waiting'"
        )
        .bind(id)
        .bind(&lease.holder)
        .bind(storable(error))
        .bind(micros(Utc::now()))
        .execute(pool)
        .await
        .map(drop)
        .map_err(while_trying("mark a report as rejected")))
    }

    /// Gives metadata back that was not taken: it waits on.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_metadata_waiting(&self, id: i64, lease: &Lease, error: &str) -> Result<(), StateError> {
        self.end_metadata_attempt(id, lease, "waiting", error).await
    }

    /// Keeps that the endpoint will never take a report's metadata.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_metadata_rejected(&self, id: i64, lease: &Lease, error: &str) -> Result<(), StateError> {
        self.end_metadata_attempt(id, lease, "rejected", error).await
    }

    async fn end_metadata_attempt(
        &self,
        id: i64,
        lease: &Lease,
        delivery: &'static str,
        error: &str,
    ) -> Result<(), StateError> {
        on_pool!(self, |pool| sqlx::query(
            "UPDATE raw_usage_data SET metadata_delivery = $3, metadata_last_error = $4, updated_at = $5, \
             lease_holder = NULL, lease_until = NULL \
             WHERE id = $1 AND lease_holder = $2 AND metadata_delivery = 'waiting'"
        )
        .bind(id)
        .bind(&lease.holder)
        .bind(delivery)
        .bind(storable(error))
        .bind(micros(Utc::now()))
        .execute(pool)
        .await
        .map(drop)
        .map_err(while_trying("put metadata back")))
    }

    /// Keeps that the endpoint took a report's metadata, also if the lease was lost meanwhile.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_metadata_sent(&self, id: i64, sent_at: DateTime<Utc>) -> Result<(), StateError> {
        on_pool!(self, |pool| sqlx::query(
            "UPDATE raw_usage_data SET metadata_delivery = 'sent', metadata_sent_at = $2, metadata_last_error = NULL, \
             updated_at = $3, lease_holder = NULL, lease_until = NULL WHERE id = $1 AND metadata_delivery <> 'sent'"
        )
        .bind(id)
        .bind(micros(sent_at))
        .bind(micros(Utc::now()))
        .execute(pool)
        .await
        .map(drop)
        .map_err(while_trying("mark metadata as sent")))
    }
}

/// PostgreSQL's text holds every character but NUL.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
