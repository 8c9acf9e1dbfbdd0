//! Tracking from within a program: it never waits for the store, and never fails because of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::keyspace::{Change, EventError, Keyspace, Life, Occurrence, Tracked, Write};
use crate::source::event_store::{Batch, EventStore};

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
    /// The queue is full: it is lost, and counted as dropped.
    Dropped,
}

/// What a tracker did so far, in events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrackerCounts {
    /// Taken into the queue.
    pub accepted: u64,
    /// Lost because the queue was full.
    pub dropped: u64,
    /// Written, each of its writes acknowledged by the store.
    pub written: u64,
    /// Refused by the store for good, in whole or in part, such as a key that holds something else.
    pub rejected: u64,
    /// Still in the queue when the tracker was closed, and lost.
    pub abandoned: u64,
    /// Attempts that failed and were tried again.
    pub retries: u64,
}

#[derive(Debug, Default)]
struct Counters {
    waiting: AtomicU64,
    accepted: AtomicU64,
    dropped: AtomicU64,
    written: AtomicU64,
    rejected: AtomicU64,
    abandoned: AtomicU64,
    retries: AtomicU64,
}

enum Message {
    Event { writes: Vec<Write>, weight: u64 },
    Flush(oneshot::Sender<()>),
}

/// Tracks events: each call checks the event and hands it to a background writer, which batches them, coalesces writes of
/// one key, and tries again until the store has answered.
#[derive(Debug)]
pub struct Tracker {
    keyspace: Arc<Keyspace>,
    queue: UnboundedSender<Message>,
    counters: Arc<Counters>,
    capacity: u64,
    deadline: watch::Sender<Option<Instant>>,
    writer: JoinHandle<()>,
}

impl Tracker {
    /// Starts the background writer on the Tokio runtime that this is called in.
    pub fn start(store: Arc<dyn EventStore>, keyspace: Arc<Keyspace>, options: TrackerOptions) -> Tracker {
        let (queue, messages) = unbounded_channel();
        let counters = Arc::new(Counters::default());
        let (deadline, closing) = watch::channel(None);
        let capacity = options.capacity;
        let writer = Writer {
            store,
            messages,
            counters: counters.clone(),
            options,
            closing,
        };
        Tracker {
            keyspace,
            queue,
            counters,
            capacity,
            deadline,
            writer: tokio::spawn(writer.run()),
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

    /// Waits until everything that was handed over before is written, or refused for good.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.queue.send(Message::Flush(done)).is_ok() {
            // The writer is gone only if the runtime is.
            let _ = written.await;
        }
    }

    /// Writes what waits, for as long as `patience` allows; the rest is abandoned and counted.
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
        let message = Message::Event {
            writes: tracked.writes,
            weight,
        };
        if self.queue.send(message).is_err() {
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

impl Counters {
    /// Takes the weight into the queue if it fits, or if nothing else is there.
    fn make_room(&self, weight: u64, capacity: u64) -> bool {
        let fits = |waiting: u64| {
            let full = waiting.saturating_add(weight);
            (waiting == 0 || full <= capacity).then_some(full)
        };
        self.waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits)
            .is_ok()
    }

    fn read(&self) -> TrackerCounts {
        TrackerCounts {
            accepted: self.accepted.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            written: self.written.load(Ordering::Relaxed),
            rejected: self.rejected.load(Ordering::Relaxed),
            abandoned: self.abandoned.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
        }
    }
}

struct Writer {
    store: Arc<dyn EventStore>,
    messages: UnboundedReceiver<Message>,
    counters: Arc<Counters>,
    options: TrackerOptions,
    /// Set when the tracker is closed: until when attempts are made.
    closing: watch::Receiver<Option<Instant>>,
}

impl Writer {
    async fn run(mut self) {
        while let Some(first) = self.messages.recv().await {
            let mut pending = Pending::default();
            pending.take(first);
            while pending.weight < self.options.batch {
                match self.messages.try_recv() {
                    Ok(message) => pending.take(message),
                    Err(_) => break,
                }
            }
            self.write(pending).await;
        }
    }

    /// Tries until the store answers, or until the tracker's end.
    async fn write(&mut self, pending: Pending) {
        let Pending {
            writes,
            events,
            weight,
            flushes,
        } = pending;
        let (writes, owners): (Vec<Write>, Vec<Vec<usize>>) = writes.finish();
        if !writes.is_empty() {
            let batch = Batch::new(writes);
            match self.answered(&batch).await {
                Some(results) => {
                    let mut refused = vec![false; events];
                    for (result, owners) in results.iter().zip(&owners) {
                        if let Err(failure) = result {
                            tracing::warn!(reason = %failure.reason, "The event store refused a write.");
                            owners.iter().for_each(|event| refused[*event] = true);
                        }
                    }
                    let rejected = refused.iter().filter(|refused| **refused).count() as u64;
                    self.counters.rejected.fetch_add(rejected, Ordering::Relaxed);
                    self.counters
                        .written
                        .fetch_add(events as u64 - rejected, Ordering::Relaxed);
                }
                None => {
                    self.counters.abandoned.fetch_add(events as u64, Ordering::Relaxed);
                }
            }
            self.counters.waiting.fetch_sub(weight, Ordering::Relaxed);
        }
        for flush in flushes {
            // Whoever asked may have gone.
            let _ = flush.send(());
        }
    }

    async fn answered(&mut self, batch: &Batch) -> Option<Vec<Result<(), crate::measure::Failure>>> {
        let mut pause = self.options.pause;
        while !self.is_past_deadline() {
            match self.store.write(batch).await {
                Ok(results) => return Some(results),
                Err(failure) => {
                    tracing::debug!(reason = %failure.reason, "The event store did not take a batch; it is tried again.");
                }
            }
            self.counters.retries.fetch_add(1, Ordering::Relaxed);
            self.rest(pause).await;
            pause = (pause * 2).min(self.options.longest_pause);
        }
        None
    }

    fn is_past_deadline(&self) -> bool {
        self.closing.borrow().is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Pauses, but not beyond the tracker's end.
    async fn rest(&mut self, pause: Duration) {
        let closing = *self.closing.borrow_and_update();
        match closing {
            Some(deadline) => tokio::time::sleep_until(deadline.min(Instant::now() + pause)).await,
            None => {
                tokio::select! {
                    () = sleep(pause) => {}
                    _ = self.closing.changed() => {}
                }
            }
        }
    }
}

/// Events on their way into one batch.
#[derive(Default)]
struct Pending {
    writes: Coalesced,
    events: usize,
    weight: u64,
    flushes: Vec<oneshot::Sender<()>>,
}

impl Pending {
    fn take(&mut self, message: Message) {
        match message {
            Message::Flush(done) => self.flushes.push(done),
            Message::Event { writes, weight } => {
                for write in writes {
                    self.writes.add(write, self.events);
                }
                self.events += 1;
                self.weight += weight;
            }
        }
    }
}

/// Writes, those of one key and kind made one.
#[derive(Default)]
struct Coalesced {
    writes: Vec<Write>,
    /// Which events each write belongs to.
    owners: Vec<Vec<usize>>,
    places: HashMap<(String, Kind), usize>,
}

/// What tells apart writes of a key that cannot be one.
#[derive(PartialEq, Eq, Hash)]
enum Kind {
    Add(Life),
    Increment(Life),
    IncrementFloat(Life),
    IncrementField(Life, String),
}

impl Coalesced {
    fn add(&mut self, write: Write, event: usize) {
        let kind = match &write.change {
            Change::Add(_) => Kind::Add(write.life),
            Change::Increment(_) => Kind::Increment(write.life),
            Change::IncrementFloat(_) => Kind::IncrementFloat(write.life),
            Change::IncrementField { field, .. } => Kind::IncrementField(write.life, field.clone()),
        };
        let place = *self
            .places
            .entry((write.key.clone(), kind))
            .or_insert(self.writes.len());
        if place == self.writes.len() {
            self.writes.push(write);
            self.owners.push(vec![event]);
            return;
        }
        let (Some(known), Some(owners)) = (self.writes.get_mut(place), self.owners.get_mut(place)) else {
            return;
        };
        owners.push(event);
        match (&mut known.change, write.change) {
            (Change::Add(values), Change::Add(more)) => values.extend(more),
            (Change::Increment(by), Change::Increment(more)) => *by = by.saturating_add(more),
            (Change::IncrementFloat(by), Change::IncrementFloat(more)) => *by += more,
            (Change::IncrementField { by, .. }, Change::IncrementField { by: more, .. }) => {
                *by = by.saturating_add(more)
            }
            _ => {}
        }
    }

    fn finish(self) -> (Vec<Write>, Vec<Vec<usize>>) {
        (self.writes, self.owners)
    }
}
