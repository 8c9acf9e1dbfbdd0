//! What a name in FROM may stand for: views, materialised views, partitioned tables, inheritance, other schemas.

use serde_json::json;

use crate::engine::{Instance, Postgres, both};

fn check(instance: &dyn Instance, relation: &str, sizes: &[u64]) {
    for (operation, column, call) in [
        ("count", "x", "count(x)"),
        ("sum", "x", "coalesce(sum(x), 0)"),
        ("average", "x", "avg(x * 1.0)"),
        ("distinct_count", "x", "count(DISTINCT x)"),
    ] {
        let options = json!({"relation": relation, "operation": operation, "column": column});
        instance.check_sizes(&options, &format!("SELECT {call} FROM {relation}"), 0.0, sizes);
    }
    let rows = json!({"relation": relation, "operation": "count", "primary_key": []});
    instance.check_sizes(&rows, &format!("SELECT count(*) FROM {relation}"), 0.0, sizes);
}

#[test]
fn views() {
    for instance in both(&[
        "CREATE TABLE t (id integer PRIMARY KEY, x integer, name text)",
        "INSERT INTO t VALUES (1, 1, 'a'), (2, NULL, 'b'), (50, 4, 'c'), (51, 8, 'd')",
        "CREATE VIEW v AS SELECT id, x FROM t WHERE id > 1",
        "CREATE VIEW holes AS SELECT CASE WHEN id > 2 THEN id END AS id, x FROM t",
        "CREATE VIEW unkeyed AS SELECT x, name FROM t",
        "CREATE VIEW no_rows AS SELECT id, x FROM t WHERE id < 0",
    ]) {
        for view in ["v", "holes", "unkeyed", "no_rows"] {
            check(instance.as_ref(), view, &[1, 7]);
        }
        let named = json!({"relation": "unkeyed", "operation": "sum", "column": "x", "primary_key": "name"});
        instance.check(named, "SELECT sum(x) FROM unkeyed");
    }
}

#[test]
fn materialised_views() {
    let postgres = Postgres::with(&[
        "CREATE MATERIALIZED VIEW m AS SELECT i AS id, i % 7 AS x FROM generate_series(1, 500) i",
        "CREATE MATERIALIZED VIEW n AS SELECT i::text AS name, i % 7 AS x FROM generate_series(1, 500) i",
    ]);
    check(&postgres, "m", &[10]);
    check(&postgres, "n", &[10]);
}

#[test]
fn partitioned_tables_with_and_without_a_key() {
    let partitions = |table: &str| {
        [
            format!("CREATE TABLE {table}_1 PARTITION OF {table} FOR VALUES IN (1)"),
            format!("CREATE TABLE {table}_2 PARTITION OF {table} FOR VALUES IN (2)"),
            format!("CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT"),
            format!(
                "INSERT INTO {table} (id, p, x, filler) \
                 SELECT i, i % 4, nullif(i % 9, 0), repeat('x', 1800) FROM generate_series(1, 6000) i"
            ),
        ]
    };
    for key in [", PRIMARY KEY (id, p)", ", PRIMARY KEY (p, id)", ""] {
        let mut statements = vec![
            format!("CREATE TABLE t (id bigint, p integer, x integer, filler text{key}) PARTITION BY LIST (p)"),
            "ALTER TABLE t ALTER COLUMN filler SET STORAGE PLAIN".to_owned(),
        ];
        statements.extend(partitions("t"));
        let postgres = Postgres::new();
        postgres.0.execute(&statements);
        check(&postgres, "t", &[1_000]);
        postgres.0.psql("ANALYZE");
        check(&postgres, "t", &[]);
    }
}

#[test]
fn a_parent_counts_its_children() {
    let postgres = Postgres::with(&[
        "CREATE TABLE parent (x integer)",
        "CREATE TABLE child () INHERITS (parent)",
        "INSERT INTO parent SELECT i FROM generate_series(1, 10) i",
        "INSERT INTO child SELECT i FROM generate_series(1, 10000) i",
    ]);
    check(&postgres, "parent", &[]);
    // A key of the parent is none of its children.
    let postgres = Postgres::with(&[
        "CREATE TABLE parent (id integer PRIMARY KEY, x integer)",
        "CREATE TABLE child () INHERITS (parent)",
        "INSERT INTO parent SELECT i, i FROM generate_series(1, 10) i",
        "INSERT INTO child SELECT i, i FROM generate_series(-5, 1000) i",
    ]);
    check(&postgres, "parent", &[7]);
    // What the parent promises of its key a child need not keep.
    let postgres = Postgres::with(&[
        "CREATE TABLE parent (id integer PRIMARY KEY, x integer)",
        "CREATE TABLE child () INHERITS (parent)",
        "ALTER TABLE child ALTER id DROP NOT NULL",
        "INSERT INTO parent SELECT i, i FROM generate_series(1, 10) i",
        "INSERT INTO child SELECT nullif(i % 5, 0), i FROM generate_series(1, 1000) i",
    ]);
    check(&postgres, "parent", &[7]);
    let postgres = Postgres::with(&[
        "CREATE TABLE parent (id uuid PRIMARY KEY, x integer)",
        "CREATE TABLE child () INHERITS (parent)",
        "INSERT INTO parent SELECT md5(i::text)::uuid, i FROM generate_series(1, 50) i",
        "INSERT INTO child SELECT md5(i::text)::uuid, i FROM generate_series(1, 200) i",
    ]);
    check(&postgres, "parent", &[7]);
}

#[test]
fn tables_of_another_schema_and_names_that_need_quotes() {
    let postgres = Postgres::with(&[
        "CREATE SCHEMA other",
        "GRANT USAGE ON SCHEMA other TO service_ping",
        "CREATE TABLE other.t (id integer PRIMARY KEY, x integer)",
        "CREATE TABLE t (id uuid PRIMARY KEY, x text)",
        "INSERT INTO other.t SELECT i, i % 7 FROM generate_series(1, 300) i",
        "GRANT SELECT ON other.t TO service_ping",
        "CREATE TABLE \"Odd \"\"Table\" (\"Id\" integer PRIMARY KEY, x integer, \"select\" integer)",
        "INSERT INTO \"Odd \"\"Table\" SELECT i, i % 7, i FROM generate_series(1, 300) i",
    ]);
    check(&postgres, "other.t", &[10]);
    check(&postgres, "\"Odd \"\"Table\"", &[10]);
    let options = json!({
        "relation": "\"Odd \"\"Table\" WHERE \"select\" > 100", "operation": "count", "primary_key": "\"Id\"", "batch_size": 9,
    });
    let read = postgres.check(options, "SELECT count(*) FROM \"Odd \"\"Table\" WHERE \"select\" > 100");
    assert!(read.ranges().len() > 30, "{:#?}", read.sent);
}
