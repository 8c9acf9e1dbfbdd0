//! What the worker and those who add events share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::thread::ThreadId;
use std::time::Duration;

use tokio::sync::Notify;
use uuid::Uuid;

use super::event::{EventKind, QueuedEvent};
use super::metrics::{Counters, Metrics, Rejection, add};
use super::options::EmitterOptions;
use super::storage::{Added, Sizes, Storage, StorageError};

/// How an emitter ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrainReport {
    /// Events that stay in the spool for the next start.
    pub pending: u64,
    /// Events that waited in memory, and are lost.
    pub abandoned: Vec<Uuid>,
    /// Whether the worker has ended: not where a callback asks for it.
    pub is_ended: bool,
}

/// Why an event was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddError {
    #[error("the emitter of events has been stopped: nothing is taken any more")]
    Stopped,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: EmitterOptions,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) counters: Counters,
    /// Events have come that the worker may want to send. It keeps one call that nobody waits for, so that none is lost
    /// between a look at the queue and the wait.
    pub(super) events: Notify,
    /// A flush or the end is asked for. The same holds.
    pub(super) control: Notify,
    /// Whether the worker looks by itself, so that nobody need wake it. It looks once more after it has said that it does not.
    pub(super) is_awake: AtomicBool,
    /// Whether one that waits is for billing.
    pub(super) is_urgent: AtomicBool,
    /// Whoever adds holds it shared, so that nothing is added once it says so.
    is_stopped: RwLock<bool>,
    /// Events before this number are sent without waiting for others.
    flush_to: AtomicU64,
    end: Mutex<End>,
    /// Something has been settled, or the worker has ended.
    progress: Condvar,
    pub(super) worker: OnceLock<ThreadId>,
}

#[derive(Debug, Default)]
struct End {
    /// When the worker ends at the latest, by the clock's time since its start.
    by: Option<Duration>,
    report: Option<DrainReport>,
}

impl Shared {
    pub(super) fn new(options: EmitterOptions, storage: Arc<dyn Storage>) -> Shared {
        Shared {
            counters: Counters::new(&options.buckets),
            options,
            storage,
            events: Notify::new(),
            control: Notify::new(),
            is_awake: AtomicBool::new(false),
            is_urgent: AtomicBool::new(false),
            is_stopped: RwLock::new(false),
            flush_to: AtomicU64::new(0),
            end: Mutex::new(End::default()),
            progress: Condvar::new(),
            worker: OnceLock::new(),
        }
    }

    pub(super) fn add(&self, events: Vec<QueuedEvent>) -> Result<(), AddError> {
        let is_stopped = self.is_stopped.read().unwrap_or_else(PoisonError::into_inner);
        let number = events.len() as u64;
        if *is_stopped {
            self.counters.rejected(Rejection::Stopped, number);
            return Err(AddError::Stopped);
        }
        let billing = events.iter().filter(|event| event.kind == EventKind::Billing).count() as u64;
        let added = self.storage.add(events).inspect_err(|error| {
            let rejection = match error {
                StorageError::Full { .. } => Rejection::SpoolFull,
                _ => Rejection::Storage,
            };
            self.counters.rejected(rejection, number);
        })?;
        self.counters.enqueued(EventKind::Billing, billing);
        self.counters.enqueued(EventKind::Custom, number - billing);
        add(&self.counters.overflowed, added.overflowed);
        let is_news = billing > 0 && !self.is_urgent.swap(true, Ordering::AcqRel);
        if (is_news || self.is_worth_a_look(&added)) && !self.is_awake.load(Ordering::SeqCst) {
            self.events.notify_one();
        }
        Ok(())
    }

    /// Whether the worker would do anything else than before: waking it costs more than adding to memory does.
    fn is_worth_a_look(&self, added: &Added) -> bool {
        let crosses = |before, after, bound| before < bound && after >= bound;
        let options = &self.options;
        self.storage.is_durable()
            || added.before == 0
            || crosses(added.before, added.after, options.batch())
            || crosses(added.bytes_before, added.bytes_after, options.request_bytes())
    }

    fn end(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the worker ends at the latest, if it is to end.
    pub(super) fn ends_by(&self) -> Option<Duration> {
        self.end().by
    }

    /// Has what waits now sent without waiting for others; any number of calls are one.
    pub(super) fn flush(&self) -> u64 {
        let sizes = self.storage.sizes();
        let to = sizes.settled + sizes.depth;
        self.flush_to.fetch_max(to, Ordering::AcqRel);
        self.control.notify_one();
        to
    }

    pub(super) fn is_flushing(&self, sizes: &Sizes) -> bool {
        sizes.settled < self.flush_to.load(Ordering::Acquire)
    }

    /// Waits until everything before this number is settled; whether it is.
    pub(super) fn wait_for(&self, number: u64, deadline: Duration) -> bool {
        let is_settled = || self.storage.sizes().settled >= number;
        let end = self.end();
        let waited = self
            .progress
            .wait_timeout_while(end, deadline, |end| end.report.is_none() && !is_settled());
        drop(waited);
        is_settled()
    }

    /// Those who wait for something to be settled look again.
    pub(super) fn progressed(&self) {
        drop(self.end());
        self.progress.notify_all();
    }

    /// Takes nothing more, and has the worker end by then. A deadline only ever becomes an earlier one.
    pub(super) fn ask_to_end(&self, deadline: Duration) {
        *self.is_stopped.write().unwrap_or_else(PoisonError::into_inner) = true;
        let by = self.options.clock.since_start() + deadline;
        let mut end = self.end();
        end.by = Some(end.by.map_or(by, |earlier| earlier.min(by)));
        drop(end);
        self.control.notify_one();
    }

    /// The worker has ended.
    pub(super) fn ended(&self, report: DrainReport) {
        *self.is_stopped.write().unwrap_or_else(PoisonError::into_inner) = true;
        self.end().report = Some(report);
        self.progress.notify_all();
    }

    pub(super) fn is_ended(&self) -> bool {
        self.end().report.is_some()
    }

    pub(super) fn wait_for_end(&self) -> DrainReport {
        let end = self.end();
        let waited = self.progress.wait_while(end, |end| end.report.is_none());
        let end = waited.unwrap_or_else(PoisonError::into_inner);
        end.report.clone().unwrap_or_default()
    }

    pub(super) fn metrics(&self) -> Metrics {
        let storage = &self.storage;
        let now = self.options.clock.unix_ms();
        self.counters.read(storage.recovered(), storage.sizes(), now)
    }
}
