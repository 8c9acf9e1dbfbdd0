//! What `serve` answers over HTTP: health, readiness, metrics.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use chrono::{DateTime, Utc};

use crate::delivery::closed_address;
use crate::instance::{count, database, definition, small};
use crate::open_metrics::{Family, read};
use crate::support::cli::{Cli, Running};

struct Serving {
    running: Running,
    address: String,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Serving {
    fn start(cli: &Cli, arguments: &[&str]) -> Serving {
        let mut running = cli.start(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
        let line = running.line_with("listening on ");
        let (_, address) = line.split_once("http://").expect("the line says where");
        Serving {
            running,
            address: address.trim().to_owned(),
        }
    }

    fn get(&self, path: &str) -> Answer {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        ))
    }

    fn ask(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it answers");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Answer {
            status: status.expect("a status"),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    fn metrics(&self) -> BTreeMap<String, Family> {
        let answer = self.get("/metrics");
        assert_eq!(answer.status, 200, "{}", answer.body);
        let kind = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8";
        assert!(answer.head.contains(kind), "{}", answer.head);
        read(&answer.body)
    }

    fn stop(self) {
        self.running.signal("TERM");
        assert_eq!(self.running.wait().0, Some(0));
    }
}

/// The value of the one sample that has these labels, among others.
fn value(families: &BTreeMap<String, Family>, name: &str, labels: &[(&str, &str)]) -> f64 {
    let family = families
        .get(name)
        .unwrap_or_else(|| panic!("no {name} in {families:#?}"));
    let fits = |sample: &&crate::open_metrics::Sample| {
        labels
            .iter()
            .all(|(name, value)| sample.labels.get(*name).map(String::as_str) == Some(value))
    };
    let mut found = family.samples.iter().filter(fits);
    let sample = found.next().unwrap_or_else(|| panic!("no {labels:?} in {family:#?}"));
    assert!(found.next().is_none(), "several {labels:?} in {family:#?}");
    sample.value
}

#[test]
fn a_store_without_runs_is_shown_as_such() {
    let cli = small();
    let serving = Serving::start(&cli, &[]);
    let families = serving.metrics();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(value(&families, "service_ping_build", &[("version", version)]), 1.0);
    assert_eq!(value(&families, "service_ping_outbox_bytes", &[]), 0.0);
    assert!(
        !families.contains_key("service_ping_last_run")
            && !families.contains_key("service_ping_next_run_timestamp_seconds")
    );
    serving.stop();
}

#[test]
fn runs_of_other_processes_are_seen_by_the_next_scrape() {
    let cli = small()
        .env("SERVICE_PING__VERSIONS__URL", &format!("http://{}", closed_address()))
        .env("SERVICE_PING__VERSIONS__ATTEMPTS", "1");
    count(&cli, "counts.nothing", "optional", "no_such_table");
    let serving = Serving::start(&cli, &["--schedule"]);
    assert!(!serving.metrics().contains_key("service_ping_last_run"));
    let before = Utc::now().timestamp() as f64;
    cli.run(&["run", "--now", "2026-11-19T10:54:30Z", "--output", "payload.json"])
        .expect_code(4);

    let families = serving.metrics();
    assert_eq!(value(&families, "service_ping_last_run", &[("trigger", "cli")]), 1.0);
    for (status, is_it) in [
        ("completed", 1.0),
        ("running", 0.0),
        ("failed", 0.0),
        ("interrupted", 0.0),
    ] {
        let labels = [("service_ping_last_run_status", status)];
        assert_eq!(
            value(&families, "service_ping_last_run_status", &labels),
            is_it,
            "{status}"
        );
    }
    let recorded: DateTime<Utc> = "2026-11-19T10:54:30Z".parse().unwrap();
    let shown = value(&families, "service_ping_last_run_recorded_timestamp_seconds", &[]);
    assert_eq!(shown, recorded.timestamp() as f64);
    let start = value(&families, "service_ping_last_run_start_timestamp_seconds", &[]);
    let end = value(&families, "service_ping_last_run_end_timestamp_seconds", &[]);
    let took = value(&families, "service_ping_last_run_duration_seconds", &[]);
    assert!(
        start >= before && end >= start && (end - start - took).abs() < 1e-3,
        "{start} {end} {took}"
    );

    assert_eq!(
        value(
            &families,
            "service_ping_metric_ok",
            &[("key_path", "counts.users"), ("reason", "")]
        ),
        1.0
    );
    let failed = [("key_path", "counts.nothing"), ("reason", "missing_table")];
    assert_eq!(value(&families, "service_ping_metric_ok", &failed), 0.0);
    assert!(
        value(
            &families,
            "service_ping_metric_elapsed_seconds",
            &[("key_path", "counts.users")]
        ) > 0.0
    );
    assert!(
        value(
            &families,
            "service_ping_metric_statements",
            &[("key_path", "counts.users")]
        ) >= 1.0
    );
    assert_eq!(value(&families, "service_ping_metrics", &[("reason", "ok")]), 4.0);
    assert_eq!(
        value(&families, "service_ping_metrics", &[("reason", "missing_table")]),
        1.0
    );

    assert_eq!(
        value(&families, "service_ping_reports", &[("delivery", "waiting")]),
        1.0
    );
    let bytes = cli.read("payload.json").len() as f64;
    assert_eq!(value(&families, "service_ping_outbox_bytes", &[]), bytes);
    assert_eq!(value(&families, "service_ping_delivery_attempts", &[]), 1.0);
    assert!(value(&families, "service_ping_outbox_oldest_age_seconds", &[]) < 600.0);
    let next = value(&families, "service_ping_next_run_timestamp_seconds", &[]);
    assert!(next > before && next < before + 7.5 * 86_400.0, "{next}");
    assert_eq!(value(&families, "service_ping_slot_failures", &[]), 0.0);
    serving.stop();
}

#[test]
fn readiness_says_what_is_in_the_way() {
    let cli = small();
    let serving = Serving::start(&cli, &[]);
    let ready = serving.get("/ready");
    assert_eq!((ready.status, ready.body.as_str()), (200, "ready\n"));
    let wrong = cli.write("metrics/wrong.yml", "key_path: wrong\n");
    let unready = serving.get("/ready");
    assert_eq!(unready.status, 503);
    assert!(unready.body.contains("the definitions have errors"), "{}", unready.body);
    let lenient = Serving::start(&cli, &["--skip-invalid"]);
    assert_eq!(lenient.get("/ready").status, 200, "they are left out");
    lenient.stop();
    std::fs::remove_file(wrong).unwrap();
    assert_eq!(serving.get("/ready").status, 200);
    database(
        &cli.folder().join("service-ping.db"),
        "DROP TABLE instance_facts; DROP TABLE runs",
    );
    let unready = serving.get("/ready");
    assert_eq!(
        (unready.status, unready.body.as_str()),
        (503, "the state store does not answer: see the log\n")
    );
    assert_eq!(serving.get("/metrics").status, 503);
    let alive = serving.get("/health");
    assert_eq!((alive.status, alive.body.as_str()), (200, "ok\n"));
    serving.stop();
}

#[test]
fn other_paths_and_methods_are_refused() {
    let cli = small();
    definition(&cli, "more", "optional", "none", "StaticMetric", "value: x");
    let serving = Serving::start(&cli, &[]);
    assert_eq!(serving.get("/nowhere").status, 404);
    let post = "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert_eq!(serving.ask(post).status, 405);
    assert_eq!(serving.ask("nonsense\r\n\r\n").status, 400);
    // A connection that says nothing keeps nobody from being answered, nor the process from its end.
    let silent = TcpStream::connect(&serving.address).expect("it listens");
    assert_eq!(serving.get("/health").status, 200);
    serving.stop();
    drop(silent);
}
