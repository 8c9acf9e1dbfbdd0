//! Leases: who may send a report now.
//!
//! A deliverer claims a report by a lease before it sends it and renews the lease while it works, so that of several
//! processes one sends; the lease of a process that died runs out. Whoever sends uses the report's one key, so that
//! even a deliverer that was paused past its lease does no harm.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::error::{StateError, while_trying};
use super::reports::Report;
use super::runs::parse_uuid;
use super::store::{StateStore, on_pool};
use super::time::micros;

/// Who holds a report, and for how long at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub(super) holder: String,
    duration: Duration,
}

impl Lease {
    /// The longest that a lease lasts unless renewed.
    pub const LONGEST: Duration = Duration::from_secs(600);

    /// A lease of a new holder, to be renewed well within `duration`, which is at most [`Lease::LONGEST`].
    pub fn new(duration: Duration) -> Lease {
        let duration = duration.min(Lease::LONGEST);
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
    pub(super) fn until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        micros(now + self.duration)
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
        .bind(void_from(now))
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
        .bind(void_from(now))
        .fetch_optional(pool)
        .await
        .map_err(while_trying(ACTION)))?;
        let Some((metadata, key)) = texts else { return Ok(None) };
        let key = parse_uuid("a metadata key", key)?;
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
}

/// A lease that lasts until later was taken by a clock that has been set back since: it is void.
fn void_from(now: DateTime<Utc>) -> DateTime<Utc> {
    now + Lease::LONGEST
}
