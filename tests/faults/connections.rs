//! Statements and connections that somebody else ends, and roles that may not connect.

use serde_json::json;

use super::instance::{Instance, RUN, Report, separately};
use super::server::Watched;
use crate::support::cli::Outcome;
use crate::support::postgres::{Database, Postgres, READER, READER_PASSWORD};

const SCHEMA: &str = "
CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 5000) n;";

/// No timeout ends what these tests end.
const PATIENT: &str = "statement_timeout = \"10m\"\n";

/// A user's condition that lets the first ranges through and waits in the later ones, until someone ends it.
const WAITS: &str = "(users.id < 2500 OR pg_sleep(600) IS NOT NULL)";

/// An instance whose metrics of every kind wait in mid-count, between others that do not.
fn waiting_instance<'a>(database: &'a Database<'a>, batch_size: Option<u64>) -> (Watched<'a>, Instance) {
    database.psql(SCHEMA);
    let watched = Watched::new(database);
    let settings = watched.setting() + PATIENT + "connections = 1\n";
    let instance = Instance::new(&database.reader_tcp_url(), &settings);
    for (number, (operation, column)) in KINDS.into_iter().enumerate() {
        let relation = format!("users WHERE {WAITS} AND users.id <> {number}");
        let mut options = json!({"operation": operation, "relation": relation, "column": column});
        if let Some(size) = batch_size {
            options["batch_size"] = json!(size);
        }
        instance.database_metric(&format!("counts.n{number}_waits"), options);
        instance.count(
            &format!("counts.n{number}_is_counted"),
            &format!("users WHERE id > {number}"),
        );
    }
    instance.definition(
        "counts.value_waits",
        "SqlValueMetric",
        json!({"query": "SELECT count(*) FROM users WHERE pg_sleep(600) IS NOT NULL"}),
        json!({}),
    );
    instance.count("counts.zzz_is_counted", "users");
    (watched, instance)
}

/// A count, a sum, an estimate over packed integers, and one over streamed text.
const KINDS: [(&str, &str); 4] = [
    ("count", "id"),
    ("sum", "id"),
    ("estimate_batch_distinct_count", "id"),
    ("estimate_batch_distinct_count", "name"),
];

fn assert_the_others_are_counted(report: &Report) {
    for number in 0..KINDS.len() {
        report.assert_value(&format!("counts.n{number}_is_counted"), &json!(5000 - number));
    }
    report.assert_value("counts.zzz_is_counted", &json!(5000));
}

/// Runs the instance while whatever waits is struck with `function`; also how often that was.
fn run_and_strike(instance: &Instance, watched: &Watched<'_>, function: &str, arguments: &[&str]) -> (Report, usize) {
    std::thread::scope(|scope| {
        let run = scope.spawn(|| instance.cli.run(arguments));
        let struck = watched.strike_until(function, "pg_sleep", || run.is_finished());
        let outcome: Outcome = run.join().expect("the run's thread ends");
        (Report::of(outcome.expect_code(0)), struck)
    })
}

#[test]
fn a_cancelled_statement_costs_its_metric() {
    let database = Postgres::shared().database();
    let (watched, instance) = waiting_instance(&database, Some(1000));
    let (report, struck) = run_and_strike(&instance, &watched, "pg_cancel_backend", &separately());
    for number in 0..KINDS.len() {
        report.assert_fallback(&format!("counts.n{number}_waits"), "statement_cancelled", &json!(-1));
    }
    report.assert_fallback("counts.value_waits", "statement_cancelled", &json!(-1));
    assert_the_others_are_counted(&report);
    assert_eq!(struck, KINDS.len() + 1, "each was struck once");
    watched.assert_nothing_is_left();
}

#[test]
fn a_range_that_is_cancelled_again_and_again_is_halved_until_it_is_small() {
    let database = Postgres::shared().database();
    let (watched, instance) = waiting_instance(&database, Some(5000));
    let (report, _) = run_and_strike(&instance, &watched, "pg_cancel_backend", &separately());
    for number in 0..KINDS.len() {
        let key_path = format!("counts.n{number}_waits");
        report.assert_fallback(&key_path, "statement_cancelled", &json!(-1));
        assert_eq!(report.outcome(&key_path)["retries"], 2, "5000, 2500, 1250");
    }
    assert_the_others_are_counted(&report);
    watched.assert_nothing_is_left();
}

#[test]
fn a_killed_connection_costs_its_metric() {
    let database = Postgres::shared().database();
    let (watched, instance) = waiting_instance(&database, Some(1000));
    let (report, struck) = run_and_strike(&instance, &watched, "pg_terminate_backend", &separately());
    for number in 0..KINDS.len() {
        let key_path = format!("counts.n{number}_waits");
        report.assert_fallback(&key_path, "connection_terminated", &json!(-1));
        assert_eq!(
            report.outcome(&key_path)["retries"],
            0,
            "whoever ends a connection may have had a reason"
        );
    }
    report.assert_fallback("counts.value_waits", "connection_terminated", &json!(-1));
    assert_the_others_are_counted(&report);
    assert_eq!(struck, KINDS.len() + 1, "each was struck once");
    watched.assert_nothing_is_left();
    report.assert_silent_about(READER_PASSWORD);
    instance.assert_no_file_holds(READER_PASSWORD);
}

/// Whoever stands in the same statement is read again without the metric that was struck.
#[test]
fn a_shared_statement_that_is_struck_costs_the_metrics_that_wait() {
    for (function, reason) in [
        ("pg_cancel_backend", "statement_cancelled"),
        ("pg_terminate_backend", "connection_terminated"),
    ] {
        let database = Postgres::shared().database();
        let (watched, instance) = waiting_instance(&database, None);
        let (report, _) = run_and_strike(&instance, &watched, function, &RUN);
        for number in 0..KINDS.len() {
            report.assert_fallback(&format!("counts.n{number}_waits"), reason, &json!(-1));
        }
        report.assert_fallback("counts.value_waits", reason, &json!(-1));
        assert_the_others_are_counted(&report);
        watched.assert_nothing_is_left();
    }
}

#[test]
fn a_wrong_password_costs_the_metrics_of_its_database_and_is_not_repeated() {
    const WRONG: &str = "horse-battery-wrong";
    let database = Postgres::shared().database();
    database.psql(SCHEMA);
    let watched = Watched::new(&database);
    let url = database.reader_tcp_url().replace(READER_PASSWORD, WRONG);
    let instance = Instance::new(&url, &watched.setting());
    instance.definition(
        "version",
        "VersionMetric",
        json!({}),
        json!({"value_type": "string", "data_source": "system"}),
    );
    let names: Vec<String> = (0..20).map(|number| format!("counts.n{number}")).collect();
    for (number, key_path) in names.iter().enumerate() {
        instance.count(key_path, &format!("users WHERE id > {number}"));
    }
    let report = instance.run(0);
    for key_path in &names {
        report.assert_fallback(key_path, "source_unavailable", &json!(-1));
    }
    report.assert_value("version", &json!("1.2.3"));
    report.assert_silent_about(WRONG);
    instance.assert_no_file_holds(WRONG);
    let refusals = database.logs().matches("password authentication failed").count();
    assert!(
        (1..=2).contains(&refusals),
        "{refusals} attempts of two connections may lock the role out"
    );
}

#[test]
fn a_role_that_may_connect_once_computes_everything() {
    let database = Postgres::shared().database();
    database.psql(SCHEMA);
    let role = format!("once_{}", database.name());
    database.psql(&format!(
        "CREATE ROLE {role} LOGIN CONNECTION LIMIT 1 PASSWORD '{READER_PASSWORD}' IN ROLE {READER}"
    ));
    let watched = Watched::new(&database);
    let url = database
        .reader_tcp_url()
        .replace(&format!("//{READER}:"), &format!("//{role}:"));
    let instance = Instance::new(&url, &(watched.setting() + "connections = 3\n"));
    for number in 0..30 {
        instance.count(&format!("counts.n{number}"), &format!("users WHERE id > {number}"));
    }
    // Long enough for lanes that would not take no for an answer.
    let slow = json!({"query": "SELECT count(*) FROM pg_sleep(1)"});
    instance.definition("counts.slow", "SqlValueMetric", slow, json!({}));
    let report = instance.run(0);
    for number in 0..30 {
        report.assert_value(&format!("counts.n{number}"), &json!(5000 - number));
    }
    report.assert_value("counts.slow", &json!(1));
    watched.assert_nothing_is_left();
    let refusals = database.logs().matches("too many connections for role").count();
    assert!((1..=2).contains(&refusals), "two lanes asked {refusals} times");
    database.psql(&format!("DROP ROLE {role}"));
}
