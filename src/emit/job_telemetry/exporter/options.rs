//! How an exporter goes about it.

use std::time::Duration;

use crate::http::full_jitter;

/// How an exporter goes about it; the defaults are those of OpenTelemetry's specification, where it has any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExporterOptions {
    /// Spans that wait for one destination; what comes on top is dropped.
    pub max_queue: usize,
    /// Spans of one request.
    pub batch: usize,
    /// How long a span waits for others.
    pub linger: Duration,
    /// How long one request may take, connecting included.
    pub timeout: Duration,
    /// Spans that are older are dropped.
    pub max_age: Duration,
    /// The first wait after a failure, which doubles from then on.
    pub backoff: Duration,
    pub longest_backoff: Duration,
    /// The longest wait that a collector may ask for.
    pub longest_asked: Duration,
}

impl Default for ExporterOptions {
    fn default() -> ExporterOptions {
        ExporterOptions {
            max_queue: 2048,
            batch: 512,
            linger: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
            max_age: Duration::from_secs(300),
            backoff: Duration::from_secs(1),
            longest_backoff: Duration::from_secs(30),
            longest_asked: Duration::from_secs(600),
        }
    }
}

impl ExporterOptions {
    /// The wait after so many failures in a row, from 1: by chance up to a bound that doubles, and as long as is asked for.
    pub(super) fn pause(&self, failures: u32, at_least: Option<Duration>) -> Duration {
        let asked = at_least.unwrap_or_default().min(self.longest_asked);
        asked.max(full_jitter(self.backoff, self.longest_backoff, failures))
    }
}
