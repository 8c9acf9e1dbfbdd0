//! A report with its texts, as it goes into a bundle.

use sqlx::FromRow;
use uuid::Uuid;

use super::error::{StateError, while_trying};
use super::reports::Report;
use super::runs::parse_uuid;
use super::store::{StateStore, on_pool};

/// A report with everything that a delivery of it would carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReport {
    pub report: Report,
    /// The exact text of the payload.
    pub payload: String,
    /// The exact text of the metadata request.
    pub metadata: Option<String>,
    /// The key of the metadata request.
    pub metadata_key: Uuid,
    /// Of the run that made it.
    pub definitions_digest: String,
}

#[derive(FromRow)]
struct TextsRow {
    payload: String,
    metadata: Option<String>,
    metadata_key: String,
    definitions_digest: String,
}

impl StateStore {
    /// The report of a run with its texts, if the run has one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn report_of_run(&self, run_id: Uuid) -> Result<Option<StoredReport>, StateError> {
        let id: Option<i64> = on_pool!(self, |pool| sqlx::query_scalar(
            "SELECT id FROM raw_usage_data WHERE run_id = $1 ORDER BY id DESC LIMIT 1"
        )
        .bind(run_id.to_string())
        .fetch_optional(pool)
        .await
        .map_err(while_trying("look for the report of a run")))?;
        match id {
            Some(id) => self.stored_report(id).await,
            None => Ok(None),
        }
    }

    /// The report of this id with its texts, if there is one and they were not let go of.
    ///
    /// # Errors
    /// The store failed.
    pub async fn stored_report(&self, id: i64) -> Result<Option<StoredReport>, StateError> {
        let texts: Option<TextsRow> = on_pool!(self, |pool| sqlx::query_as(
            "SELECT payload, metadata, metadata_key, definitions_digest \
             FROM raw_usage_data JOIN runs ON runs.id = raw_usage_data.run_id \
             WHERE raw_usage_data.id = $1 AND payload <> ''"
        )
        .bind(id)
        .fetch_optional(pool)
        .await
        .map_err(while_trying("read a report with its texts")))?;
        let (Some(texts), Some(report)) = (texts, self.report(id).await?) else {
            return Ok(None);
        };
        Ok(Some(StoredReport {
            report,
            payload: texts.payload,
            metadata: texts.metadata,
            metadata_key: parse_uuid("a metadata key", texts.metadata_key)?,
            definitions_digest: texts.definitions_digest,
        }))
    }
}
