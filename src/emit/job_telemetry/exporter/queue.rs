//! What waits for one destination.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::counts::{Counts, DropReason};
use super::options::ExporterOptions;
use crate::emit::job_telemetry::JobSpans;

/// The queue of a destination, between those who hand spans over and its worker.
#[derive(Debug)]
pub(super) struct Queue {
    options: ExporterOptions,
    state: Mutex<State>,
    /// Keeps one call that nobody waits for, so that none is lost between a look and the wait.
    pub(super) changed: Notify,
    /// When the worker has to end, once that is said.
    pub(super) end: watch::Sender<Option<Instant>>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    spans: usize,
    counts: Counts,
    is_flushed: bool,
    /// The collector does not take whom we are.
    is_refused: bool,
}

#[derive(Debug, Clone)]
struct Waiting {
    job: Arc<JobSpans>,
    since: Instant,
}

/// What the worker does next.
#[derive(Debug)]
pub(super) enum Step {
    Send(Vec<Arc<JobSpans>>),
    /// Until then, or until something changes.
    Wait(Option<Instant>),
    End,
}

impl Queue {
    pub(super) fn new(options: ExporterOptions) -> Queue {
        Queue {
            options,
            state: Mutex::default(),
            changed: Notify::new(),
            end: watch::Sender::new(None),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the spans of a job, which are of that age already; what cannot wait is dropped and counted.
    pub(super) fn add(&self, job: Arc<JobSpans>, age: Duration) {
        let mut state = self.state();
        let ended = self.end.borrow().is_some();
        if state.is_refused {
            state.counts.drop(DropReason::Auth, job.spans);
        } else if ended || state.spans + job.spans > self.options.max_queue {
            state.counts.drop(DropReason::QueueFull, job.spans);
        } else {
            let now = Instant::now();
            state.spans += job.spans;
            state.waiting.push_back(Waiting {
                job,
                since: now.checked_sub(age).unwrap_or(now),
            });
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Has what waits be sent without waiting for more.
    pub(super) fn flush(&self) {
        self.state().is_flushed = true;
        self.changed.notify_one();
    }

    /// What is to be done now, where nothing is sent before `not_before`.
    pub(super) fn step(&self, not_before: Option<Instant>) -> Step {
        let (now, end) = (Instant::now(), *self.end.borrow());
        let mut state = self.state();
        state.expire(now, self.options.max_age, DropReason::Expired);
        if end.is_some_and(|end| end <= now) {
            return Step::End;
        }
        let Some(first) = state.waiting.front() else {
            state.is_flushed = false;
            return if end.is_some() { Step::End } else { Step::Wait(None) };
        };
        let is_due = end.is_some() || state.is_flushed || state.spans >= self.options.batch;
        let linger = if is_due { now } else { first.since + self.options.linger };
        let ready = not_before.map_or(linger, |at| at.max(linger));
        if ready > now {
            let next = ready.min(first.since + self.options.max_age);
            return Step::Wait(Some(end.map_or(next, |end| end.min(next))));
        }
        Step::Send(state.batch(self.options.batch))
    }

    /// The first jobs left the queue: so many spans of them were not wanted.
    pub(super) fn taken(&self, jobs: usize, rejected: u64) {
        let mut state = self.state();
        let spans = state.remove(jobs) as u64;
        let rejected = rejected.min(spans);
        state.counts.rejected += rejected;
        state.counts.exported += spans - rejected;
    }

    /// The first jobs are given up.
    pub(super) fn give_up(&self, jobs: usize, reason: DropReason) {
        let mut state = self.state();
        let spans = state.remove(jobs);
        state.counts.drop(reason, spans);
    }

    /// Nothing is sent before `until`, because the collector asked for it or not: what cannot wait so long is given up.
    pub(super) fn leave_alone(&self, until: Instant, asked: bool) {
        let mut state = self.state();
        let now = Instant::now();
        if asked {
            state.counts.throttled += until - now;
            state.expire(until, self.options.max_age, DropReason::ThrottledExpired);
        }
        state.counts.retries += u64::from(!state.waiting.is_empty());
    }

    /// Everything is given up, and whatever comes.
    pub(super) fn refuse(&self) {
        let mut state = self.state();
        state.is_refused = true;
        let jobs = state.waiting.len();
        let spans = state.remove(jobs);
        state.counts.drop(DropReason::Auth, spans);
    }

    pub(super) fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.state().counts);
    }

    pub(super) fn counts(&self) -> Counts {
        let state = self.state();
        Counts {
            pending: state.spans as u64,
            ..state.counts.clone()
        }
    }

    /// What waits, oldest first, each with its age.
    pub(super) fn waiting(&self) -> Vec<(Arc<JobSpans>, Duration)> {
        let state = self.state();
        let aged = |waiting: &Waiting| (Arc::clone(&waiting.job), waiting.since.elapsed());
        state.waiting.iter().map(aged).collect()
    }
}

impl State {
    fn batch(&self, most: usize) -> Vec<Arc<JobSpans>> {
        let mut spans = 0;
        let fits = |waiting: &&Waiting| {
            let is_first = spans == 0;
            spans += waiting.job.spans;
            is_first || spans <= most
        };
        self.waiting
            .iter()
            .take_while(fits)
            .map(|waiting| Arc::clone(&waiting.job))
            .collect()
    }

    fn remove(&mut self, jobs: usize) -> usize {
        let jobs = jobs.min(self.waiting.len());
        let spans = self.waiting.drain(..jobs).map(|waiting| waiting.job.spans).sum();
        self.spans -= spans;
        spans
    }

    /// What is handed over again may be older than what came before it.
    fn expire(&mut self, at: Instant, max_age: Duration, reason: DropReason) {
        let (counts, mut gone) = (&mut self.counts, 0);
        self.waiting.retain(|waiting| {
            let is_young = waiting.since + max_age > at;
            if !is_young {
                counts.drop(reason, waiting.job.spans);
                gone += waiting.job.spans;
            }
            is_young
        });
        self.spans -= gone;
    }
}
