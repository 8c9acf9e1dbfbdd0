//! Runs that are interrupted or killed: nothing goes on at the server, nothing half-counted leaves.

use std::io::ErrorKind;
use std::net::TcpListener;

use serde_json::json;

use super::instance::{Instance, RUN, separately};
use super::server::Watched;
use crate::support::postgres::{Database, Postgres};

/// A receiver that nobody may call.
struct Uncalled(TcpListener);

impl Uncalled {
    fn listen() -> Uncalled {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("it takes the option");
        Uncalled(listener)
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().expect("it listens"))
    }

    fn assert_uncalled(&self) {
        let call = self.0.accept().map(|(_, caller)| caller);
        assert!(
            call.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock),
            "something was sent: {call:?}"
        );
    }
}

fn waiting_instance<'a>(database: &'a Database<'a>, receiver: &Uncalled) -> (Watched<'a>, Instance) {
    database.psql("CREATE TABLE users (id bigint PRIMARY KEY); INSERT INTO users SELECT generate_series(1, 100)");
    let watched = Watched::new(database);
    let settings = watched.setting() + "statement_timeout = \"10m\"\nconnections = 1\n";
    let settings = format!("{settings}[versions]\nurl = \"{}\"\n", receiver.url());
    let instance = Instance::new(&database.reader_tcp_url(), &settings);
    let identity = json!({"value_type": "string", "data_source": "system"});
    instance.definition("uuid", "UuidMetric", json!({}), identity.clone());
    instance.definition("recorded_at", "RecordedAtMetric", json!({}), identity);
    instance.count("counts.a_is_counted", "users");
    instance.count("counts.b_waits", "users WHERE pg_sleep(600) IS NOT NULL");
    instance.count("counts.c_comes_too_late", "users WHERE id > 1");
    (watched, instance)
}

/// Interrupts a run; how many metrics then say that they were cancelled, and how many that they were not run.
fn interrupt(signal: &str, arguments: &[&str], reasons: [(&str, usize); 2]) {
    let database = Postgres::shared().database();
    let receiver = Uncalled::listen();
    let (watched, instance) = waiting_instance(&database, &receiver);
    let running = instance.cli.start(arguments);
    watched.running("pg_sleep");
    running.signal(signal);
    let (code, lines) = running.wait();
    assert_eq!(code, Some(130), "{lines:#?}");
    watched.assert_nothing_is_left();
    let log = watched.log().join("\n");
    assert!(log.contains("canceling statement due to user request"), "{log}");
    receiver.assert_uncalled();
    let text = lines.join("\n");
    for (reason, metrics) in reasons {
        assert_eq!(
            text.matches(&format!("\"reason\": \"{reason}\"")).count(),
            metrics,
            "{reason} in {text}"
        );
    }
    assert_the_next_run_sends_its_own_alone(&instance, &database);
}

/// Nothing of the interrupted run waits in the outbox.
fn assert_the_next_run_sends_its_own_alone(instance: &Instance, database: &Database<'_>) {
    instance.configure(&database.reader_tcp_url(), "");
    std::fs::remove_file(instance.cli.folder().join("metrics/counts.b_waits.yml")).expect("the definition is there");
    let mut receiver = instance
        .cli
        .start(&["versions", "--listen", "127.0.0.1:0", "--store", "received.db"]);
    let line = receiver.line_with("listening on");
    let url = line
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .expect("its address");
    let url = url.trim_end_matches(',');
    instance.configure(&database.reader_tcp_url(), &format!("[versions]\nurl = \"{url}\""));
    let report = instance.run(0);
    report.assert_value("counts.a_is_counted", &json!(100));
    report.assert_value("counts.c_comes_too_late", &json!(99));
    let reports = report.json["delivery"]["reports"].as_array().map(Vec::len);
    assert_eq!(
        (&report.json["delivery"]["status"], reports),
        (&json!("delivered"), Some(1)),
        "{:#}",
        report.json
    );
    receiver.signal("TERM");
    receiver.wait();
}

#[test]
fn ctrl_c_cancels_the_statement_and_sends_nothing() {
    interrupt("INT", &separately(), [("cancelled", 1), ("not_run", 1)]);
}

#[test]
fn sigterm_cancels_the_statement_and_sends_nothing() {
    interrupt("TERM", &separately(), [("cancelled", 1), ("not_run", 1)]);
}

/// Metrics that share a statement have all begun.
#[test]
fn ctrl_c_cancels_a_shared_statement_and_sends_nothing() {
    interrupt("INT", &RUN, [("cancelled", 3), ("not_run", 0)]);
}

/// A payload that was cut short is no payload: nobody may pipe it onwards.
#[test]
fn verbs_that_print_a_payload_print_none_when_interrupted() {
    for verb in ["generate", "preview"] {
        let database = Postgres::shared().database();
        let receiver = Uncalled::listen();
        let (watched, instance) = waiting_instance(&database, &receiver);
        let running = instance.cli.start(&[verb]);
        watched.running("pg_sleep");
        running.signal("INT");
        let (code, lines) = running.wait();
        assert_eq!(code, Some(130), "{verb}: {lines:#?}");
        let payload = lines.iter().any(|line| line.contains("\"counts\""));
        assert!(!payload, "{verb} printed a payload: {lines:#?}");
        watched.assert_nothing_is_left();
    }
}

#[test]
fn a_killed_run_leaves_no_statement_and_the_next_one_works() {
    let database = Postgres::shared().database();
    let receiver = Uncalled::listen();
    let (watched, instance) = waiting_instance(&database, &receiver);
    let running = instance.cli.start(&["run"]);
    watched.running("pg_sleep");
    running.signal("KILL");
    let (code, _) = running.wait();
    assert_eq!(code, None, "a signal ended it");
    // The statement itself would go on for ten minutes.
    watched.assert_nothing_is_left();
    receiver.assert_uncalled();
    assert_the_next_run_sends_its_own_alone(&instance, &database);
    assert_eq!(
        instance.generate()["counts"],
        json!({"a_is_counted": 100, "c_comes_too_late": 99})
    );
}
