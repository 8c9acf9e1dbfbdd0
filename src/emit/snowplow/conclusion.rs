//! What the worker does with a collector's answer.

use std::sync::Arc;
use std::time::Duration;

use super::event::QueuedEvent;
use super::metrics::{BatchResult, add};
use super::outcome::{BatchOutcome, BatchReport, FailureReason};
use super::retry::{Answer, Pause, RetryCause, Verdict};
use super::worker::Worker;

/// The smallest bound of a request that a collector can teach us: every event of ours may still go alone.
const SMALLEST_REQUEST: usize = 1024;

impl Worker {
    pub(super) fn conclude(&mut self, batch: &[Arc<QueuedEvent>], answer: Answer, length: usize) -> BatchReport {
        let status = answer.status();
        let auth = (RetryCause::Auth, Pause::Long);
        let (cause, pause) = match Verdict::of(answer) {
            Verdict::Delivered => return self.delivered(batch, status),
            Verdict::Poisoned if batch.len() > 1 => {
                self.hunt.refused(batch.len());
                return self.divided(batch, status);
            }
            Verdict::TooLong if batch.len() > 1 => {
                self.request_bytes = (length / 2).max(SMALLEST_REQUEST);
                self.hunt.refused(batch.len());
                return self.divided(batch, status);
            }
            Verdict::Poisoned => return self.bury(batch, FailureReason::NonRetriableStatus, answer),
            Verdict::TooLong => return self.bury(batch, FailureReason::PayloadTooLarge, answer),
            Verdict::Unauthorized => auth,
            Verdict::Again { cause, pause } => (cause, pause),
        };
        self.again(batch, answer, cause, pause)
    }

    fn delivered(&mut self, batch: &[Arc<QueuedEvent>], status: i32) -> BatchReport {
        self.trouble.is_over();
        self.shared.counters.ended(BatchResult::Delivered);
        add(&self.shared.counters.delivered, batch.len() as u64);
        self.settled(batch.len());
        // What was too long once may be so no more: a little is tried at a time.
        let most = self.shared.options.request_bytes();
        self.request_bytes = (self.request_bytes + self.request_bytes / 16).min(most);
        report(batch, BatchOutcome::Delivered, status)
    }

    fn divided(&mut self, batch: &[Arc<QueuedEvent>], status: i32) -> BatchReport {
        self.shared.counters.ended(BatchResult::Divided);
        self.not_before = [Duration::ZERO; 2];
        report(batch, BatchOutcome::Divided, status)
    }

    /// So many events at the head are done with, and the collector answers.
    fn settled(&mut self, events: usize) {
        if let Err(error) = self.shared.storage.settle(events) {
            tracing::warn!(%error, "That events have left cannot be noted: they may be sent again, under the same ids.");
        }
        self.hunt.settled(events);
        self.failures = 0;
        self.attempts = 0;
        self.not_before = [Duration::ZERO; 2];
        if !self.hunt.is_on() {
            self.first_attempt = None;
        }
    }

    pub(super) fn again(
        &mut self,
        batch: &[Arc<QueuedEvent>],
        answer: Answer,
        cause: RetryCause,
        pause: Pause,
    ) -> BatchReport {
        let attempts = self.attempts + 1;
        let failures = self.failures;
        let is_last = !self.shared.storage.is_durable() && attempts >= self.shared.options.max_attempts;
        let ended = if is_last {
            let reason = match cause {
                RetryCause::Auth => FailureReason::Auth,
                _ => FailureReason::RetriesExhausted,
            };
            self.shared.counters.ended(BatchResult::Failed);
            let report = self.give_up(batch, reason, answer.status());
            self.failures = failures;
            report
        } else {
            self.attempts = attempts;
            report(batch, BatchOutcome::WillRetry(cause), answer.status())
        };
        self.pause(answer, cause, pause);
        ended
    }

    /// Waits before the next attempt.
    pub(super) fn pause(&mut self, answer: Answer, cause: RetryCause, pause: Pause) {
        self.failures = self.failures.saturating_add(1);
        self.shared.counters.retried(cause);
        self.shared.counters.ended(BatchResult::Retried);
        self.trouble.is(cause, answer.status());
        let backoff = &self.shared.options.backoff;
        let wait = backoff.after(self.failures, pause);
        // Whoever ends does not wait for better times, only for as long as the collector asks.
        let asked = match pause {
            Pause::Backoff(at_least) => at_least.min(backoff.longest_asked),
            Pause::Long => Duration::ZERO,
        };
        let now = self.now();
        self.not_before = [now + wait, now + wait.min(backoff.base).max(asked)];
    }

    /// Events that are not delivered, and are not kept for anybody.
    pub(super) fn give_up(&mut self, batch: &[Arc<QueuedEvent>], reason: FailureReason, status: i32) -> BatchReport {
        self.shared.counters.failed(reason, batch.len() as u64);
        self.settled(batch.len());
        report(batch, BatchOutcome::Failed(reason), status)
    }
}

fn report(batch: &[Arc<QueuedEvent>], outcome: BatchOutcome, status: i32) -> BatchReport {
    BatchReport {
        ids: batch.iter().map(|event| event.id).collect(),
        outcome,
        status,
    }
}
