//! A collector that is away, slow or no collector costs a run nothing.

use crate::instance::{CANARY, run, small};
use crate::support::cli::{Cli, Outcome};
use crate::support::otlp_collector::{Answer, Collector};
use crate::support::wire::nobody;
use crate::traces::read;

const LOST: &str = "does not have the run's trace";

/// What a run gives whom nobody looks at.
fn alone() -> (Option<i32>, String) {
    let cli = small("");
    let code = run(&cli, &[]).code;
    (code, cli.read("payload.json"))
}

fn told_to(url: &str) -> (Cli, Outcome) {
    let cli = small(&format!("[telemetry]\notlp = \"{url}\"\notlp_token = \"{CANARY}\"\n"));
    let outcome = run(&cli, &[]);
    (cli, outcome)
}

/// Code and payload are those of a run alone, and it is said once and in these words.
fn is_unharmed(url: &str, says: &str) {
    let (cli, outcome) = told_to(url);
    assert_eq!((outcome.code, cli.read("payload.json")), alone(), "{says}");
    assert_eq!(outcome.stderr.matches(LOST).count(), 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains(says), "{says}: {}", outcome.stderr);
    assert!(!outcome.stderr.contains(CANARY), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("3 metrics in "), "{}", outcome.stdout);
}

#[test]
fn nobody_there() {
    is_unharmed(&nobody(), "nothing can be connected to there");
}

#[test]
fn a_collector_that_says_nothing() {
    let collector = Collector::start(&[Answer::Silence]);
    is_unharmed(&collector.url, "it did not answer in time");
    assert_eq!(collector.requests().len(), 1, "time is over");
}

#[test]
fn an_answer_that_never_ends() {
    let collector = Collector::start(&[Answer::Endless]);
    is_unharmed(&collector.url, "no collector of OTLP/HTTP");
}

#[test]
fn something_else_that_answers() {
    for body in [&b"<html>Welcome!</html>"[..], b"\xff\xff\xff\xff", b"\x0a\x7f"] {
        let collector = Collector::start(&[Answer::Body(body)]);
        is_unharmed(&collector.url, "no collector of OTLP/HTTP");
        assert_eq!(collector.requests().len(), 1, "not tried again");
    }
}

#[test]
fn what_is_refused_for_good_is_sent_once_and_what_may_pass_twice() {
    for (status, times) in [
        (400, 1),
        (401, 1),
        (413, 1),
        (500, 1),
        (429, 2),
        (502, 2),
        (503, 2),
        (504, 2),
    ] {
        let collector = Collector::start(&[Answer::Status(status)]);
        is_unharmed(&collector.url, &format!("it answered {status}"));
        assert_eq!(collector.requests().len(), times, "{status}");
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Collector::start(&[Answer::Taken]);
    let location = format!("location: {}/v1/traces", elsewhere.url).leak();
    let collector = Collector::start(&[Answer::With(307, location)]);
    is_unharmed(&collector.url, "it answered 307");
    assert_eq!(elsewhere.connections(), 0, "the token would go along");
}

#[test]
fn a_wait_that_is_asked_for_is_kept_or_not_waited_for() {
    let collector = Collector::start(&[Answer::With(503, "retry-after: 1"), Answer::Taken]);
    let (_, outcome) = told_to(&collector.url);
    assert!(!outcome.stderr.contains(LOST), "{}", outcome.stderr);
    let requests = collector.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].body, requests[1].body, "the same trace");
    let patient = Collector::start(&[Answer::With(503, "retry-after: 600")]);
    is_unharmed(&patient.url, "it answered 503");
    assert_eq!(patient.requests().len(), 1);
}

#[test]
fn a_connection_that_breaks_is_made_anew_once() {
    let collector = Collector::start(&[Answer::Nothing, Answer::Taken]);
    let (_, outcome) = told_to(&collector.url);
    assert!(!outcome.stderr.contains(LOST), "{}", outcome.stderr);
    assert_eq!(collector.requests().len(), 2);
    assert!(!read(&collector.requests()[1].body).spans.is_empty());
}

#[test]
fn what_a_collector_does_not_want_is_said_and_not_sent_again() {
    let collector = Collector::start(&[Answer::But(3)]);
    let (_, outcome) = told_to(&collector.url);
    assert!(
        outcome.stderr.contains("did not want a part of the run's trace"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("rejected=3"), "{}", outcome.stderr);
    assert_eq!(collector.requests().len(), 1);
}

#[test]
fn an_address_that_is_none_is_an_error_of_the_configuration() {
    let cli = small("[telemetry]\notlp = \"localhost:4318\"\n");
    let outcome = run(&cli, &[]).expect_code(3);
    assert!(outcome.stderr.contains("[service-ping.toml:6:8]"), "{}", outcome.stderr);
}
