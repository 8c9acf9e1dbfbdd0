//! How an emitter sends.

use std::sync::Arc;
use std::time::Duration;

use super::clock::{Clock, SystemClock};
use super::metrics::BUCKETS;
use super::retry::Backoff;

/// How an emitter batches, waits and gives up.
#[derive(Debug, Clone)]
pub struct EmitterOptions {
    /// Events of one request at most.
    pub batch_max_events: usize,
    /// Bytes of one request at most; 1,000,000 is the most that a pipeline takes in one record.
    pub max_request_bytes: usize,
    /// How long an event waits for others to go with it; 0 for not at all.
    pub linger: Duration,
    /// The same where one that is for billing waits.
    pub billing_linger: Duration,
    pub backoff: Backoff,
    /// Attempts for events that wait in memory alone; those of a spool have as many as their age allows.
    pub max_attempts: u32,
    /// Events that have waited longer are given up.
    pub max_age: Duration,
    /// How long [`Emitter::stop`](super::Emitter::stop), and the end of the last handle, go on sending.
    pub stop_deadline: Duration,
    /// Upper bounds of the buckets that requests are counted in by their duration.
    pub buckets: Vec<Duration>,
    pub clock: Arc<dyn Clock>,
}

/// The most that a pipeline keeps as one record.
const LARGEST_REQUEST: usize = 1_000_000;

impl Default for EmitterOptions {
    fn default() -> EmitterOptions {
        EmitterOptions {
            batch_max_events: 100,
            max_request_bytes: 500_000,
            linger: Duration::from_secs(1),
            billing_linger: Duration::from_millis(200),
            backoff: Backoff::default(),
            max_attempts: 10,
            max_age: Duration::from_secs(14 * 24 * 3600),
            stop_deadline: Duration::from_secs(5),
            buckets: BUCKETS.to_vec(),
            clock: Arc::new(SystemClock::default()),
        }
    }
}

impl EmitterOptions {
    pub(super) fn batch(&self) -> usize {
        self.batch_max_events.max(1)
    }

    pub(super) fn request_bytes(&self) -> usize {
        self.max_request_bytes.clamp(1, LARGEST_REQUEST)
    }
}
