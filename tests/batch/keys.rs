//! Keys of every kind: each row is counted once, whatever the table's rows are told apart by.

use serde_json::{Value, json};

use service_ping::sketch::ERROR_BOUND;

use crate::engine::{Instance, Postgres, both, with};

const TABLE: &str = "CREATE TABLE t (id bigint PRIMARY KEY, g integer, x integer)";

fn operations() -> Vec<(Value, &'static str)> {
    vec![
        (json!({"operation": "count"}), "SELECT count(*) FROM t"),
        (
            json!({"operation": "sum", "column": "x"}),
            "SELECT coalesce(sum(x), 0) FROM t",
        ),
        (
            json!({"operation": "average", "column": "x"}),
            "SELECT avg(x * 1.0) FROM t",
        ),
        (
            json!({"operation": "distinct_count", "column": "x"}),
            "SELECT count(DISTINCT x) FROM t",
        ),
    ]
}

fn grouped_operations() -> Vec<(Value, &'static str)> {
    vec![
        (
            json!({"operation": "count", "relation": "t GROUP BY g"}),
            "SELECT g, count(*) FROM t GROUP BY g",
        ),
        (
            json!({"operation": "sum", "column": "x", "relation": "t GROUP BY g"}),
            "SELECT g, coalesce(sum(x), 0) FROM t GROUP BY g",
        ),
        (
            json!({"operation": "average", "column": "x", "relation": "t GROUP BY g"}),
            "SELECT g, avg(x * 1.0) FROM t GROUP BY g",
        ),
        (
            json!({"operation": "distinct_count", "column": "x", "relation": "t GROUP BY g"}),
            "SELECT g, count(DISTINCT x) FROM t GROUP BY g",
        ),
    ]
}

/// Every operation over `t`, in batches of each size.
fn check_all(instance: &dyn Instance, sizes: &[u64]) {
    for (operation, sql) in operations().into_iter().chain(grouped_operations()) {
        instance.check_sizes(&with(&json!({"relation": "t"}), &operation), sql, 0.0, sizes);
    }
    let estimate = json!({"relation": "t", "operation": "estimate_batch_distinct_count", "column": "x"});
    instance.check_sizes(&estimate, "SELECT count(DISTINCT x) FROM t", ERROR_BOUND, sizes);
}

#[test]
fn an_empty_table_counts_0_sums_0_and_has_no_average() {
    for instance in both(&[TABLE]) {
        check_all(instance.as_ref(), &[1, 10]);
        let value = |options: Value| instance.read(&options).value();
        assert_eq!(value(json!({"relation": "t", "operation": "count"})), json!(0));
        assert_eq!(
            value(json!({"relation": "t", "operation": "sum", "column": "x"})),
            json!(0)
        );
        assert_eq!(
            value(json!({"relation": "t", "operation": "average", "column": "x"})),
            json!(null)
        );
        assert_eq!(
            value(json!({"relation": "t GROUP BY g", "operation": "count"})),
            json!({})
        );
    }
}

#[test]
fn a_table_of_one_row() {
    for row in ["(7, 1, 5)", "(0, NULL, NULL)", "(-3, 1, NULL)"] {
        for instance in both(&[TABLE, &format!("INSERT INTO t VALUES {row}")]) {
            check_all(instance.as_ref(), &[1, 10]);
        }
    }
}

#[test]
fn negative_ids() {
    let rows: Vec<String> = (-40..=12)
        .filter(|id| id % 5 != 0)
        .map(|id: i64| format!("({id}, {}, {})", id.rem_euclid(3), id * id % 7))
        .collect();
    let insert = format!("INSERT INTO t VALUES {}", rows.join(", "));
    for instance in both(&[TABLE, &insert]) {
        check_all(instance.as_ref(), &[1, 7, 1000]);
    }
}

#[test]
fn ids_at_both_ends_of_64_bits() {
    let insert = "INSERT INTO t VALUES (-9223372036854775807 - 1, 1, 1), (-9223372036854775807, 1, 2), (0, NULL, 3), \
                  (9223372036854775806, 2, 3), (9223372036854775807, 2, NULL)";
    for instance in both(&[TABLE, insert]) {
        check_all(instance.as_ref(), &[1, 1_000_000]);
        let columns = json!({"relation": "t", "operation": "distinct_count", "column": "id"});
        instance.check(columns, "SELECT count(DISTINCT id) FROM t");
    }
    let extremes = "INSERT INTO t VALUES (-9223372036854775807 - 1, 1, -2147483648), (5, 1, 2147483647)";
    for instance in both(&[TABLE, extremes]) {
        check_all(instance.as_ref(), &[1, 1_000]);
    }
}

/// 100,000 rows over 10^12 ids are a few statements, not ten million.
#[test]
fn sparse_ids_take_few_statements() {
    let table = "CREATE TABLE t (id bigint PRIMARY KEY, g integer, x bigint)";
    let rows = "SELECT i * 10000019, i % 3, i * 9999991 % 1000000000039 FROM i";
    let series = "WITH RECURSIVE i(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM i WHERE i < 99999)";
    let fill = format!("INSERT INTO t {series} {rows}");
    let postgres_fill = "INSERT INTO t SELECT i * 10000019, i % 3, i * 9999991 % 1000000000039 \
                         FROM generate_series(0::bigint, 99999) AS i";
    let index = "CREATE INDEX t_x ON t (x)";
    let postgres = Postgres::with(&[table, postgres_fill, index]);
    let sqlite = crate::engine::Sqlite::with(&[table, &fill, index]);
    let check = |instance: &dyn Instance| {
        for (operation, sql) in operations().into_iter().chain(grouped_operations()) {
            let read = instance.check(with(&json!({"relation": "t"}), &operation), sql);
            assert!(read.sent.len() < 50, "{} statements: {operation}", read.sent.len());
        }
        let options = json!({"relation": "t", "operation": "estimate_batch_distinct_count", "column": "x"});
        let read = instance.check_within(options, "SELECT count(DISTINCT x) FROM t", ERROR_BOUND);
        assert!(read.sent.len() < 50);
        // The sparse column of a joined table, which the main table cannot be stepped by.
        let options =
            json!({"relation": "t AS u JOIN t ON t.id = u.id", "operation": "distinct_count", "column": "t.x"});
        let read = instance.check(options, "SELECT count(DISTINCT x) FROM t");
        assert!(read.sent.len() < 50, "{} statements", read.sent.len());
    };
    check(&postgres);
    check(&sqlite);
    postgres.0.psql("ANALYZE");
    check(&postgres);
    sqlite.execute(&["ANALYZE"]);
    check(&sqlite);
}

/// 137 rows under a key of another kind, some of the numbers missing.
fn keyed(columns: &str, key: &str) -> Postgres {
    let table = format!("CREATE TABLE t ({columns}, g integer, x integer)");
    let fill = format!(
        "INSERT INTO t SELECT {key}, nullif(i % 4, 0), CASE WHEN i % 5 > 0 THEN i % 11 END FROM generate_series(1, 137) i"
    );
    Postgres::with(&[&table, &fill])
}

#[test]
fn uuid_text_and_composite_keys() {
    for (columns, key, order) in [
        ("id uuid PRIMARY KEY", "md5(i::text)::uuid", "\"id\""),
        (
            "id text PRIMARY KEY",
            "chr(64 + i % 50) || '''' || i || E'\\\\'",
            "\"id\"",
        ),
        ("id char(9) PRIMARY KEY", "i::text", "\"id\""),
        ("id bytea PRIMARY KEY", "sha256(i::text::bytea)", "\"id\""),
        (
            "id timestamptz PRIMARY KEY",
            "'2026-03-29 00:00:00+00'::timestamptz + i * interval '61.000001 s'",
            "\"id\"",
        ),
        ("id numeric PRIMARY KEY", "(i - 70) / 8.0", "\"id\""),
        ("id double precision PRIMARY KEY", "(i - 70) / 7.0", "\"id\""),
        ("a integer, b text, PRIMARY KEY (a, b)", "i % 9 - 4, 'b' || i", "\"a\""),
        ("b text, a bigint, PRIMARY KEY (a, b)", "'b' || i, i % 9 - 4", "\"a\""),
        (
            "a uuid, id integer, PRIMARY KEY (a, id)",
            "md5((i % 9)::text)::uuid, i",
            "\"a\"",
        ),
    ] {
        let postgres = keyed(columns, key);
        let sizes: &[u64] = if columns.starts_with("id uuid") {
            &[1, 10, 136, 137, 138]
        } else {
            &[10]
        };
        check_all(&postgres, sizes);
        let options = json!({"relation": "t", "operation": "sum", "column": "x", "batch_size": 10});
        let read = postgres.check(options, "SELECT sum(x) FROM t");
        let stepped = columns.contains("id integer") || read.ranges().len() >= 14;
        assert!(stepped, "{columns}: {:#?}", read.sent);
        assert!(
            columns.contains("id integer")
                || read
                    .sent
                    .iter()
                    .any(|sql| sql.contains("ORDER BY") && sql.contains(order)),
            "{:#?}",
            read.sent
        );
    }
}

#[test]
fn a_key_in_a_collation_that_is_not_the_bytes() {
    let postgres = keyed(
        "id text COLLATE \"en-x-icu\" PRIMARY KEY",
        "CASE WHEN i % 2 = 0 THEN 'Key' ELSE 'key' END || i",
    );
    check_all(&postgres, &[1, 10]);
}

#[test]
fn a_table_without_a_key_is_read_in_blocks() {
    let postgres = Postgres::with(&[
        "CREATE TABLE t (x integer, g integer, filler text)",
        "ALTER TABLE t ALTER COLUMN filler SET STORAGE PLAIN",
        "INSERT INTO t SELECT i % 1000, nullif(i % 4, 0), repeat('x', 1900) FROM generate_series(1, 20000) i",
        "DELETE FROM t WHERE x % 7 = 0",
    ]);
    check_all(&postgres, &[1_000]);
    let read = postgres.check(json!({"relation": "t", "operation": "count"}), "SELECT count(*) FROM t");
    assert!(read.ranges().len() >= 2 && read.ranges().len() < 10, "{:#?}", read.sent);
    assert!(read.ranges().iter().all(|sql| sql.contains("ctid")), "{:#?}", read.sent);
    // Nothing but the declared absence of a key says so here either.
    let options = json!({"relation": "t", "operation": "count", "primary_key": []});
    postgres.check(options, "SELECT count(*) FROM t");
}

#[test]
fn an_id_that_is_unique_but_may_be_null() {
    for instance in both(&[
        "CREATE TABLE t (id integer UNIQUE, g integer, x integer)",
        "INSERT INTO t VALUES (1, 1, 10), (NULL, 1, 20), (NULL, NULL, 30), (50, 2, 40), (NULL, 3, NULL)",
    ]) {
        for (operation, sql) in operations().into_iter().chain(grouped_operations()) {
            // COUNT is asked of `id`, as nothing else was named; a count of rows says that there is no key.
            let sql = if operation["operation"] == "count" {
                sql.replace("count(*)", "count(id)")
            } else {
                sql.to_owned()
            };
            for size in [1, 100_000] {
                let options = with(&json!({"relation": "t", "batch_size": size}), &operation);
                instance.check(options, &sql);
            }
        }
        let rows = json!({"relation": "t", "operation": "count", "primary_key": []});
        instance.check(rows, "SELECT count(*) FROM t");
    }
}

#[test]
fn an_id_that_is_null_everywhere() {
    for instance in both(&[
        "CREATE TABLE t (id integer UNIQUE, g integer, x integer)",
        "INSERT INTO t VALUES (NULL, 1, 20), (NULL, NULL, 30), (NULL, 1, NULL)",
    ]) {
        instance.check(
            json!({"relation": "t", "operation": "sum", "column": "x"}),
            "SELECT sum(x) FROM t",
        );
        instance.check(
            json!({"relation": "t GROUP BY g", "operation": "average", "column": "x"}),
            "SELECT g, avg(x * 1.0) FROM t GROUP BY g",
        );
    }
}

#[test]
fn without_an_id_and_without_a_word_about_it_rows_are_counted() {
    for instance in both(&[
        "CREATE TABLE t (name text PRIMARY KEY, g integer, x integer)",
        "INSERT INTO t VALUES ('a', 1, 10), ('b', 1, 20), ('c', NULL, 30)",
    ]) {
        check_all(instance.as_ref(), &[1, 2]);
    }
    for instance in both(&[
        "CREATE TABLE t (g integer, x integer)",
        "INSERT INTO t VALUES (1, 10), (1, 20), (NULL, 30), (NULL, NULL)",
    ]) {
        check_all(instance.as_ref(), &[1, 2]);
    }
}

/// A key of another table does not tell the rows of this one apart.
#[test]
fn a_declared_key_of_another_table_is_refused() {
    for instance in both(&[
        TABLE,
        "INSERT INTO t VALUES (1, 1, 1)",
        "CREATE TABLE u (id integer, t_id integer)",
    ]) {
        let options = json!({
            "relation": "t LEFT JOIN u ON u.t_id = t.id", "operation": "sum", "column": "t.x", "primary_key": "u.id",
        });
        match crate::engine::measure(&options, service_ping::definition::TimeFrame::All) {
            Err(failure) => assert_eq!(failure.reason.code(), "invalid_options", "{failure}"),
            Ok(measure) => {
                let failure = crate::engine::read_from(&instance.url(), &measure)
                    .result
                    .expect_err("it is refused");
                assert_eq!(failure.reason.code(), "bad_batch_configuration", "{failure}");
            }
        }
    }
}
