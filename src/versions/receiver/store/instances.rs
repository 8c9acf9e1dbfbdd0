//! Instances, as their last payload tells them.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::open::{ReceiverStore, on_pool};
use super::turn::{Turn, in_turn};
use crate::versions::receiver::reading::PayloadReading;

/// An instance of the fleet.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Instance {
    pub(in crate::versions::receiver) id: i64,
    pub uuid: String,
    pub first_ping_at: DateTime<Utc>,
    pub last_ping_at: DateTime<Utc>,
    /// Payloads that were kept of it.
    pub pings: i64,
    /// The payload that tells the rest: the one that was recorded last.
    pub payload_id: i64,
    pub hostname: Option<String>,
    pub version: Option<String>,
    pub edition: Option<String>,
    pub installation_type: Option<String>,
    pub license_id: Option<String>,
    /// When a payload with a licence came last.
    pub license_ping_at: Option<DateTime<Utc>>,
    pub(in crate::versions::receiver) dev_ops: String,
}

/// Where a page of instances begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstanceOrder {
    /// Only of this version.
    pub version: Option<String>,
    /// Only those whose uuid or hostname holds this text.
    pub holding: Option<String>,
    /// So many are skipped.
    pub offset: i64,
    /// So many at most.
    pub most: i64,
}

impl Turn {
    /// Notes that a payload of an instance was kept; its id if the payload tells the instance anew, which one that was recorded
    /// before the last does not.
    pub(super) async fn note_instance(
        &mut self,
        uuid: &str,
        payload: i64,
        reading: &PayloadReading,
        now: DateTime<Utc>,
    ) -> Result<Option<i64>, sqlx::Error> {
        let has_license =
            reading.license_id.is_some() || reading.license_md5.is_some() || reading.license_sha256.is_some();
        let license_ping_at = has_license.then_some(now);
        let id: i64 = in_turn!(self, |connection| {
            sqlx::query_scalar(
            "INSERT INTO instances (uuid, first_ping_at, last_ping_at, pings, described_at, payload_id, license_ping_at) \
             VALUES ($1, $2, $2, 1, $3, 0, $4) ON CONFLICT (uuid) DO UPDATE SET pings = instances.pings + 1, \
             last_ping_at = excluded.last_ping_at, license_ping_at = coalesce(excluded.license_ping_at, instances.license_ping_at) \
             RETURNING id"
        )
        .bind(uuid)
        .bind(now)
        .bind(DateTime::<Utc>::UNIX_EPOCH)
        .bind(license_ping_at)
        .fetch_one(connection)
        .await
        })?;
        let described = in_turn!(self, |connection| sqlx::query(
            "UPDATE instances SET described_at = $2, payload_id = $3, hostname = $4, version = $5, edition = $6, \
             installation_type = $7, license_id = $8, license_md5 = $9, license_sha256 = $10, dev_ops = $11 \
             WHERE id = $1 AND described_at <= $2"
        )
        .bind(id)
        .bind(recorded(reading, now))
        .bind(payload)
        .bind(&reading.hostname)
        .bind(&reading.version)
        .bind(&reading.edition)
        .bind(&reading.installation_type)
        .bind(&reading.license_id)
        .bind(&reading.license_md5)
        .bind(&reading.license_sha256)
        .bind(reading.score.to_text())
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
        Ok((described > 0).then_some(id))
    }

    pub(super) async fn instance_id(&mut self, uuid: &str) -> Result<Option<i64>, sqlx::Error> {
        in_turn!(self, |connection| sqlx::query_scalar(
            "SELECT id FROM instances WHERE uuid = $1"
        )
        .bind(uuid)
        .fetch_optional(connection)
        .await)
    }
}

/// When a payload was recorded. A clock that is ahead must not keep all later payloads out.
fn recorded(reading: &PayloadReading, now: DateTime<Utc>) -> DateTime<Utc> {
    let said = reading
        .recorded_at
        .as_deref()
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    said.map_or(now, |said| said.to_utc().clamp(DateTime::UNIX_EPOCH, now))
}

impl ReceiverStore {
    /// The instance of a uuid.
    ///
    /// # Errors
    /// The store failed.
    pub async fn instance(&self, uuid: &str) -> Result<Option<Instance>, sqlx::Error> {
        on_pool!(self, |pool| {
            sqlx::query_as(
            "SELECT id, uuid, first_ping_at, last_ping_at, pings, payload_id, hostname, version, edition, installation_type, \
             license_id, license_ping_at, dev_ops FROM instances WHERE uuid = $1"
        )
        .bind(uuid)
        .fetch_optional(pool)
        .await
        })
    }

    /// Instances, those that pinged last first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn instances(&self, order: &InstanceOrder) -> Result<Vec<Instance>, sqlx::Error> {
        on_pool!(self, |pool| {
            sqlx::query_as(
            "SELECT id, uuid, first_ping_at, last_ping_at, pings, payload_id, hostname, version, edition, installation_type, \
             license_id, license_ping_at, dev_ops FROM instances WHERE ($1 IS NULL OR version = $1) \
             AND ($2 IS NULL OR lower(uuid) LIKE lower($2) ESCAPE '\\' OR lower(hostname) LIKE lower($2) ESCAPE '\\') \
             ORDER BY last_ping_at DESC, id DESC LIMIT $3 OFFSET $4"
        )
        .bind(order.version.as_deref())
        .bind(order.holding.as_deref().map(pattern))
        .bind(order.most)
        .bind(order.offset)
        .fetch_all(pool)
        .await
        })
    }

    /// How many instances there are, and how many of them pinged since.
    pub(in crate::versions::receiver) async fn instance_count(
        &self,
        since: DateTime<Utc>,
    ) -> Result<(i64, i64), sqlx::Error> {
        on_pool!(self, |pool| sqlx::query_as(
            "SELECT count(*), count(CASE WHEN last_ping_at >= $1 THEN 1 END) FROM instances"
        )
        .bind(since)
        .fetch_one(pool)
        .await)
    }

    /// Versions in use, and by how many instances each: of those that pinged since.
    pub(in crate::versions::receiver) async fn versions(
        &self,
        since: DateTime<Utc>,
    ) -> Result<Vec<(Option<String>, Option<String>, i64)>, sqlx::Error> {
        on_pool!(self, |pool| sqlx::query_as(
            "SELECT version, edition, count(*) FROM instances WHERE last_ping_at >= $1 GROUP BY version, edition \
             ORDER BY count(*) DESC, version, edition LIMIT 500"
        )
        .bind(since)
        .fetch_all(pool)
        .await)
    }

    /// The values of the DevOps score of all instances.
    pub(in crate::versions::receiver) async fn scores(&self) -> Result<Vec<String>, sqlx::Error> {
        on_pool!(self, |pool| sqlx::query_scalar("SELECT dev_ops FROM instances")
            .fetch_all(pool)
            .await)
    }
}

/// What LIKE takes for any text that holds this one.
pub(super) fn pattern(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{text}%")
}
