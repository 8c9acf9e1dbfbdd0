//! Room for new events within the bound of bytes.

use super::state::{Spool, State};
use crate::emit::snowplow::event::{EventKind, QueuedEvent};
use crate::emit::snowplow::storage::StorageError;

impl Spool {
    /// Makes room for so many bytes; how many older events were given up for it. Only custom events give way, and only to
    /// custom events.
    pub(super) fn make_room(&self, state: &mut State, bytes: u64, events: &[QueuedEvent]) -> Result<u64, StorageError> {
        let is_billing = events.iter().any(|event| event.kind == EventKind::Billing);
        let mut given_up = 0;
        loop {
            let used = state.disk_bytes() + state.promised + self.letters.bytes();
            if used + bytes <= self.options.max_bytes {
                return Ok(given_up);
            }
            let is_custom_alone = !is_billing && bytes <= self.options.max_bytes;
            match is_custom_alone.then(|| give_up_first(state)).flatten() {
                Some(events) => given_up += events,
                None => {
                    return Err(StorageError::Full {
                        bytes: used,
                        max_bytes: self.options.max_bytes,
                    });
                }
            }
        }
    }
}

/// Deletes the oldest segment if all that waits in it may be given up; how many events that were.
fn give_up_first(state: &mut State) -> Option<u64> {
    let first = state.segments.front()?;
    let is_written_to = state.segments.len() == 1 && state.is_led;
    let is_being_sent = state.is_reading || state.flying.iter().any(|flying| flying.segment == first.number);
    if first.pending_billing > 0 || is_written_to || is_being_sent {
        return None;
    }
    let pending = first.pending;
    // If it was the last one, the next write begins another.
    state.is_closed |= state.segments.len() == 1;
    state.delete_first();
    state.depth -= pending;
    state.settled += pending;
    state.look_at_oldest();
    Some(pending)
}
