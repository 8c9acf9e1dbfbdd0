//! The spool itself, and what it knows of its segments.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::commit::Group;
use super::folder;
use super::mark::{Mark, MarkFile};
use super::options::{Fsync, SpoolOptions};
use super::record;
use super::segment::Segment;
use crate::emit::snowplow::dead_letter::DeadLetters;
use crate::emit::snowplow::event::{EventKind, QueuedEvent};
use crate::emit::snowplow::storage::{Added, BatchLimit, Sizes, Storage, StorageError};

/// Events on disk, in a folder that one process uses at a time.
#[derive(Debug)]
pub struct Spool {
    pub(super) folder: PathBuf,
    pub(super) options: SpoolOptions,
    pub(super) state: Mutex<State>,
    /// A write is done: those who wait for it look whether it was theirs.
    pub(super) committed: Condvar,
    /// As many callers have come as came the last time.
    pub(super) gathered: Condvar,
    pub(super) letters: DeadLetters,
    pub(super) recovered: u64,
    /// Held as long as the spool is.
    pub(super) _lock: File,
}

/// What is known of the segments.
#[derive(Debug)]
pub(super) struct State {
    /// Oldest first; the last may be appended to, if this process made it.
    pub(super) segments: VecDeque<Segment>,
    pub(super) next_number: u64,
    /// Whether the last segment is to be appended to no more.
    pub(super) is_closed: bool,
    pub(super) mark: MarkFile,
    /// Where the oldest event that waits stands in the first segment.
    pub(super) offset: u64,
    pub(super) oldest: Option<u64>,
    pub(super) depth: u64,
    pub(super) settled: u64,
    pub(super) corrupt: u64,
    /// What the last peek gave, in order.
    pub(super) flying: VecDeque<Flying>,
    pub(super) is_reading: bool,
    /// What the next write is of.
    pub(super) forming: Group,
    /// Bytes that callers were promised room for, not written yet.
    pub(super) promised: u64,
    pub(super) is_led: bool,
    pub(super) last_members: usize,
    pub(super) last_sync: Duration,
    pub(super) is_dirty: bool,
    pub(super) synced_at: Instant,
}

/// An event that is being sent: where it ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flying {
    pub(super) segment: u64,
    pub(super) end: u64,
    pub(super) kind: EventKind,
}

impl Spool {
    /// The folder that it is in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What was refused for good.
    pub fn letters(&self) -> &DeadLetters {
        &self.letters
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn io(&self, error: &std::io::Error) -> StorageError {
        StorageError::io(&self.folder, error)
    }
}

impl State {
    pub(super) fn disk_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    fn pending_bytes(&self) -> u64 {
        let sound: u64 = self.segments.iter().map(|segment| segment.length).sum();
        sound.saturating_sub(self.offset)
    }

    /// A new last segment.
    pub(super) fn rotate(&mut self, folder: &Path) -> std::io::Result<()> {
        let segment = Segment::create(folder, self.next_number)?;
        self.next_number += 1;
        self.segments.push_back(segment);
        self.is_closed = false;
        self.sweep();
        Ok(())
    }

    /// Deletes the first segments that nothing waits in, but for the one that is appended to.
    pub(super) fn sweep(&mut self) {
        while self.segments.front().is_some_and(|front| front.pending == 0) {
            if self.segments.len() == 1 && !self.is_closed {
                let front = self.segments.front();
                self.offset = front.map_or(0, |front| front.length);
                return;
            }
            self.delete_first();
        }
    }

    /// Deletes the first segment; the mark goes first, so that no later process misses what is gone.
    pub(super) fn delete_first(&mut self) {
        let Some(gone) = self.segments.pop_front() else { return };
        self.offset = 0;
        let mark = Mark {
            segment: gone.number + 1,
            offset: 0,
        };
        // Where either fails, a later process finds events again that have left, under the ids that they had.
        let _ = self.mark.write(mark);
        let _ = std::fs::remove_file(&gone.path);
    }

    /// Looks when the oldest event was accepted.
    pub(super) fn look_at_oldest(&mut self) {
        self.oldest = match (self.depth, self.segments.front()) {
            (0, _) | (_, None) => None,
            (_, Some(front)) => record::accepted_at(&front.file, self.offset).or(self.oldest),
        };
    }
}

impl Storage for Spool {
    fn add(&self, events: Vec<QueuedEvent>) -> Result<Added, StorageError> {
        self.commit(events)
    }

    fn peek(&self, limit: BatchLimit) -> Result<Vec<Arc<QueuedEvent>>, StorageError> {
        self.read(limit)
    }

    fn settle(&self, count: usize) -> Result<(), StorageError> {
        let mut state = self.state();
        let count = count.min(state.flying.len());
        for _ in 0..count {
            let Some(flown) = state.flying.pop_front() else { break };
            while state.segments.front().is_some_and(|front| front.number < flown.segment) {
                state.delete_first();
            }
            if let Some(front) = state.segments.front_mut() {
                front.discount(flown.kind);
                state.offset = flown.end;
                state.depth = state.depth.saturating_sub(1);
                state.settled += 1;
            }
        }
        state.sweep();
        state.look_at_oldest();
        let mark = state.segments.front().map(|front| front.number);
        let mark = mark.map(|segment| Mark {
            segment,
            offset: state.offset,
        });
        match mark {
            Some(mark) => state.mark.write(mark).map_err(|error| self.io(&error)),
            None => Ok(()),
        }
    }

    fn release(&self) {
        self.state().flying.clear();
    }

    fn sizes(&self) -> Sizes {
        let state = self.state();
        Sizes {
            depth: state.depth,
            capacity: 0,
            pending_bytes: state.pending_bytes(),
            disk_bytes: state.disk_bytes() + self.letters.bytes(),
            settled: state.settled,
            oldest: state.oldest,
            corrupt: state.corrupt,
        }
    }

    fn recovered(&self) -> u64 {
        self.recovered
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn tend(&self) -> Option<Duration> {
        let Fsync::Interval(interval) = self.options.fsync else {
            return None;
        };
        let mut state = self.state();
        if !state.is_dirty {
            return None;
        }
        let left = interval.saturating_sub(state.synced_at.elapsed());
        if !left.is_zero() {
            return Some(left);
        }
        let current = state.segments.back().map(|segment| Arc::clone(&segment.file));
        state.is_dirty = false;
        state.synced_at = Instant::now();
        drop(state);
        if let Some(error) = current.and_then(|file| file.sync_data().err()) {
            tracing::warn!(%error, "The disk does not take the spool of events.");
        }
        None
    }

    fn dead_letters(&self) -> Option<&DeadLetters> {
        Some(&self.letters)
    }
}

/// Makes the spool of what was found in its folder.
pub(super) fn assemble(
    folder: PathBuf,
    options: SpoolOptions,
    lock: File,
    mark: (MarkFile, Mark),
    found: (VecDeque<Segment>, u64, Option<u64>),
) -> Result<Spool, StorageError> {
    let (mark, at) = mark;
    let (segments, corrupt, oldest) = found;
    let depth = segments.iter().map(|segment| segment.pending).sum();
    let newest = folder::segments(&folder).map_err(|error| StorageError::io(&folder, &error))?;
    let newest = newest.last().map_or(0, |(number, _)| *number);
    let is_within = segments.front().is_some_and(|front| front.number == at.segment);
    let state = State {
        segments,
        next_number: newest.max(at.segment) + 1,
        // Each process begins a segment of its own.
        is_closed: true,
        mark,
        offset: if is_within { at.offset } else { 0 },
        oldest,
        depth,
        settled: 0,
        corrupt,
        flying: VecDeque::new(),
        is_reading: false,
        forming: Group::default(),
        promised: 0,
        is_led: false,
        last_members: 0,
        last_sync: Duration::ZERO,
        is_dirty: false,
        synced_at: Instant::now(),
    };
    Ok(Spool {
        letters: DeadLetters::of(&folder),
        folder,
        options,
        state: Mutex::new(state),
        committed: Condvar::new(),
        gathered: Condvar::new(),
        recovered: depth,
        _lock: lock,
    })
}
