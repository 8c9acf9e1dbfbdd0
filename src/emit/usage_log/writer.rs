//! What a writer is to its lane.

use std::time::Duration;

use super::error::WriteError;
use super::outcome::SkipReason;
use super::record::Record;
use crate::emit::snowplow::Tracker;

/// Writes records, from one thread.
pub(super) trait Writer: Send {
    /// Writes a record.
    ///
    /// # Errors
    /// It cannot be kept.
    fn write(&mut self, record: &Record) -> Result<Written, WriteError>;

    /// Does what is due at times; when something is due again.
    fn tend(&mut self) -> Option<Duration> {
        None
    }

    /// What sends its events: it says how that goes, and its end can be hastened from another thread.
    fn tracker(&self) -> Option<Tracker> {
        None
    }

    /// Ends, by the deadline at the latest; how many events stay behind for the next start.
    fn close(self: Box<Self>, deadline: Duration) -> u64;
}

/// What a writer did with a record that it could have kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Kept,
    Skipped(SkipReason),
}
