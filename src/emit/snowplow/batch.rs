//! A request's body: the events of one batch, each with the time of its sending.

use std::sync::Arc;

use super::event::QueuedEvent;
use super::schema::PAYLOAD_DATA;

/// What an event weighs beside its own bytes: a comma, and `stm`.
const BESIDE: usize = 32;
/// What a request weighs beside its events.
pub(super) const FRAME: usize = 128;

/// How large an event is in a request.
pub(super) fn weight(event_bytes: usize) -> usize {
    event_bytes + BESIDE
}

/// The events as one request, sent at an instant in milliseconds since 1970.
pub(super) fn body(events: &[Arc<QueuedEvent>], sent_at: u64) -> Vec<u8> {
    let length: usize = events.iter().map(|event| weight(event.body.len())).sum();
    let mut body = Vec::with_capacity(FRAME + length);
    body.extend_from_slice(b"{\"schema\":\"");
    body.extend_from_slice(PAYLOAD_DATA.as_bytes());
    body.extend_from_slice(b"\",\"data\":[");
    let end = format!(",\"stm\":\"{sent_at}\"}}");
    for (nth, event) in events.iter().enumerate() {
        if nth > 0 {
            body.push(b',');
        }
        // Each event is an object with fields, so that the time of sending is one more.
        body.extend_from_slice(event.body.strip_suffix(b"}").unwrap_or(&event.body));
        body.extend_from_slice(end.as_bytes());
    }
    body.extend_from_slice(b"]}");
    body
}
