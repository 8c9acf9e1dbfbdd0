//! What came of a delivery, for people and for `--format json`.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::state::Report;

/// What one pass over the outbox did.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct DeliveryReport {
    /// Payloads that waited, oldest first.
    pub reports: Vec<ReportSummary>,
    /// Metadata that waited, oldest first.
    pub metadata: Vec<MetadataSummary>,
}

/// What became of one payload.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReportSummary {
    pub report_id: i64,
    #[serde(serialize_with = "as_text")]
    pub run_id: Uuid,
    pub recorded_at: DateTime<Utc>,
    #[serde(serialize_with = "as_text")]
    pub idempotency_key: Uuid,
    /// Requests that this pass made.
    pub attempts: u32,
    pub outcome: DeliveryOutcome,
    /// Why the DevOps report of the reply was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

impl ReportSummary {
    pub(super) fn new(report: &Report, attempts: u32, outcome: DeliveryOutcome) -> ReportSummary {
        ReportSummary {
            report_id: report.id,
            run_id: report.run_id,
            recorded_at: report.recorded_at,
            idempotency_key: report.idempotency_key,
            attempts,
            outcome,
            warning: None,
        }
    }
}

/// What became of one report's metadata.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetadataSummary {
    pub report_id: i64,
    /// Requests that this pass made.
    pub attempts: u32,
    pub outcome: DeliveryOutcome,
}

/// Where something that waited stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// It was taken; payloads have an id.
    Sent { usage_data_id: Option<i64> },
    /// It was not taken, and waits for a later run.
    Waiting {
        reason: String,
        next_attempt_at: Option<DateTime<Utc>>,
    },
    /// The endpoint answered a success but named no id: it waits, and goes again under the same key.
    Unacknowledged { reason: String },
    /// The endpoint will not take it, now or later.
    Rejected { reason: String },
    /// Nothing was tried: the endpoint asked to be left alone until then, or cannot be reached.
    NotTried {
        reason: String,
        next_attempt_at: Option<DateTime<Utc>>,
    },
    /// Another process delivers it.
    HeldElsewhere,
    /// Another process has delivered it meanwhile.
    SettledElsewhere,
}

impl DeliveryOutcome {
    /// Whether nothing remains to be done.
    pub fn is_delivered(&self) -> bool {
        matches!(self, DeliveryOutcome::Sent { .. } | DeliveryOutcome::SettledElsewhere)
    }
}

impl DeliveryReport {
    /// Whether every payload that waited was taken.
    pub fn is_delivered(&self) -> bool {
        self.reports.iter().all(|report| report.outcome.is_delivered())
    }

    /// Whether something, payload or metadata, waits for a later delivery.
    pub fn is_waiting(&self) -> bool {
        let payloads = self.reports.iter().map(|report| &report.outcome);
        let metadata = self.metadata.iter().map(|metadata| &metadata.outcome);
        payloads
            .chain(metadata)
            .any(|outcome| !outcome.is_delivered() && !matches!(outcome, DeliveryOutcome::Rejected { .. }))
    }

    /// What became of the payload of a run.
    pub fn of_run(&self, run_id: Uuid) -> Option<&ReportSummary> {
        self.reports.iter().find(|report| report.run_id == run_id)
    }
}

fn as_text<S: Serializer>(uuid: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(uuid)
}
