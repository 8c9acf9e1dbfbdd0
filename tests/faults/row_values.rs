//! Rows that make a statement fail, and must not be quoted by anyone who says so.

use serde_json::{Value, json};

use super::instance::Instance;
use super::server::Watched;
use crate::support::postgres::Postgres;

/// A row's text that looks like nothing else; a server quotes it in many of its errors.
const CANARY: &str = "canary_5f3c9a";

/// Relations and queries whose evaluation fails with the row's text in the server's message.
fn leaks() -> Vec<Value> {
    let count = |relation: &str| json!({"operation": "count", "relation": relation});
    vec![
        count("notes WHERE CAST(title AS integer) = 1"),
        count("notes WHERE CAST(title AS timestamp) IS NOT NULL"),
        count("notes WHERE CAST(title AS regclass) IS NOT NULL"),
        count("notes WHERE CAST(title AS regtype) IS NOT NULL"),
        count("notes WHERE CAST(title AS regrole) IS NOT NULL"),
        count("notes WHERE CAST(title AS jsonb) IS NOT NULL"),
        count("notes WHERE CAST(title || '.x' AS regclass) IS NOT NULL"),
        count("notes WHERE to_tsquery(title || ' ( ') IS NOT NULL"),
        count("notes WHERE current_setting(title) = 'x'"),
        count("notes WHERE title SIMILAR TO ('(' || title)"),
        count("notes WHERE raised(title)"),
        count("notes WHERE raised_as(title, '42P01')"),
        count("notes WHERE raised_as(title, '42501')"),
        count("notes WHERE raised_as(title, '55P03')"),
        count("notes WHERE raised_as(title, '57P01')"),
        count("notes WHERE raised_as(title, '08006')"),
        json!({"operation": "count", "relation": "notes", "start": "SELECT MIN(title) FROM notes"}),
        json!({"operation": "sum", "relation": "notes", "column": "title"}),
        json!({"operation": "estimate_batch_distinct_count", "relation": "notes WHERE CAST(title AS integer) = 1", "column": "title"}),
        json!({"operation": "histogram", "relation": "notes WHERE CAST(title AS regclass) IS NOT NULL", "column": "id", "buckets": [1, 3]}),
    ]
}

const SCHEMA: &str = "
CREATE FUNCTION raised(text) RETURNS boolean LANGUAGE plpgsql AS
  'BEGIN RAISE NOTICE ''%'', $1; RAISE WARNING ''%'', $1; RAISE EXCEPTION ''%'', $1; END';
CREATE FUNCTION raised_as(text, text) RETURNS boolean LANGUAGE plpgsql AS
  'BEGIN RAISE EXCEPTION ''%'', $1 USING ERRCODE = $2; END';
CREATE FUNCTION warned(text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE WARNING ''%'', $1; RETURN true; END';
CREATE TABLE notes (id bigint PRIMARY KEY, title text NOT NULL);";

#[test]
fn a_rows_text_stands_nowhere() {
    let database = Postgres::shared().database();
    database.psql(SCHEMA);
    database.psql(&format!(
        "INSERT INTO notes SELECT n, '{CANARY}' FROM generate_series(1, 3) n"
    ));
    let watched = Watched::new(&database);
    let instance = Instance::new(&database.reader_tcp_url(), &watched.setting());
    let leaks = leaks();
    for (number, options) in leaks.iter().enumerate() {
        instance.database_metric(&format!("counts.n{number:02}"), options.clone());
    }
    let query = json!({"query": "SELECT title FROM notes WHERE id = 1"});
    instance.definition("counts.value", "SqlValueMetric", query, json!({}));
    instance.count("counts.warned", "notes WHERE warned(title)");
    instance.count("counts.zzz_is_counted", "notes");

    let report = instance.run(0);
    instance.generate();
    // The server did quote it, so that the test has something to find.
    assert!(database.logs().contains(CANARY));
    report.assert_silent_about(CANARY);
    instance.assert_no_file_holds(CANARY);
    for number in 0..leaks.len() {
        let outcome = report.outcome(&format!("counts.n{number:02}"));
        assert_eq!(outcome["status"], "fallback", "{outcome:#}");
    }
    report.assert_fallback("counts.value", "wrong_type", &json!(-2));
    report.assert_value("counts.warned", &json!(3));
    report.assert_value("counts.zzz_is_counted", &json!(3));
    // What a row says is no table of the relation: the words do not send anyone looking for one.
    report.assert_fallback("counts.n02", "data_exception", &json!(-2));
    watched.assert_nothing_is_left();
}

#[test]
fn what_a_statement_itself_names_is_said() {
    let database = Postgres::shared().database();
    database.psql("CREATE TABLE notes (id bigint PRIMARY KEY); CREATE TABLE secrets (id bigint); REVOKE ALL ON secrets FROM service_ping");
    let instance = Instance::new(&database.reader_tcp_url(), "");
    instance.count("counts.table", "no_such_table");
    instance.count("counts.column", "notes WHERE no_such_column = 1");
    instance.count("counts.right", "secrets");
    let report = instance.run(0);
    let says = |key_path: &str, part: &str| {
        let outcome = report.outcome(key_path);
        let message = outcome["message"].as_str().unwrap_or_default();
        assert!(message.contains(part), "{outcome:#}");
    };
    says("counts.table", "no_such_table");
    says("counts.column", "no_such_column");
    says("counts.right", "secrets");
}
