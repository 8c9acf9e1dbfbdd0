//! Single events inside `serve`: metrics from zero on, and what commands left.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::front::{Answer, Front, Payload, nobody};
use crate::kills::{configured, look};
use crate::support::cli::{Cli, Running};
use crate::support::wait::wait_until;
use crate::verbs::taken;

const USAGE: &str = r#"{"event_type":"t","realm":"SM","unit_of_measure":"seconds","quantity":1.5}"#;

fn serve(cli: &Cli) -> (Running, String) {
    let mut serve = cli.start(&["serve", "--listen", "127.0.0.1:0"]);
    let line = serve.line_with("listening on http://");
    let address = line.split("http://").nth(1).expect("an address").trim().to_owned();
    (serve, address)
}

fn scrape(address: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

/// The sample of a name with its labels.
fn sample(page: &str, name: &str) -> Option<f64> {
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.parse().ok()
}

#[test]
fn every_metric_is_there_from_zero_on() {
    let cli = configured(&nobody());
    let (serve, address) = serve(&cli);
    let page = scrape(&address);
    let mut names: Vec<String> = Vec::new();
    let labelled = [
        ("events_enqueued_total", "kind", ["custom", "billing"].as_slice()),
        (
            "events_rejected_total",
            "reason",
            &["invalid_event", "payload_too_large", "spool_full", "stopped", "storage"],
        ),
        (
            "events_delivery_failed_total",
            "reason",
            &[
                "abandoned_at_shutdown",
                "auth",
                "expired",
                "non_retriable_status",
                "payload_too_large",
                "retries_exhausted",
            ],
        ),
        (
            "events_dead_lettered_total",
            "reason",
            &["auth", "non_retriable_status", "payload_too_large", "retries_exhausted"],
        ),
        (
            "retries_total",
            "cause",
            &[
                "auth",
                "configuration",
                "connection",
                "redirect",
                "server",
                "storage",
                "throttled",
                "timeout",
            ],
        ),
        (
            "batches_total",
            "result",
            &["delivered", "divided", "failed", "retried"],
        ),
        (
            "batch_delivery_duration_seconds_bucket",
            "le",
            &["0.1", "0.5", "1.0", "2.5", "5.0", "10.0", "30.0", "60.0", "+Inf"],
        ),
    ];
    for (name, label, values) in labelled {
        names.extend(values.iter().map(|value| format!("{name}{{{label}=\"{value}\"}}")));
    }
    let plain = [
        "events_delivered_total",
        "events_overflow_dropped_total",
        "events_recovered_total",
        "events_corrupt_total",
        "callback_panics_total",
        "batch_delivery_duration_seconds_sum",
        "batch_delivery_duration_seconds_count",
        "queue_depth",
        "queue_capacity",
        "spool_bytes",
        "oldest_pending_age_seconds",
    ];
    names.extend(plain.map(str::to_owned));
    for name in names {
        assert_eq!(
            sample(&page, &format!("service_ping_snowplow_{name}")),
            Some(0.0),
            "{name}\n{page}"
        );
    }
    let parser = std::process::Command::new("/usr/bin/python3")
        .args([
            "-c",
            "import sys; from prometheus_client.openmetrics.parser import text_string_to_metric_families as p; \
             print(len(list(p(sys.argv[1]))))",
            page.split_once("\r\n\r\n").expect("a body").1,
        ])
        .output()
        .expect("python runs");
    assert!(parser.status.success(), "{}", String::from_utf8_lossy(&parser.stderr));
    serve.signal("TERM");
    assert_eq!(serve.wait().0, Some(0));
}

#[test]
fn what_commands_left_is_taken_over_and_counted() {
    let cli = configured(&nobody());
    for _ in 0..3 {
        cli.run(&["snowplow", "billing", USAGE, "--deadline", "1ms"])
            .expect_code(4);
    }
    assert_eq!(look(&cli)["pending"], 3);
    let front = Front::open();
    cli.write(
        "service-ping.toml",
        &format!("[snowplow]\ncollector = \"{}\"\n", front.url),
    );
    let (serve, address) = serve(&cli);
    front.wait_for_taken(3);
    let delivered = "service_ping_snowplow_events_delivered_total";
    wait_until("three events", || sample(&scrape(&address), delivered) == Some(3.0));
    let page = scrape(&address);
    let enqueued = "service_ping_snowplow_events_enqueued_total{kind=\"billing\"}";
    assert_eq!(sample(&page, enqueued), Some(3.0));
    assert_eq!(look(&cli)["pending"], 0);
    // A command has its spool for itself meanwhile.
    cli.run(&["snowplow", "billing", USAGE]).expect_code(0);
    front.wait_for_taken(4);
    serve.signal("TERM");
    assert_eq!(serve.wait().0, Some(0));
}

#[test]
fn what_the_collector_does_not_take_is_seen_and_waits_for_the_next_start() {
    let cli = configured(&nobody());
    cli.run(&["snowplow", "billing", USAGE, "--deadline", "1ms"])
        .expect_code(4);
    let front = Front::playing(vec![Answer::Status(503)]);
    cli.write(
        "service-ping.toml",
        &format!("[snowplow]\ncollector = \"{}\"\n", front.url),
    );
    let (running, address) = serve(&cli);
    front.wait_for_requests(1);
    let retries = "service_ping_snowplow_retries_total{cause=\"server\"}";
    wait_until("an attempt", || sample(&scrape(&address), retries) >= Some(1.0));
    assert_eq!(
        sample(&scrape(&address), "service_ping_snowplow_queue_depth"),
        Some(1.0)
    );
    running.signal("TERM");
    let (code, lines) = running.wait();
    assert_eq!(code, Some(0));
    assert!(
        lines.iter().any(|line| line.contains("1 event waits in the spool")),
        "{lines:?}"
    );
    let open = Front::open();
    cli.write(
        "service-ping.toml",
        &format!("[snowplow]\ncollector = \"{}\"\n", open.url),
    );
    let (again, _) = serve(&cli);
    open.wait_for_taken(1);
    again.signal("TERM");
    again.wait();
    let first: Value = front.requests()[0].events()[0]["eid"].clone();
    assert_eq!(open.taken()[0]["eid"], first);
}

const DEFINITION: &str = "\
key_path: counts.boards_created
description: Boards that were made
value_type: number
status: active
time_frame: all
data_source: internal_events
data_category: optional
events:
  - name: board_created
";

/// An instance that counts an internal event and has a token to track it.
fn counting(collector: &str) -> (Cli, String) {
    let cli = Cli::new();
    cli.write("metrics/counts_all/boards.yml", DEFINITION);
    cli.write(
        "service-ping.toml",
        &format!("[event_store]\nurl = \"embedded\"\n[snowplow]\ncollector = \"{collector}\"\n"),
    );
    let token = cli
        .run(&["token", "add", "app", "--scope", "track", "--user", "7"])
        .expect_code(0);
    (cli, token.stdout.trim().to_owned())
}

/// What the answer to a request says.
fn post(address: &str, token: &str, path: &str, body: &Value) -> Value {
    let body = body.to_string();
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nprivate-token: {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").expect("a body").1).expect("JSON")
}

#[test]
fn events_of_requests_go_on_where_the_request_says_so() {
    let front = Front::open();
    let (cli, token) = counting(&front.url);
    let (serve, address) = serve(&cli);
    let quiet = json!({"event": "board_created"});
    let told = json!({
        "event": "board_created", "send_to_snowplow": true, "namespace_id": 3, "project_id": 5,
        "additional_properties": {"label": "first", "value": 2},
    });
    let unknown = json!({"event": "board_burnt", "send_to_snowplow": true});
    post(&address, &token, "/usage_data/track_event", &quiet);
    post(&address, &token, "/usage_data/track_event", &told);
    let answer = post(
        &address,
        &token,
        "/usage_data/track_events",
        &json!({"events": [quiet, unknown, {"event": "board_created", "send_to_snowplow": "1"}]}),
    );
    assert_eq!(answer["results"], json!(["tracked", "not_tracked", "tracked"]));
    front.wait_for_taken(2);
    serve.signal("TERM");
    assert_eq!(serve.wait().0, Some(0));
    let data = taken(&front).into_iter().map(|event| event.own.expect("its data").data);
    assert_eq!(
        data.collect::<Vec<Value>>(),
        [
            json!({"name": "board_created", "props": {
                "namespace_id": "3", "project_id": "5", "user_id": "7", "label": "first", "value": 2,
            }}),
            json!({"name": "board_created", "props": {"user_id": "7"}}),
        ]
    );
    let counted = cli
        .run(&["metric", "counts.boards_created", "--format", "json"])
        .expect_code(0);
    let counted: Value = serde_json::from_str(&counted.stdout).expect("JSON");
    assert_eq!(counted["value"], 4);
}

#[test]
fn what_is_not_to_leave_is_counted_and_stays() {
    let front = Front::open();
    let (cli, token) = counting(&front.url);
    let cli = cli.env("DO_NOT_TRACK", "1");
    let (serve, address) = serve(&cli);
    let told = json!({"event": "board_created", "send_to_snowplow": true});
    let answer = post(&address, &token, "/usage_data/track_event", &told);
    assert_eq!(answer["result"], "tracked");
    serve.signal("TERM");
    assert_eq!(serve.wait().0, Some(0));
    assert_eq!(front.requests().len(), 0);
}

#[test]
fn an_event_of_a_request_that_was_answered_waits_in_the_spool() {
    let away = nobody();
    let (cli, token) = counting(&away);
    let (running, address) = serve(&cli);
    let told = json!({"event": "board_created", "send_to_snowplow": true});
    post(&address, &token, "/usage_data/track_event", &told);
    running.signal("KILL");
    running.wait();
    let front = Front::open();
    let config = cli.read("service-ping.toml").replace(&away, &front.url);
    cli.write("service-ping.toml", &config);
    let (again, _) = serve(&cli);
    front.wait_for_taken(1);
    again.signal("TERM");
    assert_eq!(again.wait().0, Some(0));
}
