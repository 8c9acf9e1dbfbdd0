//! The budget of a run: what is there goes its way, the rest is not run.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::held::{Held, ROWS, ended};
use crate::instance::{Instance, Report};
use crate::support::cli::Running;
use crate::support::postgres::{Database, Postgres, READER_PASSWORD};

/// Far less than the statements take that a budget ends.
const MOST_SECONDS: f64 = 25.0;

/// One metric that is counted, one without end, and what comes after it or is made of it.
fn endless<'a>(database: &'a Database<'a>) -> Held<'a> {
    let held = Held::new(database, "");
    held.count("counts.a_is_counted", "users WHERE id > 1");
    held.count("counts.b_is_endless", "users WHERE pg_sleep(600) IS NOT NULL");
    held.count("counts.c_comes_too_late", "users WHERE id > 2");
    let identity = json!({"value_type": "string", "data_source": "system"});
    for (key_path, class) in [
        ("version", "VersionMetric"),
        ("uuid", "UuidMetric"),
        ("recorded_at", "RecordedAtMetric"),
    ] {
        held.instance.definition(key_path, class, json!({}), identity.clone());
    }
    held.instance.database_metric(
        "counts.users",
        json!({"operation": "count", "relation": "users WHERE pg_sleep(600) IS NULL"}),
    );
    held
}

fn assert_ended_in_time(report: &Report) {
    let elapsed = report.json["elapsed"].as_f64().expect("seconds");
    assert!(elapsed < MOST_SECONDS, "{elapsed} s: {:#}", report.json);
    assert_eq!(
        (&report.json["budget_over"], &report.json["interrupted"]),
        (&json!(true), &json!(false))
    );
}

fn assert_not_run(report: &Report, key_path: &str, budget: &str) {
    report.assert_fallback(key_path, "not_run", &json!(-1));
    let message = report.outcome(key_path)["message"].as_str().expect("a message");
    assert!(
        message.contains(&format!("the budget of {budget} was over")),
        "{message}"
    );
}

fn receiver(instance: &Instance) -> (Running, String) {
    let mut receiver = instance
        .cli
        .start(&["versions", "--listen", "127.0.0.1:0", "--store", "received.db"]);
    let line = receiver.line_with("listening on");
    let mut words = line.split_whitespace();
    let url = words.find(|word| word.starts_with("http://")).expect("its address");
    (receiver, url.trim_end_matches(',').to_owned())
}

#[test]
fn what_is_there_is_delivered_and_nothing_runs_on() {
    let database = Postgres::shared().database();
    let mut held = endless(&database);
    let (receiver, url) = receiver(&held.instance);
    held.instance.cli = held.instance.cli.env("SERVICE_PING__VERSIONS__URL", &url);
    let report = ended(held.start(&["--budget", "6s", "--output", "payload.json"]), 0);
    held.watched.assert_nothing_is_left();
    assert_ended_in_time(&report);
    report.assert_value("version", &json!("1.2.3"));
    for key_path in ["counts.b_is_endless", "counts.users"] {
        assert_not_run(&report, key_path, "6s");
    }
    assert_eq!(report.json["delivery"]["status"], "delivered", "{:#}", report.json);
    let payload = held.instance.payload();
    assert_eq!(payload["counts"]["b_is_endless"], -1);
    let last = held.instance.cli.run(&["preview", "--last"]).expect_code(0);
    assert_eq!(serde_json::from_str::<Value>(&last.stdout).expect("JSON"), payload);
    let log = held.watched.log().join("\n");
    assert!(log.contains("canceling statement due to user request"), "{log}");
    receiver.signal("TERM");
    receiver.wait();
}

/// On one connection, one after the other, so that what came before it is whole.
#[test]
fn what_was_read_before_it_is_exact() {
    let database = Postgres::shared().database();
    let held = endless(&database);
    let report = ended(held.start(&["--budget", "6s", "--plan", "separate"]), 0);
    report.assert_value("counts.a_is_counted", &json!(ROWS - 1));
    assert_not_run(&report, "counts.b_is_endless", "6s");
    assert_not_run(&report, "counts.c_comes_too_late", "6s");
    assert_ended_in_time(&report);
}

/// A value is the whole of its metric: the first batches of one that was cut short are not.
#[test]
fn a_metric_in_its_middle_has_no_value() {
    let database = Postgres::shared().database();
    let held = Held::new(&database, "");
    held.count("counts.users", "users WHERE id < 60 OR pg_sleep(600) IS NOT NULL");
    let report = ended(held.start(&["--budget", "6s"]), 0);
    assert!(held.counts() > 1, "it was in its middle");
    assert_not_run(&report, "counts.users", "6s");
}

#[test]
fn the_configuration_may_name_it() {
    let database = Postgres::shared().database();
    let held = endless(&database);
    held.instance.configure(
        &database.reader_tcp_url(),
        &(held.watched.setting() + "statement_timeout = \"10m\"\n[run]\nbudget = \"1500ms\""),
    );
    assert_not_run(&ended(held.start(&[]), 0), "counts.b_is_endless", "1.5s");
    assert_not_run(&ended(held.start(&["--budget", "1s"]), 0), "counts.b_is_endless", "1s");
    held.watched.assert_nothing_is_left();
}

#[test]
fn a_run_within_it_is_as_any_other() {
    let database = Postgres::shared().database();
    let held = Held::new(&database, "");
    let report = ended(held.start(&["--budget", "10m"]), 0);
    report.assert_value("counts.users", &json!(ROWS));
    assert_eq!(report.json["budget_over"], false);
}

#[test]
fn a_signal_within_it_is_still_an_interrupt() {
    let database = Postgres::shared().database();
    let held = endless(&database);
    let running = held.start(&["--budget", "10m", "--plan", "separate"]);
    held.watched.running("pg_sleep(600) IS NOT NULL");
    running.signal("TERM");
    let report = ended(running, 130);
    report.assert_fallback("counts.b_is_endless", "cancelled", &json!(-1));
    assert_eq!(
        (&report.json["interrupted"], &report.json["delivery"]["status"]),
        (&json!(true), &json!("kept"))
    );
    held.watched.assert_nothing_is_left();
}

/// A database and an event store that take connections, and never say a word.
#[test]
fn it_ends_the_wait_for_servers_that_say_nothing() {
    let silent = || TcpListener::bind("127.0.0.1:0").expect("a free port");
    let (database, store) = (silent(), silent());
    let port = |listener: &TcpListener| listener.local_addr().expect("it listens").port();
    let instance = Instance::new(
        &format!(
            "postgres://service_ping:{READER_PASSWORD}@127.0.0.1:{}/app",
            port(&database)
        ),
        &format!(
            "[event_store]\nurl = \"redis://127.0.0.1:{}\"\ntimeout = \"10m\"",
            port(&store)
        ),
    );
    instance.count("counts.users", "users");
    instance.definition(
        "counts.pushes",
        "RedisMetric",
        json!({"prefix": "source_code", "event": "pushes"}),
        json!({"data_source": "redis"}),
    );
    let report = ended(instance.cli.start(&["run", "--format", "json", "--budget", "2s"]), 0);
    assert_not_run(&report, "counts.users", "2s");
    assert_not_run(&report, "counts.pushes", "2s");
    assert_ended_in_time(&report);
}

#[test]
fn a_duration_that_is_none_is_refused() {
    let instance = Instance::new("sqlite://none.db", "");
    for text in ["soon", "60", "0s"] {
        let outcome = instance.cli.run(&["run", "--budget", text]).expect_code(2);
        assert!(
            outcome.stderr.contains("a whole number and a unit"),
            "{}",
            outcome.stderr
        );
    }
}
