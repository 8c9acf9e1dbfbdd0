//! No wake-up is lost, there is one sender, and neither the end nor a callback gets in the way.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::time::Duration;

use service_ping::emit::snowplow::{BatchReport, Destination, EmitterOptions, TrackError, Tracker};

use crate::front::{Answer, Front};
use crate::support::wait::{PATIENCE, wait_until};
use crate::tracking::{quick, ring, spool, tracker, tracker_to, usage};

/// An hour is for ever here: whoever relies on the timer fails.
fn without_timer() -> EmitterOptions {
    EmitterOptions {
        linger: Duration::from_secs(3600),
        billing_linger: Duration::from_secs(3600),
        ..quick()
    }
}

#[test]
fn no_wake_up_is_lost_between_the_look_at_the_queue_and_the_wait() {
    let front = Front::open();
    let options = EmitterOptions {
        linger: Duration::ZERO,
        billing_linger: Duration::ZERO,
        ..quick()
    };
    let tracker = tracker(&front.url, ring(), options);
    // Each event comes just as the worker has sent the last one and goes to sleep.
    for nth in 1..=2000 {
        tracker.track_event("a", None, &[]).expect("there is room");
        front.wait_for_taken(nth);
    }
}

#[test]
fn a_full_batch_leaves_without_the_timer() {
    let front = Front::open();
    let options = EmitterOptions {
        batch_max_events: 10,
        ..without_timer()
    };
    let tracker = tracker(&front.url, ring(), options);
    for round in 1..=50 {
        let threads: Vec<_> = (0..10)
            .map(|_| {
                let tracker = tracker.clone();
                std::thread::spawn(move || tracker.track_event("a", None, &[]).map(drop))
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().expect("a thread").expect("there is room"));
        front.wait_for_taken(round * 10);
    }
    let bytes = EmitterOptions {
        max_request_bytes: 3000,
        ..without_timer()
    };
    let front = Front::open();
    let tracker = crate::tracking::tracker(&front.url, ring(), bytes);
    for _ in 0..20 {
        tracker.track_event("a", None, &[]).expect("there is room");
    }
    front.wait_for_taken(1);
}

#[test]
fn any_number_of_flushes_are_one_and_none_is_lost() {
    let front = Front::open();
    let tracker = tracker(&front.url, ring(), without_timer());
    for nth in 1..=300 {
        tracker.track_event("a", None, &[]).expect("there is room");
        let barrier = Arc::new(Barrier::new(4));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (tracker, barrier) = (tracker.clone(), Arc::clone(&barrier));
                std::thread::spawn(move || {
                    barrier.wait();
                    assert!(tracker.flush_wait(PATIENCE));
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().expect("a thread"));
        assert_eq!(front.taken().len(), nth);
    }
    assert_eq!(front.requests().len(), 300, "one event, one request");
    assert_eq!(front.most_under_way(), 1);
}

#[test]
fn there_is_one_sender_however_many_add_and_flush() {
    let folder = tempfile::tempdir().expect("a folder");
    let front = Front::start(|_| {
        std::thread::yield_now();
        Answer::Taken
    });
    let tracker = tracker(&front.url, spool(folder.path()), quick());
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let tracker = tracker.clone();
            std::thread::spawn(move || {
                for _ in 0..50 {
                    tracker.track_billing_event(&usage()).expect("there is room");
                    tracker.flush();
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("a thread"));
    tracker.stop();
    assert_eq!((front.most_under_way(), front.taken().len()), (1, 400));
}

#[test]
fn whatever_comes_as_the_tracker_ends_is_delivered_or_refused() {
    for _ in 0..30 {
        let front = Front::open();
        let tracker = tracker(&front.url, ring(), quick());
        let is_begun = Arc::new(AtomicBool::new(false));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (tracker, is_begun): (Tracker, _) = (tracker.clone(), Arc::clone(&is_begun));
                std::thread::spawn(move || {
                    let mut accepted = 0;
                    loop {
                        match tracker.track_event("a", None, &[]) {
                            Ok(_) => accepted += 1,
                            Err(TrackError::Stopped) => return accepted,
                            Err(error) => panic!("{error}"),
                        }
                        tracker.flush();
                        is_begun.store(true, Ordering::Relaxed);
                        if accepted >= 2000 {
                            return accepted;
                        }
                    }
                })
            })
            .collect();
        wait_until("an event", || is_begun.load(Ordering::Relaxed));
        let report = tracker.stop();
        let accepted: usize = threads.into_iter().map(|thread| thread.join().expect("a thread")).sum();
        assert!(report.abandoned.is_empty());
        assert_eq!(front.taken().len(), accepted);
        assert!(tracker.metrics().is_balanced());
    }
}

#[test]
fn the_end_waits_for_a_request_that_is_under_way_until_its_deadline() {
    let folder = tempfile::tempdir().expect("a folder");
    let front = Front::playing(vec![Answer::Hang]);
    let slow = Destination {
        timeout: PATIENCE,
        ..Destination::at(&front.url)
    };
    let tracker = tracker_to(slow, spool(folder.path()), quick(), None);
    tracker.track_billing_event(&usage()).expect("there is room");
    front.wait_for_requests(1);
    let other = tracker.clone();
    let patient = std::thread::spawn(move || other.drain(PATIENCE));
    // Whoever comes later and has less time is heard.
    let report = tracker.abort();
    assert_eq!((report.pending, report.is_ended), (1, true));
    assert_eq!(patient.join().expect("a thread"), report);
}

#[test]
fn a_callback_that_panics_is_counted_and_changes_nothing() {
    let front = Front::open();
    let calls = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&calls);
    let callback = Box::new(move |_: &[BatchReport]| {
        theirs.fetch_add(1, Ordering::Relaxed);
        panic!("a mistake of the caller's");
    });
    let options = EmitterOptions {
        batch_max_events: 1,
        ..quick()
    };
    let tracker = tracker_to(Destination::at(&front.url), ring(), options, Some(callback));
    for _ in 0..5 {
        tracker.track_event("a", None, &[]).expect("there is room");
    }
    tracker.stop();
    assert_eq!((front.taken().len(), calls.load(Ordering::Relaxed)), (5, 5));
    assert_eq!(tracker.metrics().callback_panics, 5);
}

#[test]
fn a_callback_may_track_and_asks_in_vain_to_wait_for_the_end() {
    let front = Front::open();
    let slot: Arc<OnceLock<Tracker>> = Arc::default();
    let told: Arc<Mutex<Vec<bool>>> = Arc::default();
    let (theirs, kept) = (Arc::clone(&slot), Arc::clone(&told));
    let callback = Box::new(move |_: &[BatchReport]| {
        let tracker = theirs.get().expect("it is there");
        let mut told = kept.lock().unwrap();
        if told.is_empty() {
            tracker.track_event("b", None, &[]).expect("there is room");
            told.push(tracker.stop().is_ended);
        }
    });
    let tracker = tracker_to(Destination::at(&front.url), ring(), quick(), Some(callback));
    slot.set(tracker.clone()).expect("once");
    tracker.track_event("a", None, &[]).expect("there is room");
    front.wait_for_taken(2);
    assert!(tracker.stop().is_ended);
    assert_eq!(*told.lock().unwrap(), [false]);
}
