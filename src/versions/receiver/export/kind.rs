//! The kinds of files, and the rows that received bodies become.

use super::encoder::Encoder;
use super::error::ExportError;
use super::table::{Cell, Column, Holds, column};
use crate::versions::receiver::leaves::{Leaf, walk};
use crate::versions::receiver::reading::{MetadataItem, walk_outcomes};
use crate::versions::receiver::{ReceivedError, ReceivedMetadata, ReceivedPayload};

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Payloads, one a row.
    Payloads,
    /// The leaves of payloads, one a row.
    Metrics,
    /// What metadata says of metrics, one a row.
    Outcomes,
    /// Error reports, one a row.
    Errors,
}

const RECEIVED: [Column; 3] = [
    column("id", Holds::Integer),
    column("received_at", Holds::Instant),
    column("uuid", Holds::Text),
];
const PAYLOADS: [Column; 6] = [
    RECEIVED[0],
    RECEIVED[1],
    RECEIVED[2],
    column("recorded_at", Holds::Text),
    column("idempotency_key", Holds::Text),
    column("payload", Holds::Json),
];
const METRICS: [Column; 7] = [
    column("payload_id", Holds::Integer),
    RECEIVED[1],
    RECEIVED[2],
    column("recorded_at", Holds::Text),
    column("key_path", Holds::Text),
    column("value", Holds::Number),
    column("text", Holds::Text),
];
const OUTCOMES: [Column; 7] = [
    column("metadata_id", Holds::Integer),
    RECEIVED[1],
    RECEIVED[2],
    column("key_path", Holds::Text),
    column("time_elapsed", Holds::Number),
    column("error", Holds::Text),
    column("error_bound", Holds::Number),
];
const ERRORS: [Column; 8] = [
    RECEIVED[0],
    RECEIVED[1],
    RECEIVED[2],
    column("time", Holds::Text),
    column("hostname", Holds::Text),
    column("version", Holds::Text),
    column("elapsed", Holds::Number),
    column("message", Holds::Text),
];

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Payloads => "payloads",
            Kind::Metrics => "metrics",
            Kind::Outcomes => "outcomes",
            Kind::Errors => "errors",
        }
    }

    pub(super) fn columns(self) -> &'static [Column] {
        match self {
            Kind::Payloads => &PAYLOADS,
            Kind::Metrics => &METRICS,
            Kind::Outcomes => &OUTCOMES,
            Kind::Errors => &ERRORS,
        }
    }

    fn unreadable(self, id: i64) -> impl FnOnce(serde_json::Error) -> ExportError {
        move |source| ExportError::Row {
            kind: self.name(),
            id,
            source,
        }
    }
}

/// A payload as one row.
pub(super) fn payload_row(payload: &ReceivedPayload, encoder: &mut Encoder) -> Result<(), ExportError> {
    encoder.row(&[
        Cell::Integer(payload.id),
        Cell::Instant(payload.received_at),
        Cell::Text(&payload.uuid),
        Cell::text(payload.recorded_at.as_deref()),
        Cell::text(payload.idempotency_key.as_deref()),
        Cell::Json(&payload.payload),
    ])
}

/// A payload's leaves as long rows: numbers under `value`, texts and booleans under `text`.
pub(super) fn metric_rows(payload: &ReceivedPayload, encoder: &mut Encoder) -> Result<(), ExportError> {
    let mut written = Ok(());
    let walked = walk(&payload.payload, &mut |path, leaf| {
        if written.is_err() {
            return;
        }
        let (value, text) = match leaf {
            Leaf::Number(number) => (Cell::Number(number), Cell::Null),
            Leaf::Text(text) => (Cell::Null, Cell::Text(text)),
            Leaf::Boolean(true) => (Cell::Null, Cell::Text("true")),
            Leaf::Boolean(false) => (Cell::Null, Cell::Text("false")),
            Leaf::Null => (Cell::Null, Cell::Null),
        };
        written = encoder.row(&[
            Cell::Integer(payload.id),
            Cell::Instant(payload.received_at),
            Cell::Text(&payload.uuid),
            Cell::text(payload.recorded_at.as_deref()),
            Cell::Text(path),
            value,
            text,
        ]);
    });
    walked.map_err(Kind::Metrics.unreadable(payload.id))?;
    written
}

/// What metadata says of each metric.
pub(super) fn outcome_rows(metadata: &ReceivedMetadata, encoder: &mut Encoder) -> Result<(), ExportError> {
    let mut written = Ok(());
    let walked = walk_outcomes(&metadata.body, &mut |item| {
        let MetadataItem::Outcome(outcome) = item else { return };
        if written.is_ok() {
            written = encoder.row(&[
                Cell::Integer(metadata.id),
                Cell::Instant(metadata.received_at),
                Cell::Text(&metadata.uuid),
                Cell::text(outcome.name.as_deref()),
                Cell::number(outcome.time_elapsed),
                Cell::text(outcome.error.as_deref()),
                Cell::number(outcome.error_bound),
            ]);
        }
    });
    walked.map_err(Kind::Outcomes.unreadable(metadata.id))?;
    written
}

/// An error report as one row.
pub(super) fn error_row(error: &ReceivedError, encoder: &mut Encoder) -> Result<(), ExportError> {
    let report = error.report().map_err(Kind::Errors.unreadable(error.id))?;
    encoder.row(&[
        Cell::Integer(error.id),
        Cell::Instant(error.received_at),
        Cell::Text(&error.uuid),
        Cell::text(report.time.as_deref()),
        Cell::text(report.hostname.as_deref()),
        Cell::text(report.version.as_deref()),
        Cell::number(report.elapsed),
        Cell::text(report.message.as_deref()),
    ])
}
