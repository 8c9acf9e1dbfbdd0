//! Distinct counts: exact over any ranges, for indexed, unindexed, joined and text columns.

use serde_json::json;

use crate::engine::{Instance, both};

fn tables() -> [Box<dyn Instance>; 2] {
    let rows: Vec<String> = (1..=400)
        .map(|id: i64| {
            let owner = if id % 6 == 0 {
                "NULL".to_owned()
            } else {
                (id * 37 % 113 - 20).to_string()
            };
            let name = if id % 9 == 0 {
                "NULL".to_owned()
            } else {
                format!("'N{}'", id % 31)
            };
            format!("({id}, {owner}, {owner}, {name}, {})", id % 3)
        })
        .collect();
    both(&[
        "CREATE TABLE t (id integer PRIMARY KEY, owner integer, author integer, name text, g integer)",
        &format!("INSERT INTO t VALUES {}", rows.join(", ")),
        "CREATE INDEX t_owner ON t (owner)",
        "CREATE TABLE u (id integer PRIMARY KEY, t_id integer, owner integer)",
        "INSERT INTO u SELECT id, id, owner FROM t WHERE id % 4 > 0",
        "CREATE INDEX u_owner ON u (owner)",
    ])
}

#[test]
fn over_columns_with_nulls_in_ranges_of_any_width() {
    for instance in tables() {
        for column in ["owner", "author", "name", "id"] {
            let sql = format!("SELECT count(DISTINCT {column}) FROM t");
            instance.check(
                json!({"relation": "t", "operation": "distinct_count", "column": column}),
                &sql,
            );
            for size in [1, 7, 50, 1_000_000] {
                let options =
                    json!({"relation": "t", "operation": "distinct_count", "column": column, "batch_size": size});
                instance.check(options, &sql);
            }
        }
    }
}

#[test]
fn an_indexed_column_is_split_and_an_unindexed_one_is_not() {
    for instance in tables() {
        let ranges = |column: &str| {
            let options = json!({"relation": "t", "operation": "distinct_count", "column": column});
            instance.read(&options).ranges().len()
        };
        assert_eq!(ranges("author"), 1);
        assert_eq!(ranges("name"), 1);
        assert_eq!(ranges("owner"), 1);
        let options = json!({"relation": "t", "operation": "distinct_count", "column": "owner", "batch_size": 10});
        assert!(instance.read(&options).ranges().len() > 10);
    }
}

#[test]
fn under_a_filter_that_leaves_few_or_no_rows() {
    for instance in tables() {
        for filter in ["g = 1", "owner > 80", "owner IS NULL", "g = 7", "g = 1 OR owner < 0"] {
            let sql = format!("SELECT count(DISTINCT owner) FROM t WHERE {filter}");
            for size in [5, 10_000] {
                let relation = format!("t WHERE {filter}");
                let options =
                    json!({"relation": relation, "operation": "distinct_count", "column": "owner", "batch_size": size});
                instance.check(options, &sql);
            }
        }
    }
}

#[test]
fn over_a_column_of_a_joined_table() {
    for instance in tables() {
        for join in ["JOIN", "LEFT JOIN"] {
            let relation = format!("t {join} u ON u.t_id = t.id");
            let sql = format!("SELECT count(DISTINCT u.owner) FROM {relation}");
            for size in [5, 10_000] {
                let options = json!({"relation": relation, "operation": "distinct_count", "column": "u.owner", "batch_size": size});
                instance.check(options, &sql);
            }
        }
    }
}

/// A group whose values are all NULL has 0 of them; it is not lost.
#[test]
fn a_group_of_nulls_alone_is_0() {
    for instance in both(&[
        "CREATE TABLE t (id integer PRIMARY KEY, owner integer, g text)",
        "INSERT INTO t VALUES (1, 5, 'a'), (2, 5, 'a'), (3, NULL, 'b'), (4, NULL, NULL), (5, 900, 'c'), (6, NULL, 'a')",
        "CREATE INDEX t_owner ON t (owner)",
    ]) {
        for size in [1, 100, 10_000] {
            let options = json!({
                "relation": "t GROUP BY g", "operation": "distinct_count", "column": "owner", "batch_size": size,
            });
            instance.check(options, "SELECT g, count(DISTINCT owner) FROM t GROUP BY g");
        }
        let all_null = json!({
            "relation": "t WHERE owner IS NULL GROUP BY g", "operation": "distinct_count", "column": "owner",
        });
        instance.check(
            all_null,
            "SELECT g, count(DISTINCT owner) FROM t WHERE owner IS NULL GROUP BY g",
        );
    }
    for instance in both(&[
        "CREATE TABLE t (id integer PRIMARY KEY, owner integer, g text)",
        "INSERT INTO t VALUES (1, NULL, 'a'), (2, NULL, NULL)",
        "CREATE INDEX t_owner ON t (owner)",
    ]) {
        let options = json!({"relation": "t GROUP BY g", "operation": "distinct_count", "column": "owner"});
        instance.check(options, "SELECT g, count(DISTINCT owner) FROM t GROUP BY g");
    }
}

#[test]
fn of_the_joined_side_a_group_without_partners_is_0() {
    for instance in both(&[
        "CREATE TABLE t (id integer PRIMARY KEY, g integer)",
        "CREATE TABLE u (id integer PRIMARY KEY, t_id integer)",
        "INSERT INTO t VALUES (1, 1), (2, 1), (3, 2)",
        "INSERT INTO u VALUES (10, 1), (11, 1), (12, 2)",
    ]) {
        let options = json!({
            "relation": "t LEFT JOIN u ON u.t_id = t.id GROUP BY t.g", "operation": "distinct_count", "column": "u.id",
        });
        instance.check(
            options,
            "SELECT t.g, count(DISTINCT u.id) FROM t LEFT JOIN u ON u.t_id = t.id GROUP BY t.g",
        );
    }
}
