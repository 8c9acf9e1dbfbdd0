//! The queue of events that this process tracks, for collectors.

use super::exposition::{Exposition, Kind};
use crate::event::Tracker;

pub(super) fn queue(document: &mut Exposition, tracker: &Tracker) {
    let help = "Writes of tracked events that wait for the event store.";
    document.gauge("service_ping_event_queue_writes", "", help, tracker.waiting() as f64);
    let help = "Writes that may wait; what comes on top is dropped.";
    document.gauge("service_ping_event_queue_capacity", "", help, tracker.capacity() as f64);
    let counts = tracker.counts();
    let mut events = document.family(
        "service_ping_events",
        Kind::Counter,
        "",
        "Events that were handed over to be tracked, by what became of them.",
    );
    let results = [
        ("accepted", counts.accepted),
        ("dropped", counts.dropped),
        ("written", counts.written),
        ("rejected", counts.rejected),
        ("abandoned", counts.abandoned),
        ("kept", counts.kept),
    ];
    for (result, count) in results {
        events.sample(&[("result", result)], count as f64);
    }
    document
        .family(
            "service_ping_event_retries",
            Kind::Counter,
            "",
            "Attempts to write events that failed and were tried again.",
        )
        .sample(&[], counts.retries as f64);
}
