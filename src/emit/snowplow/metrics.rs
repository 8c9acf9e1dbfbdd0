//! What an emitter counts, all of it from zero on.
//!
//! Taken at rest, `enqueued + recovered = delivered + pending + dead_lettered + expired + overflow_dropped + abandoned +
//! corrupt` of what was recovered before it was spoilt.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::event::EventKind;
use super::outcome::FailureReason;
use super::retry::RetryCause;
use super::storage::Sizes;

/// Why an event was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// It would become a bad row.
    InvalidEvent,
    PayloadTooLarge,
    SpoolFull,
    /// The emitter has been stopped.
    Stopped,
    /// It could not be kept.
    Storage,
}

impl Rejection {
    /// Every reason, in the order of metrics.
    pub const ALL: [Rejection; 5] = [
        Rejection::InvalidEvent,
        Rejection::PayloadTooLarge,
        Rejection::SpoolFull,
        Rejection::Stopped,
        Rejection::Storage,
    ];

    /// The reason as a label of metrics says it.
    pub fn label(self) -> &'static str {
        match self {
            Rejection::InvalidEvent => "invalid_event",
            Rejection::PayloadTooLarge => "payload_too_large",
            Rejection::SpoolFull => "spool_full",
            Rejection::Stopped => "stopped",
            Rejection::Storage => "storage",
        }
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchResult {
    Delivered,
    Divided,
    Failed,
    Retried,
}

impl BatchResult {
    /// Every result, in the order of metrics.
    pub const ALL: [BatchResult; 4] = [
        BatchResult::Delivered,
        BatchResult::Divided,
        BatchResult::Failed,
        BatchResult::Retried,
    ];

    /// The result as a label of metrics says it.
    pub fn label(self) -> &'static str {
        match self {
            BatchResult::Delivered => "delivered",
            BatchResult::Divided => "divided",
            BatchResult::Failed => "failed",
            BatchResult::Retried => "retried",
        }
    }
}

/// The upper bounds of the buckets of a request's duration.
pub const BUCKETS: [Duration; 8] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2500),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
];

/// Counters that threads raise.
#[derive(Debug)]
pub(super) struct Counters {
    enqueued: [AtomicU64; EventKind::ALL.len()],
    rejected: [AtomicU64; Rejection::ALL.len()],
    failed: [AtomicU64; FailureReason::ALL.len()],
    retries: [AtomicU64; RetryCause::ALL.len()],
    batches: [AtomicU64; BatchResult::ALL.len()],
    /// Upper bounds, and requests within each.
    buckets: Vec<(Duration, AtomicU64)>,
    durations: AtomicU64,
    duration_us: AtomicU64,
    pub(super) delivered: AtomicU64,
    pub(super) overflowed: AtomicU64,
    pub(super) callback_panics: AtomicU64,
}

/// What an emitter has counted, and what waits, at one moment. Arrays are in the order of their label's `ALL`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metrics {
    pub enqueued: [u64; EventKind::ALL.len()],
    pub rejected: [u64; Rejection::ALL.len()],
    pub delivery_failed: [u64; FailureReason::ALL.len()],
    pub retries: [u64; RetryCause::ALL.len()],
    pub batches: [u64; BatchResult::ALL.len()],
    /// Requests that took no longer than each bound of [`EmitterOptions::buckets`](super::EmitterOptions::buckets).
    pub buckets: Vec<u64>,
    pub durations: u64,
    pub duration_sum: Duration,
    pub delivered: u64,
    pub overflow_dropped: u64,
    pub callback_panics: u64,
    pub recovered: u64,
    pub sizes: Sizes,
    /// How long the oldest event has waited.
    pub oldest_age: Duration,
}

impl Metrics {
    /// Events of this kind that were accepted.
    pub fn enqueued_of(&self, kind: EventKind) -> u64 {
        self.enqueued[kind as usize]
    }

    /// Events that failed for good for this reason.
    pub fn failed_of(&self, reason: FailureReason) -> u64 {
        self.delivery_failed[reason as usize]
    }

    /// Attempts that failed for this cause and are made again.
    pub fn retries_of(&self, cause: RetryCause) -> u64 {
        self.retries[cause as usize]
    }

    /// Events that were not accepted for this reason.
    pub fn rejected_of(&self, rejection: Rejection) -> u64 {
        self.rejected[rejection as usize]
    }

    /// Requests that ended so.
    pub fn batches_of(&self, result: BatchResult) -> u64 {
        self.batches[result as usize]
    }

    /// Events that were put aside: refused, too long, or out of attempts.
    pub fn dead_lettered(&self) -> u64 {
        let reasons = FailureReason::ALL.into_iter().filter(|reason| is_dead(*reason));
        reasons.map(|reason| self.failed_of(reason)).sum()
    }

    /// Whether every event that came in is accounted for, once and no more.
    pub fn is_balanced(&self) -> bool {
        let came = self.enqueued.iter().sum::<u64>() + self.recovered;
        let went = self.delivered + self.delivery_failed.iter().sum::<u64>() + self.overflow_dropped;
        came == went + self.sizes.depth
    }
}

/// Whether events that fail so count as dead letters.
pub fn is_dead(reason: FailureReason) -> bool {
    !matches!(reason, FailureReason::Expired | FailureReason::AbandonedAtShutdown)
}

impl Counters {
    /// All of them at 0.
    pub(super) fn new(bounds: &[Duration]) -> Counters {
        Counters {
            enqueued: zeros(),
            rejected: zeros(),
            failed: zeros(),
            retries: zeros(),
            batches: zeros(),
            buckets: bounds.iter().map(|bound| (*bound, AtomicU64::new(0))).collect(),
            durations: AtomicU64::new(0),
            duration_us: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            overflowed: AtomicU64::new(0),
            callback_panics: AtomicU64::new(0),
        }
    }

    pub(super) fn enqueued(&self, kind: EventKind, events: u64) {
        add(&self.enqueued[kind as usize], events);
    }

    pub(super) fn rejected(&self, rejection: Rejection, events: u64) {
        add(&self.rejected[rejection as usize], events);
    }

    pub(super) fn failed(&self, reason: FailureReason, events: u64) {
        add(&self.failed[reason as usize], events);
    }

    pub(super) fn retried(&self, cause: RetryCause) {
        add(&self.retries[cause as usize], 1);
    }

    pub(super) fn ended(&self, result: BatchResult) {
        add(&self.batches[result as usize], 1);
    }

    pub(super) fn took(&self, duration: Duration) {
        add(&self.durations, 1);
        add(
            &self.duration_us,
            u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        );
        for (bound, bucket) in &self.buckets {
            if duration <= *bound {
                add(bucket, 1);
            }
        }
    }

    /// All counts, with what waits.
    pub(super) fn read(&self, recovered: u64, sizes: Sizes, now_ms: u64) -> Metrics {
        let buckets = self.buckets.iter().map(|(_, count)| count.load(Ordering::Relaxed));
        Metrics {
            enqueued: read(&self.enqueued),
            rejected: read(&self.rejected),
            delivery_failed: read(&self.failed),
            retries: read(&self.retries),
            batches: read(&self.batches),
            buckets: buckets.collect(),
            durations: self.durations.load(Ordering::Relaxed),
            duration_sum: Duration::from_micros(self.duration_us.load(Ordering::Relaxed)),
            delivered: self.delivered.load(Ordering::Relaxed),
            overflow_dropped: self.overflowed.load(Ordering::Relaxed),
            callback_panics: self.callback_panics.load(Ordering::Relaxed),
            recovered,
            sizes,
            oldest_age: Duration::from_millis(sizes.oldest.map_or(0, |oldest| now_ms.saturating_sub(oldest))),
        }
    }
}

pub(super) fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}

fn zeros<const N: usize>() -> [AtomicU64; N] {
    std::array::from_fn(|_| AtomicU64::new(0))
}

fn read<const N: usize>(counters: &[AtomicU64; N]) -> [u64; N] {
    std::array::from_fn(|at| counters[at].load(Ordering::Relaxed))
}
