//! What a writer has done, over all reloads.

use std::sync::atomic::{AtomicU64, Ordering};

use super::outcome::{Outcome, SkipReason};

/// What a writer has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub written: u64,
    /// Jobs that never ran.
    pub zero_quantity: u64,
    /// Jobs that ended by the runner's own fault.
    pub runner_system_failure: u64,
    pub failed: u64,
    pub queue_full: u64,
}

impl Counts {
    /// All records that came.
    pub fn total(&self) -> u64 {
        self.written + self.zero_quantity + self.runner_system_failure + self.failed + self.queue_full
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    written: AtomicU64,
    zero_quantity: AtomicU64,
    runner_system_failure: AtomicU64,
    failed: AtomicU64,
    queue_full: AtomicU64,
}

impl Counters {
    pub(super) fn count(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Written => &self.written,
            Outcome::Skipped(SkipReason::ZeroQuantity) => &self.zero_quantity,
            Outcome::Skipped(SkipReason::RunnerSystemFailure) => &self.runner_system_failure,
            Outcome::Failed(_) => &self.failed,
            Outcome::QueueFull => &self.queue_full,
            Outcome::Queued | Outcome::Closed | Outcome::Left { .. } => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            written: read(&self.written),
            zero_quantity: read(&self.zero_quantity),
            runner_system_failure: read(&self.runner_system_failure),
            failed: read(&self.failed),
            queue_full: read(&self.queue_full),
        }
    }
}
