//! The background writer: batches, tried until they are answered.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::TrackerOptions;
use super::counters::Counters;
use super::pending::{Message, Pending};
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

/// Messages taken out of the queue at a time.
const HANDFUL: usize = 256;

impl Writer {
    /// Writes one batch while the next is gathered, until the tracker is gone.
    pub(super) async fn run(mut self, mut messages: UnboundedReceiver<Message>) {
        let most = self.options.batch;
        let mut pending = Pending::default();
        let mut handful = Vec::with_capacity(HANDFUL);
        loop {
            if pending.is_empty() {
                if messages.recv_many(&mut handful, HANDFUL).await == 0 {
                    return;
                }
                pending.take_all(&mut handful);
            }
            while pending.weight < most && !messages.is_empty() {
                messages.recv_many(&mut handful, HANDFUL).await;
                pending.take_all(&mut handful);
            }
            let write = self.write(std::mem::take(&mut pending));
            tokio::pin!(write);
            let mut open = true;
            loop {
                tokio::select! {
                    biased;
                    () = &mut write => break,
                    taken = messages.recv_many(&mut handful, HANDFUL), if open && pending.weight < most => {
                        open = taken > 0;
                        pending.take_all(&mut handful);
                    }
                }
            }
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
