//! Licence pings that the licence application has not been told of.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::open::{ReceiverStore, on_pool};

/// What the licence application is told.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(in crate::versions::receiver) struct LicensePing {
    #[sqlx(rename = "id")]
    instance: i64,
    pub(in crate::versions::receiver) uuid: String,
    pub(in crate::versions::receiver) hostname: Option<String>,
    pub(in crate::versions::receiver) version: Option<String>,
    pub(in crate::versions::receiver) license_id: Option<String>,
    pub(in crate::versions::receiver) license_md5: Option<String>,
    pub(in crate::versions::receiver) license_sha256: Option<String>,
    #[sqlx(rename = "license_ping_at")]
    pub(in crate::versions::receiver) pinged_at: DateTime<Utc>,
}

impl ReceiverStore {
    /// The next licence ping that was not told yet, after an instance. Several receivers may tell the same one.
    pub(in crate::versions::receiver) async fn untold_license(
        &self,
        after: i64,
    ) -> Result<Option<LicensePing>, sqlx::Error> {
        on_pool!(self, |pool| {
            sqlx::query_as(
            "SELECT id, uuid, hostname, version, license_id, license_md5, license_sha256, license_ping_at FROM instances \
             WHERE id > $1 AND license_ping_at IS NOT NULL AND (license_told_at IS NULL OR license_told_at < license_ping_at) \
             ORDER BY id LIMIT 1"
        )
        .bind(after)
        .fetch_optional(pool)
        .await
        })
    }

    /// Keeps that the licence application knows of a ping; a newer one that came meanwhile is still to be told.
    pub(in crate::versions::receiver) async fn license_told(&self, ping: &LicensePing) -> Result<(), sqlx::Error> {
        on_pool!(self, |pool| {
            sqlx::query(
            "UPDATE instances SET license_told_at = $2 WHERE id = $1 AND (license_told_at IS NULL OR license_told_at < $2)"
        )
        .bind(ping.instance)
        .bind(ping.pinged_at)
        .execute(pool)
        .await
        .map(drop)
        })
    }
}

impl LicensePing {
    pub(in crate::versions::receiver) fn instance(&self) -> i64 {
        self.instance
    }
}
