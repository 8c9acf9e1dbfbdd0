//! Each answer of a collector, and what follows.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use service_ping::emit::snowplow::token::{StaticToken, Token};
use service_ping::emit::snowplow::{
    Backoff, Clock, Destination, EmitterOptions, FailureReason, Metrics, RetryCause, Storage,
};

use crate::front::{Answer, Front, Payload, nobody};
use crate::simulated::SimulatedClock;
use crate::support::wait::PATIENCE;
use crate::tracking::{quick, ring, spool, tracker, tracker_to, usage};

/// Tracks one event for a collector that gives these answers, until it has left the queue.
fn played(answers: Vec<Answer>, storage: Arc<dyn Storage>) -> (Front, Metrics) {
    let hangs = answers.contains(&Answer::Hang);
    let front = Front::playing(answers);
    let destination = Destination {
        // Where nothing hangs, a slow machine is no reason for another attempt.
        timeout: if hangs { Duration::from_millis(500) } else { PATIENCE },
        ..Destination::at(&front.url)
    };
    let tracker = tracker_to(destination, storage, quick(), None);
    tracker.track_billing_event(&usage()).expect("there is room");
    assert!(tracker.flush_wait(PATIENCE));
    let metrics = tracker.metrics();
    assert!(metrics.is_balanced(), "{metrics:?}");
    (front, metrics)
}

#[test]
fn what_may_pass_is_tried_again_until_it_is_taken() {
    let rows = [
        (Answer::Status(408), RetryCause::Timeout),
        (Answer::Status(425), RetryCause::Timeout),
        (Answer::Status(429), RetryCause::Throttled),
        (Answer::Status(500), RetryCause::Server),
        (Answer::Status(502), RetryCause::Server),
        (Answer::Status(503), RetryCause::Server),
        (Answer::Status(504), RetryCause::Server),
        (Answer::Status(404), RetryCause::Configuration),
        (Answer::Status(405), RetryCause::Configuration),
        (Answer::Status(401), RetryCause::Auth),
        (Answer::Status(403), RetryCause::Auth),
        (Answer::Reset, RetryCause::Connection),
        (Answer::Hang, RetryCause::Connection),
    ];
    for (answer, cause) in rows {
        let folder = tempfile::tempdir().expect("a folder");
        let (front, metrics) = played(
            vec![answer.clone(), answer.clone(), Answer::Taken],
            spool(folder.path()),
        );
        if answer == Answer::Hang {
            assert!(metrics.retries_of(cause) >= 2, "{metrics:?}");
        } else {
            assert_eq!(front.requests().len(), 3, "{answer:?}");
            assert_eq!(metrics.retries_of(cause), 2, "{answer:?} {metrics:?}");
            assert_eq!(front.taken().len(), 1);
        }
        assert_eq!(metrics.delivered, 1);
        let ids: Vec<_> = front.requests().iter().flat_map(|request| request.ids()).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "the id stays the same");
    }
}

#[test]
fn a_redirect_is_no_success_and_is_not_followed() {
    let elsewhere = Front::open();
    let folder = tempfile::tempdir().expect("a folder");
    let moved = Answer::With(302, format!("location: {}/com.acme/tp2", elsewhere.url));
    let (front, metrics) = played(vec![moved, Answer::Taken], spool(folder.path()));
    assert_eq!(metrics.retries_of(RetryCause::Redirect), 1);
    assert_eq!((front.requests().len(), elsewhere.requests().len()), (2, 0));
}

#[test]
fn a_cookie_is_not_kept() {
    let cookie = Answer::With(503, "set-cookie: sp=1; Path=/".to_owned());
    let (front, _) = played(vec![cookie, Answer::Taken], ring());
    assert!(
        front
            .requests()
            .iter()
            .all(|request| !request.headers.contains_key("cookie"))
    );
}

#[test]
fn a_token_that_is_refused_is_fetched_anew_once_and_billing_is_never_given_up_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let answers = [401, 403, 403, 401]
        .map(Answer::Status)
        .into_iter()
        .chain([Answer::Taken]);
    let front = Front::playing(answers.collect());
    let destination = Destination {
        token: Some(Arc::new(StaticToken(Token::new("s3cret", None)))),
        ..Destination::at(&front.url)
    };
    let tracker = tracker_to(destination, spool(folder.path()), quick(), None);
    tracker.track_billing_event(&usage()).expect("there is room");
    assert!(tracker.flush_wait(PATIENCE));
    let requests = front.requests();
    assert_eq!(requests.len(), 5);
    assert!(
        requests
            .iter()
            .all(|request| request.headers["authorization"] == "Bearer s3cret")
    );
    assert!(
        requests[0]
            .line
            .starts_with("POST /com.snowplowanalytics.snowplow.auth/tp2 ")
    );
    let metrics = tracker.metrics();
    assert_eq!(metrics.retries_of(RetryCause::Auth), 2, "two pairs of attempts");
    assert_eq!((metrics.delivered, metrics.dead_lettered()), (1, 0));
}

#[test]
fn in_memory_attempts_are_bounded() {
    for (answer, reason) in [
        (Answer::Status(503), FailureReason::RetriesExhausted),
        (Answer::Status(403), FailureReason::Auth),
    ] {
        let (front, metrics) = played(vec![answer], ring());
        assert_eq!(front.requests().len(), 10);
        assert_eq!((metrics.failed_of(reason), metrics.dead_lettered()), (1, 1));
    }
}

#[test]
fn nobody_listening_is_waited_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let tracker = tracker(&nobody(), spool(folder.path()), quick());
    let id = tracker.track_billing_event(&usage()).expect("there is room");
    let report = tracker.drain(Duration::from_millis(50));
    assert_eq!(report.pending, 1);
    drop(tracker);
    let front = Front::open();
    let later = crate::tracking::tracker(&front.url, spool(folder.path()), quick());
    later.stop();
    assert_eq!(front.taken_ids(), [id.to_string()]);
    assert_eq!(later.metrics().recovered, 1);
}

#[test]
fn retry_after_is_heeded_up_to_ten_minutes() {
    for (header, at_least, at_most) in [
        ("retry-after: 30", 30, 91),
        // An hour and more: nobody is waited for so long.
        ("retry-after: 99999", 600, 661),
    ] {
        let clock = Arc::new(SimulatedClock::new());
        let times: Arc<Mutex<Vec<Duration>>> = Arc::default();
        let (theirs, kept) = (Arc::clone(&clock), Arc::clone(&times));
        let front = Front::start(move |_| {
            let mut times = kept.lock().unwrap();
            times.push(theirs.since_start());
            match times.len() {
                1 => Answer::With(429, header.to_owned()),
                _ => Answer::Taken,
            }
        });
        let options = EmitterOptions {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            backoff: Backoff::default(),
            ..EmitterOptions::default()
        };
        let tracker = tracker(&front.url, ring(), options);
        tracker.track_billing_event(&usage()).expect("there is room");
        assert!(tracker.flush_wait(PATIENCE));
        let times = times.lock().unwrap();
        let waited = (times[1] - times[0]).as_secs();
        assert!((at_least..at_most).contains(&waited), "{header}: {waited}");
    }
}

#[test]
fn requests_are_as_pipelines_want_them() {
    let (front, _) = played(vec![Answer::Taken], ring());
    let request = &front.requests()[0];
    assert_eq!(request.line, "POST /com.snowplowanalytics.snowplow/tp2 HTTP/1.1");
    assert_eq!(request.headers["content-type"], "application/json; charset=utf-8");
    for absent in ["content-encoding", "authorization", "cookie"] {
        assert!(!request.headers.contains_key(absent));
    }
}
