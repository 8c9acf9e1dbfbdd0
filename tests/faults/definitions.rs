//! Definitions that are broken: a run stops for them, or leaves them out by name.

use serde_json::json;

use super::instance::{Instance, Report};
use crate::support::postgres::{Postgres, READER_PASSWORD};

/// One definition that is counted, and three that are broken in their own ways.
fn instance(url: &str) -> Instance {
    let instance = Instance::new(url, "");
    instance.count("counts.users", "users");
    instance.definition("counts.backwards", "DatabaseMetric", backwards(), json!({}));
    instance.definition("counts.deletes", "DatabaseMetric", deletes(), json!({}));
    instance.cli.write(
        "metrics/torn.yml",
        "key_path: counts.torn\ndescription: \"never closed\n  value_type: [\n",
    );
    instance
}

fn backwards() -> serde_json::Value {
    json!({"operation": "count", "relation": "users", "start": 10, "finish": 1})
}

fn deletes() -> serde_json::Value {
    json!({"operation": "count", "relation": "users; DELETE FROM users"})
}

#[test]
fn a_broken_definition_stops_a_run_before_anything_is_read() {
    let database = Postgres::shared().database();
    database.psql("CREATE TABLE users (id bigint PRIMARY KEY); INSERT INTO users VALUES (1), (2)");
    let instance = instance(&database.reader_tcp_url());
    for verb in ["run", "generate"] {
        let outcome = instance.cli.run(&[verb]).expect_code(3);
        assert_eq!(outcome.stdout, "", "{verb}");
        for file in ["counts.backwards.yml", "counts.deletes.yml", "torn.yml"] {
            assert!(
                outcome.stderr.contains(file),
                "{verb} does not name {file}: {}",
                outcome.stderr
            );
        }
        assert!(outcome.stderr.contains("--skip-invalid"), "{}", outcome.stderr);
    }
    let touched = database.logs().lines().any(|line| line.contains("service_ping@"));
    assert!(!touched, "a session was opened: {}", database.logs());
}

#[test]
fn broken_definitions_are_left_out_by_name() {
    let database = Postgres::shared().database();
    database.psql("CREATE TABLE users (id bigint PRIMARY KEY); INSERT INTO users VALUES (1), (2)");
    let instance = instance(&database.reader_tcp_url());
    let arguments = ["run", "--skip-invalid", "--format", "json", "--output", "payload.json"];
    let report = Report::of(instance.cli.run(&arguments).expect_code(0));
    for name in ["backwards", "deletes", "torn"] {
        report.assert_fallback(&format!("counts.{name}"), "invalid_definition", &json!(-1));
        let skipped = report.stderr.lines().filter(|line| line.starts_with("skipped "));
        assert!(
            skipped.clone().any(|line| line.contains(&format!("counts.{name}"))),
            "{}",
            report.stderr
        );
    }
    report.assert_value("counts.users", &json!(2));
    let expected = json!({"counts": {"backwards": -1, "deletes": -1, "torn": -1, "users": 2}});
    assert_eq!(instance.payload(), expected);
    assert_eq!(database.psql("SELECT count(*) FROM users"), "2");
    report.assert_silent_about(READER_PASSWORD);
}
