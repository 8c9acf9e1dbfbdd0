//! What a collector is told of a run.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Utc;
use serde_json::Value;

use crate::instance::{CANARY, NOW, UUID, large, run, sample, small};
use crate::support::cli::Cli;
use crate::support::otlp_collector::{Answer, Collector};
use crate::support::postgres::Postgres;
use crate::support::wire::nobody;
use crate::traces::{Span, read};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

/// All spans that were told, whichever request they came in.
fn spans(collector: &Collector) -> Vec<Span> {
    let requests = collector.requests();
    requests.iter().flat_map(|request| read(&request.body).spans).collect()
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    let name = format!("service_ping.{name}");
    spans.iter().filter(|span| span.name == name).collect()
}

/// What is true of every run's trace: one root, of the run's id, and all the others in it and below it; gives the root.
fn one_trace<'a>(spans: &'a [Span], report: &Value) -> &'a Span {
    let by_id: BTreeMap<&str, &Span> = spans.iter().map(|span| (span.id.as_str(), span)).collect();
    assert_eq!(by_id.len(), spans.len(), "ids are told apart");
    let roots: Vec<&Span> = spans.iter().filter(|span| span.parent.is_empty()).collect();
    let [root] = roots.as_slice() else {
        panic!("one root: {roots:#?}");
    };
    let run_id = report["run_id"].as_str().expect("a run id");
    assert_eq!((root.name.as_str(), root.get("run_id")), ("service_ping.run", run_id));
    for span in spans {
        assert_eq!(span.trace, run_id.replace('-', ""), "{span:#?}");
        assert!(span.start <= span.end && root.holds(span), "{span:#?} in {root:#?}");
        if !span.parent.is_empty() {
            let parent = by_id.get(span.parent.as_str()).expect("the parent was told, too");
            assert!(parent.holds(span), "{span:#?} in {parent:#?}");
        }
        for link in &span.links {
            let part = by_id.get(link.as_str()).expect("what is linked to was told, too");
            assert!(span.holds(part), "{part:#?} in {span:#?}");
        }
    }
    root
}

/// One span for each metric of the report, with its reason; gives them by their key paths.
fn metrics<'a>(spans: &'a [Span], report: &Value, root: &Span) -> BTreeMap<&'a str, &'a Span> {
    let metrics: BTreeMap<&str, &Span> = named(spans, "metric")
        .iter()
        .map(|span| (span.get("key_path"), *span))
        .collect();
    assert_eq!(metrics.len(), named(spans, "metric").len(), "one each");
    assert_eq!(metrics.len().to_string(), root.get("metrics"));
    let fallbacks: BTreeMap<&str, &str> = metrics
        .iter()
        .filter(|(_, span)| span.get("outcome") == "fallback")
        .map(|(key_path, span)| (*key_path, span.get("reason")))
        .collect();
    let reported = report["outcomes"].as_array().expect("a list").iter();
    let reported = reported.filter(|one| one["status"] == "fallback");
    let reported: BTreeMap<&str, &str> = reported
        .map(|one| (one["key_path"].as_str().unwrap(), one["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(fallbacks, reported);
    for span in metrics.values() {
        assert_eq!(span.parent, root.id);
        let failed = span.get("outcome") == "fallback";
        assert_eq!(span.code, if failed { 2 } else { 1 }, "{span:#?}");
    }
    metrics
}

#[test]
fn a_run_is_one_trace_with_a_span_for_each_metric_and_range() {
    let collector = Collector::start(&[Answer::Taken]);
    let database = Postgres::shared().database();
    let cli = large(
        &database,
        &format!(
            "[telemetry]\notlp = \"{}\"\notlp_token = \"{CANARY}-token\"\notlp_headers = [\"x-tenant={CANARY}\"]\n",
            collector.url
        ),
    );
    let before = Utc::now().timestamp_nanos_opt().unwrap().cast_unsigned();
    let outcome = run(&cli, &["--format", "json"]).expect_code(0);
    let after = Utc::now().timestamp_nanos_opt().unwrap().cast_unsigned();
    let report = json(&outcome.stdout);

    let requests = collector.requests();
    assert_eq!(requests.len(), 1, "small enough for one");
    assert_eq!(requests[0].line, "POST /v1/traces HTTP/1.1");
    let header = |name: &str| requests[0].headers.get(name).map(String::as_str);
    assert_eq!(header("content-type"), Some("application/x-protobuf"));
    assert_eq!(header("authorization"), Some(format!("Bearer {CANARY}-token").as_str()));
    assert_eq!(header("x-tenant"), Some(CANARY));
    let told = read(&requests[0].body);
    let resource = [
        ("service.instance.id", UUID),
        ("service.name", "service-ping"),
        ("service.version", env!("CARGO_PKG_VERSION")),
    ];
    assert_eq!(
        told.resource,
        resource.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    );

    let spans = told.spans;
    let root = one_trace(&spans, &report);
    assert!(
        before <= root.start && root.end <= after,
        "the clock of the day, not --now"
    );
    assert_eq!(
        (root.get("recorded_at"), root.get("status")),
        ("2026-11-19T10:54:30.000Z", "completed")
    );
    assert_eq!((root.get("fallbacks"), root.get("trigger"), root.code), ("1", "cli", 1));
    let metrics = metrics(&spans, &report, root);
    assert_eq!(metrics["counts.nothing"].get("reason"), "missing_table");
    assert_eq!(metrics["license.plan"].get("data_source"), "database");

    // The scan of the table, its ranges below it, and the metrics that were read in it.
    let scans = named(&spans, "scan");
    let of_issues: Vec<&&Span> = scans
        .iter()
        .filter(|scan| scan.attributes["db.collection.name"] == "issues")
        .collect();
    assert!(!of_issues.is_empty(), "{scans:#?}");
    let mut linked = BTreeSet::new();
    let mut ranges = 0;
    for scan in &scans {
        let below: Vec<&Span> = named(&spans, "range")
            .into_iter()
            .filter(|range| range.parent == scan.id)
            .collect();
        assert_eq!(scan.parent, root.id);
        assert_eq!(scan.get("ranges"), below.len().to_string());
        assert_eq!(scan.start, below.iter().map(|range| range.start).min().unwrap());
        assert_eq!(scan.end, below.iter().map(|range| range.end).max().unwrap());
        for range in &below {
            assert_eq!(range.kind, 3, "a client's");
            assert_eq!(
                range.attributes["db.collection.name"],
                scan.attributes["db.collection.name"]
            );
            assert_eq!(
                (range.get("database"), range.get("range.kind")),
                ("main", scan.get("range.kind"))
            );
        }
        ranges += below.len();
        linked.extend(
            metrics
                .iter()
                .filter(|(_, metric)| metric.links.contains(&scan.id))
                .map(|(key_path, _)| *key_path),
        );
    }
    assert_eq!(ranges, named(&spans, "range").len(), "each in a scan");
    assert!(ranges > 2, "the table is read in several: {scans:#?}");
    for key_path in [
        "counts.issues",
        "counts.issues_again",
        "counts.canaries",
        "counts.weight",
        "counts.sum_of_both",
    ] {
        assert!(linked.contains(key_path), "{key_path}: {linked:?}");
    }
    let statements = named(&spans, "statement");
    assert_eq!(statements.len(), 1);
    assert_eq!(metrics["counts.text"].links, [statements[0].id.clone()]);
    assert!(!named(&spans, "plan").is_empty());
    let [delivery] = named(&spans, "delivery")[..] else {
        panic!("one delivery");
    };
    assert_eq!((delivery.get("delivery"), &delivery.parent), ("kept", &root.id));
    no_value_is_told(&requests[0].body, &spans, &cli);
}

/// Neither what stands in rows, nor a parameter, nor a secret, nor what came of it.
fn no_value_is_told(body: &[u8], spans: &[Span], cli: &Cli) {
    assert!(
        !body.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()),
        "the canary is told"
    );
    let payload = json(&cli.read("payload.json"));
    let values =
        ["issues", "canaries", "weight", "sum_of_both", "text"].map(|name| payload["counts"][name].to_string());
    assert!(
        values.iter().all(|value| value.len() > 3),
        "told apart from small numbers: {values:?}"
    );
    for span in spans {
        for (name, attribute) in &span.attributes {
            let number = |value: &String| value.split('.').next() == Some(attribute);
            assert!(!values.iter().any(number), "{name} = {attribute}");
        }
        assert!(
            span.message.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
            "{span:#?}"
        );
    }
}

#[test]
fn the_shipped_definitions_are_told_whole_in_few_requests() {
    let collector = Collector::start(&[Answer::Taken]);
    let cli = sample(&format!(
        "[telemetry]\notlp = \"{}/collect/v1/traces\"\n",
        collector.url
    ));
    let report = json(&run(&cli, &["--format", "json"]).expect_code(0).stdout);
    let spans = spans(&collector);
    let root = one_trace(&spans, &report);
    let metrics = metrics(&spans, &report, root);
    assert!(metrics.len() > 400, "{}", metrics.len());
    let [events] = named(&spans, "event_store")[..] else {
        panic!("the event store is read once");
    };
    let of_events = metrics
        .values()
        .filter(|metric| metric.links.contains(&events.id))
        .count();
    assert!(of_events > 10, "{of_events}");
    assert_eq!(root.get("dropped_spans"), "0");
    let requests = collector.requests();
    assert!(requests.len() > 1, "512 spans each at most");
    assert!(
        requests
            .iter()
            .all(|request| request.line == "POST /collect/v1/traces HTTP/1.1")
    );
    assert_eq!(collector.connections(), 1, "one after the other");
}

#[test]
fn a_delivery_in_vain_is_told_with_its_run() {
    let collector = Collector::start(&[Answer::Taken]);
    let cli = small(&format!(
        "[versions]\nurl = \"{}\"\nattempts = 1\n[telemetry]\notlp = \"{}\"\n",
        nobody(),
        collector.url
    ));
    let report = json(&run(&cli, &["--format", "json"]).expect_code(4).stdout);
    let spans = spans(&collector);
    one_trace(&spans, &report);
    let [delivery] = named(&spans, "delivery")[..] else {
        panic!("one delivery");
    };
    assert_eq!((delivery.get("delivery"), delivery.get("attempts")), ("waiting", "1"));
    assert_eq!((delivery.code, delivery.message.as_str()), (2, "waiting"));
}

#[test]
fn a_run_whose_store_fails_is_told_as_failed() {
    let collector = Collector::start(&[Answer::Taken]);
    let cli = small(&format!("[telemetry]\notlp = \"{}\"\n", collector.url));
    run(&cli, &[]).expect_code(0);
    // The next run can begin, but not keep what it has measured.
    crate::instance::spoil_store(&cli);
    run(&cli, &[]).expect_code(1);
    let requests = collector.requests();
    let spans = read(&requests.last().expect("the second run").body).spans;
    let roots = named(&spans, "run");
    assert_eq!((roots.len(), roots[0].get("status"), roots[0].code), (1, "failed", 2));
    assert_ne!(read(&requests[0].body).spans[0].trace, spans[0].trace, "a trace each");
}

#[test]
fn where_none_is_named_nothing_is_connected_to() {
    let collector = Collector::start(&[Answer::Taken]);
    let cli = small("[telemetry]\notlp = \"\"\n")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .env("OTEL_TRACES_EXPORTER", "otlp");
    run(&cli, &[]).expect_code(0);
    assert_eq!((collector.connections(), collector.requests().len()), (0, 0));
    // What only looks on tells nobody.
    let cli = cli.env("SERVICE_PING__TELEMETRY__OTLP", &collector.url);
    cli.run(&["generate", "--now", NOW]).expect_code(0);
    cli.run(&["run", "--dry-run"]).expect_code(0);
    cli.run(&["preview", "--now", NOW]).expect_code(0);
    assert_eq!(collector.connections(), 0);
    run(&cli, &[]).expect_code(0);
    assert_eq!(collector.connections(), 1);
}
