//! The verbs, as a person runs them.

use std::io::Write;
use std::process::{ChildStdin, Stdio};

use serde_json::{Value, json};

use crate::collector::request;
use crate::front::{Answer, Front, nobody};
use crate::kills::{configured, look};
use crate::support::cli::{Cli, Running};

const USAGE: &str = r#"{"event_type":"t","realm":"SM","unit_of_measure":"seconds","quantity":1.5}"#;

/// The events that a front has taken, as a judge reads them.
pub fn taken(front: &Front) -> Vec<service_ping::emit::snowplow::collector::GoodEvent> {
    let requests = front.requests();
    requests
        .iter()
        .flat_map(|sent| crate::events::received(&request(sent.body.clone()).body))
        .collect()
}

#[test]
fn an_event_is_tracked_with_properties_and_contexts() {
    let front = Front::open();
    let cli = configured(&front.url);
    let context = r#"iglu:com.gitlab/custom_event/jsonschema/1-0-0={"name":"attached"}"#;
    let arguments = [
        "snowplow",
        "track",
        "clicked",
        "--props",
        r#"{"a":1}"#,
        "--context",
        context,
    ];
    let tracked = cli.run(&arguments).expect_code(0);
    let event = taken(&front).remove(0);
    assert_eq!(
        tracked.stdout,
        format!("{}\n", event.raw_event.parameters["eid"].as_str().unwrap())
    );
    assert_eq!(
        event.own.expect("its data").data,
        json!({"name": "clicked", "props": {"a": 1}})
    );
    assert_eq!(event.attached[0].data, json!({"name": "attached"}));
    assert_eq!(look(&cli)["pending"], 0);
    cli.run(&["snowplow", "track", ""]).expect_code(2);
    cli.run(&["snowplow", "track", "a", "--props", "[]"]).expect_code(2);
    cli.run(&["snowplow", "track", "a", "--context", "no"]).expect_code(2);
    assert_eq!(front.requests().len(), 1);
}

#[test]
fn lines_of_usage_are_accepted_one_by_one_and_bad_ones_are_named() {
    let front = Front::open();
    let cli = configured(&front.url);
    let full = json!({
        "category": "c", "event_type": "t", "realm": "self-managed", "unit_of_measure": "seconds", "quantity": 2,
        "event_id": "01a2284b-b9e1-71db-b2bc-df46e7bdc690", "timestamp": "2026-11-19T00:00:00+01:00", "project_id": 7,
        "instance_id": null, "metadata": {"a": {"b": 1}}, "seat_ids": ["s"], "organization_id": 3,
    });
    let lines = [
        USAGE.to_owned(),
        full.to_string(),
        String::new(),
        "garbage".to_owned(),
        USAGE.replace("1.5", "0"),
        USAGE.replace("SM", "Moon"),
        USAGE.replace("\"quantity\"", "\"projet_id\":1,\"quantity\""),
        USAGE.replace('}', r#","category":"own"}"#),
    ];
    cli.write("events.jsonl", &lines.join("\n"));
    let said = cli
        .run(&["snowplow", "billing", "--from", "events.jsonl", "--category", "usual"])
        .expect_code(1);
    let events = taken(&front);
    let ids: Vec<&str> = events
        .iter()
        .map(|event| event.raw_event.parameters["eid"].as_str().unwrap())
        .collect();
    assert_eq!(said.stdout.lines().collect::<Vec<_>>(), ids);
    assert_eq!(ids.len(), 3);
    for (line, word) in [(4, "no JSON"), (5, "quantity"), (6, "Moon"), (7, "projet_id")] {
        assert!(
            said.stderr
                .lines()
                .any(|text| text.starts_with(&format!("line {line}: ")) && text.contains(word)),
            "{}",
            said.stderr
        );
    }
    assert!(said.stderr.contains("4 lines refused"));
    let categories: Vec<_> = events
        .iter()
        .map(|event| event.raw_event.parameters["se_ca"].clone())
        .collect();
    assert_eq!(categories, ["usual", "c", "own"]);
    assert_eq!(ids[1], "01a2284b-b9e1-71db-b2bc-df46e7bdc690");
    assert_eq!(events[1].raw_event.parameters["ttm"], "1795042800000");
    let data = &events[1].attached[0].data;
    assert_eq!(
        (&data["realm"], &data["timestamp"]),
        (&json!("SM"), &json!("2026-11-18T23:00:00.000Z"))
    );
    assert_eq!(
        (&data["metadata"], data.get("instance_id")),
        (&json!({"a": {"b": 1}}), None)
    );
}

/// `billing` as it reads its input, which is ours to write.
fn reading(cli: &Cli) -> (Running, ChildStdin) {
    let mut command = cli.command(&["snowplow", "billing", "--from", "-"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let stdin = child.stdin.take().expect("its input");
    (cli.attach(child), stdin)
}

#[test]
fn standard_input_is_read_and_each_id_is_said_before_more_is_waited_for() {
    let front = Front::open();
    let cli = configured(&front.url);
    let (mut running, mut stdin) = reading(&cli);
    for nth in 1..=3 {
        writeln!(stdin, "{USAGE}").expect("it reads");
        let id = running.line_with("-7");
        front.wait_for_taken(nth);
        assert_eq!(front.taken_ids()[nth - 1], id);
    }
    drop(stdin);
    assert_eq!(running.wait().0, Some(0));
}

#[test]
fn a_signal_ends_the_wait_for_lines_and_what_was_accepted_is_sent() {
    let front = Front::open();
    let cli = configured(&front.url);
    let (mut running, mut stdin) = reading(&cli);
    for _ in 0..3 {
        writeln!(stdin, "{USAGE}").expect("it reads");
        running.line_with("-7");
    }
    // Its input stays open.
    running.signal("TERM");
    assert_eq!(running.wait().0, Some(130));
    assert_eq!(front.taken().len(), 3);
    assert_eq!(look(&cli)["pending"], 0);
    drop(stdin);
}

#[test]
fn a_key_makes_the_same_id_each_time() {
    let front = Front::open();
    let cli = configured(&front.url);
    let keyed = USAGE.replace('}', r#","idempotency_key":"job 7"}"#);
    cli.run(&["snowplow", "billing", &keyed]).expect_code(1);
    let cli = cli.env("SERVICE_PING__INSTANCE__UUID", "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    let ids = [0, 1].map(|_| cli.run(&["snowplow", "billing", &keyed]).expect_code(0).stdout);
    assert_eq!(ids[0], ids[1]);
    assert_eq!(ids[0].chars().nth(14), Some('5'));
}

#[test]
fn what_waits_is_shown_and_drained() {
    let cli = configured(&nobody());
    let tracked = cli
        .run(&["snowplow", "track", "clicked", "--deadline", "1ms"])
        .expect_code(4);
    assert!(
        tracked.stderr.contains("1 event waits in the spool"),
        "{}",
        tracked.stderr
    );
    cli.run(&["snowplow", "billing", USAGE, "--deadline", "1ms"])
        .expect_code(4);
    let said = cli.run(&["snowplow", "spool"]).expect_code(0).stdout;
    assert!(
        said.starts_with("2 events waiting, 1 for billing, in 2 segments"),
        "{said}"
    );
    let shown = look(&cli);
    assert_eq!(
        (&shown["pending"], &shown["pending_billing"], &shown["dead_letters"]),
        (&json!(2), &json!(1), &json!(0))
    );
    let front = Front::open();
    cli.write(
        "service-ping.toml",
        &format!("[snowplow]\ncollector = \"{}\"\n", front.url),
    );
    cli.run(&["snowplow", "drain"]).expect_code(0);
    assert_eq!(front.taken_ids().len(), 2);
    assert_eq!(look(&cli)["pending"], 0);
}

#[test]
fn dead_letters_are_listed_and_sent_again_under_their_ids() {
    let front = Front::playing(vec![Answer::Status(400)]);
    let cli = configured(&front.url);
    let refused = cli.run(&["snowplow", "billing", USAGE]).expect_code(4);
    assert!(
        refused.stderr.contains("1 event was refused for good"),
        "{}",
        refused.stderr
    );
    let id = refused.stdout.trim();
    cli.run(&["snowplow", "track", "clicked"]).expect_code(4);
    let listed = cli.run(&["snowplow", "dead-letters", "list"]).expect_code(0).stdout;
    assert!(
        listed.starts_with(&format!("{id}  billing  non_retriable_status  status 400  ")),
        "{listed}"
    );
    let listed = cli
        .run(&["snowplow", "dead-letters", "list", "--format", "json"])
        .expect_code(0)
        .stdout;
    let letters: Vec<Value> = listed
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!((letters.len(), &letters[0]["event"]["eid"]), (2, &json!(id)));
    cli.run(&["snowplow", "dead-letters", "replay", "unknown"])
        .expect_code(2);
    let doctor = cli.run(&["doctor"]);
    assert!(
        doctor.stdout.contains("2 of them were refused for good"),
        "{}",
        doctor.stdout
    );
    // Refused again: it is a dead letter again.
    cli.run(&["snowplow", "dead-letters", "replay", id]).expect_code(4);
    assert_eq!(look(&cli)["dead_letters"], 2);
    let open = Front::open();
    cli.write(
        "service-ping.toml",
        &format!("[snowplow]\ncollector = \"{}\"\n", open.url),
    );
    cli.run(&["snowplow", "dead-letters", "replay", id]).expect_code(0);
    assert_eq!(
        (open.taken_ids(), look(&cli)["dead_letters"].clone()),
        (vec![id.to_owned()], json!(1))
    );
    cli.run(&["snowplow", "dead-letters", "replay"]).expect_code(0);
    assert_eq!(
        (open.taken_ids().len(), look(&cli)["dead_letters"].clone()),
        (2, json!(0))
    );
}

#[test]
fn nothing_is_sent_where_nothing_may_leave() {
    let front = Front::open();
    for cli in [
        configured(&front.url).env("DO_NOT_TRACK", "1"),
        configured(&front.url).env("SERVICE_PING__REPORTING__ENABLED", "false"),
    ] {
        cli.run(&["snowplow", "track", "clicked"]).expect_code(6);
        cli.run(&["snowplow", "billing", USAGE]).expect_code(6);
        cli.run(&["snowplow", "drain"]).expect_code(6);
        cli.run(&["snowplow", "dead-letters", "replay"]).expect_code(6);
        assert!(!cli.folder().join("snowplow-spool").exists());
    }
    assert_eq!(front.requests().len(), 0);
    let without = Cli::new();
    let said = without.run(&["snowplow", "track", "clicked"]).expect_code(3);
    assert!(said.stderr.contains("no [snowplow]"), "{}", said.stderr);
}

#[test]
fn a_schema_of_the_operators_own_is_heeded_before_an_event_is_accepted() {
    let front = Front::open();
    let cli = configured(&front.url).env("SERVICE_PING__SNOWPLOW__SCHEMAS", "schemas");
    cli.write(
        "schemas/com.gitlab/billable_usage/jsonschema/1-0-2",
        r#"{"type":"object","properties":{"unit_of_measure":{"enum":["tokens"]}}}"#,
    );
    let refused = cli.run(&["snowplow", "billing", USAGE]).expect_code(1);
    assert!(
        refused
            .stderr
            .contains("it does not follow iglu:com.gitlab/billable_usage"),
        "{}",
        refused.stderr
    );
    cli.run(&["snowplow", "billing", &USAGE.replace("seconds", "tokens")])
        .expect_code(0);
    assert_eq!(front.taken().len(), 1);
}

const EVENT: &str = "\
description: A package was pushed
action: push_package
internal_events: true
identifiers: [user, project]
additional_properties:
  label:
    description: The package manager
";

#[test]
fn an_internal_event_that_is_tracked_goes_to_the_collector_as_well() {
    let front = Front::open();
    let cli = Cli::new();
    cli.write("events/push_package.yml", EVENT);
    let configuration = |url: &str| {
        let text = format!("[event_store]\nurl = \"embedded\"\n[snowplow]\ncollector = \"{url}\"\n");
        cli.write("service-ping.toml", &text);
    };
    configuration(&front.url);
    let track = [
        "events",
        "track",
        "push_package",
        "--user",
        "1",
        "--project",
        "2",
        "--property",
        "label=npm",
    ];
    cli.run(&track).expect_code(0);
    let own = taken(&front).remove(0).own.expect("its data");
    assert_eq!(
        own.data,
        json!({"name": "push_package", "props": {"user_id": "1", "project_id": "2", "label": "npm"}})
    );
    // A collector that is away is no failure of the tracking.
    configuration(&nobody());
    let said = cli.run(&track).expect_code(0);
    assert!(said.stderr.contains("1 event waits in the spool"), "{}", said.stderr);
    // Where nothing may leave, it is counted here alone.
    let cli = cli.env("DO_NOT_TRACK", "1");
    cli.run(&track).expect_code(0);
    assert_eq!(look(&cli)["pending"], 1);
}

#[test]
fn the_collector_of_ours_takes_what_our_verbs_send() {
    let cli = Cli::new();
    let mut collector = cli.start(&["snowplow", "collector", "--listen", "127.0.0.1:0", "--token", "s3cret"]);
    let url = collector.line_with("listening on http://").replace("listening on ", "");
    let text = format!("[snowplow]\ncollector = \"{}\"\ntoken = \"s3cret\"\n", url.trim());
    cli.write("service-ping.toml", &text);
    cli.run(&["snowplow", "track", "clicked"]).expect_code(0);
    cli.run(&["snowplow", "billing", USAGE]).expect_code(0);
    let all = ask(&url, "/micro/all");
    assert_eq!(all, json!({"total": 2, "good": 2, "bad": 0}));
    cli.write("service-ping.toml", &text.replace("s3cret", "other"));
    cli.run(&["snowplow", "track", "clicked", "--deadline", "1ms"])
        .expect_code(4);
    assert_eq!(ask(&url, "/micro/all")["total"], 2);
    collector.signal("TERM");
    assert_eq!(collector.wait().0, Some(0));
    let wrong = cli
        .run(&["snowplow", "collector", "--schemas", "nowhere"])
        .expect_code(2);
    assert!(wrong.stderr.contains("nowhere"));
}

fn ask(url: &str, path: &str) -> Value {
    use std::io::{Read, Write};
    let address = url.trim().trim_start_matches("http://").to_owned();
    let mut stream = std::net::TcpStream::connect(&address).expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    serde_json::from_str(answer.split_once("\r\n\r\n").expect("a body").1).expect("JSON")
}
