//! What waits to be written: parcels of events, each of which becomes one batch.

use std::collections::VecDeque;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::spool::{Segment, Spool};
use crate::keyspace::Write;

/// Events that are written together. Where they are spooled, a parcel is what one segment holds, no more and no less, so
/// that what another process reads of it is the same batch under the same id.
#[derive(Debug, Default)]
pub(super) struct Parcel {
    pub(super) segment: Option<Segment>,
    pub(super) events: Vec<Vec<Write>>,
    pub(super) weight: u64,
    pub(super) flushes: Vec<oneshot::Sender<()>>,
}

impl Parcel {
    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.flushes.is_empty()
    }
}

/// The queue between those who track and the one who writes.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    wake: Notify,
    spool: Option<Spool>,
    /// The weight at which a parcel is full.
    most: u64,
}

/// The end that events are pushed into. Once it is gone, nothing more comes.
#[derive(Debug)]
pub(super) struct Inlet(pub(super) Arc<Queue>);

impl Deref for Inlet {
    type Target = Queue;

    fn deref(&self) -> &Queue {
        &self.0
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        self.close();
    }
}

#[derive(Debug, Default)]
struct Waiting {
    sealed: VecDeque<Parcel>,
    open: Parcel,
    is_closed: bool,
}

impl Queue {
    /// A queue that holds what an earlier process left.
    pub(super) fn new(spool: Option<Spool>, left: VecDeque<Parcel>, most: u64) -> Queue {
        let waiting = Waiting {
            sealed: left,
            ..Waiting::default()
        };
        Queue {
            waiting: Mutex::new(waiting),
            wake: Notify::new(),
            spool,
            most,
        }
    }

    /// Takes an event in, which is in the spool before this returns.
    ///
    /// # Errors
    /// The spool cannot be written; the event is not in the queue either.
    pub(super) fn push(&self, writes: Vec<Write>, weight: u64) -> io::Result<()> {
        let mut waiting = self.lock();
        if !waiting.open.events.is_empty() && waiting.open.weight.saturating_add(weight) > self.most {
            waiting.seal();
        }
        if let Some(spool) = &self.spool {
            self.store(spool, &mut waiting, &writes)?;
        }
        waiting.open.events.push(writes);
        waiting.open.weight = waiting.open.weight.saturating_add(weight);
        drop(waiting);
        self.wake.notify_one();
        Ok(())
    }

    fn store(&self, spool: &Spool, waiting: &mut Waiting, writes: &[Write]) -> io::Result<()> {
        let segment = match waiting.open.segment.take() {
            Some(segment) => segment,
            None => spool.begin()?,
        };
        let segment = waiting.open.segment.insert(segment);
        let stored = segment.append(writes);
        // What follows a frame that is torn would never be read.
        if stored.is_err() && segment.is_torn() {
            waiting.seal();
        }
        stored
    }

    /// Has the writer tell when everything that is here now is written.
    pub(super) fn push_flush(&self, done: oneshot::Sender<()>) {
        self.lock().open.flushes.push(done);
        self.wake.notify_one();
    }

    /// Nothing more will come.
    fn close(&self) {
        self.lock().is_closed = true;
        self.wake.notify_one();
    }

    /// The oldest parcel, once there is one; `None` at the end.
    pub(super) async fn next(&self) -> Option<Parcel> {
        loop {
            {
                let mut waiting = self.lock();
                if let Some(parcel) = waiting.take() {
                    return Some(parcel);
                }
                if waiting.is_closed {
                    return None;
                }
            }
            self.wake.notified().await;
        }
    }

    /// Nobody panics while it is held, and half a change is none here.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn seal(&mut self) {
        let full = std::mem::take(&mut self.open);
        self.sealed.push_back(full);
    }

    fn take(&mut self) -> Option<Parcel> {
        if let Some(parcel) = self.sealed.pop_front() {
            return Some(parcel);
        }
        (!self.open.is_empty()).then(|| std::mem::take(&mut self.open))
    }
}
