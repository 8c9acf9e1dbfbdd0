//! Keys as only SQLite has them: types that hold anything, keys that may be NULL, tables without a rowid.

use serde_json::json;

use crate::engine::{Instance, Sqlite};

fn check(table: &str, rows: &str) {
    let sqlite = Sqlite::with(&[table, &format!("INSERT INTO t VALUES {rows}")]);
    for size in [1, 2, 100_000] {
        for (operation, sql) in [
            ("sum", "SELECT coalesce(sum(x), 0) FROM t"),
            ("average", "SELECT avg(x) FROM t"),
        ] {
            let options = json!({"relation": "t", "operation": operation, "column": "x", "batch_size": size});
            sqlite.check(options, sql);
        }
        let options = json!({"relation": "t", "operation": "count", "column": "x", "batch_size": size});
        sqlite.check(options, "SELECT count(x) FROM t");
        let options = json!({"relation": "t", "operation": "count", "primary_key": [], "batch_size": size});
        sqlite.check(options, "SELECT count(*) FROM t");
    }
}

#[test]
fn an_int_key_is_no_rowid_and_may_be_null() {
    check(
        "CREATE TABLE t (id INT PRIMARY KEY, x INTEGER)",
        "(1, 1), (NULL, 2), (NULL, 4), (9, 8)",
    );
    check(
        "CREATE TABLE t (a INTEGER, b INTEGER, x INTEGER, PRIMARY KEY (a, b))",
        "(1, 1, 1), (NULL, 1, 2), (1, NULL, 4), (2, 2, 8)",
    );
}

#[test]
fn blobs_and_untyped_keys_end() {
    check(
        "CREATE TABLE t (id BLOB PRIMARY KEY NOT NULL, x INTEGER)",
        "(x'ff00', 1), (x'00', 2), (x'61', 4)",
    );
    check(
        "CREATE TABLE t (id BLOB PRIMARY KEY, x INTEGER) WITHOUT ROWID",
        "(x'ff00', 1), (x'00', 2), (x'61', 4), ('a', 8), (5, 16)",
    );
    check(
        "CREATE TABLE t (id PRIMARY KEY NOT NULL, x INTEGER)",
        "(1, 1), (2.5, 2), ('three', 4), (x'04', 8), (10, 16)",
    );
    check(
        "CREATE TABLE t (id PRIMARY KEY, x INTEGER) WITHOUT ROWID",
        "(1, 1), (2, 2), (10, 4), ('10', 8), ('9', 16)",
    );
    check(
        "CREATE TABLE t (id TEXT PRIMARY KEY, x INTEGER) WITHOUT ROWID",
        "('a', 1), ('B', 2), (x'63', 4), ('é', 8)",
    );
    check(
        "CREATE TABLE t (id TEXT COLLATE NOCASE PRIMARY KEY, x INTEGER) WITHOUT ROWID",
        "('a', 1), ('B', 2), ('c', 4), ('D', 8)",
    );
    check(
        "CREATE TABLE t (id NUMERIC PRIMARY KEY, x INTEGER) WITHOUT ROWID",
        "(1, 1), (2.5, 2), (-3, 4), (1e30, 8)",
    );
    check(
        "CREATE TABLE t (id REAL PRIMARY KEY, x INTEGER) WITHOUT ROWID",
        "(0.1, 1), (0.30000000000000004, 2), (-3, 4), (1e300, 8)",
    );
}

#[test]
fn composite_keys_without_a_rowid() {
    check(
        "CREATE TABLE t (a INTEGER, b TEXT, x INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID",
        "(1, 'a', 1), (1, 'b', 2), (-2, 'c', 4), (7, 'a', 8)",
    );
    check(
        "CREATE TABLE t (a TEXT, b BLOB, x INTEGER, PRIMARY KEY (b, a)) WITHOUT ROWID",
        "('a', x'00', 1), ('b', x'00', 2), ('c', 'x', 4)",
    );
}

#[test]
fn a_column_of_the_name_rowid_is_a_column() {
    check(
        "CREATE TABLE t (rowid TEXT, x INTEGER)",
        "('a', 1), (NULL, 2), ('a', 4)",
    );
}
