//! The one worker: waits until there is something to send, sends it, and does what the answer asks for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::batch::{self, FRAME};
use super::event::QueuedEvent;
use super::hunt::Hunt;
use super::metrics::add;
use super::outcome::{BatchReport, Callback, FailureReason};
use super::retry::{Answer, Pause, RetryCause, Verdict};
use super::shared::{DrainReport, Shared};
use super::storage::{BatchLimit, Sizes};
use super::transport::Transport;
use super::trouble::Trouble;

/// Where events come in quick succession, the worker looks so often by itself: those who add them need not wake it, which
/// would cost one call in a batch several microseconds.
const LOOK: Duration = Duration::from_millis(5);

pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    transport: Transport,
    callback: Option<Callback>,
    pub(super) hunt: Hunt,
    /// Bytes of a request at most, by what the collector has found too long.
    pub(super) request_bytes: usize,
    /// Attempts that failed in a row, whatever they were of.
    pub(super) failures: u32,
    /// Of them, those of the batch at the head.
    pub(super) attempts: u32,
    /// No attempt is made before; the second, while the emitter ends.
    pub(super) not_before: [Duration; 2],
    /// Since when something waits for others to go with it.
    lingers_since: Option<Duration>,
    /// When the event at the head was sent first, in milliseconds since 1970.
    pub(super) first_attempt: Option<u64>,
    pub(super) trouble: Trouble,
    /// Events that had come when the worker began to look by itself.
    looks_since: Option<u64>,
}

/// What the worker does next.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    End,
    /// Until something happens, or until then.
    Wait(Option<Duration>),
    Pass,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, transport: Transport, callback: Option<Callback>) -> Worker {
        Worker {
            request_bytes: shared.options.request_bytes(),
            shared,
            transport,
            callback,
            hunt: Hunt::default(),
            failures: 0,
            attempts: 0,
            not_before: [Duration::ZERO; 2],
            lingers_since: None,
            first_attempt: None,
            trouble: Trouble::default(),
            looks_since: None,
        }
    }

    pub(super) async fn run(mut self) -> DrainReport {
        loop {
            let tend_in = self.shared.storage.tend();
            match self.next() {
                Step::End => break,
                Step::Pass => self.pass().await,
                Step::Wait(until) => {
                    let tend_at = tend_in.map(|wait| self.now() + wait);
                    let until = until.into_iter().chain(tend_at).min();
                    if self.looks_by_itself() {
                        self.look_soon(until).await;
                    } else if !self.shared.is_awake.swap(false, Ordering::SeqCst) {
                        self.wait(until).await;
                    }
                    // Else those who add wake it from now on, and what came before is looked for once more.
                }
            }
        }
        self.end()
    }

    pub(super) fn now(&self) -> Duration {
        self.shared.options.clock.since_start()
    }

    /// What is to be done, by what is so now: whatever woke the worker is no more than a reason to look.
    fn next(&mut self) -> Step {
        let now = self.now();
        let ends_by = self.shared.ends_by();
        if ends_by.is_some_and(|by| now >= by) {
            return Step::End;
        }
        let sizes = self.shared.storage.sizes();
        if sizes.depth == 0 {
            self.lingers_since = None;
            self.hunt = Hunt::default();
            return if ends_by.is_some() { Step::End } else { Step::Wait(None) };
        }
        if self.has_expired(&sizes) {
            return Step::Pass;
        }
        let ready = if ends_by.is_some() || self.is_due(&sizes) {
            now
        } else {
            *self.lingers_since.get_or_insert(now) + self.linger()
        };
        let at = ready.max(self.not_before[usize::from(ends_by.is_some())]);
        match ends_by {
            _ if at <= now => Step::Pass,
            Some(by) if at >= by => Step::End,
            _ => Step::Wait(Some(at)),
        }
    }

    fn is_due(&self, sizes: &Sizes) -> bool {
        let options = &self.shared.options;
        self.hunt.is_on()
            || self.attempts > 0
            || sizes.depth >= options.batch() as u64
            || sizes.pending_bytes >= options.request_bytes() as u64
            || self.shared.is_flushing(sizes)
    }

    fn linger(&self) -> Duration {
        let options = &self.shared.options;
        match self.shared.is_urgent.load(Ordering::Acquire) {
            true => options.billing_linger,
            false => options.linger,
        }
    }

    /// Whether something has come since the last look; after a failure nothing is sent soon, however much comes.
    fn looks_by_itself(&mut self) -> bool {
        let sizes = self.shared.storage.sizes();
        let come = sizes.settled + sizes.depth;
        let is_news = self.looks_since.is_some_and(|before| come > before) && self.attempts == 0;
        self.looks_since = is_news.then_some(come);
        is_news
    }

    async fn look_soon(&self, until: Option<Duration>) {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = self.shared.control.notified() => {}
            () = self.time(until) => {}
        }
    }

    async fn wait(&self, until: Option<Duration>) {
        tokio::select! {
            () = self.shared.events.notified() => {}
            () = self.shared.control.notified() => {}
            () = self.time(until) => {}
        }
    }

    async fn time(&self, until: Option<Duration>) {
        match until {
            Some(at) => self.shared.options.clock.sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    async fn pass(&mut self) {
        self.lingers_since = None;
        self.shared.is_awake.store(true, Ordering::SeqCst);
        self.looks_since.get_or_insert(0);
        self.shared.is_urgent.store(false, Ordering::Release);
        let limit = BatchLimit {
            events: self.hunt.width(self.shared.options.batch()),
            bytes: self.request_bytes.saturating_sub(FRAME),
        };
        let batch = match self.shared.storage.peek(limit) {
            Ok(batch) => batch,
            Err(error) => {
                tracing::warn!(%error, "Events cannot be read from their storage.");
                self.pause(Answer::Nothing, RetryCause::Storage, Pause::Backoff(Duration::ZERO));
                return;
            }
        };
        let report = match self.expired(&batch) {
            0 => self.send(&batch).await,
            expired => Some(self.give_up(&batch[..expired], FailureReason::Expired, -1)),
        };
        // The storage has its events for itself again.
        drop(batch);
        self.shared.storage.release();
        if let Some(report) = report {
            self.tell(report);
        }
        self.shared.progressed();
    }

    async fn send(&mut self, batch: &[Arc<QueuedEvent>]) -> Option<BatchReport> {
        if batch.is_empty() {
            return None;
        }
        self.first_attempt.get_or_insert(self.shared.options.clock.unix_ms());
        let begun = self.now();
        let mut anew = false;
        let (answer, length) = loop {
            let body = batch::body(batch, self.shared.options.clock.unix_ms());
            let length = body.len();
            let answer = tokio::select! {
                answer = self.transport.post(body, anew) => answer,
                () = self.ending() => return None,
            };
            let may_have_new = Verdict::of(answer) == Verdict::Unauthorized && self.transport.has_token();
            if !may_have_new || anew {
                break (answer, length);
            }
            anew = true;
        };
        self.shared.counters.took(self.now().saturating_sub(begun));
        Some(self.conclude(batch, answer, length))
    }

    /// Ends when the emitter has to.
    async fn ending(&self) {
        loop {
            let by = self.shared.ends_by();
            if by.is_some_and(|by| self.now() >= by) {
                return;
            }
            let time = async {
                match by {
                    Some(by) => self.shared.options.clock.sleep_until(by).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.shared.control.notified() => {}
                () = time => {}
            }
        }
    }

    fn tell(&self, report: BatchReport) {
        let Some(callback) = &self.callback else { return };
        if catch_unwind(AssertUnwindSafe(|| callback(&[report]))).is_err() {
            add(&self.shared.counters.callback_panics, 1);
        }
    }

    fn has_expired(&self, sizes: &Sizes) -> bool {
        sizes.oldest.is_some_and(|accepted_at| self.is_too_old(accepted_at))
    }

    fn is_too_old(&self, accepted_at: u64) -> bool {
        let age = self.shared.options.clock.unix_ms().saturating_sub(accepted_at);
        Duration::from_millis(age) > self.shared.options.max_age
    }

    /// How many at the head have waited too long.
    fn expired(&self, batch: &[Arc<QueuedEvent>]) -> usize {
        let expired = batch.iter().take_while(|event| self.is_too_old(event.accepted_at));
        expired.count()
    }

    /// What waits in memory is lost, and named; what waits in a spool stays.
    fn end(mut self) -> DrainReport {
        let storage = Arc::clone(&self.shared.storage);
        if storage.is_durable() {
            return DrainReport {
                pending: storage.sizes().depth,
                is_ended: true,
                ..DrainReport::default()
            };
        }
        let all = BatchLimit {
            events: usize::MAX,
            bytes: usize::MAX,
        };
        let left = storage.peek(all).unwrap_or_default();
        if !left.is_empty() {
            let report = self.give_up(&left, FailureReason::AbandonedAtShutdown, -1);
            self.tell(report);
        }
        DrainReport {
            abandoned: left.iter().map(|event| event.id).collect(),
            is_ended: true,
            ..DrainReport::default()
        }
    }
}
