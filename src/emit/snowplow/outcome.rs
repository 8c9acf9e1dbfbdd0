//! What became of events, as a callback is told.

use uuid::Uuid;

use super::retry::RetryCause;

/// Why an event is not delivered, and never will be by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureReason {
    /// It waited in memory when the emitter ended.
    AbandonedAtShutdown,
    /// In memory, after the last attempt without a token that was taken.
    Auth,
    /// It waited longer than events may.
    Expired,
    /// The collector refused it, and nothing else with it.
    NonRetriableStatus,
    /// The collector takes nothing of its length.
    PayloadTooLarge,
    /// In memory, after the last attempt.
    RetriesExhausted,
}

impl FailureReason {
    /// Every reason, in the order of metrics.
    pub const ALL: [FailureReason; 6] = [
        FailureReason::AbandonedAtShutdown,
        FailureReason::Auth,
        FailureReason::Expired,
        FailureReason::NonRetriableStatus,
        FailureReason::PayloadTooLarge,
        FailureReason::RetriesExhausted,
    ];

    /// The reason as a label of metrics says it.
    pub fn label(self) -> &'static str {
        match self {
            FailureReason::AbandonedAtShutdown => "abandoned_at_shutdown",
            FailureReason::Auth => "auth",
            FailureReason::Expired => "expired",
            FailureReason::NonRetriableStatus => "non_retriable_status",
            FailureReason::PayloadTooLarge => "payload_too_large",
            FailureReason::RetriesExhausted => "retries_exhausted",
        }
    }
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchOutcome {
    Delivered,
    /// It will be tried again, under the same ids.
    WillRetry(RetryCause),
    /// Something in it is refused, or it is too long: it is tried again in parts.
    Divided,
    Failed(FailureReason),
}

/// One attempt, or what ended without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchReport {
    pub ids: Vec<Uuid>,
    pub outcome: BatchOutcome,
    /// The collector's answer; -1 where there was none.
    pub status: i32,
}

/// Told of every pass, on the worker's own thread: it holds up sending while it runs. A panic in it is caught and counted. It
/// may track, but an emitter that it stops is stopped only after it.
pub type Callback = Box<dyn Fn(&[BatchReport]) + Send + Sync>;
