//! What follows from each answer over HTTP.

use std::time::Duration;

use service_ping::emit::job_telemetry::{
    Auth, Counts, Destination, DropReason, Endpoint, ErrorClass, Exporter, ExporterOptions, Protocol,
};
use service_ping::emit::snowplow::Boxed;
use service_ping::emit::snowplow::token::{Token, TokenError, TokenSource};

use crate::jobs::{destination, job, quick, runtime, told};
use crate::support::otlp_collector::{Answer, Collector};
use crate::support::wire::nobody;

fn answered(answers: &[Answer]) -> (Counts, Collector) {
    let collector = Collector::start(answers);
    (told(&destination(&collector.url), quick()), collector)
}

#[test]
fn what_may_pass_is_sent_again_and_is_the_same() {
    for first in [
        Answer::Status(429),
        Answer::Status(502),
        Answer::Status(503),
        Answer::Status(504),
        Answer::Nothing,
        Answer::CutOff,
    ] {
        let (counts, collector) = answered(&[first.clone(), first.clone(), Answer::Taken]);
        assert_eq!((counts.exported, counts.retries), (1, 2), "{first:?}: {counts:?}");
        let bodies: Vec<Vec<u8>> = collector.requests().into_iter().map(|request| request.body).collect();
        assert_eq!(bodies.len(), 3);
        assert!(bodies.iter().all(|body| *body == bodies[0]));
    }
}

#[test]
fn what_will_not_pass_is_given_up_at_once() {
    for status in [301, 307, 400, 404, 405, 408, 413, 415, 500, 501, 505] {
        let (counts, collector) = answered(&[Answer::Status(status), Answer::Taken]);
        assert_eq!(
            counts.dropped.get(&DropReason::Refused),
            Some(&1),
            "{status}: {counts:?}"
        );
        assert_eq!((counts.exported, collector.requests().len()), (0, 1), "{status}");
    }
    for body in [
        Answer::Body(b"\xff\xff"),
        Answer::Json(b"{"),
        Answer::Json(b"[]"),
        Answer::Endless,
    ] {
        let (counts, collector) = answered(&[body.clone(), Answer::Taken]);
        assert_eq!((counts.dropped(), collector.requests().len()), (1, 1), "{body:?}");
    }
}

#[test]
fn a_partial_success_is_a_success() {
    let (counts, collector) = answered(&[Answer::But(1), Answer::Taken]);
    assert_eq!(
        (counts.exported, counts.rejected, collector.requests().len()),
        (0, 1, 1)
    );
    // More than were sent, and a warning alone.
    for (answer, rejected) in [
        (Answer::But(9), 1),
        (Answer::But(0), 0),
        (Answer::Body(b""), 0),
        (
            Answer::Json(br#"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"no"}}"#),
            1,
        ),
        (Answer::Json(br#"{"partialSuccess":null}"#), 0),
        (Answer::Json(b"{}"), 0),
    ] {
        let (counts, collector) = answered(std::slice::from_ref(&answer));
        assert_eq!(
            (counts.rejected, counts.exported),
            (rejected, 1 - rejected),
            "{answer:?}"
        );
        assert_eq!((collector.requests().len(), counts.retries), (1, 0), "{answer:?}");
    }
}

/// Another token each time that one is asked for anew.
#[derive(Debug, Default)]
struct Renewed(std::sync::atomic::AtomicUsize);

impl TokenSource for Renewed {
    fn token<'a>(&'a self, audience: &'a str, anew: bool) -> Boxed<'a, Result<Token, TokenError>> {
        use std::sync::atomic::Ordering::SeqCst;
        let nth = if anew {
            self.0.fetch_add(1, SeqCst) + 1
        } else {
            self.0.load(SeqCst)
        };
        Box::pin(async move { Ok(Token::new(format!("{audience}-{nth}"), None)) })
    }
}

#[derive(Debug)]
struct Nobody;

impl TokenSource for Nobody {
    fn token<'a>(&'a self, _: &'a str, _: bool) -> Boxed<'a, Result<Token, TokenError>> {
        Box::pin(async { Err(TokenError::Unreachable { from: "a test" }) })
    }
}

fn with_token(url: &str, source: impl TokenSource + 'static, is_required: bool) -> Destination {
    Destination {
        auth: Some(Auth {
            name: "test".to_owned(),
            source: std::sync::Arc::new(source),
            audience: "ci".to_owned(),
            is_required,
            allow_insecure: false,
        }),
        ..destination(url)
    }
}

#[test]
fn a_token_that_is_refused_is_fetched_anew_once() {
    let shown = |collector: &Collector| -> Vec<String> {
        let requests = collector.requests().into_iter();
        requests
            .map(|mut request| request.headers.remove("authorization").unwrap_or_default())
            .collect()
    };
    let collector = Collector::start(&[Answer::Status(401), Answer::Taken]);
    let counts = told(&with_token(&collector.url, Renewed::default(), false), quick());
    assert_eq!(
        (counts.exported, shown(&collector)),
        (1, vec!["Bearer ci-0".into(), "Bearer ci-1".into()])
    );

    for status in [401, 403] {
        let collector = Collector::start(&[Answer::Status(status)]);
        let destination = with_token(&collector.url, Renewed::default(), false);
        let counts = runtime().block_on(async {
            let exporter = Exporter::new(quick(), tokio::runtime::Handle::current());
            exporter.add(&destination, &job()).unwrap();
            while exporter.counts(&destination).dropped() == 0 {
                tokio::task::yield_now().await;
            }
            // Whatever comes later is not even tried.
            exporter.add(&destination, &job()).unwrap();
            exporter
                .shutdown(crate::support::wait::PATIENCE)
                .await
                .pop()
                .unwrap()
                .counts
        });
        assert_eq!(counts.dropped.get(&DropReason::Auth), Some(&2), "{counts:?}");
        assert_eq!((counts.errors[&ErrorClass::Auth], collector.requests().len()), (2, 2));
    }
}

#[test]
fn without_a_token_it_is_tried_or_not_as_is_said() {
    let collector = Collector::start(&[Answer::Taken]);
    let counts = told(&with_token(&collector.url, Nobody, false), quick());
    assert_eq!(
        (counts.exported, collector.requests()[0].headers.get("authorization")),
        (1, None)
    );

    let collector = Collector::start(&[Answer::Taken]);
    let options = ExporterOptions {
        max_age: Duration::from_millis(50),
        ..quick()
    };
    let counts = told(&with_token(&collector.url, Nobody, true), options);
    assert_eq!(
        (counts.dropped.get(&DropReason::Expired), collector.connections()),
        (Some(&1), 0)
    );
}

#[test]
fn who_does_not_answer_is_given_up_when_the_spans_are_old() {
    let options = ExporterOptions {
        timeout: Duration::from_millis(40),
        max_age: Duration::from_millis(200),
        ..quick()
    };
    for answer in [Answer::Silence, Answer::Loris] {
        let collector = Collector::start(std::slice::from_ref(&answer));
        let counts = told(&destination(&collector.url), options);
        assert_eq!(counts.dropped.get(&DropReason::Expired), Some(&1), "{answer:?}");
        assert!(counts.errors[&ErrorClass::Connection] >= 2, "{answer:?}: {counts:?}");
    }
    let counts = told(&destination(&nobody()), options);
    assert_eq!(counts.dropped.get(&DropReason::Expired), Some(&1), "{counts:?}");
}

#[test]
fn a_destination_that_hangs_holds_up_no_other() {
    let (silent, good) = (Collector::start(&[Answer::Silence]), Collector::start(&[Answer::Taken]));
    runtime().block_on(async {
        let exporter = Exporter::new(quick(), tokio::runtime::Handle::current());
        for _ in 0..20 {
            exporter.add(&destination(&silent.url), &job()).unwrap();
            exporter.add(&destination(&good.url), &job()).unwrap();
        }
        while exporter.counts(&destination(&good.url)).exported < 20 {
            tokio::task::yield_now().await;
        }
        let left = exporter.shutdown(Duration::ZERO).await;
        let pending: u64 = left.iter().map(|lane| lane.counts.pending).sum();
        let waiting: usize = left.iter().map(|lane| lane.waiting.len()).sum();
        assert_eq!((pending, waiting), (20, 20));
    });
}

#[test]
fn a_full_queue_drops_what_comes() {
    let silent = Collector::start(&[Answer::Silence]);
    let options = ExporterOptions {
        max_queue: 3,
        ..quick()
    };
    runtime().block_on(async {
        let exporter = Exporter::new(options, tokio::runtime::Handle::current());
        (0..5).for_each(|_| exporter.add(&destination(&silent.url), &job()).unwrap());
        let left = exporter.shutdown(Duration::ZERO).await.pop().unwrap();
        assert_eq!(left.counts.dropped.get(&DropReason::QueueFull), Some(&2));
        assert_eq!(left.counts.pending, 3);
    });
}

#[test]
fn json_is_sent_as_json() {
    let collector = Collector::start(&[Answer::Json(b"{}")]);
    let endpoint = Endpoint::parse(&collector.url, Some(Protocol::HttpJson)).unwrap();
    assert_eq!(told(&Destination::at(endpoint), quick()).exported, 1);
    let request = collector.requests().remove(0);
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.line, "POST /v1/traces HTTP/1.1");
}
