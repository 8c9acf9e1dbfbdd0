//! An event that waits to be sent.

use uuid::Uuid;

/// What an event is about, which decides what may become of it when there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The oldest is given up where there is no room for a new one.
    Custom,
    /// None is given up: where there is no room, the caller is told.
    Billing,
}

impl EventKind {
    /// Every kind, in the order of metrics.
    pub const ALL: [EventKind; 2] = [EventKind::Custom, EventKind::Billing];

    /// The kind as a label of metrics says it.
    pub fn label(self) -> &'static str {
        match self {
            EventKind::Custom => "custom",
            EventKind::Billing => "billing",
        }
    }
}

/// An event as it goes over the wire, but for the time of its sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedEvent {
    /// The same over all attempts: what the pipeline knows repeats by.
    pub id: Uuid,
    pub kind: EventKind,
    /// When it was accepted, in milliseconds since 1970.
    pub accepted_at: u64,
    /// A JSON object without `stm`.
    pub body: Vec<u8>,
}
