//! Several callers' events in one write, and one wait for the disk: whoever comes while nobody writes leads, and takes along
//! all that came by then; the others wait for whoever leads.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::options::Fsync;
use super::record;
use super::state::{Spool, State};
use crate::emit::snowplow::event::{EventKind, QueuedEvent};
use crate::emit::snowplow::storage::{Added, StorageError};

/// The longest that a leader waits for as many callers as came the last time.
const LONGEST_GATHERING: Duration = Duration::from_millis(1);

/// What one write is of.
#[derive(Debug, Default)]
pub(super) struct Group {
    bytes: Vec<u8>,
    /// Of each event: its kind, and when it was accepted.
    events: Vec<(EventKind, u64)>,
    members: usize,
    outcome: Outcome,
}

type Outcome = Arc<OnceLock<Result<(), StorageError>>>;

/// Where a group is written to.
struct Place {
    file: Arc<File>,
    offset: u64,
}

impl Spool {
    /// Returns once the events are as safe as the policy makes them.
    pub(super) fn commit(&self, events: Vec<QueuedEvent>) -> Result<Added, StorageError> {
        let mut bytes = Vec::with_capacity(events.iter().map(record::length).sum());
        events.iter().for_each(|event| record::write(event, &mut bytes));
        let mut state = self.state();
        let overflowed = self.make_room(&mut state, bytes.len() as u64, &events)?;
        let before = usize::try_from(state.depth).unwrap_or(usize::MAX);
        let outcome = self.join(&mut state, bytes, &events);
        let (state, result) = self.outcome_of(state, &outcome);
        result.map(|()| Added {
            before,
            after: usize::try_from(state.depth).unwrap_or(usize::MAX),
            overflowed,
            ..Added::default()
        })
    }

    fn join(&self, state: &mut State, bytes: Vec<u8>, events: &[QueuedEvent]) -> Outcome {
        state.promised += bytes.len() as u64;
        let group = &mut state.forming;
        match group.bytes.is_empty() {
            true => group.bytes = bytes,
            false => group.bytes.extend_from_slice(&bytes),
        }
        group
            .events
            .extend(events.iter().map(|event| (event.kind, event.accepted_at)));
        group.members += 1;
        if group.members >= state.last_members {
            self.gathered.notify_one();
        }
        Arc::clone(&state.forming.outcome)
    }

    fn outcome_of<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        outcome: &Outcome,
    ) -> (MutexGuard<'a, State>, Result<(), StorageError>) {
        loop {
            if let Some(result) = outcome.get() {
                return (state, result.clone());
            }
            state = match state.is_led {
                true => self.committed.wait(state).unwrap_or_else(PoisonError::into_inner),
                false => self.lead(state),
            };
        }
    }

    /// Writes the group that has formed.
    fn lead<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.is_led = true;
        let mut state = self.gather(state);
        let group = std::mem::take(&mut state.forming);
        let place = self.place(&mut state);
        drop(state);
        let begun = Instant::now();
        let written = place.and_then(|place| self.write(&place, &group.bytes));
        let took = begun.elapsed();
        let mut state = self.state();
        state.promised -= group.bytes.len() as u64;
        state.last_members = group.members;
        state.last_sync = took;
        match &written {
            Ok(()) => append(&mut state, &group),
            Err(_) => withdraw(&mut state),
        }
        state.is_led = false;
        let _ = group.outcome.set(written);
        self.committed.notify_all();
        state
    }

    /// Waits a moment for those who wrote the last time: they have been woken together, and the first would else go alone.
    fn gather<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if self.options.fsync != Fsync::Always {
            return state;
        }
        let begun = Instant::now();
        let patience = (state.last_sync / 4).min(LONGEST_GATHERING);
        while state.forming.members < state.last_members {
            let left = patience.saturating_sub(begun.elapsed());
            if left.is_zero() {
                break;
            }
            let waited = self.gathered.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state
    }

    fn place(&self, state: &mut State) -> Result<Place, StorageError> {
        let is_full = |bytes: u64| bytes >= self.options.segment();
        let last = state.segments.back().map(|segment| segment.bytes);
        if state.is_closed || last.is_none_or(is_full) {
            state.rotate(&self.folder).map_err(|error| self.io(&error))?;
        }
        let last = state.segments.back();
        let place = last.map(|segment| Place {
            file: Arc::clone(&segment.file),
            offset: segment.length,
        });
        place.ok_or_else(|| self.io(&std::io::Error::from(std::io::ErrorKind::NotFound)))
    }

    fn write(&self, place: &Place, bytes: &[u8]) -> Result<(), StorageError> {
        let written = place.file.write_all_at(bytes, place.offset);
        let written = written.and_then(|()| match self.options.fsync {
            Fsync::Always => place.file.sync_data(),
            Fsync::Interval(_) | Fsync::Never => Ok(()),
        });
        written.map_err(|error| {
            // Nobody was told that these are safe. Where not even this works, they may be sent all the same.
            let _ = place.file.set_len(place.offset);
            self.io(&error)
        })
    }
}

/// The group is in the last segment.
fn append(state: &mut State, group: &Group) {
    state.is_dirty = true;
    let is_first = state.depth == 0;
    state.depth += group.events.len() as u64;
    if let Some(last) = state.segments.back_mut() {
        last.length += group.bytes.len() as u64;
        last.bytes = last.length;
        group.events.iter().for_each(|(kind, _)| last.count(*kind));
    }
    if is_first {
        state.oldest = group.events.first().map(|(_, accepted_at)| *accepted_at);
    }
}

/// What a failed write left behind is not written after.
fn withdraw(state: &mut State) {
    state.is_closed = true;
    state.sweep();
}
