//! Sums and averages of every kind of number, and histograms.

use serde_json::json;

use crate::engine::{Instance, Postgres, Sqlite, both};

#[test]
fn decimals_lose_nothing() {
    let postgres = Postgres::with(&[
        "CREATE TABLE t (id integer PRIMARY KEY, x numeric(20, 4))",
        "INSERT INTO t SELECT i, i * 0.1 + 1000000000000 FROM generate_series(1, 1000) i",
        "INSERT INTO t VALUES (2000, NULL), (2001, -0.0001)",
    ]);
    for size in [3, 100, 100_000] {
        for (operation, call) in [("sum", "sum(x)"), ("average", "avg(x)")] {
            let options = json!({"relation": "t", "operation": operation, "column": "x", "batch_size": size});
            postgres.check(options, &format!("SELECT {call} FROM t"));
        }
    }
    let sum = json!({"relation": "t", "operation": "sum", "column": "x", "batch_size": 3});
    assert_eq!(postgres.read(&sum).value(), json!(1_000_000_000_050_049.999_9));
}

#[test]
fn floats_of_any_size() {
    for instance in both(&[
        "CREATE TABLE t (id integer PRIMARY KEY, x double precision, y real)",
        "INSERT INTO t VALUES (1, 0.1, 0.5), (2, 0.2, 0.25), (3, 1e20, 3), (4, NULL, NULL), (5, 1e-12, 7.125), (6, 2.5e18, 0)",
    ]) {
        for size in [1, 2, 100_000] {
            for column in ["x", "y"] {
                for (operation, call) in [("sum", "sum"), ("average", "avg")] {
                    let options =
                        json!({"relation": "t", "operation": operation, "column": column, "batch_size": size});
                    instance.check(options, &format!("SELECT {call}({column}) FROM t"));
                }
            }
        }
    }
}

#[test]
fn large_integers_stay_integers() {
    for instance in both(&[
        "CREATE TABLE t (id integer PRIMARY KEY, x bigint)",
        "INSERT INTO t VALUES (1, 4611686018427387904), (2, 4611686018427387903), (3, -9), (4, 9007199254740993)",
    ]) {
        for size in [1, 2] {
            let options = json!({
                "relation": "t WHERE id < 4", "operation": "sum", "column": "x", "batch_size": size,
            });
            instance.check(options, "SELECT sum(x) FROM t WHERE id < 4");
        }
        let single = json!({"relation": "t WHERE id = 4", "operation": "sum", "column": "x"});
        assert_eq!(instance.read(&single).value(), json!(9_007_199_254_740_993_i64));
        let over = json!({"relation": "t", "operation": "sum", "column": "x", "batch_size": 1});
        let failure = instance.read(&over).result.expect_err("it has no place in 64 bits");
        assert_eq!(failure.reason.code(), "overflow");
    }
}

#[test]
fn what_cannot_be_summed_says_so() {
    for instance in both(&[
        "CREATE TABLE t (id integer PRIMARY KEY, x text)",
        "INSERT INTO t VALUES (1, '5'), (2, 'five')",
    ]) {
        for operation in ["sum", "average"] {
            let options = json!({"relation": "t", "operation": operation, "column": "x"});
            let failure = instance.read(&options).result.expect_err("text has no sum");
            assert_eq!(failure.reason.code(), "wrong_type");
        }
    }
    let postgres = Postgres::with(&[
        "CREATE TABLE t (id integer PRIMARY KEY, x double precision, y interval)",
        "INSERT INTO t VALUES (1, 'NaN', '1 hour'), (2, 1, '2 hours')",
    ]);
    let of = |column: &str| json!({"relation": "t", "operation": "sum", "column": column});
    assert_eq!(
        postgres.read(&of("x")).result.unwrap_err().reason.code(),
        "data_exception"
    );
    assert_eq!(postgres.read(&of("y")).result.unwrap_err().reason.code(), "wrong_type");
}

/// The vectors of spec 8.
#[test]
fn histograms() {
    for instance in both(&["CREATE TABLE t (id integer PRIMARY KEY, g integer)"]) {
        let histogram = |from: i64, to: i64| {
            let options = json!({"relation": "t", "operation": "histogram", "column": "g", "buckets": [from, to]});
            instance.read(&options).value()
        };
        assert_eq!(histogram(1, 100), json!({}));
        instance.execute(&["INSERT INTO t VALUES (1, 10), (2, 20), (3, 30), (4, 30)"]);
        assert_eq!(histogram(1, 100), json!({"1": 2, "2": 1}));
        instance.execute(&["DELETE FROM t", "INSERT INTO t VALUES (1, 10), (2, 10), (3, 10)"]);
        assert_eq!(histogram(1, 2), json!({"2": 1}));
        assert_eq!(histogram(4, 9), json!({"0": 1}));
        instance.execute(&["INSERT INTO t VALUES (4, NULL), (5, NULL)"]);
        assert_eq!(histogram(1, 100), json!({"2": 1, "3": 1}));
    }
}

#[test]
fn histograms_of_wider_buckets_are_width_bucket() {
    let fill = |group: i64, rows: i64| (0..rows).map(move |row| format!("({}, {group})", group * 1000 + row));
    let rows: Vec<String> = (1..=30).flat_map(|group| fill(group, group * 2)).collect();
    let table = "CREATE TABLE t (id integer PRIMARY KEY, g integer)";
    let insert = format!("INSERT INTO t VALUES {}", rows.join(", "));
    let (postgres, sqlite) = (Postgres::with(&[table, &insert]), Sqlite::with(&[table, &insert]));
    for (from, to, size) in [(1, 50, 10), (5, 41, 7), (1, 100, 2), (10, 20, 11)] {
        let options = json!({
            "relation": "t", "operation": "histogram", "column": "g", "buckets": [from, to], "bucket_size": size,
        });
        let sql = format!(
            "SELECT width_bucket(n, {from}, {to}, {}), count(*) \
             FROM (SELECT count(*) AS n FROM t GROUP BY g) AS sizes GROUP BY 1",
            size - 1
        );
        let read = postgres.check(options.clone(), &sql);
        assert_eq!(read.value(), sqlite.read(&options).value(), "{options}");
    }
}
