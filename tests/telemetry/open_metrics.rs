//! The page for collectors of metrics, read by a parser that is not ours: that of Prometheus' Python client.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::instance::{large, run, small};
use crate::support::cli::{Cli, Running};
use crate::support::postgres::Postgres;
use crate::support::wait::wait_until;
use crate::support::wire::nobody;

const PARSER: &str = r#"
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = {}
for family in text_string_to_metric_families(sys.stdin.read()):
    samples = [[sample.name, sample.labels, sample.value] for sample in family.samples]
    families[family.name] = {"type": family.type, "unit": family.unit, "help": family.documentation, "samples": samples}
json.dump(families, sys.stdout)
"#;

/// Families by their names, as the parser has them: type, unit, help and samples.
struct Page(BTreeMap<String, Value>);

impl Page {
    fn of(text: &str) -> Page {
        let mut parser = Command::new("/usr/bin/python3")
            .args(["-c", PARSER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 with prometheus_client: scripts/test installs it");
        let mut input = parser.stdin.take().expect("its input");
        input.write_all(text.as_bytes()).expect("it reads");
        drop(input);
        let output = parser.wait_with_output().expect("it ends");
        assert!(output.status.success(), "the parser refuses:\n{text}");
        Page(serde_json::from_slice(&output.stdout).expect("JSON"))
    }

    /// The value of the one sample with these labels, among others.
    fn value(&self, family: &str, labels: &[(&str, &str)]) -> f64 {
        let samples = self.0[family]["samples"].as_array().expect("samples");
        let fits = |sample: &&Value| labels.iter().all(|(name, value)| sample[1][*name] == *value);
        let found: Vec<&Value> = samples.iter().filter(fits).collect();
        assert_eq!(found.len(), 1, "{labels:?} in {samples:#?}");
        found[0][2].as_f64().expect("a number")
    }
}

fn scrape(address: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it answers");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    body.to_owned()
}

fn serving(cli: &Cli, more: &[&str]) -> (Running, String) {
    let mut running = cli.start(&[&["serve", "--listen", "127.0.0.1:0"], more].concat());
    let line = running.line_with("listening on ");
    let (_, address) = line.split_once("http://").expect("the line says where");
    (running, address.trim().to_owned())
}

#[test]
fn every_run_metric_source_and_queue_is_told_in_valid_open_metrics() {
    let database = Postgres::shared().database();
    let cli = large(
        &database,
        &format!(
            "[database.away]\nurl = \"postgres://{0}/x\"\n[event_store]\nurl = \"embedded\"\n\
             [versions]\nurl = \"http://{0}\"\nattempts = 1\n",
            nobody().trim_start_matches("http://")
        ),
    );
    cli.write(
        "metrics/away.yml",
        "key_path: counts.away\ndescription: A metric of the tests.\nvalue_type: number\nstatus: active\n\
         time_frame: all\ndata_source: database\ndata_category: optional\ninstrumentation_class: SqlValueMetric\n\
         options:\n  database: away\n  query: SELECT 1\n",
    );
    let (running, address) = serving(&cli, &["--schedule"]);
    let before = Page::of(&scrape(&address));
    assert_eq!(before.value("service_ping_runs", &[("status", "completed")]), 0.0);
    run(&cli, &[]).expect_code(4);
    let page = Page::of(&scrape(&address));

    assert_eq!(page.value("service_ping_runs", &[("status", "completed")]), 1.0);
    assert!(page.value("service_ping_last_run_duration_seconds", &[]) > 0.0);
    assert_eq!(
        page.value(
            "service_ping_last_run_status",
            &[("service_ping_last_run_status", "completed")]
        ),
        1.0
    );
    for (reason, count) in [("ok", 7.0), ("missing_table", 1.0), ("source_unavailable", 1.0)] {
        assert_eq!(
            page.value("service_ping_metrics", &[("reason", reason)]),
            count,
            "{reason}"
        );
    }
    let of = |key_path| [("key_path", key_path)];
    assert!(page.value("service_ping_metric_elapsed_seconds", &of("counts.issues")) > 0.0);
    assert_eq!(page.value("service_ping_metric_ok", &of("counts.nothing")), 0.0);
    assert_eq!(page.value("service_ping_metric_ok", &of("counts.issues")), 1.0);

    let (main, away) = ([("source", "database.main")], [("source", "database.away")]);
    assert_eq!(page.value("service_ping_source_up", &main), 1.0);
    assert_eq!(page.value("service_ping_source_up", &away), 0.0);
    assert!(page.value("service_ping_source_statements", &main) > 5.0);
    assert_eq!(page.value("service_ping_source_statements", &away), 0.0);
    assert!(page.value("service_ping_source_elapsed_seconds", &main) > 0.0);
    assert_eq!(page.value("service_ping_source_failed_readings", &main), 1.0);
    assert_eq!(page.value("service_ping_source_readings", &away), 1.0);
    let sources = page.0["service_ping_source_up"]["samples"].as_array().expect("samples");
    assert_eq!(sources.len(), 2, "nothing was asked of the event store");

    assert_eq!(page.value("service_ping_reports", &[("delivery", "waiting")]), 1.0);
    assert!(page.value("service_ping_outbox_bytes", &[]) > 100.0);
    assert!(page.value("service_ping_outbox_oldest_age_seconds", &[]) >= 0.0);
    assert!(page.value("service_ping_next_run_timestamp_seconds", &[]) > 0.0);
    for (name, family) in &page.0 {
        assert!(family["help"].as_str().is_some_and(|help| !help.is_empty()), "{name}");
        let unit = family["unit"].as_str().expect("a unit");
        assert!(
            unit.is_empty() || name.ends_with(&format!("_{unit}")),
            "{name} in {unit}"
        );
        assert_eq!(
            unit.is_empty(),
            !name.ends_with("_seconds") && !name.ends_with("_bytes"),
            "{name}"
        );
    }
    running.signal("TERM");
    assert_eq!(running.wait().0, Some(0));
}

#[test]
fn the_queue_of_tracked_events_is_told() {
    let cli = small("[event_store]\nurl = \"embedded\"\n");
    cli.write(
        "known_events/search.yml",
        "- name: i_search_total\n  aggregation: weekly\n",
    );
    let made = cli.run(&["token", "add", "app", "--scope", "track", "--user", "7"]);
    let token = made.expect_code(0).stdout;
    let (running, address) = serving(&cli, &[]);
    for _ in 0..3 {
        let body = "event=i_search_total";
        let request = format!(
            "POST /usage_data/increment_unique_users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nPRIVATE-TOKEN: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            token.trim(),
            body.len()
        );
        let mut stream = TcpStream::connect(&address).expect("it listens");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let count = |page: &Page, result: &str| page.value("service_ping_events", &[("result", result)]);
    wait_until("the events are written", || {
        count(&Page::of(&scrape(&address)), "written") == 3.0
    });
    let page = Page::of(&scrape(&address));
    assert_eq!(page.value("service_ping_event_queue_writes", &[]), 0.0);
    assert_eq!(page.value("service_ping_event_queue_capacity", &[]), 100_000.0);
    assert_eq!(page.0["service_ping_events"]["type"], "counter");
    for (result, wanted) in [("accepted", 3.0), ("dropped", 0.0), ("kept", 0.0)] {
        assert_eq!(count(&page, result), wanted, "{result}");
    }
    assert_eq!(page.value("service_ping_event_retries", &[]), 0.0);
    running.signal("TERM");
    assert_eq!(running.wait().0, Some(0));
}
