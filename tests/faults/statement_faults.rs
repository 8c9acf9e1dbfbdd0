//! What strikes single statements, and what is counted beside it.

use serde_json::{Value, json};

use super::instance::Instance;

pub const SCHEMA: &str = "
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

/// A metric that falls back: its last key, its options of `DatabaseMetric`, the reason and the value.
pub fn faults() -> Vec<(&'static str, Value, &'static str, Value)> {
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

/// Faults of other classes.
pub fn write_others(instance: &Instance) -> Vec<(&'static str, &'static str, Value)> {
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

/// Options of a metric that is counted, and the statement that says what it must be.
pub fn healthy() -> Vec<(Value, &'static str)> {
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
