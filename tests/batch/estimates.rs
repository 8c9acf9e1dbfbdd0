//! Estimates: the sketch of the very values, whatever their type and however they were fetched.

use serde_json::json;
use service_ping::measure::Reading;
use service_ping::sketch::{ERROR_BOUND, HyperLogLog};

use crate::engine::{Instance, Postgres, Read, Sqlite};

fn sketch(read: &Read) -> &HyperLogLog {
    match &read.result {
        Ok(Reading::Sketch(sketch)) => sketch,
        other => panic!("{other:?} is no sketch"),
    }
}

/// The sketch of what plain SQL prints of a column.
fn of_printed(instance: &dyn Instance, column: &str) -> HyperLogLog {
    let mut sketch = HyperLogLog::default();
    for row in instance.plain(&format!("SELECT {column} FROM t WHERE {column} IS NOT NULL")) {
        sketch.add(row[0].as_bytes());
    }
    sketch
}

fn check(instance: &dyn Instance, column: &str) {
    let expected = of_printed(instance, column);
    for size in [700, 100_000] {
        let options = json!({
            "relation": "t", "operation": "estimate_batch_distinct_count", "column": column, "batch_size": size,
        });
        let read = instance.check_within(options, &format!("SELECT count(DISTINCT {column}) FROM t"), ERROR_BOUND);
        assert!(
            *sketch(&read) == expected,
            "{column} in batches of {size}: other registers"
        );
    }
}

#[test]
fn of_postgresqls_types() {
    let postgres = Postgres::with(&[
        "CREATE TABLE t (id bigint PRIMARY KEY, small smallint, normal integer, big bigint, name text, key uuid, \
         price numeric, seen timestamp, flag boolean)",
        "INSERT INTO t SELECT i, i % 3000 - 1500, i * 7919 % 9000 - 4000, (i - 6000) * 1234567890123, \
         'näme ' || i % 7000, md5((i % 8000)::text)::uuid, i % 500 / 8.0, \
         timestamp '2026-01-01' + i % 900 * interval '1 minute', i % 2 = 0 FROM generate_series(1, 12000) i",
        "INSERT INTO t (id) SELECT i FROM generate_series(20001, 20100) i",
    ]);
    for column in ["small", "normal", "big", "name", "key", "price", "seen", "flag"] {
        check(&postgres, column);
    }
}

#[test]
fn of_sqlites_types_and_equal_to_postgresqls() {
    let rows: Vec<String> = (1..=6_000_i64)
        .map(|i| format!("({i}, {}, 'näme {}')", (i - 3000) * 1_234_567_890_123, i % 2500))
        .collect();
    let statements = [
        "CREATE TABLE t (id integer PRIMARY KEY, big bigint, name text)".to_owned(),
        format!("INSERT INTO t VALUES {}", rows.join(", ")),
    ];
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    let (sqlite, postgres) = (Sqlite::with(&statements), Postgres::with(&statements));
    for column in ["big", "name"] {
        check(&sqlite, column);
        let options = json!({"relation": "t", "operation": "estimate_batch_distinct_count", "column": column});
        assert!(
            sketch(&sqlite.read(&options)) == sketch(&postgres.read(&options)),
            "{column}"
        );
    }
}

/// Keys of every kind lead to the same registers.
#[test]
fn over_tables_of_any_key() {
    for key in [
        "id uuid PRIMARY KEY DEFAULT gen_random_uuid()",
        "id text",
        "id integer UNIQUE",
    ] {
        let postgres = Postgres::with(&[
            &format!("CREATE TABLE t ({key}, x integer, name text)"),
            "INSERT INTO t (x, name) SELECT i % 2000, 'n' || i % 1500 FROM generate_series(1, 5000) i",
        ]);
        check(&postgres, "x");
        check(&postgres, "name");
    }
}

#[test]
fn of_large_texts() {
    let postgres = Postgres::with(&[
        "CREATE TABLE t (id integer PRIMARY KEY, body text)",
        "INSERT INTO t SELECT i, i % 40 || repeat('x', 1000000) FROM generate_series(1, 60) i",
    ]);
    let options = json!({"relation": "t", "operation": "estimate_batch_distinct_count", "column": "body"});
    assert_eq!(postgres.read(&options).value(), json!(40));
    postgres.check(
        json!({"relation": "t", "operation": "distinct_count", "column": "body"}),
        "SELECT count(DISTINCT body) FROM t",
    );
}
