//! What waits in memory: a ring that gives up the oldest, and an end that names what is lost.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use service_ping::emit::snowplow::{
    Added, BatchLimit, EmitterOptions, EventKind, FailureReason, QueuedEvent, Ring, Storage, TrackError,
};
use uuid::Uuid;

use crate::front::{Answer, Front, nobody};
use crate::tracking::{quick, ring, tracker, usage};

fn event(number: u128) -> QueuedEvent {
    QueuedEvent {
        id: Uuid::from_u128(number),
        kind: EventKind::Custom,
        accepted_at: 0,
        body: b"{}".to_vec(),
    }
}

fn numbers(ring: &Ring, events: usize) -> Vec<u128> {
    let limit = BatchLimit {
        events,
        bytes: usize::MAX,
    };
    let batch = ring.peek(limit).expect("memory can be read");
    batch.iter().map(|event| event.id.as_u128()).collect()
}

#[test]
fn the_oldest_that_is_not_being_sent_gives_way() {
    let ring = Ring::new(5);
    let added = ring.add((1..=5).map(event).collect()).expect("memory takes it");
    assert_eq!((added.before, added.after, added.overflowed), (0, 5, 0));
    assert_eq!(numbers(&ring, 2), [1, 2]);
    let added: Added = ring.add(vec![event(6), event(7)]).expect("memory takes it");
    assert_eq!((added.after, added.overflowed), (5, 2));
    ring.settle(2).expect("memory takes it");
    ring.release();
    assert_eq!(numbers(&ring, 10), [5, 6, 7]);
    ring.release();
    ring.add((8..=11).map(event).collect()).expect("memory takes it");
    assert_eq!(numbers(&ring, 10), [7, 8, 9, 10, 11]);
    assert_eq!(ring.sizes().settled, 6);
}

#[test]
fn the_newest_of_what_is_too_much_are_delivered_and_the_rest_is_counted() {
    let (go, wait) = channel::<()>();
    let front = Front::start(move |_| {
        // The first request is answered once the ring has overflowed; the sender of the channel is gone then.
        let _ = wait.recv();
        Answer::Taken
    });
    let options = EmitterOptions {
        batch_max_events: 10,
        ..quick()
    };
    let tracker = tracker(&front.url, Arc::new(Ring::new(50)), options);
    let mut ids: Vec<String> = (0..10)
        .map(|_| tracker.track_event("a", None, &[]).unwrap().to_string())
        .collect();
    front.wait_for_requests(1);
    ids.extend((0..200).map(|_| tracker.track_event("a", None, &[]).unwrap().to_string()));
    drop(go);
    tracker.stop();
    let mut expected = ids[..10].to_vec();
    expected.extend_from_slice(&ids[170..]);
    assert_eq!(front.taken_ids(), expected);
    let metrics = tracker.metrics();
    assert_eq!((metrics.overflow_dropped, metrics.delivered), (160, 50));
    assert!(metrics.is_balanced(), "{metrics:?}");
}

#[test]
fn at_the_end_what_is_lost_is_named() {
    let tracker = tracker(&nobody(), ring(), quick());
    let ids: Vec<_> = (0..3).map(|_| tracker.track_billing_event(&usage()).unwrap()).collect();
    let report = tracker.abort();
    assert_eq!((report.abandoned, report.is_ended), (ids, true));
    let metrics = tracker.metrics();
    assert_eq!(metrics.failed_of(FailureReason::AbandonedAtShutdown), 3);
    assert!(metrics.is_balanced(), "{metrics:?}");
}

#[test]
fn after_the_end_nothing_is_taken_and_ending_again_changes_nothing() {
    let front = Front::open();
    let tracker = tracker(&front.url, ring(), quick());
    tracker.track_billing_event(&usage()).expect("there is room");
    let first = tracker.stop();
    assert_eq!(tracker.stop(), first);
    assert_eq!(tracker.abort(), first);
    let refused = tracker.track_billing_event(&usage());
    assert!(matches!(refused, Err(TrackError::Stopped)), "{refused:?}");
    assert!(!tracker.metrics().is_balanced() || front.taken().len() == 1);
}

#[test]
fn the_last_handle_stops_the_tracker() {
    let front = Front::open();
    let options = EmitterOptions {
        linger: Duration::from_secs(3600),
        billing_linger: Duration::from_secs(3600),
        ..quick()
    };
    let tracker = tracker(&front.url, ring(), options);
    let id = tracker.track_billing_event(&usage()).expect("there is room");
    let other = tracker.clone();
    drop(tracker);
    assert_eq!(front.requests().len(), 0, "it lingers");
    drop(other);
    assert_eq!(front.taken_ids(), [id.to_string()]);
}
