//! Events that a collector refuses for good.

use std::sync::{Arc, Mutex};

use service_ping::emit::snowplow::{
    BatchOutcome, Destination, FailureReason, SelfDescribing, Storage, TrackError, Tracker,
};

use crate::front::{Answer, Front, Payload, Request};
use crate::support::wait::PATIENCE;
use crate::tracking::{hasty_spool, quick, ring, spool, tracker, tracker_to, usage};

/// Answers `status` to every request that holds the poisoned event.
fn poisoned(poison: &Arc<Mutex<Option<String>>>, status: u16) -> Front {
    let poison = Arc::clone(poison);
    Front::start(move |request: &Request| {
        let poison = poison.lock().unwrap();
        match poison.as_ref().is_some_and(|poison| request.ids().contains(poison)) {
            true => Answer::Status(status),
            false => Answer::Taken,
        }
    })
}

/// A thousand events, one of which is poisoned; the ids of the others.
fn thousand(tracker: &Tracker, poison: &Mutex<Option<String>>, at: usize) -> Vec<String> {
    // Nothing is sent before it is known which one it is.
    let mut held = poison.lock().unwrap();
    let mut ids: Vec<String> = (0..1000)
        .map(|_| {
            tracker
                .track_event("clicked", None, &[])
                .expect("there is room")
                .to_string()
        })
        .collect();
    *held = Some(ids.remove(at));
    drop(held);
    ids
}

#[test]
fn one_poisoned_event_among_a_thousand_is_put_aside_alone() {
    for (status, at) in [(400, 533), (410, 0), (422, 999)] {
        let folder = tempfile::tempdir().expect("a folder");
        let poison = Arc::default();
        let front = poisoned(&poison, status);
        let spool = hasty_spool(folder.path());
        let tracker = tracker(&front.url, Arc::clone(&spool) as Arc<dyn Storage>, quick());
        let others = thousand(&tracker, &poison, at);
        assert!(tracker.flush_wait(PATIENCE));
        assert_eq!(front.taken_ids(), others, "999, in order, each once");
        let (letters, spoilt) = spool.letters().read().expect("it can be read");
        assert_eq!((letters.len(), spoilt), (1, 0));
        let letter = &letters[0];
        assert_eq!(Some(&letter.id), poison.lock().unwrap().as_ref());
        assert_eq!(
            (letter.status, letter.reason.as_str()),
            (i32::from(status), "non_retriable_status")
        );
        assert_eq!(letter.event["eid"], letter.id.as_str());
        assert_eq!(letter.event.get("stm"), None);
        assert!(letter.first_attempt <= letter.last_attempt);
        let metrics = tracker.metrics();
        assert!(metrics.is_balanced(), "{metrics:?}");
        assert_eq!((metrics.delivered, metrics.dead_lettered()), (999, 1));
    }
}

#[test]
fn the_file_of_dead_letters_survives_a_second_process_and_a_torn_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let front = Front::playing(vec![Answer::Status(400)]);
    for _ in 0..2 {
        let tracker = tracker(&front.url, spool(folder.path()), quick());
        tracker.track_billing_event(&usage()).expect("there is room");
        assert!(tracker.flush_wait(PATIENCE));
    }
    let file = folder.path().join("dead-letters.jsonl");
    let mut text = std::fs::read_to_string(&file).expect("the file");
    assert_eq!(text.lines().count(), 2);
    text.push_str("{\"id\":\"torn");
    std::fs::write(&file, text).expect("writable");
    let (letters, spoilt) = spool(folder.path()).letters().read().expect("it can be read");
    assert_eq!((letters.len(), spoilt), (2, 1));
}

#[test]
fn too_long_requests_are_halved_and_one_that_is_too_long_alone_is_put_aside() {
    let front = Front::start(|request: &Request| match request.body.len() {
        4001.. => Answer::Status(413),
        _ => Answer::Taken,
    });
    let tracker = tracker(&front.url, ring(), quick());
    let long = SelfDescribing {
        schema: "iglu:com.gitlab/long/jsonschema/1-0-0".to_owned(),
        data: serde_json::json!({"text": "x".repeat(4000)}),
    };
    let mut ids = Vec::new();
    for nth in 0..50 {
        let contexts = if nth == 20 { std::slice::from_ref(&long) } else { &[] };
        ids.push(
            tracker
                .track_event("clicked", None, contexts)
                .expect("there is room")
                .to_string(),
        );
    }
    assert!(tracker.flush_wait(PATIENCE));
    ids.remove(20);
    assert_eq!(front.taken_ids(), ids);
    let metrics = tracker.metrics();
    assert_eq!(metrics.failed_of(FailureReason::PayloadTooLarge), 1);
    assert!(metrics.is_balanced(), "{metrics:?}");
}

/// The ids of each batch, what became of it, and the status.
type Told = Arc<Mutex<Vec<(Vec<String>, BatchOutcome, i32)>>>;

#[test]
fn a_callback_hears_of_each_batch_with_its_ids() {
    let poison = Arc::default();
    let front = poisoned(&poison, 400);
    let told: Told = Arc::default();
    let theirs = Arc::clone(&told);
    let callback = Box::new(move |reports: &[service_ping::emit::snowplow::BatchReport]| {
        for report in reports {
            let ids = report.ids.iter().map(ToString::to_string).collect();
            theirs.lock().unwrap().push((ids, report.outcome, report.status));
        }
    });
    let tracker = tracker_to(Destination::at(&front.url), ring(), quick(), Some(callback));
    let others = thousand(&tracker, &poison, 500);
    assert!(tracker.flush_wait(PATIENCE));
    tracker.stop();
    let told = told.lock().unwrap();
    let delivered = told
        .iter()
        .filter(|(_, outcome, _)| *outcome == BatchOutcome::Delivered);
    let delivered: Vec<String> = delivered.flat_map(|(ids, ..)| ids.clone()).collect();
    assert_eq!(delivered, others);
    let failed = (
        vec![poison.lock().unwrap().clone().unwrap()],
        BatchOutcome::Failed(FailureReason::NonRetriableStatus),
        400,
    );
    assert!(told.contains(&failed));
    assert!(
        told.iter()
            .any(|(_, outcome, status)| (*outcome, *status) == (BatchOutcome::Divided, 400))
    );
}

#[test]
fn what_would_become_a_bad_row_is_refused_before_it_is_accepted() {
    let front = Front::open();
    let tracker = tracker(&front.url, ring(), quick());
    let is_refused = |result: Result<_, TrackError>| {
        let error = result.expect_err("it is refused");
        assert!(error.is_of_the_event(), "{error}");
    };
    is_refused(tracker.track_event("", None, &[]));
    is_refused(tracker.track_event(&"x".repeat(256), None, &[]));
    for quantity in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut usage = usage();
        usage.quantity = quantity;
        is_refused(tracker.track_billing_event(&usage));
    }
    let mut nameless = usage();
    nameless.category = "\u{1}".to_owned();
    is_refused(tracker.track_billing_event(&nameless));
    let context = |schema: &str, text: &str| SelfDescribing {
        schema: schema.to_owned(),
        data: serde_json::json!({ "text": text }),
    };
    is_refused(tracker.track_event("a", None, &[context("iglu:no/name", "")]));
    let long = context("iglu:com.gitlab/long/jsonschema/1-0-0", &"x".repeat(100_000));
    let error = tracker.track_event("a", None, &[long]).expect_err("it is too large");
    assert!(matches!(error, TrackError::TooLarge { limit: 100_000, .. }), "{error}");
    tracker.stop();
    assert_eq!(front.requests().len(), 0);
    let metrics = tracker.metrics();
    assert_eq!(metrics.rejected.iter().sum::<u64>(), 9);
    assert!(metrics.is_balanced());
}
