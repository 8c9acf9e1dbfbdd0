//! Events in memory: the oldest is given up where there is no room for a new one.
//!
//! Whoever adds waits for nothing but a move of pointers: what is made, copied or freed for a batch is so outside of the lock
//! that adding takes. The allocator has locks too, and one who frees what another thread made has that thread wait: bodies that
//! are settled are left to those who add. Each frees one, and has it back from its own cache for the next event.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::batch::weight;
use super::event::QueuedEvent;
use super::storage::{Added, BatchLimit, Sizes, Storage, StorageError};

/// A ring of events.
#[derive(Debug)]
pub struct Ring {
    capacity: usize,
    /// What the last peek gave, oldest first: not given up. Locked before `state`.
    flight: Mutex<Flight>,
    state: Mutex<State>,
}

/// Bodies that are kept for those who add to free.
const SPENT: usize = 1_000;

#[derive(Debug, Default)]
struct Flight {
    events: VecDeque<Arc<QueuedEvent>>,
    /// No longer of the ring, but perhaps of whoever was given them.
    settled: Vec<Arc<QueuedEvent>>,
}

#[derive(Debug, Default)]
struct State {
    /// Newer than what is in flight.
    waiting: VecDeque<QueuedEvent>,
    /// Of `flight`, which others do not look into.
    in_flight: usize,
    in_flight_oldest: Option<u64>,
    bytes: usize,
    settled: u64,
    /// Bodies of settled events.
    spent: Vec<Vec<u8>>,
}

impl Ring {
    /// A ring that holds so many events, one at least.
    pub fn new(capacity: usize) -> Ring {
        Ring {
            capacity: capacity.max(1),
            flight: Mutex::default(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flight(&self) -> MutexGuard<'_, Flight> {
        self.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves what is in flight back among those that wait, where it is the oldest. Whoever was given a batch has let go of it
    /// by now, or else the events are copied.
    fn return_all(&self, flight: &mut Flight) {
        let settled = flight.settled.drain(..).filter_map(Arc::into_inner);
        let mut spent: Vec<Vec<u8>> = settled.map(|event| event.body).collect();
        let returned: Vec<QueuedEvent> = flight.events.drain(..).map(Arc::unwrap_or_clone).collect();
        if spent.is_empty() && returned.is_empty() {
            return;
        }
        let mut state = self.state();
        let kept = SPENT.saturating_sub(state.spent.len()).min(spent.len());
        state.spent.extend(spent.drain(..kept));
        returned
            .into_iter()
            .rev()
            .for_each(|event| state.waiting.push_front(event));
        state.in_flight = 0;
        state.in_flight_oldest = None;
    }

    /// Takes the oldest events out of those that wait, within the limit.
    fn take(&self, limit: BatchLimit) -> Vec<QueuedEvent> {
        let mut taken = Vec::with_capacity(limit.events.min(self.capacity));
        let mut bytes = 0;
        let mut state = self.state();
        while let Some(event) = state.waiting.front() {
            bytes += weight(event.body.len());
            if taken.len() >= limit.events || (!taken.is_empty() && bytes > limit.bytes) {
                break;
            }
            taken.extend(state.waiting.pop_front());
        }
        state.in_flight = taken.len();
        state.in_flight_oldest = taken.first().map(|event: &QueuedEvent| event.accepted_at);
        taken
    }
}

impl State {
    fn depth(&self) -> usize {
        self.in_flight + self.waiting.len()
    }

    /// Gives up the oldest event that is not being sent.
    fn give_up(&mut self) -> Option<QueuedEvent> {
        let event = self.waiting.pop_front()?;
        self.bytes -= event.body.len();
        self.settled += 1;
        Some(event)
    }
}

impl Storage for Ring {
    fn add(&self, events: Vec<QueuedEvent>) -> Result<Added, StorageError> {
        // Freed when the lock is not held any more.
        let mut given_up = None;
        let mut spent = None;
        let mut state = self.state();
        let mut added = Added {
            before: state.depth(),
            bytes_before: state.bytes,
            ..Added::default()
        };
        for event in events {
            state.bytes += event.body.len();
            state.waiting.push_back(event);
            spent = state.spent.pop();
            if state.depth() > self.capacity {
                given_up = state.give_up();
                added.overflowed += u64::from(given_up.is_some());
            }
        }
        added.after = state.depth();
        added.bytes_after = state.bytes;
        drop(state);
        drop((given_up, spent));
        Ok(added)
    }

    fn peek(&self, limit: BatchLimit) -> Result<Vec<Arc<QueuedEvent>>, StorageError> {
        let mut flight = self.flight();
        self.return_all(&mut flight);
        flight.events.extend(self.take(limit).into_iter().map(Arc::new));
        Ok(flight.events.iter().cloned().collect())
    }

    fn settle(&self, count: usize) -> Result<(), StorageError> {
        let mut flight = self.flight();
        let Flight { events, settled } = &mut *flight;
        let count = count.min(events.len());
        let bytes: usize = events.iter().take(count).map(|event| event.body.len()).sum();
        settled.extend(events.drain(..count));
        let mut state = self.state();
        state.bytes -= bytes;
        state.settled += count as u64;
        state.in_flight = events.len();
        state.in_flight_oldest = events.front().map(|event| event.accepted_at);
        Ok(())
    }

    fn release(&self) {
        self.return_all(&mut self.flight());
    }

    fn sizes(&self) -> Sizes {
        let state = self.state();
        let oldest = state.waiting.front().map(|event| event.accepted_at);
        Sizes {
            depth: state.depth() as u64,
            capacity: self.capacity as u64,
            pending_bytes: state.bytes as u64,
            settled: state.settled,
            oldest: state.in_flight_oldest.or(oldest),
            ..Sizes::default()
        }
    }

    fn is_durable(&self) -> bool {
        false
    }
}
