//! The row number of the statistics in place of a count, where the class lets it.

use serde_json::{Value, json};
use service_ping::definition::TimeFrame;

use crate::engine::{Instance, Postgres, Read, Sqlite, both, measure, with};

fn options() -> Value {
    json!({"relation": "t", "operation": "count", "estimate": "reltuples"})
}

/// Whether no row of `t` was looked at.
fn is_estimate(read: &Read) -> bool {
    read.ranges().is_empty()
}

#[test]
fn an_analysed_table_has_the_number_of_the_catalogue() {
    let postgres = Postgres::with(&[
        "CREATE TABLE t (id integer PRIMARY KEY)",
        "INSERT INTO t SELECT i FROM generate_series(1, 1000) i",
        "ANALYZE t",
        "INSERT INTO t SELECT i FROM generate_series(1001, 1500) i",
    ]);
    let read = postgres.check(
        options(),
        "SELECT reltuples::int8 FROM pg_class WHERE oid = 't'::regclass",
    );
    assert_eq!(read.value(), json!(1000));
    assert!(is_estimate(&read), "{:#?}", read.sent);
    // Without a word of the class the statistics never stand in.
    let counted = json!({"relation": "t", "operation": "count"});
    postgres.check(counted, "SELECT count(*) FROM t");
    postgres.0.psql("ANALYZE t");
    assert_eq!(postgres.read(&options()).value(), json!(1500));
    postgres.0.psql("DELETE FROM t");
    postgres.0.psql("VACUUM ANALYZE t");
    assert_eq!(postgres.read(&options()).value(), json!(0));
}

#[test]
fn a_table_that_was_never_analysed_is_counted() {
    for instance in both(&[
        "CREATE TABLE t (id integer PRIMARY KEY)",
        "INSERT INTO t VALUES (1), (2), (3), (50)",
    ]) {
        let read = instance.check(options(), "SELECT count(*) FROM t");
        assert!(!is_estimate(&read), "{:#?}", read.sent);
    }
}

#[test]
fn a_partitioned_table_has_the_sum_of_its_partitions() {
    let postgres = Postgres::with(&[
        "CREATE TABLE t (id integer, p integer) PARTITION BY LIST (p)",
        "CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1)",
        "CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2) PARTITION BY LIST (id)",
        "CREATE TABLE t_2_rest PARTITION OF t_2 DEFAULT",
        "INSERT INTO t SELECT i, 1 + i % 2 FROM generate_series(1, 1000) i",
        "ANALYZE t",
        "INSERT INTO t SELECT i, 1 FROM generate_series(1, 100) i",
        "ANALYZE t_1",
    ]);
    // The parent's own number is that of its last ANALYZE.
    assert_eq!(
        postgres
            .0
            .psql("SELECT reltuples FROM pg_class WHERE oid = 't'::regclass")
            .trim(),
        "1000"
    );
    let sum = "SELECT sum(reltuples)::int8 FROM pg_class WHERE relname IN ('t_1', 't_2_rest')";
    let read = postgres.check(options(), sum);
    assert_eq!(read.value(), json!(1100));
    assert!(is_estimate(&read), "{:#?}", read.sent);
    // One for later, without rows, takes nothing away; one with rows that nobody analysed is not left out.
    postgres.execute(&["CREATE TABLE t_3 PARTITION OF t FOR VALUES IN (3)"]);
    assert!(is_estimate(&postgres.check(options(), sum)));
    postgres.execute(&["INSERT INTO t VALUES (1, 3), (2, 3)"]);
    let read = postgres.check(options(), "SELECT count(*) FROM t");
    assert!(!is_estimate(&read), "{:#?}", read.sent);
}

#[test]
fn what_inherits_from_a_table_belongs_to_it() {
    let postgres = Postgres::with(&[
        "CREATE TABLE t (id integer)",
        "CREATE TABLE child () INHERITS (t)",
        "INSERT INTO t SELECT i FROM generate_series(1, 10) i",
        "INSERT INTO child SELECT i FROM generate_series(1, 90) i",
        "ANALYZE",
    ]);
    let read = postgres.check(options(), "SELECT count(*) FROM t");
    assert!(is_estimate(&read), "{:#?}", read.sent);
}

#[test]
fn a_view_is_counted_and_what_may_not_be_read_has_no_value() {
    let postgres = Postgres::with(&[
        "CREATE TABLE u (id integer)",
        "INSERT INTO u SELECT i FROM generate_series(1, 90) i",
        "CREATE VIEW t AS SELECT * FROM u",
        "ANALYZE u",
        "REVOKE SELECT ON u FROM service_ping",
    ]);
    assert!(!is_estimate(&postgres.check(options(), "SELECT count(*) FROM t")));
    for (relation, reason) in [("u", "permission_denied"), ("nowhere", "missing_table")] {
        let failure = postgres.read(&with(&options(), &json!({"relation": relation}))).result;
        let failure = failure.expect_err("there is no number");
        assert_eq!(failure.reason.code(), reason, "{failure}");
    }
}

#[test]
fn other_schemas_and_names_that_need_quotes() {
    let postgres = Postgres::with(&[
        "CREATE SCHEMA \"O'er\"",
        "GRANT USAGE ON SCHEMA \"O'er\" TO service_ping",
        "CREATE TABLE \"O'er\".\"a \"\"b\\\" (id integer)",
        "INSERT INTO \"O'er\".\"a \"\"b\\\" SELECT i FROM generate_series(1, 90) i",
        "GRANT SELECT ON ALL TABLES IN SCHEMA \"O'er\" TO service_ping",
        "ANALYZE",
        "INSERT INTO \"O'er\".\"a \"\"b\\\" VALUES (91)",
    ]);
    let read = postgres.read(&with(
        &options(),
        &json!({"relation": "\"O'er\".\"a \"\"b\\\" AS short"}),
    ));
    assert_eq!(read.value(), json!(90), "{:#?}", read.sent);
}

#[test]
fn sqlite_has_the_number_that_analyze_wrote() {
    let sqlite = Sqlite::with(&[
        "CREATE TABLE t (id integer PRIMARY KEY, x integer)",
        "CREATE TABLE \"it's\" (id integer)",
        "CREATE INDEX some ON t (x) WHERE x > 90",
        "CREATE INDEX every ON t (x)",
        "WITH RECURSIVE i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < 100) INSERT INTO t SELECT i, i FROM i",
        "INSERT INTO \"it's\" SELECT x FROM t WHERE x < 8",
    ]);
    sqlite.execute(&["ANALYZE"]);
    sqlite.execute(&["INSERT INTO t VALUES (1000, 1)"]);
    for relation in ["t", "main.t", "T"] {
        let read = sqlite.read(&with(&options(), &json!({"relation": relation})));
        assert_eq!(read.value(), json!(100), "{relation}: {:#?}", read.sent);
        assert!(is_estimate(&read));
    }
    assert_eq!(
        sqlite.read(&with(&options(), &json!({"relation": "\"it's\""}))).value(),
        json!(7)
    );
    sqlite.execute(&["CREATE TABLE later (id integer)", "INSERT INTO later VALUES (1), (2)"]);
    let later = with(&options(), &json!({"relation": "later"}));
    assert!(!is_estimate(&sqlite.check(later, "SELECT count(*) FROM later")));
}

#[test]
fn a_time_frame_of_rows_that_nobody_looks_at_is_refused() {
    let failure = measure(&options(), TimeFrame::TwentyEightDays).expect_err("it is refused");
    assert_eq!(failure.reason.code(), "invalid_options", "{failure}");
    assert!(measure(&options(), TimeFrame::None).is_ok());
}
