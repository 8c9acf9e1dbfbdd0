//! `start`, `finish`, `batch_size`, and the form of the statements.

use serde_json::{Value, json};

use crate::engine::{Instance, both, with};

fn hundred() -> [Box<dyn Instance>; 2] {
    let rows: Vec<String> = (1..=100).map(|id| format!("({id}, {}, {})", id % 3, id * 2)).collect();
    both(&[
        "CREATE TABLE t (id integer PRIMARY KEY, g integer, x integer)",
        &format!("INSERT INTO t VALUES {}", rows.join(", ")),
        "CREATE TABLE users (id integer PRIMARY KEY)",
        "INSERT INTO users VALUES (20), (30)",
        "CREATE TABLE nobody (id integer PRIMARY KEY)",
    ])
}

fn value(instance: &dyn Instance, options: Value) -> Value {
    instance.read(&options).value()
}

#[test]
fn start_and_finish_belong_to_the_range() {
    for instance in hundred() {
        let count = json!({"relation": "t", "operation": "count"});
        for (start, finish, rows) in [
            (json!(10), json!(19), 10),
            (json!(10), json!(10), 1),
            (json!(-5), json!(1), 1),
            (json!(100), json!(1_000), 1),
            (json!(101), json!(1_000), 0),
            (
                json!("SELECT MIN(id) FROM users"),
                json!("SELECT MAX(id) FROM users"),
                11,
            ),
            (json!("SELECT MIN(id) FROM users"), json!(21), 2),
            // A query without a value is 0, as over an empty table (spec 4.2).
            (
                json!("SELECT MIN(id) FROM nobody"),
                json!("SELECT MAX(id) FROM nobody"),
                0,
            ),
        ] {
            for size in [1, 3, 100_000] {
                let range = json!({"start": start, "finish": finish, "batch_size": size});
                assert_eq!(value(instance.as_ref(), with(&count, &range)), json!(rows), "{range}");
            }
        }
        assert_eq!(value(instance.as_ref(), with(&count, &json!({"start": 91}))), json!(10));
        assert_eq!(value(instance.as_ref(), with(&count, &json!({"finish": 9}))), json!(9));
        assert_eq!(value(instance.as_ref(), with(&count, &json!({"finish": -9}))), json!(0));
        assert_eq!(value(instance.as_ref(), with(&count, &json!({"start": 900}))), json!(0));
    }
}

#[test]
fn they_bound_the_counted_column_of_a_distinct_count_and_the_key_of_a_sum() {
    for instance in hundred() {
        let range = json!({"start": 10, "finish": 20, "batch_size": 4});
        let distinct = json!({"relation": "t", "operation": "distinct_count", "column": "x"});
        instance.check(
            with(&distinct, &range),
            "SELECT count(DISTINCT x) FROM t WHERE x >= 10 AND x <= 20",
        );
        let sum = json!({"relation": "t GROUP BY g", "operation": "sum", "column": "x"});
        instance.check(
            with(&sum, &range),
            "SELECT g, sum(x) FROM t WHERE id >= 10 AND id <= 20 GROUP BY g",
        );
        let average = json!({"relation": "t", "operation": "average", "column": "x"});
        instance.check(
            with(&average, &range),
            "SELECT avg(x * 1.0) FROM t WHERE id >= 10 AND id <= 20",
        );
    }
}

#[test]
fn a_key_that_is_null_lies_between_no_ends() {
    for instance in both(&[
        "CREATE TABLE t (id integer UNIQUE, x integer)",
        "INSERT INTO t VALUES (1, 1), (NULL, 10), (5, 100), (9, 1000)",
    ]) {
        for range in [
            json!({"start": 1, "finish": 5}),
            json!({"start": 0, "finish": 5}),
            json!({"finish": 5}),
        ] {
            let sum = json!({"relation": "t", "operation": "sum", "column": "x"});
            assert_eq!(value(instance.as_ref(), with(&sum, &range)), json!(101), "{range}");
        }
    }
}

#[test]
fn empty_tables_and_given_ends() {
    for instance in both(&["CREATE TABLE t (id integer PRIMARY KEY, x integer)"]) {
        for range in [
            json!({"start": 1, "finish": 50}),
            json!({"start": 1}),
            json!({"finish": 50}),
        ] {
            let count = json!({"relation": "t", "operation": "count"});
            assert_eq!(value(instance.as_ref(), with(&count, &range)), json!(0), "{range}");
        }
    }
}

#[test]
fn ends_in_the_wrong_order_are_refused_and_so_are_ends_of_no_integers() {
    for instance in both(&[
        "CREATE TABLE t (id text PRIMARY KEY, n integer)",
        "CREATE TABLE u (id integer PRIMARY KEY)",
        "INSERT INTO t VALUES ('a', 1)",
    ]) {
        for options in [
            json!({"relation": "u", "operation": "count", "start": "SELECT 9", "finish": "SELECT 2"}),
            json!({"relation": "u", "operation": "count", "start": "SELECT 'nine'"}),
            json!({"relation": "t", "operation": "count", "start": 1}),
            json!({"relation": "t", "operation": "distinct_count", "column": "id", "finish": 1}),
        ] {
            let failure = instance.read(&options).result.expect_err("it is refused");
            assert_eq!(failure.reason.code(), "bad_batch_configuration", "{options}: {failure}");
        }
    }
}

#[test]
fn ranges_are_half_open_and_as_wide_as_the_batch() {
    for instance in hundred() {
        for (operation, statements) in [
            (json!({"operation": "count"}), 10),
            (json!({"operation": "sum", "column": "x"}), 10),
            (json!({"operation": "distinct_count", "column": "x"}), 20),
            (json!({"operation": "estimate_batch_distinct_count", "column": "x"}), 10),
        ] {
            let options = with(&json!({"relation": "t", "batch_size": 10}), &operation);
            let read = instance.read(&options);
            read.value();
            assert_eq!(read.ranges().len(), statements, "{:#?}", read.sent);
            for sql in read.ranges() {
                assert!(!sql.contains("BETWEEN"), "{sql}");
                assert!(sql.contains(">=") && sql.contains("<") && !sql.contains("<="), "{sql}");
            }
        }
        let read = instance.read(&json!({"relation": "t", "operation": "count", "batch_size": 10}));
        assert!(
            read.ranges()[1].contains(">= 11") && read.ranges()[1].contains("< 21"),
            "{:#?}",
            read.sent
        );
    }
}

/// GitLab's sums end at 10^7 ids, its counts at 10^9.
#[test]
fn wide_ranges_of_ids_have_no_ceiling() {
    for instance in both(&[
        "CREATE TABLE t (id bigint PRIMARY KEY, x integer)",
        "INSERT INTO t VALUES (1, 5), (30000000, 7), (2000000000, 11)",
    ]) {
        let sum = json!({"relation": "t", "operation": "sum", "column": "x"});
        let read = instance.check(sum, "SELECT sum(x) FROM t");
        assert!(read.sent.len() < 50, "{} statements", read.sent.len());
    }
}
