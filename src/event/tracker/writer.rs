//! The background writer: batches, tried until they are answered.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::TrackerOptions;
use super::coalesced::Coalesced;
use super::counters::Counters;
use super::queue::{Parcel, Queue};
use crate::keyspace::Write;
use crate::measure::Failure;
use crate::source::event_store::{Batch, EventStore};

pub(super) struct Writer {
    pub(super) store: Arc<dyn EventStore>,
    pub(super) counters: Arc<Counters>,
    pub(super) options: TrackerOptions,
    /// Set when the tracker is closed: until when attempts are made.
    pub(super) closing: watch::Receiver<Option<Instant>>,
}

impl Writer {
    /// Writes one parcel after the other, until the tracker is gone.
    pub(super) async fn run(mut self, queue: Arc<Queue>) {
        while let Some(parcel) = queue.next().await {
            self.write(parcel).await;
        }
    }

    /// Tries until the store answers, or until the tracker's end.
    async fn write(&mut self, parcel: Parcel) {
        let Parcel {
            segment,
            events,
            weight,
            flushes,
        } = parcel;
        let count = events.len();
        let (writes, owners): (Vec<Write>, Vec<Vec<usize>>) = coalesced(events).finish();
        if writes.is_empty() {
            if let Some(segment) = segment {
                segment.remove();
            }
        } else {
            let mut batch = Batch::new(writes);
            if let Some(segment) = &segment {
                batch.id = segment.id;
            }
            match (self.answered(&batch).await, segment) {
                (Some(results), segment) => {
                    self.count(&results, &owners, count);
                    if let Some(segment) = segment {
                        segment.remove();
                    }
                }
                (None, Some(_)) => add(&self.counters.kept, count),
                (None, None) => add(&self.counters.abandoned, count),
            }
        }
        self.counters.waiting.fetch_sub(weight, Ordering::Relaxed);
        for flush in flushes {
            // Whoever asked may have gone.
            let _ = flush.send(());
        }
    }

    fn count(&self, results: &[Result<(), Failure>], owners: &[Vec<usize>], events: usize) {
        let mut refused = vec![false; events];
        for (result, owners) in results.iter().zip(owners) {
            if let Err(failure) = result {
                tracing::warn!(reason = %failure.reason, "The event store refused a write.");
                owners.iter().for_each(|event| refused[*event] = true);
            }
        }
        let rejected = refused.iter().filter(|refused| **refused).count();
        add(&self.counters.rejected, rejected);
        add(&self.counters.written, events - rejected);
    }

    async fn answered(&mut self, batch: &Batch) -> Option<Vec<Result<(), Failure>>> {
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

fn coalesced(events: Vec<Vec<Write>>) -> Coalesced {
    let mut coalesced = Coalesced::default();
    for (event, writes) in events.into_iter().enumerate() {
        writes.into_iter().for_each(|write| coalesced.add(write, event));
    }
    coalesced
}

fn add(counter: &std::sync::atomic::AtomicU64, events: usize) {
    counter.fetch_add(events as u64, Ordering::Relaxed);
}
