//! Many threads, and a collector that fails by chance in every way that collectors do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use service_ping::emit::snowplow::{Destination, EmitterOptions, Tracker};

use crate::front::{Answer, Front, Payload};
use crate::tracking::{quick, ring, spool, tracker_to, usage};

const THREADS: usize = 16;
/// Events of each thread in the short form; `scripts/soak snowplow` sets more.
const EVENTS: usize = 500;

fn events() -> usize {
    let set = std::env::var("SERVICE_PING_EVENTS").ok();
    set.and_then(|set| set.parse().ok()).unwrap_or(EVENTS)
}

/// A small generator of numbers, so that a seed repeats a series.
pub struct Dice(u64);

impl Dice {
    pub fn new() -> Dice {
        let seed = std::env::var("SERVICE_PING_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
        println!("SERVICE_PING_SEED={seed} repeats the series");
        Dice(seed)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % bound
    }
}

/// Three in ten requests fail.
fn moody() -> Front {
    let mut dice = Dice::new();
    Front::start(move |_| match dice.below(20) {
        0 => Answer::Status(500),
        1 => Answer::Status(503),
        2 => Answer::With(429, "retry-after: 0".to_owned()),
        3 => Answer::Reset,
        4 => Answer::Hang,
        5 => Answer::TakenThenReset,
        _ => Answer::Taken,
    })
}

fn track(tracker: &Tracker, events: usize) -> BTreeSet<String> {
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let tracker = tracker.clone();
            std::thread::spawn(move || {
                let ids = (0..events).map(|_| {
                    tracker
                        .track_billing_event(&usage())
                        .expect("it is accepted")
                        .to_string()
                });
                ids.collect::<Vec<_>>()
            })
        })
        .collect();
    threads
        .into_iter()
        .flat_map(|thread| thread.join().expect("a thread"))
        .collect()
}

/// What was received is what was accepted; what came twice differs in the time of its sending alone.
fn compare(front: &Front, accepted: &BTreeSet<String>) {
    let mut received: BTreeMap<String, Value> = BTreeMap::new();
    for mut event in front.taken() {
        let id = event["eid"].as_str().expect("an id").to_owned();
        event
            .as_object_mut()
            .expect("an object")
            .remove("stm")
            .expect("a time of sending");
        let first = received.entry(id).or_insert_with(|| event.clone());
        assert_eq!(*first, event, "a repeat is another event");
    }
    let received: BTreeSet<String> = received.into_keys().collect();
    assert_eq!(received.len(), accepted.len());
    assert_eq!(received, *accepted);
}

fn options() -> EmitterOptions {
    EmitterOptions {
        max_attempts: u32::MAX,
        stop_deadline: Duration::from_secs(600),
        ..quick()
    }
}

fn destination(front: &Front) -> Destination {
    Destination {
        timeout: Duration::from_millis(150),
        ..Destination::at(&front.url)
    }
}

#[test]
fn billing_events_of_many_threads_all_arrive_from_the_spool() {
    let folder = tempfile::tempdir().expect("a folder");
    let front = moody();
    let tracker = tracker_to(destination(&front), spool(folder.path()), options(), None);
    let accepted = track(&tracker, events());
    let report = tracker.stop();
    assert_eq!((report.pending, accepted.len()), (0, THREADS * events()));
    compare(&front, &accepted);
    let metrics = tracker.metrics();
    assert!(metrics.is_balanced(), "{metrics:?}");
    assert_eq!(metrics.delivered, accepted.len() as u64);
    assert!(
        metrics.retries.iter().sum::<u64>() > 0,
        "the collector failed now and then"
    );
    assert_eq!(front.most_under_way(), 1, "there is one sender");
}

#[test]
fn billing_events_of_many_threads_all_arrive_from_memory() {
    let front = moody();
    let room = Arc::new(service_ping::emit::snowplow::Ring::new(THREADS * events()));
    let tracker = tracker_to(destination(&front), room, options(), None);
    let accepted = track(&tracker, events());
    assert!(tracker.stop().abandoned.is_empty());
    compare(&front, &accepted);
    assert!(tracker.metrics().is_balanced());
}

#[test]
fn a_batch_never_has_more_events_or_bytes_than_it_may() {
    let front = Front::open();
    let emitter = EmitterOptions {
        batch_max_events: 7,
        max_request_bytes: 5000,
        ..options()
    };
    let tracker = tracker_to(Destination::at(&front.url), ring(), emitter, None);
    let accepted = track(&tracker, 20);
    tracker.stop();
    compare(&front, &accepted);
    for request in front.requests() {
        assert!((1..=7).contains(&request.events().len()));
        assert!(request.body.len() <= 5000, "{}", request.body.len());
    }
}
