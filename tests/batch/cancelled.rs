//! Cancelled statements: the range is halved, tried again from the same place, and nothing is counted twice.

use serde_json::{Value, json};

use service_ping::sketch::ERROR_BOUND;

use crate::engine::{Instance, Postgres, Read, with};

/// Ends a statement as its timeout would once it has looked at more rows than `most`.
fn patience(most: u32) -> String {
    format!(
        "CREATE FUNCTION patience(x integer) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
         DECLARE
           mark text := statement_timestamp()::text;
           seen integer := 1;
         BEGIN
           IF current_setting('test.mark', true) = mark THEN
             seen := current_setting('test.seen')::integer + 1;
           END IF;
           PERFORM set_config('test.mark', mark, false), set_config('test.seen', seen::text, false);
           IF seen > {most} THEN
             RAISE EXCEPTION 'enough' USING ERRCODE = '57014';
           END IF;
           RETURN true;
         END $$"
    )
}

fn table(key: &str, value: &str, most: u32) -> Postgres {
    Postgres::with(&[
        &format!("CREATE TABLE t ({key}, g integer, x integer NOT NULL)"),
        &format!("INSERT INTO t SELECT {value} nullif(i % 3, 0), i % 1000 FROM generate_series(1, 20000) i"),
        &patience(most),
    ])
}

/// Every operation exact, and some of its statements cancelled.
fn check(postgres: &Postgres) -> Vec<Read> {
    let relation = "t WHERE patience(t.x)";
    let operations: [(Value, &str); 5] = [
        (json!({"operation": "count", "column": "x"}), "SELECT count(x) FROM t"),
        (json!({"operation": "sum", "column": "x"}), "SELECT sum(x) FROM t"),
        (json!({"operation": "average", "column": "x"}), "SELECT avg(x) FROM t"),
        (
            json!({"operation": "sum", "column": "x", "relation": "t WHERE patience(t.x) GROUP BY g"}),
            "SELECT g, sum(x) FROM t GROUP BY g",
        ),
        (
            json!({"operation": "estimate_batch_distinct_count", "column": "x"}),
            "SELECT count(DISTINCT x) FROM t",
        ),
    ];
    let checked = operations.into_iter().map(|(operation, sql)| {
        let read = postgres.check_within(with(&json!({"relation": relation}), &operation), sql, ERROR_BOUND);
        assert!(read.retries > 0, "nothing was cancelled: {operation}");
        read
    });
    checked.collect()
}

#[test]
fn ranges_of_integers() {
    for read in check(&table("id integer PRIMARY KEY", "i,", 3_200)) {
        // The range of all 20,000 ids is halved to 2,500, and stays there.
        assert_eq!(read.retries, 3);
        assert_eq!(read.ranges().len(), 3 + 8);
    }
}

#[test]
fn ranges_of_other_keys() {
    check(&table("id uuid PRIMARY KEY", "md5(i::text)::uuid,", 3_200));
    check(&table(
        "a text, b integer, PRIMARY KEY (a, b)",
        "'k' || i % 50, i,",
        3_200,
    ));
}

#[test]
fn ranges_of_blocks() {
    check(&table("filler text", "repeat('x', 200),", 3_200));
}

#[test]
fn sparse_ids() {
    check(&table("id bigint PRIMARY KEY", "i::bigint * 1000000007,", 3_200));
}

#[test]
fn the_smallest_range_is_not_halved() {
    let postgres = table("id integer PRIMARY KEY", "i,", 1_000);
    let read = postgres.read(&json!({"relation": "t WHERE patience(t.x)", "operation": "count"}));
    let failure = read.result.expect_err("no range is short enough");
    assert_eq!(failure.reason.code(), "statement_cancelled");
    // 25,000 … 1,562, of the sizes of spec 4.2: larger ones would have been the same statement again.
    assert_eq!(read.retries, 4);
}
