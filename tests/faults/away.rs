//! Servers that are away for a whole run, or say nothing.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::instance::{Instance, Report};
use crate::support::postgres::{Postgres, READER_PASSWORD};

/// Far more than one wait for a restart, far less than one for each metric.
const PATIENCE_SECONDS: f64 = 120.0;
const METRICS: usize = 60;

fn instance(url: &str) -> Instance {
    let instance = Instance::new(url, "");
    for number in 0..METRICS {
        instance.count(&format!("counts.n{number:02}"), &format!("users WHERE id > {number}"));
    }
    instance.definition(
        "version",
        "VersionMetric",
        json!({}),
        json!({"value_type": "string", "data_source": "system"}),
    );
    instance
}

fn assert_unavailable(report: &Report) {
    for number in 0..METRICS {
        report.assert_fallback(&format!("counts.n{number:02}"), "source_unavailable", &json!(-1));
    }
    report.assert_value("version", &json!("1.2.3"));
    let elapsed = report.json["elapsed"].as_f64().expect("seconds");
    assert!(
        elapsed < PATIENCE_SECONDS,
        "the run waited for {METRICS} metrics one by one: {elapsed} s"
    );
    report.assert_silent_about(READER_PASSWORD);
}

#[test]
fn a_stopped_server_is_waited_for_once() {
    let postgres = Postgres::dedicated();
    let database = postgres.database();
    let instance = instance(&database.reader_tcp_url());
    postgres.stop();
    assert_unavailable(&instance.run(0));
    instance.assert_no_file_holds(READER_PASSWORD);
}

#[test]
fn a_server_that_says_nothing_is_waited_for_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it listens").port();
    let instance = instance(&format!(
        "postgres://service_ping:{READER_PASSWORD}@127.0.0.1:{port}/app"
    ));
    assert_unavailable(&instance.run(0));
    instance.assert_no_file_holds(READER_PASSWORD);
}

#[test]
fn an_interrupt_ends_the_wait_for_a_server_that_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it listens").port();
    let instance = instance(&format!(
        "postgres://service_ping:{READER_PASSWORD}@127.0.0.1:{port}/app"
    ));
    let running = instance.cli.start(&["run", "--format", "json"]);
    let _met = listener.accept().expect("the run calls");
    running.signal("INT");
    let (code, lines) = running.wait();
    assert_eq!(code, Some(130), "{lines:#?}");
    // A run that only heard the interrupt after its own patience would call the source unavailable.
    let text = lines.join("\n");
    let reason = |reason: &str| text.matches(&format!("\"reason\": \"{reason}\"")).count();
    assert_eq!(
        (reason("source_unavailable"), reason("cancelled") + reason("not_run")),
        (0, METRICS),
        "{text}"
    );
}

#[test]
fn a_database_that_is_not_there_is_named_without_its_url() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let url = database.reader_tcp_url().replace(database.name(), "nowhere_at_all");
    let report = instance(&url).run(0);
    assert_unavailable(&report);
    let message: &Value = &report.outcome("counts.n00")["message"];
    assert!(
        message.as_str().is_some_and(|text| text.contains("nowhere_at_all")),
        "{message}"
    );
}
