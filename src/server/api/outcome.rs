//! What became of an event that was sent.

use axum::http::StatusCode;
use axum::response::Response;
use chrono::Utc;
use serde_json::json;

use crate::event::{Queued, Tracker};
use crate::keyspace::EventError;
use crate::server::answer::{self, ApiError};
use crate::server::shared::Shared;

/// What an answer of 200 says of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Result200 {
    Tracked,
    HeldBack,
    /// No definition has it, or not so: it is logged, and no error to the page that sent it (spec 13).
    NotTracked,
}

impl Result200 {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Result200::Tracked => "tracked",
            Result200::HeldBack => "held_back",
            Result200::NotTracked => "not_tracked",
        }
    }

    pub(super) fn answer(self) -> Response {
        answer::json(StatusCode::OK, &json!({"result": self.as_str()}))
    }
}

/// The tracker of this process.
///
/// # Errors
/// 503: this instance counts no events.
pub(super) fn tracker(shared: &Shared) -> Result<&Tracker, ApiError> {
    let tracker = shared.sight.tracker.as_deref();
    tracker.ok_or_else(|| ApiError::unavailable("this instance counts no events: [event_store] is not configured"))
}

/// What became of it, told to whoever looks on.
///
/// # Errors
/// 503: the queue is full, or the spool cannot be written. It is the sender's to send it again.
pub(super) fn settled(
    shared: &Shared,
    event: &str,
    kind: &'static str,
    queued: Result<Queued, EventError>,
) -> Result<Result200, ApiError> {
    let result = match queued {
        Ok(Queued::Waits) => Result200::Tracked,
        Ok(Queued::HeldBack(_)) => Result200::HeldBack,
        Ok(Queued::Dropped) => {
            shared.live.tell(Utc::now(), event, kind, "not taken");
            return Err(ApiError::unavailable(
                "the event was not taken: the event store is away and the queue is full; send it again",
            ));
        }
        Err(error) => {
            if shared.complaints.is_new(event) {
                tracing::warn!(event, kind, %error, "An event was not tracked.");
            }
            Result200::NotTracked
        }
    };
    shared.live.tell(Utc::now(), event, kind, result.as_str());
    Ok(result)
}
