//! A writer's lane: its queue, and how it ends.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::counters::Counters;
use super::outcome::{Outcome, WriterOutcome};
use super::record::Record;
use super::work::Work;
use super::writer::Writer;
use crate::config::WriterSettings;
use crate::emit::snowplow::{Metrics, Tracker};

/// Records that wait for one writer at most: 10,000 are a few MiB.
const QUEUE: usize = 10_000;

/// A record on its way to a writer, and who wants to know what becomes of it.
pub(super) struct Item {
    pub record: Arc<Record>,
    pub reply: Option<Reply>,
}

/// Tells the outcome to whoever waits, by the lane's place among the others.
pub(super) struct Reply {
    pub lane: usize,
    pub to: Sender<(usize, Outcome)>,
}

pub(super) struct Lane {
    pub(super) settings: WriterSettings,
    pub(super) counters: Arc<Counters>,
    /// Records in the queue, and the one that is being written.
    pub(super) waiting: AtomicU64,
    sender: Mutex<Option<SyncSender<Item>>>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// When it ends at the latest, once it is to end.
    by: Option<Instant>,
    /// What sends the writer's events, while it is open.
    tracker: Option<Tracker>,
    /// Whether the queue is empty for good, so that the tracker may be told to end.
    is_ending: bool,
    /// Events that it left behind, once it has ended.
    left: Option<u64>,
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane")
            .field("writer", &self.name())
            .finish_non_exhaustive()
    }
}

impl Lane {
    /// A lane and its thread. Where another lane has the same place on disk, this one takes it over once that one has ended.
    pub(super) fn start(
        settings: WriterSettings,
        counters: Arc<Counters>,
        writer: Option<Box<dyn Writer>>,
        after: Option<Arc<Lane>>,
    ) -> std::io::Result<Arc<Lane>> {
        let (sender, receiver): (_, Receiver<Item>) = sync_channel(QUEUE);
        let lane = Arc::new(Lane {
            settings,
            counters,
            waiting: AtomicU64::new(0),
            sender: Mutex::new(Some(sender)),
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
        });
        let work = Work::new(Arc::clone(&lane), receiver, writer, after);
        thread::Builder::new()
            .name("usage-log".to_owned())
            .spawn(move || work.run())?;
        Ok(lane)
    }

    pub(super) fn name(&self) -> &'static str {
        self.settings.kind().name()
    }

    /// Puts a record into the queue.
    pub(super) fn hand(&self, item: Item) -> Outcome {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        // Counted first: the writer may be done with it before this thread goes on.
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let sent = sender.as_ref().map(|sender| sender.try_send(item));
        let outcome = match sent {
            Some(Ok(())) => return Outcome::Queued,
            Some(Err(TrySendError::Full(_))) => Outcome::QueueFull,
            Some(Err(TrySendError::Disconnected(_))) | None => Outcome::Closed,
        };
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        self.counters.count(&outcome);
        outcome
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes nothing more, and ends by then; a deadline only ever becomes an earlier one.
    pub(super) fn shut(&self, deadline: Duration) {
        let by = Instant::now() + deadline;
        let mut state = self.state();
        state.by = Some(state.by.map_or(by, |earlier| earlier.min(by)));
        drop(state);
        // Only now: the end of the queue has the writer's thread look for the deadline.
        drop(self.sender.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    pub(super) fn is_shut(&self) -> bool {
        self.state().by.is_some()
    }

    /// Has an end that is under way already heed a deadline that has become an earlier one.
    pub(super) fn hasten(&self) {
        let state = self.state();
        let (tracker, by) = (state.tracker.clone().filter(|_| state.is_ending), state.by);
        drop(state);
        if let (Some(tracker), Some(by)) = (tracker, by) {
            // Drained again from another thread, it ends by the earlier of the two deadlines.
            tracker.drain(by.saturating_duration_since(Instant::now()));
        }
    }

    /// The writer is open.
    pub(super) fn opened(&self, tracker: Option<Tracker>) {
        self.state().tracker = tracker;
    }

    /// How sending its events goes, if it sends any.
    pub(super) fn delivery(&self) -> Option<Metrics> {
        let tracker = self.state().tracker.clone();
        tracker.map(|tracker| tracker.metrics())
    }

    /// The queue is empty, and nothing more comes: how long the writer's own end may take.
    pub(super) fn ends(&self) -> Duration {
        let mut state = self.state();
        state.is_ending = true;
        let by = state.by;
        by.map_or(Duration::ZERO, |by| by.saturating_duration_since(Instant::now()))
    }

    pub(super) fn ended(&self, left: u64) {
        let mut state = self.state();
        let tracker = state.tracker.take();
        drop(state);
        // The last handle lets go of the spool, which whoever waits may open then.
        drop(tracker);
        self.state().left.get_or_insert(left);
        self.changed.notify_all();
    }

    pub(super) fn is_ended(&self) -> bool {
        self.state().left.is_some()
    }

    /// Waits for the end, and so long at most.
    pub(super) fn wait(&self, patience: Duration) {
        let state = self.state();
        drop(
            self.changed
                .wait_timeout_while(state, patience, |state| state.left.is_none()),
        );
    }

    /// Waits for the end, however long it takes: it has a deadline of its own.
    pub(super) fn wait_for_end(&self) {
        let state = self.state();
        drop(self.changed.wait_while(state, |state| state.left.is_none()));
    }

    /// How it ended, or stands now.
    pub(super) fn conclusion(&self) -> WriterOutcome {
        let queued = self.waiting.load(Ordering::Acquire);
        let left = self.state().left;
        let outcome = match (queued, left) {
            (0, Some(0)) => Outcome::Closed,
            (queued, Some(spooled)) => Outcome::Left { queued, spooled },
            (queued, None) => {
                let spooled = self.delivery().map_or(0, |metrics| metrics.sizes.depth);
                Outcome::Left { queued, spooled }
            }
        };
        WriterOutcome {
            writer: self.name(),
            outcome,
        }
    }
}
