//! Tracking from within a program: it never waits for the store, and never fails because of it.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::keyspace::{Change, EventError, Keyspace, Occurrence, Tracked, Write};
use crate::source::event_store::EventStore;
use counters::Counters;
use queue::{Inlet, Parcel, Queue};
use spool::Spool;
use writer::Writer;

mod coalesced;
mod counters;
mod frame;
mod queue;
mod spool;
mod writer;

pub use counters::TrackerCounts;
pub use spool::SpoolError;

/// How much a tracker holds, and how it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackerOptions {
    /// Writes that may wait; what comes on top is dropped and counted. An event of many values weighs as many writes.
    pub capacity: u64,
    /// Writes of one batch, at most.
    pub batch: u64,
    /// The pause after a first failed attempt; it doubles up to the longest one.
    pub pause: Duration,
    pub longest_pause: Duration,
}

impl Default for TrackerOptions {
    fn default() -> TrackerOptions {
        TrackerOptions {
            capacity: 100_000,
            batch: 10_000,
            pause: Duration::from_millis(50),
            longest_pause: Duration::from_secs(2),
        }
    }
}

/// What became of an event that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Queued {
    /// It waits to be written.
    Waits,
    /// The feature flag of this name keeps it, or a part of it, from being counted.
    HeldBack(String),
    /// The queue is full, or the spool cannot be written: it is lost, and counted as dropped.
    Dropped,
}

/// Tracks events: each call checks the event and hands it to a background writer, which batches them, coalesces writes of
/// one key, and tries again until the store has answered.
#[derive(Debug)]
pub struct Tracker {
    keyspace: Arc<Keyspace>,
    queue: Inlet,
    counters: Arc<Counters>,
    capacity: u64,
    deadline: watch::Sender<Option<Instant>>,
    writer: JoinHandle<()>,
}

impl Tracker {
    /// Starts the background writer on the Tokio runtime that this is called in.
    pub fn start(store: Arc<dyn EventStore>, keyspace: Arc<Keyspace>, options: TrackerOptions) -> Tracker {
        Tracker::begin(store, keyspace, options, None, VecDeque::new())
    }

    /// The same, with every event in the folder `spool` before it counts as handed over, until the store has it. What an
    /// earlier process left there is written first. Events survive the death of the process, not that of the machine.
    ///
    /// # Errors
    /// The folder cannot be used, or another process uses it.
    pub fn start_durable(
        store: Arc<dyn EventStore>,
        keyspace: Arc<Keyspace>,
        options: TrackerOptions,
        spool: &Path,
    ) -> Result<Tracker, SpoolError> {
        let (spool, left) = Spool::open(spool)?;
        Ok(Tracker::begin(store, keyspace, options, Some(spool), left))
    }

    fn begin(
        store: Arc<dyn EventStore>,
        keyspace: Arc<Keyspace>,
        options: TrackerOptions,
        spool: Option<Spool>,
        left: VecDeque<Parcel>,
    ) -> Tracker {
        let counters = Arc::new(Counters::default());
        let recovered: usize = left.iter().map(|parcel| parcel.events.len()).sum();
        counters.accepted.store(recovered as u64, Ordering::Relaxed);
        let weight = left.iter().map(|parcel| parcel.weight).sum();
        counters.waiting.store(weight, Ordering::Relaxed);
        let (deadline, closing) = watch::channel(None);
        let capacity = options.capacity;
        let queue = Arc::new(Queue::new(spool, left, options.batch));
        let writer = Writer {
            store,
            counters: counters.clone(),
            options,
            closing,
        };
        Tracker {
            keyspace,
            counters,
            capacity,
            deadline,
            writer: tokio::spawn(writer.run(queue.clone())),
            queue: Inlet(queue),
        }
    }

    /// Counts `values` once each.
    ///
    /// # Errors
    /// The event cannot be tracked so, however the store fares: see [`Keyspace::track`].
    pub fn track_event(&self, name: &str, values: Vec<Vec<u8>>, time: DateTime<Utc>) -> Result<Queued, EventError> {
        self.track_event_in_context(name, values, "", time)
    }

    /// [`track_event`](Self::track_event) under the plan that the values belong to.
    ///
    /// # Errors
    /// As there, and where the context is no plan.
    pub fn track_event_in_context(
        &self,
        name: &str,
        values: Vec<Vec<u8>>,
        context: &str,
        time: DateTime<Utc>,
    ) -> Result<Queued, EventError> {
        self.keyspace
            .track(name, values, context, time)
            .map(|tracked| self.hand_over(tracked))
    }

    /// Raises a plain counter.
    ///
    /// # Errors
    /// See [`Keyspace::increment`].
    pub fn increment(&self, name: &str, by: i64) -> Result<Queued, EventError> {
        self.keyspace.increment(name, by).map(|tracked| self.hand_over(tracked))
    }

    /// Counts an internal event in every way that metrics select it.
    ///
    /// # Errors
    /// See [`Keyspace::track_internal`].
    pub fn track_internal_event(
        &self,
        name: &str,
        occurrence: &Occurrence,
        time: DateTime<Utc>,
    ) -> Result<Queued, EventError> {
        self.keyspace
            .track_internal(name, occurrence, time)
            .map(|tracked| self.hand_over(tracked))
    }

    pub fn counts(&self) -> TrackerCounts {
        self.counters.read()
    }

    /// Writes that wait now.
    pub fn waiting(&self) -> u64 {
        self.counters.waiting.load(Ordering::Relaxed)
    }

    /// Writes that may wait.
    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Waits until everything that was handed over before is written, or refused for good.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        self.queue.push_flush(done);
        // The writer is gone only if the runtime is.
        let _ = written.await;
    }

    /// Writes what waits, for as long as `patience` allows; the rest is counted as kept in the spool, or as abandoned.
    pub async fn close(self, patience: Duration) -> TrackerCounts {
        self.deadline.send_replace(Some(Instant::now() + patience));
        drop(self.queue);
        // A writer that panicked has written nothing more.
        let _ = self.writer.await;
        self.counters.read()
    }

    fn hand_over(&self, tracked: Tracked) -> Queued {
        if tracked.writes.is_empty() {
            return Queued::HeldBack(tracked.held_back.unwrap_or_default());
        }
        let weight = tracked.writes.iter().map(weight).sum();
        if !self.counters.make_room(weight, self.capacity) {
            self.counters.dropped.fetch_add(1, Ordering::Relaxed);
            return Queued::Dropped;
        }
        if let Err(error) = self.queue.push(tracked.writes, weight) {
            tracing::error!(%error, "An event could not be spooled, and is lost.");
            self.counters.waiting.fetch_sub(weight, Ordering::Relaxed);
            self.counters.dropped.fetch_add(1, Ordering::Relaxed);
            return Queued::Dropped;
        }
        self.counters.accepted.fetch_add(1, Ordering::Relaxed);
        tracked.held_back.map_or(Queued::Waits, Queued::HeldBack)
    }
}

fn weight(write: &Write) -> u64 {
    match &write.change {
        Change::Add(values) => values.len() as u64,
        _ => 1,
    }
}
