//! Events as they come, for whoever looks on: names and times, never who or what they are about.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::sync::broadcast;

use crate::source::facts::iso8601;

/// Events that a page shows at first.
const KEPT: usize = 100;
/// Events that a slow reader may be behind; what is older is left out.
const BEHIND: usize = 1_000;

/// An event that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Seen {
    pub(super) at: String,
    pub(super) event: String,
    /// Such as `track_event`.
    pub(super) kind: &'static str,
    /// What became of it.
    pub(super) result: &'static str,
}

#[derive(Debug)]
pub(super) struct Live {
    sender: broadcast::Sender<Seen>,
    last: Mutex<VecDeque<Seen>>,
}

impl Live {
    pub(super) fn new() -> Live {
        Live {
            sender: broadcast::Sender::new(BEHIND),
            last: Mutex::new(VecDeque::with_capacity(KEPT)),
        }
    }

    /// Tells of an event. Under load some are not remembered for pages that open later: nobody waits for them.
    pub(super) fn tell(&self, at: DateTime<Utc>, event: &str, kind: &'static str, result: &'static str) {
        let is_watched = self.sender.receiver_count() > 0;
        let last = self.last.try_lock().ok();
        if !is_watched && last.is_none() {
            return;
        }
        let seen = Seen {
            at: iso8601(at),
            event: event.to_owned(),
            kind,
            result,
        };
        if is_watched {
            // Whoever looked on may have gone meanwhile.
            let _ = self.sender.send(seen.clone());
        }
        if let Some(mut last) = last {
            last.truncate(KEPT - 1);
            last.push_front(seen);
        }
    }

    /// What was seen last, newest first.
    pub(super) fn last(&self) -> Vec<Seen> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.iter().cloned().collect()
    }

    pub(super) fn watch(&self) -> broadcast::Receiver<Seen> {
        self.sender.subscribe()
    }
}
