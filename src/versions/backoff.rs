//! How long to wait between attempts.

use std::time::Duration;

use crate::http::full_jitter;

/// Exponential waits with full jitter: a random time between nothing and `base · 2^(attempt − 1)`, at most `cap`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    pub base: Duration,
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(30),
        }
    }
}

impl Backoff {
    /// A wait after the attempt of this number, from 1.
    pub(super) fn after(&self, attempt: u32) -> Duration {
        full_jitter(self.base, self.cap, attempt)
    }
}
