//! The queue and its writer, over a store that answers when the test says so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use service_ping::definition::{Aggregation, Catalog, KnownEvent};
use service_ping::event::{Queued, Tracker, TrackerCounts, TrackerOptions};
use service_ping::keyspace::{Change, EventError, FeatureFlags, KeyRules, Keyspace};
use service_ping::measure::{Failure, Reason};
use service_ping::source::event_store::{Batch, Entry, EventStore, Page, UnionAnswer, Unions};
use tokio::sync::Semaphore;

/// A store that takes a batch for each permit, or refuses it.
#[derive(Debug)]
struct Gate {
    permits: Semaphore,
    fail: Mutex<usize>,
    batches: Mutex<Vec<Batch>>,
}

impl Gate {
    fn new(permits: usize) -> Arc<Gate> {
        Arc::new(Gate {
            permits: Semaphore::new(permits),
            fail: Mutex::new(0),
            batches: Mutex::new(Vec::new()),
        })
    }

    fn failing(times: usize) -> Arc<Gate> {
        let gate = Gate::new(Semaphore::MAX_PERMITS);
        *gate.fail.lock().unwrap() = times;
        gate
    }

    fn batches(&self) -> Vec<Batch> {
        self.batches.lock().unwrap().clone()
    }
}

type Answers<'a, T> = BoxFuture<'a, Vec<Result<T, Failure>>>;

impl EventStore for Gate {
    fn address(&self) -> String {
        "gate".to_owned()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), Failure>> {
        async { Ok(()) }.boxed()
    }

    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Vec<Result<(), Failure>>, Failure>> {
        async move {
            self.permits.acquire().await.expect("it is never closed").forget();
            self.batches.lock().unwrap().push(batch.clone());
            let mut fail = self.fail.lock().unwrap();
            if *fail > 0 {
                *fail -= 1;
                return Err(Failure::new(Reason::ConnectionLost, "gone"));
            }
            let wrong = |key: &str| key.contains("wrong");
            let refused = || Err(Failure::new(Reason::WrongKeyType, "another kind"));
            let answers = batch
                .writes
                .iter()
                .map(|write| if wrong(&write.key) { refused() } else { Ok(()) });
            Ok(answers.collect())
        }
        .boxed()
    }

    fn values<'a>(&'a self, _: &'a [String]) -> Answers<'a, Option<String>> {
        async { Vec::new() }.boxed()
    }

    fn hashes<'a>(&'a self, _: &'a [String]) -> Answers<'a, BTreeMap<String, i64>> {
        async { Vec::new() }.boxed()
    }

    fn unions<'a>(&'a self, _: &'a Unions) -> Answers<'a, UnionAnswer> {
        async { Vec::new() }.boxed()
    }

    fn page<'a>(&'a self, _: Option<String>) -> BoxFuture<'a, Result<Page, Failure>> {
        async {
            Ok(Page {
                entries: Vec::new(),
                next: None,
            })
        }
        .boxed()
    }

    fn absorb<'a>(&'a self, _: &'a str, _: &'a [Entry]) -> BoxFuture<'a, Result<(), Failure>> {
        async { Ok(()) }.boxed()
    }

    fn identity(&self) -> BoxFuture<'_, Result<String, Failure>> {
        async { Ok("gate".to_owned()) }.boxed()
    }
}

pub fn keyspace(names: &[&str]) -> Arc<Keyspace> {
    let event = |name: &&str| KnownEvent {
        name: (*name).to_owned(),
        category: None,
        redis_slot: None,
        aggregation: Aggregation::Weekly,
        expiry: None,
        feature_flag: name.contains("flagged").then(|| "flag".to_owned()),
        file: "known_events/test.yml".into(),
    };
    let mut catalog = Catalog::default();
    catalog.known_events.extend(names.iter().map(event));
    Arc::new(Keyspace::of(&catalog, KeyRules::default(), FeatureFlags::default()))
}

pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn value(place: usize) -> Vec<Vec<u8>> {
    vec![place.to_string().into_bytes()]
}

fn options(capacity: u64) -> TrackerOptions {
    TrackerOptions {
        capacity,
        batch: 10,
        pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(4),
    }
}

#[tokio::test]
async fn a_full_queue_drops_and_counts_and_never_waits() {
    let gate = Gate::new(0);
    let tracker = Tracker::start(gate.clone(), keyspace(&["a"]), options(100));
    // The writer is stuck, and nothing here awaits.
    let answers: Vec<Queued> = (0..250)
        .map(|place| tracker.track_event("a", value(place), now()).unwrap())
        .collect();
    assert_eq!(answers.iter().filter(|answer| **answer == Queued::Waits).count(), 100);
    let counts = tracker.counts();
    assert_eq!((counts.accepted, counts.dropped, counts.written), (100, 150, 0));
    gate.permits.add_permits(1_000);
    tracker.flush().await;
    assert_eq!(tracker.counts().written, 100);
    // There is room again.
    assert_eq!(tracker.track_event("a", value(1), now()), Ok(Queued::Waits));
    let counts = tracker.close(Duration::from_secs(10)).await;
    let wanted = TrackerCounts {
        accepted: 101,
        dropped: 150,
        written: 101,
        ..TrackerCounts::default()
    };
    assert_eq!(counts, wanted);
}

#[tokio::test]
async fn an_event_of_many_values_weighs_as_many() {
    let gate = Gate::new(0);
    let tracker = Tracker::start(gate, keyspace(&["a"]), options(100));
    let many = |count: usize| (0..count).flat_map(value).collect::<Vec<_>>();
    assert_eq!(tracker.track_event("a", many(90), now()), Ok(Queued::Waits));
    assert_eq!(tracker.track_event("a", many(11), now()), Ok(Queued::Dropped));
    assert_eq!(tracker.track_event("a", many(10), now()), Ok(Queued::Waits));
    assert_eq!(tracker.close(Duration::ZERO).await.abandoned, 2);
}

#[tokio::test]
async fn writes_of_a_key_are_made_one() {
    let gate = Gate::new(Semaphore::MAX_PERMITS);
    let tracker = Tracker::start(gate.clone(), keyspace(&["a", "b"]), options(1_000));
    for place in 0..60 {
        let name = if place % 2 == 0 { "a" } else { "b" };
        tracker.track_event(name, value(place), now()).unwrap();
    }
    tracker.flush().await;
    let batches = gate.batches();
    assert!(batches.iter().all(|batch| batch.writes.len() <= 2), "{batches:?}");
    let values: usize = batches
        .iter()
        .flat_map(|batch| &batch.writes)
        .map(|write| match &write.change {
            Change::Add(values) => values.len(),
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(values, 60);
}

#[tokio::test]
async fn a_batch_is_tried_again_under_its_id_until_it_is_answered() {
    let gate = Gate::failing(3);
    let tracker = Tracker::start(gate.clone(), keyspace(&["a"]), options(1_000));
    tracker.track_event("a", value(1), now()).unwrap();
    tracker.flush().await;
    let batches = gate.batches();
    assert_eq!(batches.len(), 4);
    assert!(batches.iter().all(|batch| *batch == batches[0]));
    let counts = tracker.close(Duration::from_secs(10)).await;
    assert_eq!((counts.written, counts.retries, counts.rejected), (1, 3, 0));
}

#[tokio::test]
async fn what_the_store_refuses_is_counted_and_costs_no_other_event() {
    let gate = Gate::new(Semaphore::MAX_PERMITS);
    let tracker = Tracker::start(gate, keyspace(&["a", "wrong"]), options(1_000));
    for place in 0..30 {
        tracker
            .track_event(if place % 3 == 0 { "wrong" } else { "a" }, value(place), now())
            .unwrap();
    }
    let counts = tracker.close(Duration::from_secs(10)).await;
    assert_eq!((counts.written, counts.rejected, counts.accepted), (20, 10, 30));
}

#[tokio::test]
async fn closing_gives_up_at_its_deadline() {
    let gate = Gate::failing(usize::MAX);
    let tracker = Tracker::start(gate, keyspace(&["a"]), options(1_000));
    for place in 0..50 {
        tracker.track_event("a", value(place), now()).unwrap();
    }
    let counts = tracker.close(Duration::from_millis(20)).await;
    assert_eq!((counts.abandoned, counts.written), (50, 0));
}

#[tokio::test]
async fn wrong_events_are_errors_and_flagged_ones_are_held_back() {
    let gate = Gate::new(Semaphore::MAX_PERMITS);
    let tracker = Tracker::start(gate.clone(), keyspace(&["a", "flagged"]), options(1_000));
    let unknown = tracker.track_event("b", value(1), now());
    assert!(matches!(unknown, Err(EventError::UnknownEvent { .. })));
    let context = tracker.track_event_in_context("a", value(1), "platinum", now());
    assert!(matches!(context, Err(EventError::InvalidContext(_))));
    let held = tracker.track_event("flagged", value(1), now());
    assert_eq!(held, Ok(Queued::HeldBack("flag".to_owned())));
    let counts = tracker.close(Duration::from_secs(1)).await;
    assert_eq!((counts.accepted, gate.batches().len()), (0, 0));
}
