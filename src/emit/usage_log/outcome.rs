//! What became of a record, writer by writer.

use std::sync::Arc;

use super::error::WriteError;

/// What one writer did, or says when it is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterOutcome {
    /// The writer, as configurations name it.
    pub writer: &'static str,
    pub outcome: Outcome,
}

impl WriterOutcome {
    /// Whether the writer has failed: it did not take the record, or could not keep it.
    pub fn is_failure(&self) -> bool {
        matches!(
            self.outcome,
            Outcome::QueueFull | Outcome::Failed(_) | Outcome::Left { .. }
        )
    }
}

/// What became of a record with a writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the writer's queue: [`close`](super::UsageLog::close) and [`counts`](super::UsageLog::counts) say the rest.
    Queued,
    /// It is where the writer keeps records: in a file, or in the spool of events.
    Written,
    /// It is not for this writer.
    Skipped(SkipReason),
    /// The writer is slower than records come. The others have it.
    QueueFull,
    /// The writer cannot keep it. The others have it.
    Failed(Arc<WriteError>),
    /// Of a writer that is closed: all that it had taken is kept.
    Closed,
    /// Of a writer that is closed before it was done.
    Left {
        /// Records that are in its queue, and lost with the process.
        queued: u64,
        /// Events that are in its spool, for the next start.
        spooled: u64,
    },
}

/// Why a record is not for a writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipReason {
    /// The job never ran: there is nothing to be billed.
    ZeroQuantity,
    /// It is the runner that failed, and the configuration says that such jobs are not billed.
    RunnerSystemFailure,
}

impl SkipReason {
    /// As metrics say it.
    pub fn label(self) -> &'static str {
        match self {
            SkipReason::ZeroQuantity => "zero_quantity",
            SkipReason::RunnerSystemFailure => "runner_system_failure",
        }
    }
}
