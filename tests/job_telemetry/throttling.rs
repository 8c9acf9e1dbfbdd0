//! A collector that asks to be left alone is.

use std::time::Duration;

use service_ping::emit::job_telemetry::{DropReason, ErrorClass, ExporterOptions};

use crate::jobs::{destination, quick, told};
use crate::support::otlp_collector::{Answer, Collector};

#[test]
fn a_wait_that_is_asked_for_is_kept() {
    for header in ["retry-after: 1", "Retry-After:  1 "] {
        let status = if header.starts_with('r') { 503 } else { 429 };
        let collector = Collector::start(&[Answer::With(status, header), Answer::Taken]);
        let counts = told(&destination(&collector.url), quick());
        assert_eq!((counts.exported, counts.errors[&ErrorClass::Throttled]), (1, 1));
        // The exporter's own account of it: what it waits is not a test's to measure.
        let throttled = counts.throttled.as_millis();
        assert!((950..=1000).contains(&throttled), "{throttled}");
    }
}

#[test]
fn a_wait_that_is_longer_than_spans_may_grow_old_drops_them() {
    for header in ["retry-after: 9000", "retry-after: Fri, 31 Dec 9999 23:59:59 GMT"] {
        let collector = Collector::start(&[Answer::With(503, header), Answer::Taken]);
        let counts = told(&destination(&collector.url), quick());
        assert_eq!(
            counts.dropped.get(&DropReason::ThrottledExpired),
            Some(&1),
            "{counts:?}"
        );
        assert_eq!(collector.requests().len(), 1);
    }
}

#[test]
fn a_wait_that_is_no_wait_is_as_if_none_was_asked_for() {
    for header in [
        "retry-after: soon",
        "retry-after: -5",
        "retry-after: Sun, 06 Nov 1994 08:49:37 GMT",
    ] {
        let collector = Collector::start(&[Answer::With(503, header), Answer::Taken]);
        assert_eq!(told(&destination(&collector.url), quick()).exported, 1, "{header}");
    }
}

#[test]
fn no_collector_makes_us_wait_longer_than_its_bound() {
    let options = ExporterOptions {
        longest_asked: Duration::from_millis(20),
        ..quick()
    };
    let collector = Collector::start(&[Answer::With(429, "retry-after: 86400"), Answer::Taken]);
    assert_eq!(told(&destination(&collector.url), options).exported, 1);
}
