//! Faults of single statements, all in one run, each between two metrics that are counted.

use serde_json::{Value, json};

use super::instance::{Instance, Report};
use super::server::{Holder, Watched};
use crate::support::postgres::{Database, Postgres, READER_PASSWORD};

const SCHEMA: &str = "
CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, state text, manager_id bigint, weight numeric);
INSERT INTO users SELECT n, 'user ' || n, CASE WHEN n % 3 = 0 THEN 'blocked' WHEN n % 7 > 0 THEN 'active' END,
  n % 90, n / 8.0 FROM generate_series(1, 2000) n;
CREATE TABLE sizes (id bigint PRIMARY KEY, bytes bigint, factor integer, spent interval, ratio numeric, label text);
INSERT INTO sizes SELECT n, 9223372036854775807, 2000000000, '90 minutes', CASE n WHEN 3 THEN 'NaN' ELSE 1.5 END, 'x'
  FROM generate_series(1, 5) n;
CREATE TABLE events (id bigint PRIMARY KEY);
INSERT INTO events SELECT generate_series(1, 12000);
CREATE TABLE keyed (id uuid PRIMARY KEY);
CREATE TABLE locked (id bigint PRIMARY KEY);
CREATE TABLE secrets (id bigint PRIMARY KEY);
REVOKE ALL ON secrets FROM service_ping;
CREATE SCHEMA private;
CREATE TABLE private.notes (id bigint PRIMARY KEY);
CREATE TABLE audit (user_id bigint);
CREATE FUNCTION audited(bigint) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
  AS 'BEGIN INSERT INTO audit VALUES ($1); RETURN true; END';";

/// Generous for a healthy statement, short for one that sleeps.
const SETTINGS: &str = "statement_timeout = \"4s\"\nlock_timeout = \"500ms\"\n";

/// A metric that falls back: its last key, its options of `DatabaseMetric`, the reason and the value.
fn faults() -> Vec<(&'static str, Value, &'static str, Value)> {
    let count = |relation: &str| json!({"operation": "count", "relation": relation});
    let of = |operation: &str, relation: &str, column: &str| json!({"operation": operation, "relation": relation, "column": column});
    let histogram = |relation: &str| json!({"operation": "histogram", "relation": relation, "column": "manager_id", "buckets": [1, 10]});
    // So small that no halving draws the test out.
    let sleeping =
        json!({"operation": "count", "relation": "users WHERE pg_sleep(600) IS NOT NULL", "batch_size": 1000});
    let with = |mut options: Value, key: &str, value: Value| {
        options[key] = value;
        options
    };
    let backwards = with(count("users"), "start", json!("SELECT MAX(id) FROM users"));
    let backwards = with(backwards, "finish", json!("SELECT MIN(id) FROM users"));
    let of_text = with(count("users"), "start", json!("SELECT MIN(name) FROM users"));
    let of_uuids = with(count("keyed"), "start", json!(1));
    let of_many = "events JOIN events AS others ON others.id <= 20 GROUP BY events.id, others.id";
    vec![
        ("missing_table", count("no_such_table"), "missing_table", json!(-1)),
        ("missing_schema", count("nowhere.users"), "missing_table", json!(-1)),
        (
            "missing_column",
            count("users WHERE no_such_column = 1"),
            "missing_column",
            json!(-1),
        ),
        (
            "missing_sum_column",
            of("sum", "users", "no_such_column"),
            "missing_column",
            json!(-1),
        ),
        (
            "missing_estimate_column",
            of("estimate_batch_distinct_count", "users", "gone"),
            "missing_column",
            json!(-1),
        ),
        ("permission", count("secrets"), "permission_denied", json!(-1)),
        (
            "permission_of_schema",
            count("private.notes"),
            "permission_denied",
            json!(-1),
        ),
        ("timeout", sleeping, "statement_timeout", json!(-1)),
        ("lock", count("locked"), "lock_timeout", json!(-1)),
        ("sum_of_text", of("sum", "users", "name"), "wrong_type", json!(-2)),
        (
            "average_of_text",
            of("average", "users", "name"),
            "wrong_type",
            json!(-2),
        ),
        ("sum_of_interval", of("sum", "sizes", "spent"), "wrong_type", json!(-2)),
        (
            "average_of_interval",
            of("average", "sizes", "spent"),
            "wrong_type",
            json!(-2),
        ),
        ("sum_overflows", of("sum", "sizes", "bytes"), "overflow", json!(-2)),
        (
            "expression_overflows",
            count("sizes WHERE factor * factor > 0"),
            "overflow",
            json!(-2),
        ),
        (
            "division_by_zero",
            count("sizes WHERE 1 / (id - 2) > 0"),
            "data_exception",
            json!(-2),
        ),
        ("not_a_number", of("sum", "sizes", "ratio"), "data_exception", json!(-2)),
        (
            "conversion",
            count("sizes WHERE CAST(label AS integer) = 1"),
            "wrong_type",
            json!(-2),
        ),
        ("groups", count("events GROUP BY id"), "too_many_groups", json!(-1)),
        ("rows", count(of_many), "too_many_groups", json!(-1)),
        (
            "histogram_of_nothing",
            histogram("no_such_table"),
            "missing_table",
            json!({"-1": -1}),
        ),
        (
            "histogram_fails",
            histogram("users WHERE 1 / (id - 2) > 0"),
            "data_exception",
            json!({"-1": -1}),
        ),
        (
            "histogram_of_a_secret",
            histogram("secrets"),
            "missing_column",
            json!({"-1": -1}),
        ),
        ("backwards", backwards, "bad_batch_configuration", json!(-1)),
        ("bounds_of_text", of_text, "bad_batch_configuration", json!(-1)),
        ("bounds_of_uuids", of_uuids, "bad_batch_configuration", json!(-1)),
        (
            "writes",
            count("users WHERE audited(id)"),
            "statement_failed",
            json!(-1),
        ),
        (
            "no_such_function",
            count("users WHERE no_such_function(id)"),
            "wrong_type",
            json!(-2),
        ),
        (
            "elsewhere",
            with(count("users"), "database", json!("elsewhere")),
            "source_not_configured",
            json!(-1),
        ),
        (
            "fallback_of_class",
            with(count("no_such_table"), "fallback", json!(0)),
            "missing_table",
            json!(0),
        ),
        (
            "fallback_is_not_for_counters",
            with(of("sum", "sizes", "bytes"), "fallback", json!(0)),
            "overflow",
            json!(-2),
        ),
    ]
}

/// Options of a metric that is counted, and the statement that says what it must be.
fn healthy() -> Vec<(Value, &'static str)> {
    let of = |operation: &str, relation: &str, column: &str| json!({"operation": operation, "relation": relation, "column": column});
    vec![
        (
            json!({"operation": "count", "relation": "users"}),
            "SELECT count(*) FROM users",
        ),
        (
            json!({"operation": "count", "relation": "users WHERE state = 'active'", "batch_size": 300}),
            "SELECT count(*) FROM users WHERE state = 'active'",
        ),
        (
            json!({"operation": "count", "relation": "users GROUP BY state"}),
            "SELECT json_object_agg(coalesce(state, ''), n) FROM (SELECT state, count(*) n FROM users GROUP BY 1) g",
        ),
        (
            of("distinct_count", "users", "manager_id"),
            "SELECT count(DISTINCT manager_id) FROM users",
        ),
        (of("sum", "users", "weight"), "SELECT sum(weight)::float8 FROM users"),
        (
            of("average", "users", "manager_id"),
            "SELECT avg(manager_id)::float8 FROM users",
        ),
        (
            of(
                "estimate_batch_distinct_count",
                "users WHERE manager_id < 40",
                "manager_id",
            ),
            "SELECT count(DISTINCT manager_id) FROM users WHERE manager_id < 40",
        ),
        (
            of("estimate_batch_distinct_count", "users WHERE id <= 50", "name"),
            "SELECT count(DISTINCT name) FROM users WHERE id <= 50",
        ),
    ]
}

/// Puts a metric that is counted after each of `faults`, no two the same.
fn add_healthy(instance: &Instance, faults: usize) -> Vec<(String, String)> {
    let kinds = healthy();
    let mut oracles = Vec::new();
    for number in 0..faults.max(kinds.len()) {
        let key_path = format!("counts.n{number:02}_is_counted");
        let oracle = match kinds.get(number) {
            Some((options, oracle)) => {
                let more = if oracle.contains("json_object") {
                    json!({"value_type": "object"})
                } else {
                    json!({})
                };
                instance.definition(&key_path, "DatabaseMetric", options.clone(), more);
                (*oracle).to_owned()
            }
            None => {
                instance.count(&key_path, &format!("users WHERE id > {number}"));
                format!("SELECT count(*) FROM users WHERE id > {number}")
            }
        };
        oracles.push((key_path, oracle));
    }
    oracles
}

fn key_of(number: usize, name: &str) -> String {
    format!("counts.n{number:02}_{name}")
}

fn write_faults(instance: &Instance) {
    for (number, (name, options, _, _)) in faults().into_iter().enumerate() {
        let object = options["operation"] == "histogram";
        let more = if object
            || options["relation"]
                .as_str()
                .is_some_and(|relation| relation.contains("GROUP BY"))
        {
            json!({"value_type": "object"})
        } else {
            json!({})
        };
        instance.definition(&key_of(number, name), "DatabaseMetric", options, more);
    }
}

/// Faults of other classes.
fn write_others(instance: &Instance) -> Vec<(&'static str, &'static str, Value)> {
    let query = |query: &str| json!({"query": query});
    let part = |relation: &str| json!({"instrumentation_class": "DatabaseMetric", "options": {"operation": "count", "relation": relation}});
    let sum = |relation: &str| json!({"operation": "add", "data": [part("users"), part(relation)]});
    let none = json!({});
    let declared = json!({"fallback": 12});
    instance.definition(
        "others.text",
        "SqlValueMetric",
        query("SELECT name FROM users WHERE id = 1"),
        none.clone(),
    );
    instance.definition(
        "others.rows",
        "SqlValueMetric",
        query("SELECT id FROM users"),
        none.clone(),
    );
    instance.definition(
        "others.query_of_nothing",
        "SqlValueMetric",
        query("SELECT 1 FROM gone"),
        none.clone(),
    );
    instance.definition(
        "others.unknown_class",
        "NobodyWroteThisMetric",
        Value::Null,
        none.clone(),
    );
    instance.definition("others.sum", "NumbersMetric", sum("no_such_table"), none.clone());
    instance.definition(
        "others.sum_of_errors",
        "NumbersMetric",
        sum("sizes WHERE 1 / (id - 2) > 0"),
        none.clone(),
    );
    instance.definition(
        "others.no_such_setting",
        "SettingMetric",
        json!({"setting": "gone"}),
        none,
    );
    instance.definition(
        "others.fallback",
        "NobodyWroteThisMetric",
        Value::Null,
        declared.clone(),
    );
    instance.definition(
        "others.fallback_of_sum",
        "NumbersMetric",
        sum("no_such_table"),
        declared,
    );
    vec![
        ("others.text", "wrong_type", json!(-2)),
        ("others.rows", "wrong_type", json!(-2)),
        ("others.query_of_nothing", "missing_table", json!(-1)),
        ("others.unknown_class", "unknown_instrumentation_class", json!(-1)),
        ("others.sum", "part_failed", json!(-1)),
        ("others.sum_of_errors", "part_failed", json!(-1)),
        ("others.no_such_setting", "missing_setting", json!(-1)),
        ("others.fallback", "unknown_instrumentation_class", json!(12)),
        ("others.fallback_of_sum", "part_failed", json!(12)),
    ]
}

fn assert_counted(report: &Report, payload: &Value, database: &Database<'_>, oracles: &[(String, String)]) {
    for (key_path, oracle) in oracles {
        let printed = database.psql(oracle);
        let expected: Value = serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
        let outcome = report.outcome(key_path);
        assert_eq!(outcome["status"], "ok", "{outcome:#}");
        let seen = &outcome["value"];
        let equal = match (seen.as_f64(), expected.as_f64()) {
            (Some(seen), Some(expected)) => (seen - expected).abs() <= expected.abs() * 1e-9,
            _ => *seen == expected,
        };
        assert!(equal, "{key_path} is {seen}, but psql says {expected}");
        assert_eq!(at(payload, key_path), seen, "{key_path} in the payload");
    }
}

fn at<'a>(payload: &'a Value, key_path: &str) -> &'a Value {
    payload
        .pointer(&format!("/{}", key_path.replace('.', "/")))
        .unwrap_or_else(|| panic!("the payload has no {key_path}: {payload:#}"))
}

#[test]
fn each_fault_costs_its_own_metric_alone() {
    let database = Postgres::shared().database();
    database.psql(SCHEMA);
    let watched = Watched::new(&database);
    let instance = Instance::new(&database.reader_tcp_url(), &(watched.setting() + SETTINGS));
    write_faults(&instance);
    let others = write_others(&instance);
    let oracles = add_healthy(&instance, faults().len());
    let lock = Holder::begin(&database, "LOCK TABLE locked IN ACCESS EXCLUSIVE MODE");

    let report = instance.run(0);
    let payload = instance.payload();
    for (number, (name, _, reason, value)) in faults().into_iter().enumerate() {
        report.assert_fallback(&key_of(number, name), reason, &value);
        assert_eq!(*at(&payload, &key_of(number, name)), value);
    }
    for (key_path, reason, value) in &others {
        report.assert_fallback(key_path, reason, value);
        assert_eq!(at(&payload, key_path), value);
    }
    assert_counted(&report, &payload, &database, &oracles);
    let fallbacks = faults().len() + others.len();
    assert_eq!(
        (&report.json["computed"], &report.json["fallbacks"]),
        (&json!(oracles.len()), &json!(fallbacks))
    );
    watched.assert_nothing_is_left();
    assert_eq!(
        database.psql("SELECT count(*) FROM audit"),
        "0",
        "something was written"
    );

    let generated = instance.generate();
    assert_eq!(generated, payload, "the payload of generate");
    drop(lock);
    watched.assert_nothing_is_left();
    report.assert_silent_about(READER_PASSWORD);
    instance.assert_no_file_holds(READER_PASSWORD);
    assert_metadata_names_each(&instance, fallbacks);
}

/// Every fallback stands in the metadata with its reason, and no counted metric with one.
fn assert_metadata_names_each(instance: &Instance, fallbacks: usize) {
    let metadata: Value = serde_json::from_str(&instance.cli.read("metadata.json")).expect("the metadata are JSON");
    let metrics = metadata["metrics"].as_array().expect("a list of metrics");
    let with_error = metrics.iter().filter(|metric| metric.get("error").is_some());
    assert_eq!(with_error.count(), fallbacks);
    let lock = metrics
        .iter()
        .find(|metric| metric["name"].as_str().is_some_and(|name| name.ends_with("_lock")));
    let error = lock.map(|metric| metric["error"].to_string()).unwrap_or_default();
    assert!(error.contains("lock_timeout"), "{error}");
}

#[test]
fn a_lock_that_goes_leaves_no_trace() {
    let database = Postgres::shared().database();
    database.psql("CREATE TABLE locked (id bigint PRIMARY KEY); INSERT INTO locked SELECT generate_series(1, 7)");
    let watched = Watched::new(&database);
    let instance = Instance::new(
        &database.reader_tcp_url(),
        &(watched.setting() + "lock_timeout = \"100ms\"\n"),
    );
    instance.count("counts.locked", "locked");
    let lock = Holder::begin(&database, "LOCK TABLE locked IN ACCESS EXCLUSIVE MODE");
    instance
        .run(0)
        .assert_fallback("counts.locked", "lock_timeout", &json!(-1));
    drop(lock);
    instance.run(0).assert_value("counts.locked", &json!(7));
    watched.assert_nothing_is_left();
}

/// Over an empty table there is no range to count, and yet a statement that could not run is no 0.
#[test]
fn an_empty_table_does_not_hide_a_broken_relation() {
    let database = Postgres::shared().database();
    database.psql(SCHEMA);
    database.psql("CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint, title text)");
    let instance = Instance::new(&database.reader_tcp_url(), "");
    let of = |operation: &str, relation: &str, column: &str| json!({"operation": operation, "relation": relation, "column": column});
    instance.count("counts.empty", "notes");
    instance.count("counts.column", "notes WHERE no_such_column = 1");
    instance.count("counts.joined", "notes JOIN gone ON gone.id = notes.user_id");
    instance.count("counts.right", "notes JOIN secrets ON secrets.id = notes.user_id");
    instance.database_metric("counts.text", of("sum", "notes WHERE title = 'x'", "notes.title"));
    instance.database_metric(
        "counts.estimate",
        of("estimate_batch_distinct_count", "notes WHERE gone = 1", "user_id"),
    );
    instance.database_metric(
        "counts.distinct",
        of("distinct_count", "notes WHERE gone = 1", "user_id"),
    );
    let mut beyond = json!({"operation": "count", "relation": "users WHERE no_such_column = 1"});
    beyond["start"] = json!(1_000_000);
    instance.database_metric("counts.beyond", beyond);
    let report = instance.run(0);
    report.assert_value("counts.empty", &json!(0));
    for key_path in ["counts.column", "counts.estimate", "counts.distinct", "counts.beyond"] {
        report.assert_fallback(key_path, "missing_column", &json!(-1));
    }
    report.assert_fallback("counts.joined", "missing_table", &json!(-1));
    report.assert_fallback("counts.right", "permission_denied", &json!(-1));
    report.assert_fallback("counts.text", "wrong_type", &json!(-2));
}
