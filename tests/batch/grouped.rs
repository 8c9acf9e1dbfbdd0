//! Grouped results: one object, keys as texts, over any number of ranges.

use serde_json::json;

use crate::engine::{Instance, Postgres, both};

fn tables() -> [Box<dyn Instance>; 2] {
    let rows: Vec<String> = (1..=300)
        .map(|id: i64| {
            let state = if id % 11 == 0 {
                "NULL".to_owned()
            } else {
                (id % 4).to_string()
            };
            let kind = match id % 7 {
                0 => "NULL",
                1 => "'a, b'",
                2 => "'\"quoted\"'",
                3 => "'é'",
                _ => "'plain'",
            };
            let weight = if id % 5 == 0 {
                "NULL".to_owned()
            } else {
                (id * id % 97).to_string()
            };
            format!("({id}, {state}, {kind}, {weight}, {})", id % 90)
        })
        .collect();
    both(&[
        "CREATE TABLE t (id integer PRIMARY KEY, state integer, kind text, weight integer, owner integer)",
        &format!("INSERT INTO t VALUES {}", rows.join(", ")),
        "CREATE INDEX t_owner ON t (owner)",
    ])
}

#[test]
fn by_one_column() {
    for instance in tables() {
        for key in ["state", "kind"] {
            let relation = format!("t GROUP BY {key}");
            for size in [1, 13, 100_000] {
                for (operation, column, call) in [
                    ("count", "weight", "count(weight)"),
                    ("count", "id", "count(*)"),
                    ("sum", "weight", "sum(weight)"),
                    ("average", "weight", "avg(weight * 1.0)"),
                    ("distinct_count", "owner", "count(DISTINCT owner)"),
                    ("distinct_count", "weight", "count(DISTINCT weight)"),
                ] {
                    let options =
                        json!({"relation": relation, "operation": operation, "column": column, "batch_size": size});
                    instance.check(options, &format!("SELECT {key}, {call} FROM {relation}"));
                }
            }
        }
    }
}

#[test]
fn by_two_columns_the_key_is_a_json_array() {
    for instance in tables() {
        for size in [7, 100_000] {
            for (operation, call) in [
                ("sum", "sum(weight)"),
                ("average", "avg(weight * 1.0)"),
                ("count", "count(weight)"),
            ] {
                let options = json!({
                    "relation": "t GROUP BY state, kind", "operation": operation, "column": "weight", "batch_size": size,
                });
                instance.check(
                    options,
                    &format!("SELECT state, kind, {call} FROM t GROUP BY state, kind"),
                );
            }
        }
        let value = instance
            .read(&json!({"relation": "t GROUP BY state, kind", "operation": "count"}))
            .value();
        assert!(value["[1, \"a, b\"]"].is_i64(), "{value}");
        assert!(value["[null, \"plain\"]"].is_i64(), "{value}");
        assert!(value["[2, \"\\\"quoted\\\"\"]"].is_i64(), "{value}");
    }
}

#[test]
fn a_null_key_is_empty() {
    for instance in both(&[
        "CREATE TABLE t (id integer PRIMARY KEY, state integer)",
        "INSERT INTO t VALUES (1, 0), (2, NULL), (3, NULL)",
    ]) {
        let value = instance
            .read(&json!({"relation": "t GROUP BY state", "operation": "count"}))
            .value();
        assert_eq!(value, json!({"": 2, "0": 1}));
    }
}

#[test]
fn by_an_expression_and_by_a_column_of_a_joined_table() {
    for instance in tables() {
        instance.execute(&[
            "CREATE TABLE u (id integer PRIMARY KEY, name text)",
            "INSERT INTO u VALUES (0, 'zero'), (1, 'one')",
        ]);
        for size in [13, 100_000] {
            let options = json!({
                "relation": "t LEFT JOIN u ON u.id = t.state GROUP BY u.name",
                "operation": "sum", "column": "t.weight", "batch_size": size,
            });
            instance.check(
                options,
                "SELECT u.name, sum(t.weight) FROM t LEFT JOIN u ON u.id = t.state GROUP BY u.name",
            );
            let options = json!({
                "relation": "t GROUP BY CASE WHEN state > 1 THEN 'high' ELSE 'low' END",
                "operation": "count", "batch_size": size,
            });
            instance.check(
                options,
                "SELECT CASE WHEN state > 1 THEN 'high' ELSE 'low' END, count(*) FROM t GROUP BY 1",
            );
        }
    }
}

/// An average of averages would be 5.5 here.
#[test]
fn averages_are_weighted_by_the_rows_of_their_batches() {
    let mut rows: Vec<String> = (1..=9).map(|id| format!("({id}, 1)")).collect();
    rows.push("(10, 10)".to_owned());
    for instance in both(&[
        "CREATE TABLE t (id integer PRIMARY KEY, x integer)",
        &format!("INSERT INTO t VALUES {}", rows.join(", ")),
    ]) {
        let options = json!({"relation": "t", "operation": "average", "column": "x", "batch_size": 9});
        let read = instance.read(&options);
        assert_eq!(read.ranges().len(), 2);
        assert_eq!(read.value(), json!(1.9));
    }
}

#[test]
fn keys_of_other_types_are_what_the_database_prints() {
    let postgres = Postgres::with(&[
        "CREATE TABLE t (id integer PRIMARY KEY, flag boolean, day date, big numeric)",
        "INSERT INTO t VALUES (1, true, '2026-03-01', 1.50), (2, false, '2026-03-01', 1.5), (3, NULL, NULL, NULL)",
    ]);
    for key in ["flag", "day", "big"] {
        let relation = format!("t GROUP BY {key}");
        postgres.check(
            json!({"relation": relation, "operation": "count"}),
            &format!("SELECT {key}, count(*) FROM {relation}"),
        );
    }
}
