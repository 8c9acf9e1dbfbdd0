//! Reports: payloads that are to leave, or have left.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::error::{StateError, while_trying};
use super::run_lease::write_fenced;
use super::runs::parse_uuid;
use super::store::{StateStore, on_pool};
use super::time::micros;

/// A report that is to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReport {
    pub run_id: Uuid,
    /// The payload's own instant; one report an instant.
    pub recorded_at: DateTime<Utc>,
    /// The exact text that is sent, on every attempt.
    pub payload_json: String,
    /// What follows a delivered payload: the whole body of the metadata request.
    pub metadata_json: Option<String>,
}

/// A report as it is kept, without its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub id: i64,
    pub run_id: Uuid,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    /// The one key of this payload, the same on every attempt.
    pub idempotency_key: Uuid,
    pub delivery: Delivery,
    /// Requests that were begun, also those that a killed process began.
    pub attempts: u32,
    /// Not before this instant, if the endpoint asked to be left alone; of the metadata, once the payload is sent.
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub last_error: Option<String>,
    pub sent_at: Option<DateTime<Utc>>,
    /// The endpoint's id of the payload.
    pub usage_data_id: Option<i64>,
    pub metadata_delivery: MetadataDelivery,
    pub metadata_attempts: u32,
    pub metadata_sent_at: Option<DateTime<Utc>>,
    pub metadata_last_error: Option<String>,
}

/// Where a payload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    Waiting,
    Sent,
    /// The endpoint will not take it, now or later.
    Rejected,
    /// It was kept for the instance's own eyes, and never leaves.
    Withheld,
}

/// Where a report's metadata stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataDelivery {
    /// The report has none.
    None,
    Waiting,
    Sent,
    Rejected,
}

#[derive(FromRow)]
struct ReportRow {
    id: i64,
    run_id: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
    idempotency_key: String,
    delivery: String,
    attempts: i64,
    next_attempt_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
    sent_at: Option<DateTime<Utc>>,
    version_usage_data_id_value: Option<i64>,
    metadata_delivery: String,
    metadata_attempts: i64,
    metadata_sent_at: Option<DateTime<Utc>>,
    metadata_last_error: Option<String>,
}

impl TryFrom<ReportRow> for Report {
    type Error = StateError;

    fn try_from(row: ReportRow) -> Result<Report, StateError> {
        Ok(Report {
            id: row.id,
            run_id: parse_uuid("a run id", row.run_id)?,
            created_at: row.created_at,
            updated_at: row.updated_at,
            recorded_at: row.recorded_at,
            idempotency_key: parse_uuid("an idempotency key", row.idempotency_key)?,
            delivery: parse_delivery(row.delivery)?,
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            next_attempt_at: row.next_attempt_at,
            last_error: row.last_error,
            sent_at: row.sent_at,
            usage_data_id: row.version_usage_data_id_value,
            metadata_delivery: parse_metadata_delivery(row.metadata_delivery)?,
            metadata_attempts: u32::try_from(row.metadata_attempts).unwrap_or(u32::MAX),
            metadata_sent_at: row.metadata_sent_at,
            metadata_last_error: row.metadata_last_error,
        })
    }
}

impl Delivery {
    /// The word that the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Delivery::Waiting => "waiting",
            Delivery::Sent => "sent",
            Delivery::Rejected => "rejected",
            Delivery::Withheld => "withheld",
        }
    }
}

impl MetadataDelivery {
    /// The word that the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            MetadataDelivery::None => "none",
            MetadataDelivery::Waiting => "waiting",
            MetadataDelivery::Sent => "sent",
            MetadataDelivery::Rejected => "rejected",
        }
    }
}

pub(super) fn parse_delivery(text: String) -> Result<Delivery, StateError> {
    match text.as_str() {
        "waiting" => Ok(Delivery::Waiting),
        "sent" => Ok(Delivery::Sent),
        "rejected" => Ok(Delivery::Rejected),
        "withheld" => Ok(Delivery::Withheld),
        _ => Err(StateError::Corrupt {
            what: "a delivery",
            value: text,
        }),
    }
}

fn parse_metadata_delivery(text: String) -> Result<MetadataDelivery, StateError> {
    match text.as_str() {
        "none" => Ok(MetadataDelivery::None),
        "waiting" => Ok(MetadataDelivery::Waiting),
        "sent" => Ok(MetadataDelivery::Sent),
        "rejected" => Ok(MetadataDelivery::Rejected),
        _ => Err(StateError::Corrupt {
            what: "a metadata delivery",
            value: text,
        }),
    }
}

/// A SELECT of reports; the rest of the statement follows.
macro_rules! select_reports {
    ($rest:literal) => {
        concat!(
            "SELECT id, run_id, created_at, updated_at, recorded_at, idempotency_key, delivery, attempts, ",
            "next_attempt_at, last_error, sent_at, version_usage_data_id_value, metadata_delivery, metadata_attempts, ",
            "metadata_sent_at, metadata_last_error FROM raw_usage_data ",
            $rest
        )
    };
}

impl StateStore {
    /// Keeps a report for delivery and gives it its key.
    ///
    /// An instant has one report: the same payload again gives the report that exists; another payload takes its place
    /// as long as no delivery of it has begun.
    ///
    /// # Errors
    /// A text is not JSON, delivery of another payload of this instant has begun, the run is unknown, or the store
    /// failed.
    pub async fn enqueue(&self, report: &NewReport) -> Result<Report, StateError> {
        self.store(report, "waiting").await
    }

    /// Keeps a report that does not leave, because sending is off or was not asked for.
    ///
    /// # Errors
    /// As [`StateStore::enqueue`].
    pub async fn keep(&self, report: &NewReport) -> Result<Report, StateError> {
        self.store(report, "withheld").await
    }

    async fn store(&self, report: &NewReport, delivery: &'static str) -> Result<Report, StateError> {
        check_json("payload", &report.payload_json)?;
        if let Some(metadata) = &report.metadata_json {
            check_json("metadata", metadata)?;
        }
        if self.insert_or_replace(report, delivery).await? == 0 && !self.has_payload(report).await? {
            return Err(StateError::ReportExists {
                recorded_at: report.recorded_at,
            });
        }
        self.report_at(report.recorded_at).await
    }

    async fn insert_or_replace(&self, report: &NewReport, delivery: &'static str) -> Result<u64, StateError> {
        let metadata_delivery = if report.metadata_json.is_some() {
            "waiting"
        } else {
            "none"
        };
        let kept = write_fenced!(self, "keep a report", sqlx::query(
            "INSERT INTO raw_usage_data AS present (created_at, updated_at, recorded_at, payload, run_id, \
             idempotency_key, metadata, metadata_key, metadata_delivery, delivery) \
             VALUES ($1, $1, $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (recorded_at) DO UPDATE SET updated_at = excluded.updated_at, payload = excluded.payload, \
             run_id = excluded.run_id, metadata = excluded.metadata, metadata_delivery = excluded.metadata_delivery, \
             delivery = excluded.delivery \
             WHERE present.delivery IN ('waiting', 'withheld') AND present.attempts = 0 AND present.lease_holder IS NULL \
             AND (present.payload <> excluded.payload OR present.delivery <> excluded.delivery)"
        )
        .bind(micros(Utc::now()))
        .bind(micros(report.recorded_at))
        .bind(&report.payload_json)
        .bind(report.run_id.to_string())
        .bind(Uuid::new_v4().to_string())
        .bind(&report.metadata_json)
        .bind(Uuid::new_v4().to_string())
        .bind(metadata_delivery)
        .bind(delivery));
        Ok(kept)
    }

    async fn has_payload(&self, report: &NewReport) -> Result<bool, StateError> {
        let kept: Option<String> = on_pool!(self, |pool| sqlx::query_scalar(
            "SELECT payload FROM raw_usage_data WHERE recorded_at = $1"
        )
        .bind(micros(report.recorded_at))
        .fetch_optional(pool)
        .await
        .map_err(while_trying("read a payload")))?;
        Ok(kept.as_ref() == Some(&report.payload_json))
    }

    async fn report_at(&self, recorded_at: DateTime<Utc>) -> Result<Report, StateError> {
        let row: ReportRow = on_pool!(self, |pool| sqlx::query_as(select_reports!("WHERE recorded_at = $1"))
            .bind(micros(recorded_at))
            .fetch_one(pool)
            .await
            .map_err(while_trying("read a report")))?;
        row.try_into()
    }

    /// Reports whose payload waits for delivery, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn waiting_reports(&self) -> Result<Vec<Report>, StateError> {
        let rows: Vec<ReportRow> = on_pool!(self, |pool| sqlx::query_as(select_reports!(
            "WHERE delivery = 'waiting' ORDER BY recorded_at, id"
        ))
        .fetch_all(pool)
        .await
        .map_err(while_trying("list waiting reports")))?;
        rows.into_iter().map(Report::try_from).collect()
    }

    /// Reports that were sent but whose metadata was not, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn unsent_metadata(&self) -> Result<Vec<Report>, StateError> {
        let rows: Vec<ReportRow> = on_pool!(self, |pool| sqlx::query_as(select_reports!(
            "WHERE delivery = 'sent' AND metadata_delivery = 'waiting' ORDER BY recorded_at, id"
        ))
        .fetch_all(pool)
        .await
        .map_err(while_trying("list unsent metadata")))?;
        rows.into_iter().map(Report::try_from).collect()
    }

    /// The latest reports, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn reports(&self, limit: u32) -> Result<Vec<Report>, StateError> {
        let rows: Vec<ReportRow> = on_pool!(self, |pool| sqlx::query_as(select_reports!(
            "ORDER BY recorded_at DESC, id DESC LIMIT $1"
        ))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await
        .map_err(while_trying("list reports")))?;
        rows.into_iter().map(Report::try_from).collect()
    }

    /// The report of this id, if there is one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn report(&self, id: i64) -> Result<Option<Report>, StateError> {
        let row: Option<ReportRow> = on_pool!(self, |pool| sqlx::query_as(select_reports!("WHERE id = $1"))
            .bind(id)
            .fetch_optional(pool)
            .await
            .map_err(while_trying("read a report")))?;
        row.map(Report::try_from).transpose()
    }

    /// The report of a run, if it left one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn delivery_of_run(&self, run_id: Uuid) -> Result<Option<Report>, StateError> {
        let row: Option<ReportRow> = on_pool!(self, |pool| sqlx::query_as(select_reports!(
            "WHERE run_id = $1 ORDER BY id DESC LIMIT 1"
        ))
        .bind(run_id.to_string())
        .fetch_optional(pool)
        .await
        .map_err(while_trying("read a report")))?;
        row.map(Report::try_from).transpose()
    }

    /// The report with this idempotency key, if there is one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn report_of_key(&self, key: Uuid) -> Result<Option<Report>, StateError> {
        let row: Option<ReportRow> = on_pool!(self, |pool| sqlx::query_as(select_reports!(
            "WHERE idempotency_key = $1"
        ))
        .bind(key.to_string())
        .fetch_optional(pool)
        .await
        .map_err(while_trying("read a report")))?;
        row.map(Report::try_from).transpose()
    }

    /// The exact payload text of a report, if there is one of this id whose text was not let go of.
    ///
    /// # Errors
    /// The store failed.
    pub async fn payload(&self, report_id: i64) -> Result<Option<String>, StateError> {
        on_pool!(self, |pool| sqlx::query_scalar(
            "SELECT payload FROM raw_usage_data WHERE id = $1 AND payload <> ''"
        )
        .bind(report_id)
        .fetch_optional(pool)
        .await
        .map_err(while_trying("read a payload")))
    }

    /// The exact text of the latest payload, sent or not.
    ///
    /// # Errors
    /// The store failed.
    pub async fn last_payload(&self) -> Result<Option<String>, StateError> {
        on_pool!(self, |pool| sqlx::query_scalar(
            "SELECT payload FROM raw_usage_data WHERE payload <> '' ORDER BY recorded_at DESC, id DESC LIMIT 1"
        )
        .fetch_optional(pool)
        .await
        .map_err(while_trying("read the last payload")))
    }
}

fn check_json(what: &'static str, text: &str) -> Result<(), StateError> {
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map(drop)
        .map_err(|source| StateError::NotJson { what, source })
}
