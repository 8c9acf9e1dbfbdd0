//! What became of spans, counted.

use std::collections::BTreeMap;
use std::time::Duration;

use super::verdict::ErrorClass;

/// Why spans were given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// The collector does not take whom we are.
    Auth,
    /// They were not taken in time.
    Expired,
    /// As many waited as may.
    QueueFull,
    /// The collector answered that they are not to be sent again.
    Refused,
    /// The collector asked for a longer wait than they may grow old.
    ThrottledExpired,
    /// One alone is longer than a request may be.
    TooLarge,
}

impl DropReason {
    /// The reason as a label of metrics says it.
    pub fn label(self) -> &'static str {
        match self {
            DropReason::Auth => "auth",
            DropReason::Expired => "expired",
            DropReason::QueueFull => "queue_full",
            DropReason::Refused => "refused",
            DropReason::ThrottledExpired => "throttled_expired",
            DropReason::TooLarge => "too_large",
        }
    }
}

/// What became of the spans of one destination. Each that was handed over is exported, rejected, dropped or pending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// `ci_telemetry_spans_exported_total`
    pub exported: u64,
    /// What a collector took a request without.
    pub rejected: u64,
    /// `ci_telemetry_spans_dropped_total{reason}`
    pub dropped: BTreeMap<DropReason, u64>,
    /// `ci_telemetry_export_errors_total{class}`: requests, not spans.
    pub errors: BTreeMap<ErrorClass, u64>,
    /// Requests that were made again.
    pub retries: u64,
    /// How long the destination was left alone because it asked for it.
    pub throttled: Duration,
    /// Spans that wait.
    pub pending: u64,
}

impl Counts {
    /// The spans that were dropped, for whatever reason.
    pub fn dropped(&self) -> u64 {
        self.dropped.values().sum()
    }

    pub(super) fn drop(&mut self, reason: DropReason, spans: usize) {
        *self.dropped.entry(reason).or_default() += spans as u64;
    }
}
