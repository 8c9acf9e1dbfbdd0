//! Secondary sites: the usage that one collects under a lease of a day, and the statuses that a primary was told.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::error::{StateError, while_trying};
use super::holder::Holder;
use super::store::{StateStore, on_pool};
use super::time::micros;
use crate::geo::{NodeStatus, Usage};

const JOB: &str = "geo_update";
/// The lease is not given back, so that usage is collected once a day at the most.
const LEASE: Duration = Duration::from_secs(24 * 3600);
/// Collections that are kept: half a year of weeks.
const KEPT: i64 = 26;

/// What a secondary collected, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectedUsage {
    pub collected_at: DateTime<Utc>,
    pub usage: Usage,
}

#[derive(FromRow)]
struct UsageRow {
    collected_at: DateTime<Utc>,
    usage: String,
}

impl StateStore {
    /// Takes the day's lease of the collection; until when somebody else's lasts, where it was taken before.
    ///
    /// # Errors
    /// The store failed.
    pub async fn take_geo_lease(&self, now: DateTime<Utc>) -> Result<Result<(), DateTime<Utc>>, StateError> {
        const ACTION: &str = "take the lease of the Geo collection";
        let now = micros(now);
        let expires_at = micros(now + LEASE);
        // One that lasts beyond a day from now was taken by a clock that has been set back since.
        let taken: Option<i64> = on_pool!(self, |pool| sqlx::query_scalar(
            "INSERT INTO run_lease AS present (job, fence, holder, taken_at, expires_at, lasts) \
             VALUES ($1, 1, $2, $3, $4, $5) ON CONFLICT (job) DO UPDATE SET fence = present.fence + 1, \
             holder = excluded.holder, taken_at = excluded.taken_at, expires_at = excluded.expires_at \
             WHERE present.expires_at <= excluded.taken_at OR present.expires_at > excluded.expires_at RETURNING fence"
        )
        .bind(JOB)
        .bind(Holder::new().to_text())
        .bind(now)
        .bind(expires_at)
        .bind(i64::try_from(LEASE.as_secs()).unwrap_or(i64::MAX))
        .fetch_optional(pool)
        .await
        .map_err(while_trying(ACTION)))?;
        if taken.is_some() {
            return Ok(Ok(()));
        }
        let until = on_pool!(self, |pool| sqlx::query_scalar(
            "SELECT expires_at FROM run_lease WHERE job = $1"
        )
        .bind(JOB)
        .fetch_one(pool)
        .await
        .map_err(while_trying(ACTION)))?;
        Ok(Err(until))
    }

    /// Keeps what was collected; one of the same instant stays as it is.
    ///
    /// # Errors
    /// The store failed.
    pub async fn keep_geo_usage(&self, collected: &CollectedUsage) -> Result<(), StateError> {
        const ACTION: &str = "keep the usage of this site";
        on_pool!(self, |pool| {
            let mut transaction = pool.begin().await.map_err(while_trying(ACTION))?;
            sqlx::query("INSERT INTO geo_usage (collected_at, usage) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(micros(collected.collected_at))
                .bind(serde_json::Value::Object(collected.usage.to_json()).to_string())
                .execute(&mut *transaction)
                .await
                .map_err(while_trying(ACTION))?;
            sqlx::query(
                "DELETE FROM geo_usage WHERE collected_at NOT IN \
                 (SELECT collected_at FROM geo_usage ORDER BY collected_at DESC LIMIT $1)",
            )
            .bind(KEPT)
            .execute(&mut *transaction)
            .await
            .map_err(while_trying(ACTION))?;
            transaction.commit().await.map_err(while_trying(ACTION))
        })
    }

    /// What was collected last.
    ///
    /// # Errors
    /// The store failed, or holds what is no usage.
    pub async fn last_geo_usage(&self) -> Result<Option<CollectedUsage>, StateError> {
        let row: Option<UsageRow> = on_pool!(self, |pool| sqlx::query_as(
            "SELECT collected_at, usage FROM geo_usage ORDER BY collected_at DESC LIMIT 1"
        )
        .fetch_optional(pool)
        .await
        .map_err(while_trying("read the usage of this site")))?;
        row.map(collected).transpose()
    }

    /// Keeps a secondary's status, unless a newer one is there, or this very one; whether it was kept.
    ///
    /// # Errors
    /// The store failed.
    pub async fn keep_geo_status(&self, status: &NodeStatus, received_at: DateTime<Utc>) -> Result<bool, StateError> {
        let changed = on_pool!(self, |pool| sqlx::query(
            "INSERT INTO geo_nodes AS present (node, status, collected_at, received_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (node) DO UPDATE SET status = excluded.status, collected_at = excluded.collected_at, \
             received_at = excluded.received_at WHERE excluded.collected_at > present.collected_at"
        )
        .bind(status.node.to_string())
        .bind(status.to_text())
        .bind(micros(status.collected_at))
        .bind(micros(received_at))
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
        .map_err(while_trying("keep the status of a secondary site")))?;
        Ok(changed > 0)
    }

    /// The newest status of each secondary that was collected within this time before `now`, by the site's uuid.
    ///
    /// # Errors
    /// The store failed, or holds what is no status.
    pub async fn geo_statuses(&self, now: DateTime<Utc>, within: Duration) -> Result<Vec<NodeStatus>, StateError> {
        let texts: Vec<String> = on_pool!(self, |pool| sqlx::query_scalar(
            "SELECT status FROM geo_nodes WHERE collected_at > $1 ORDER BY node"
        )
        .bind(micros(now - within))
        .fetch_all(pool)
        .await
        .map_err(while_trying("read the statuses of secondary sites")))?;
        texts.iter().map(|text| status(text)).collect()
    }
}

fn collected(row: UsageRow) -> Result<CollectedUsage, StateError> {
    let object: Option<serde_json::Map<_, _>> = serde_json::from_str(&row.usage).ok();
    let usage = object.and_then(|object| Usage::from_json(&object).ok());
    Ok(CollectedUsage {
        collected_at: row.collected_at,
        usage: usage.ok_or_else(|| corrupt("a usage of this site", &row.usage))?,
    })
}

fn status(text: &str) -> Result<NodeStatus, StateError> {
    NodeStatus::from_text(text.as_bytes()).map_err(|_| corrupt("a status of a secondary site", text))
}

fn corrupt(what: &'static str, value: &str) -> StateError {
    StateError::Corrupt {
        what,
        value: value.to_owned(),
    }
}
