//! What a tracker did, counted by whoever does it.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a tracker did so far, in events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrackerCounts {
    /// Taken into the queue, or found in the spool when it began.
    pub accepted: u64,
    /// Lost because the queue was full.
    pub dropped: u64,
    /// Written, each of its writes acknowledged by the store.
    pub written: u64,
    /// Refused by the store for good, in whole or in part, such as a key that holds something else.
    pub rejected: u64,
    /// Still in the queue when the tracker was closed, and lost.
    pub abandoned: u64,
    /// Still in the queue when the tracker was closed, and in the spool for the next one.
    pub kept: u64,
    /// Attempts that failed and were tried again.
    pub retries: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    /// The weight of what is in the queue.
    pub(super) waiting: AtomicU64,
    pub(super) accepted: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) written: AtomicU64,
    pub(super) rejected: AtomicU64,
    pub(super) abandoned: AtomicU64,
    pub(super) kept: AtomicU64,
    pub(super) retries: AtomicU64,
}

impl Counters {
    /// Takes the weight into the queue if it fits, or if nothing else is there.
    pub(super) fn make_room(&self, weight: u64, capacity: u64) -> bool {
        let fits = |waiting: u64| {
            let full = waiting.saturating_add(weight);
            (waiting == 0 || full <= capacity).then_some(full)
        };
        self.waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits)
            .is_ok()
    }

    pub(super) fn read(&self) -> TrackerCounts {
        TrackerCounts {
            accepted: self.accepted.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            written: self.written.load(Ordering::Relaxed),
            rejected: self.rejected.load(Ordering::Relaxed),
            abandoned: self.abandoned.load(Ordering::Relaxed),
            kept: self.kept.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
        }
    }
}
