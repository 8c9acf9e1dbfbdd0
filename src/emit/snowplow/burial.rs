//! Putting an event aside that is refused for good.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};

use super::dead_letter::DeadLetter;
use super::event::QueuedEvent;
use super::metrics::BatchResult;
use super::outcome::{BatchReport, FailureReason};
use super::retry::{Answer, Pause, RetryCause};
use super::worker::Worker;

impl Worker {
    /// The event leaves the queue once it is among the dead letters, if its storage has any.
    pub(super) fn bury(&mut self, batch: &[Arc<QueuedEvent>], reason: FailureReason, answer: Answer) -> BatchReport {
        let now = self.shared.options.clock.unix_ms();
        let first = self.first_attempt.unwrap_or(now);
        let letters = batch
            .iter()
            .map(|event| letter(event, reason, answer.status(), [first, now]));
        if let Some(file) = self.shared.storage.dead_letters()
            && let Some(error) = letters.into_iter().find_map(|letter| file.append(&letter).err())
        {
            tracing::warn!(%error, "An event that was refused cannot be put aside: it stays at the head of the queue.");
            let pause = Pause::Backoff(Duration::ZERO);
            return self.again(batch, answer, RetryCause::Storage, pause);
        }
        self.shared.counters.ended(BatchResult::Failed);
        self.give_up(batch, reason, answer.status())
    }
}

fn letter(event: &QueuedEvent, reason: FailureReason, status: i32, [first, last]: [u64; 2]) -> DeadLetter {
    DeadLetter {
        id: event.id.to_string(),
        kind: event.kind.label().to_owned(),
        reason: reason.label().to_owned(),
        status,
        first_attempt: rfc3339(first),
        last_attempt: rfc3339(last),
        accepted_at: event.accepted_at,
        event: serde_json::from_slice(&event.body).unwrap_or_default(),
    }
}

/// An instant in milliseconds since 1970, as people and schemas read it.
pub(super) fn rfc3339(unix_ms: u64) -> String {
    let instant = i64::try_from(unix_ms).ok().and_then(DateTime::from_timestamp_millis);
    instant.unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}
