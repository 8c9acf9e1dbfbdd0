//! Internal events that were counted, on their way to Snowplow.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::emit::snowplow::{Metrics, TrackError, Tracker};
use crate::keyspace::Occurrence;

/// The emitter of single events, and whether anything may be handed to it.
#[derive(Debug, Clone)]
pub struct Forwarding {
    tracker: Tracker,
    /// False until whoever may forbid it was asked.
    is_allowed: Arc<AtomicBool>,
}

impl Forwarding {
    /// Forwards nothing yet.
    pub fn new(tracker: Tracker) -> Forwarding {
        Forwarding {
            tracker,
            is_allowed: Arc::default(),
        }
    }

    /// Forwards from now on, or no more.
    pub fn allow(&self, is_allowed: bool) {
        self.is_allowed.store(is_allowed, Ordering::Relaxed);
    }

    pub(super) fn metrics(&self) -> Metrics {
        self.tracker.metrics()
    }

    /// Hands events over; they are in the spool when it is done.
    ///
    /// # Errors
    /// One of them would become a bad row, or they cannot be kept: then none is.
    pub(super) async fn tell(&self, events: Vec<(String, Occurrence)>) -> Result<(), TrackError> {
        if !self.is_allowed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let tracker = self.tracker.clone();
        // The disk is waited for, once for all of them.
        let kept = tokio::task::spawn_blocking(move || {
            let events = events.iter().map(|(name, occurrence)| {
                let props = occurrence.described();
                tracker.custom_event(name, Some(&props).filter(|props| !props.is_empty()), &[])
            });
            tracker.accept_all(events.collect::<Result<_, _>>()?)
        });
        // It only ends otherwise with the process.
        kept.await.unwrap_or(Ok(()))
    }
}
