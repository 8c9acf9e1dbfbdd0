//! Where events wait: first in, first out, and none leaves before it is settled.

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::dead_letter::DeadLetters;
use super::event::QueuedEvent;

/// Why an event was not taken, or none can be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    #[error("the spool {folder} is in use by {holder}: wait until it is done, or configure a spool of its own")]
    InUse { folder: PathBuf, holder: String },
    #[error(
        "the spool is full with {bytes} of {max_bytes} bytes: the collector takes too little; see what is wrong there, \
         and drain the spool or raise its bound"
    )]
    Full { bytes: u64, max_bytes: u64 },
    #[error("{path} cannot be written or read: {reason}; check the disk and its permissions")]
    Io { path: PathBuf, reason: String },
}

impl StorageError {
    pub(super) fn io(path: impl Into<PathBuf>, error: &std::io::Error) -> StorageError {
        StorageError::Io {
            path: path.into(),
            reason: error.to_string(),
        }
    }
}

/// What adding events did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Added {
    /// Events that waited before.
    pub before: usize,
    /// Events that wait now.
    pub after: usize,
    /// Their bytes, before and now.
    pub bytes_before: usize,
    pub bytes_after: usize,
    /// Older events that were given up for want of room.
    pub overflowed: u64,
}

/// How many events a batch may have at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimit {
    pub events: usize,
    /// As they weigh in a request; the first event is taken however much it weighs.
    pub bytes: usize,
}

/// What waits, at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Events that wait.
    pub depth: u64,
    /// Events that may wait; 0 where bytes alone are bounded.
    pub capacity: u64,
    /// Bytes of the events that wait.
    pub pending_bytes: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Events that have left, or were given up, since the storage was opened: the number of the oldest that waits.
    pub settled: u64,
    /// When the oldest that waits was accepted, in milliseconds since 1970.
    pub oldest: Option<u64>,
    /// Events that were found spoilt.
    pub corrupt: u64,
}

/// A queue that events wait in. One emitter uses it; any number of threads may add.
pub trait Storage: Debug + Send + Sync {
    /// Takes all of the events, or none. Returns once they are as safe as this storage makes them.
    ///
    /// # Errors
    /// There is no room, or they could not be kept.
    fn add(&self, events: Vec<QueuedEvent>) -> Result<Added, StorageError>;

    /// The oldest events. They stay, and are not given up before [`settle`](Self::settle) or [`release`](Self::release).
    ///
    /// # Errors
    /// They cannot be read.
    fn peek(&self, limit: BatchLimit) -> Result<Vec<Arc<QueuedEvent>>, StorageError>;

    /// The oldest `count` events of the last peek are done with.
    ///
    /// # Errors
    /// That cannot be noted; they may come again.
    fn settle(&self, count: usize) -> Result<(), StorageError>;

    /// What the last peek gave is not being sent any more.
    fn release(&self);

    fn sizes(&self) -> Sizes;

    /// Events that an earlier process left.
    fn recovered(&self) -> u64 {
        0
    }

    /// Whether events outlive the process.
    fn is_durable(&self) -> bool;

    /// Does what is due at times, such as having the disk take what was written; when something is due again.
    fn tend(&self) -> Option<Duration> {
        None
    }

    /// Where events go that are refused for good.
    fn dead_letters(&self) -> Option<&DeadLetters> {
        None
    }
}
