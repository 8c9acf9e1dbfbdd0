//! Joins, derived tables and names: every joined row counts once.

use serde_json::json;
use service_ping::definition::TimeFrame;
use service_ping::sketch::ERROR_BOUND;

use crate::engine::{Instance, both, measure};

fn tables() -> [Box<dyn Instance>; 2] {
    both(&[
        "CREATE TABLE a (id integer PRIMARY KEY, b_id integer, g integer, x integer)",
        "CREATE TABLE b (id integer PRIMARY KEY, a_id integer, g integer, x integer)",
        "INSERT INTO a VALUES (1, 10, 1, 1), (2, 10, 1, 2), (3, NULL, 2, 4), (4, 99, NULL, 8), (9, 30, 2, NULL)",
        "INSERT INTO b VALUES (10, 1, 1, 16), (11, 1, 2, 32), (20, 3, NULL, 64), (30, 9, 2, 128), (40, 77, 3, 256)",
    ])
}

/// Every operation over a relation, in small and large batches, against the same relation in plain SQL.
fn check(instance: &dyn Instance, relation: &str, column: &str) {
    let operations = [
        ("count", format!("count({column})"), 0.0),
        ("sum", format!("coalesce(sum({column}), 0)"), 0.0),
        ("average", format!("avg({column} * 1.0)"), 0.0),
        ("distinct_count", format!("count(DISTINCT {column})"), 0.0),
        (
            "estimate_batch_distinct_count",
            format!("count(DISTINCT {column})"),
            ERROR_BOUND,
        ),
    ];
    for (operation, call, within) in operations {
        let options = json!({"relation": relation, "operation": operation, "column": column});
        instance.check_sizes(&options, &format!("SELECT {call} FROM {relation}"), within, &[1, 3]);
    }
}

#[test]
fn inner_left_and_cross_joins() {
    for instance in tables() {
        for relation in [
            "a JOIN b ON b.a_id = a.id",
            "a LEFT JOIN b ON b.a_id = a.id",
            "a LEFT JOIN b ON b.id = a.b_id WHERE b.x > 16 OR b.id IS NULL",
            "a CROSS JOIN b",
            "a JOIN b USING (g)",
        ] {
            for column in ["a.id", "a.x", "b.id", "b.x"] {
                check(instance.as_ref(), relation, column);
            }
        }
    }
}

#[test]
fn a_nullable_key_on_the_left_loses_no_joined_row() {
    for instance in both(&[
        "CREATE TABLE a (id integer UNIQUE, b_id integer)",
        "CREATE TABLE b (id integer PRIMARY KEY, x integer)",
        "INSERT INTO a VALUES (1, 10), (NULL, 10), (NULL, 20), (7, 20), (8, NULL)",
        "INSERT INTO b VALUES (10, 1), (20, 100)",
    ]) {
        check(instance.as_ref(), "a LEFT JOIN b ON b.id = a.b_id", "b.x");
    }
}

#[test]
fn grouped_joins() {
    for instance in tables() {
        let relation = "a LEFT JOIN b ON b.a_id = a.id";
        for size in [1, 3, 100_000] {
            for (operation, call) in [
                ("count", "count(b.x)"),
                ("sum", "sum(b.x)"),
                ("average", "avg(b.x * 1.0)"),
            ] {
                let options = json!({
                    "relation": format!("{relation} GROUP BY a.g, b.g"),
                    "operation": operation, "column": "b.x", "batch_size": size,
                });
                let call = if operation == "sum" {
                    format!("coalesce({call}, 0)")
                } else {
                    call.to_owned()
                };
                instance.check(
                    options,
                    &format!("SELECT a.g, b.g, {call} FROM {relation} GROUP BY a.g, b.g"),
                );
            }
        }
    }
}

/// Rows of the right side without a partner have no key to be batched by: such joins are turned away at the definition.
#[test]
fn joins_that_keep_unmatched_rows_of_the_right_are_refused() {
    for join in ["RIGHT JOIN", "FULL JOIN", "RIGHT OUTER JOIN", "FULL OUTER JOIN"] {
        let relation = format!("a {join} b ON b.a_id = a.id");
        let options = json!({"relation": relation, "operation": "sum", "column": "b.x"});
        let failure = measure(&options, TimeFrame::All).expect_err("it is refused");
        assert_eq!(failure.reason.code(), "invalid_options");
        assert!(failure.message.contains("LEFT JOIN"), "{failure}");
    }
    // The same rows, the other way round.
    for instance in tables() {
        check(instance.as_ref(), "b LEFT JOIN a ON b.a_id = a.id", "b.x");
    }
}

/// The alias of a sub-query says nothing about the table of that name.
#[test]
fn a_sub_query_named_as_a_table_is_a_sub_query() {
    for instance in tables() {
        for relation in [
            "(SELECT b_id AS id, x FROM a) AS a",
            "(SELECT CASE WHEN id > 3 THEN id END AS id, x FROM a) AS a",
            "(SELECT x FROM a) AS a",
            "(SELECT id, x FROM a UNION ALL SELECT id, x FROM b) AS a",
            "(SELECT id, x FROM a UNION ALL SELECT id + 1000, x FROM b) AS both_of_them",
        ] {
            check(instance.as_ref(), relation, "x");
        }
        // A joined sub-query named as a table.
        check(
            instance.as_ref(),
            "b LEFT JOIN (SELECT id AS a_id, b_id AS id, x FROM a) AS a ON a.a_id = b.a_id",
            "a.id",
        );
    }
}

/// A name in a sub-query of WHERE is not the name in FROM.
#[test]
fn the_same_alias_inside_a_condition() {
    for instance in tables() {
        check(
            instance.as_ref(),
            "a AS t WHERE t.id IN (SELECT t.a_id FROM b AS t)",
            "t.x",
        );
        check(
            instance.as_ref(),
            "a AS b WHERE EXISTS (SELECT 1 FROM b AS c WHERE c.a_id = b.id)",
            "b.x",
        );
    }
}

#[test]
fn an_id_is_qualified_where_two_tables_have_one() {
    for instance in tables() {
        let options = json!({"relation": "a JOIN b ON b.a_id = a.id", "operation": "count"});
        instance.check(options, "SELECT count(a.id) FROM a JOIN b ON b.a_id = a.id");
    }
}
