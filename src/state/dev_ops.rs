//! What the Versions endpoint answered about the instance beside its peers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::error::{StateError, while_trying};
use super::store::{StateStore, on_pool};
use super::time::micros;

/// A DevOps report, as one reply brought it.
#[derive(Debug, Clone, PartialEq)]
pub struct DevOpsRecord {
    /// The report that was answered.
    pub report_id: i64,
    pub created_at: DateTime<Utc>,
    /// `leader_issues`, `instance_issues`, `percentage_issues` and so on.
    pub metrics: BTreeMap<String, f64>,
}

#[derive(FromRow)]
struct DevOpsRow {
    report_id: i64,
    created_at: DateTime<Utc>,
    metrics: String,
}

impl TryFrom<DevOpsRow> for DevOpsRecord {
    type Error = StateError;

    fn try_from(row: DevOpsRow) -> Result<DevOpsRecord, StateError> {
        let metrics = serde_json::from_str(&row.metrics).map_err(|_| StateError::Corrupt {
            what: "a DevOps report",
            value: row.metrics,
        })?;
        Ok(DevOpsRecord {
            report_id: row.report_id,
            created_at: row.created_at,
            metrics,
        })
    }
}

impl StateStore {
    /// Keeps a DevOps report; that of the same usage report is replaced.
    ///
    /// # Errors
    /// The store failed, or a number is not finite.
    pub async fn record_dev_ops(&self, record: &DevOpsRecord) -> Result<(), StateError> {
        let metrics = serde_json::to_string(&record.metrics).map_err(|source| StateError::NotJson {
            what: "DevOps report",
            source,
        })?;
        on_pool!(self, |pool| sqlx::query(
            "INSERT INTO conversational_development_index_metrics (report_id, created_at, metrics) \
             VALUES ($1, $2, $3) ON CONFLICT (report_id) DO UPDATE SET created_at = excluded.created_at, \
             metrics = excluded.metrics"
        )
        .bind(record.report_id)
        .bind(micros(record.created_at))
        .bind(metrics)
        .execute(pool)
        .await
        .map(drop)
        .map_err(while_trying("keep a DevOps report")))
    }

    /// The latest DevOps report.
    ///
    /// # Errors
    /// The store failed.
    pub async fn last_dev_ops(&self) -> Result<Option<DevOpsRecord>, StateError> {
        let row: Option<DevOpsRow> = on_pool!(self, |pool| sqlx::query_as(
            "SELECT report_id, created_at, metrics FROM conversational_development_index_metrics \
             ORDER BY created_at DESC, report_id DESC LIMIT 1"
        )
        .fetch_optional(pool)
        .await
        .map_err(while_trying("read a DevOps report")))?;
        row.map(DevOpsRecord::try_from).transpose()
    }
}
