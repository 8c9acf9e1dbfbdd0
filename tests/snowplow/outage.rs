//! A collector that is down for an hour.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use service_ping::emit::snowplow::spool::{Fsync, Spool, SpoolOptions};
use service_ping::emit::snowplow::{
    Backoff, Clock, Destination, EmitterOptions, EventKind, FailureReason, Rejection, RetryCause, Ring, Storage,
    StorageError, TrackError, Tracker,
};

use crate::front::{Answer, Front};
use crate::simulated::SimulatedClock;
use crate::support::wait::PATIENCE;
use crate::tracking::{tracker_to, usage};

const HOUR: Duration = Duration::from_secs(3600);
/// Events that come with each attempt of the hour.
const EACH: usize = 40;

/// A collector that is down for the first hour of the clock, while the product goes on: each attempt finds `happen` called.
fn down_for_an_hour(clock: &Arc<SimulatedClock>, happen: impl FnMut() + Send + 'static) -> Front {
    let (clock, mut happen) = (Arc::clone(clock), happen);
    Front::start(move |_| {
        if clock.since_start() >= HOUR {
            return Answer::Taken;
        }
        happen();
        Answer::Status(503)
    })
}

fn options(clock: &Arc<SimulatedClock>) -> EmitterOptions {
    EmitterOptions {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        backoff: Backoff::default(),
        max_attempts: u32::MAX,
        ..EmitterOptions::default()
    }
}

struct Play {
    front: Front,
    tracker: Tracker,
    accepted: Arc<Mutex<Vec<String>>>,
    refused: Arc<Mutex<usize>>,
}

fn play(storage: Arc<dyn Storage>, kind: EventKind) -> Play {
    let clock = Arc::new(SimulatedClock::new());
    let slot: Arc<OnceLock<Tracker>> = Arc::default();
    let (accepted, refused): (Arc<Mutex<Vec<String>>>, Arc<Mutex<usize>>) = Default::default();
    let (theirs, ids, no) = (Arc::clone(&slot), Arc::clone(&accepted), Arc::clone(&refused));
    let happen = move || {
        let tracker = theirs.get().expect("the play has begun");
        for _ in 0..EACH {
            let tracked = match kind {
                EventKind::Billing => tracker.track_billing_event(&usage()),
                EventKind::Custom => tracker.track_event("clicked", None, &[]),
            };
            match tracked {
                Ok(id) => ids.lock().unwrap().push(id.to_string()),
                Err(TrackError::Storage(StorageError::Full { .. })) => *no.lock().unwrap() += 1,
                Err(error) => panic!("{error}"),
            }
        }
    };
    let front = down_for_an_hour(&clock, happen);
    let tracker = tracker_to(Destination::at(&front.url), storage, options(&clock), None);
    slot.set(tracker.clone()).expect("once");
    let first = tracker.track_billing_event(&usage()).expect("there is room");
    accepted.lock().unwrap().insert(0, first.to_string());
    // Once the collector takes events again, some have left and all must.
    front.wait_for_taken(1);
    assert!(tracker.flush_wait(PATIENCE));
    Play {
        front,
        tracker,
        accepted,
        refused,
    }
}

#[test]
fn billing_events_wait_in_order_within_the_bound_and_all_leave() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = SpoolOptions {
        fsync: Fsync::Never,
        max_bytes: 1024 * 1024,
        ..SpoolOptions::default()
    };
    let spool = Arc::new(Spool::open(folder.path(), options).expect("a spool"));
    let play = play(Arc::clone(&spool) as Arc<dyn Storage>, EventKind::Billing);
    let accepted = play.accepted.lock().unwrap().clone();
    let refused = *play.refused.lock().unwrap();
    assert_eq!(
        play.front.taken_ids(),
        accepted,
        "each once, in the order of their coming"
    );
    let metrics = play.tracker.metrics();
    assert!(metrics.is_balanced(), "{metrics:?}");
    assert!(refused > 0, "the bound was met");
    assert_eq!(metrics.rejected_of(Rejection::SpoolFull), refused as u64);
    assert_eq!((metrics.overflow_dropped, metrics.sizes.depth), (0, 0));
    // An hour of waits between 0 and 60 s, after some that are shorter.
    let attempts = metrics.retries_of(RetryCause::Server);
    assert!((60..400).contains(&attempts), "{attempts}");
    let largest = std::fs::read_dir(folder.path())
        .expect("the folder")
        .map(|file| file.unwrap().metadata().unwrap().len());
    assert!(largest.sum::<u64>() <= 1024 * 1024);
}

#[test]
fn in_memory_the_newest_stay_and_leave_in_order() {
    let play = play(Arc::new(Ring::new(1000)), EventKind::Custom);
    let accepted = play.accepted.lock().unwrap().clone();
    let taken = play.front.taken_ids();
    let metrics = play.tracker.metrics();
    assert!(metrics.is_balanced(), "{metrics:?}");
    assert!(taken.len() <= 1000 && metrics.overflow_dropped > 0);
    assert_eq!(taken.len() as u64 + metrics.overflow_dropped, accepted.len() as u64);
    // What was being sent when the ring was full stayed at its head; all others are the newest.
    let places: Vec<usize> = taken
        .iter()
        .map(|id| {
            accepted
                .iter()
                .position(|accepted| accepted == id)
                .expect("it was accepted")
        })
        .collect();
    assert!(places.is_sorted());
    assert_eq!(places.last(), Some(&(accepted.len() - 1)));
    assert_eq!(
        places[places.len() / 2..],
        (accepted.len() - (places.len() - places.len() / 2)..accepted.len()).collect::<Vec<_>>()[..]
    );
}

#[test]
fn events_that_are_too_old_expire_and_the_rest_leaves() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Arc::new(SimulatedClock::new());
    let start = Arc::clone(&clock);
    let days = |days: u64| Duration::from_secs(days * 24 * 3600);
    let reached = Arc::new(OnceLock::new());
    let theirs = Arc::clone(&reached);
    let front = Front::start(move |_| match theirs.get() {
        Some(()) => Answer::Taken,
        None => {
            start.advance(days(1));
            Answer::Status(503)
        }
    });
    let spool = Arc::new(Spool::open(folder.path(), SpoolOptions::default()).expect("a spool"));
    let tracker = tracker_to(Destination::at(&front.url), spool, options(&clock), None);
    tracker.track_billing_event(&usage()).expect("there is room");
    // Fourteen days and a day after the first attempt, nothing is tried any more.
    assert!(tracker.flush_wait(PATIENCE));
    reached.set(()).expect("once");
    let young = tracker.track_billing_event(&usage()).expect("there is room");
    assert!(tracker.flush_wait(PATIENCE));
    assert_eq!(front.taken_ids(), [young.to_string()]);
    let metrics = tracker.metrics();
    assert_eq!((metrics.failed_of(FailureReason::Expired), metrics.delivered), (1, 1));
    assert!(metrics.is_balanced(), "{metrics:?}");
    assert_eq!(metrics.dead_lettered(), 0);
}
