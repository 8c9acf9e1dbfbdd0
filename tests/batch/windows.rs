//! Time windows at their exact ends, whatever zone the database lives in.

use serde_json::json;
use service_ping::definition::TimeFrame;

use crate::engine::{Instance, Postgres, both, measure, now};

/// 7d of spec 3.1, as seen from the tests' now; both ends belong to it.
const FIRST: &str = "2026-11-10 10:54:30";
const LAST: &str = "2026-11-17 10:54:30";

fn rows() -> String {
    let instants = [
        ("2026-11-10 10:54:29.999999", 1),
        (FIRST, 2),
        ("2026-11-10 10:54:30.000001", 4),
        ("2026-11-14 00:00:00", 8),
        ("2026-11-17 10:54:29.999999", 16),
        (LAST, 32),
        ("2026-11-17 10:54:30.000001", 64),
        ("2026-10-20 10:54:29.999999", 128),
        ("2026-10-20 10:54:30", 256),
        ("2027-01-01 00:00:00", 512),
    ];
    let rows: Vec<String> = instants
        .iter()
        .enumerate()
        .map(|(index, (instant, x))| format!("({}, '{instant}', {x})", index * 10 + 1))
        .collect();
    format!("INSERT INTO t VALUES {}, (999, NULL, 1024)", rows.join(", "))
}

const WEEK: i64 = 2 + 4 + 8 + 16 + 32;
const MONTH: i64 = WEEK + 1 + 256;

fn check(instance: &dyn Instance, sizes: &[u64]) {
    for size in sizes {
        let options = json!({"relation": "t", "operation": "sum", "column": "x", "batch_size": size});
        let value = |frame| instance.read_in(&options, frame).value();
        assert_eq!(value(TimeFrame::SevenDays), json!(WEEK));
        assert_eq!(value(TimeFrame::TwentyEightDays), json!(MONTH));
        assert_eq!(value(TimeFrame::All), json!(2047));
        let estimate = json!({
            "relation": "t", "operation": "estimate_batch_distinct_count", "column": "x", "batch_size": size,
        });
        assert_eq!(instance.read_in(&estimate, TimeFrame::SevenDays).value(), json!(5));
        let distinct = json!({"relation": "t", "operation": "distinct_count", "column": "x", "batch_size": size});
        assert_eq!(
            instance.read_in(&distinct, TimeFrame::TwentyEightDays).value(),
            json!(7)
        );
        let count = json!({"relation": "t WHERE x > 2 OR x = 2", "operation": "count", "batch_size": size});
        assert_eq!(instance.read_in(&count, TimeFrame::SevenDays).value(), json!(5));
    }
}

#[test]
fn on_timestamps_of_both_kinds_in_any_zone() {
    for kind in ["timestamp", "timestamptz", "timestamp(6) without time zone"] {
        let postgres = Postgres::new();
        postgres.0.psql("SET TIME ZONE 'UTC'");
        let table = format!("CREATE TABLE t (id integer PRIMARY KEY, created_at {kind}, x integer)");
        postgres.execute(&["SET TIME ZONE 'UTC'", &table, &rows()]);
        for zone in ["UTC", "America/St_Johns", "Pacific/Kiritimati", "America/New_York"] {
            let set = format!("ALTER DATABASE {} SET timezone = '{zone}'", postgres.0.name());
            postgres.0.psql(&set);
            assert_eq!(postgres.0.psql("SHOW timezone"), zone);
            check(&postgres, &[7, 100_000]);
            for frame in [TimeFrame::SevenDays, TimeFrame::TwentyEightDays] {
                let options = json!({"relation": "t", "operation": "sum", "column": "x"});
                let asked = measure(&options, frame).expect("a measure");
                let sql = asked
                    .relation
                    .statement(
                        service_ping::relation::Dialect::Postgres,
                        asked.operation,
                        asked.column.as_ref(),
                    )
                    .expect("a statement");
                assert_eq!(
                    postgres.0.psql(&sql),
                    postgres.read_in(&options, frame).value().to_string(),
                    "{zone}"
                );
            }
        }
    }
}

#[test]
fn on_sqlites_texts() {
    for instance in both(&[
        "CREATE TABLE t (id integer PRIMARY KEY, created_at timestamp, x integer)",
        &rows(),
    ]) {
        check(instance.as_ref(), &[1, 7, 100_000]);
    }
}

/// Days are whole: that of the window's first instant is in it, as Rails has it.
#[test]
fn on_a_column_of_dates() {
    let postgres = Postgres::with(&[
        "CREATE TABLE t (id integer PRIMARY KEY, created_at date, x integer)",
        "INSERT INTO t VALUES (0, '2026-11-09', 16), (1, '2026-11-10', 1), (2, '2026-11-11', 2), (3, '2026-11-17', 4), \
         (4, '2026-11-18', 8)",
    ]);
    let options = json!({"relation": "t", "operation": "sum", "column": "x"});
    assert_eq!(
        postgres.read_in(&options, TimeFrame::SevenDays).value(),
        json!(1 + 2 + 4)
    );
}

#[test]
fn windows_without_rows_and_windows_on_other_columns() {
    for instance in both(&[
        "CREATE TABLE t (id integer PRIMARY KEY, created_at timestamp, updated_at timestamp, x integer)",
        "INSERT INTO t VALUES (1, '2020-01-01 00:00:00', '2026-11-15 00:00:00', 1), \
         (2, '2020-01-01 00:00:00', NULL, 2)",
        "CREATE TABLE u (id integer PRIMARY KEY, t_id integer, created_at timestamp)",
        "INSERT INTO u VALUES (1, 1, '2026-11-15 00:00:00'), (2, 1, '2026-11-16 00:00:00'), (3, 2, '2020-01-01 00:00:00')",
    ]) {
        let week = |options: serde_json::Value| instance.read_in(&options, TimeFrame::SevenDays).value();
        let sum = json!({"relation": "t", "operation": "sum", "column": "x"});
        assert_eq!(week(sum), json!(0));
        let average = json!({"relation": "t", "operation": "average", "column": "x"});
        assert_eq!(week(average), json!(null));
        let groups = json!({"relation": "t GROUP BY x", "operation": "count"});
        assert_eq!(week(groups), json!({}));
        let updated = json!({"relation": "t", "operation": "sum", "column": "x", "timestamp_column": "updated_at"});
        assert_eq!(week(updated), json!(1));
        let joined = json!({
            "relation": "t JOIN u ON u.t_id = t.id", "operation": "count", "timestamp_column": "u.created_at",
        });
        assert_eq!(week(joined), json!(2));
    }
}

/// A window narrows the ends, so that the ranges before it are not walked.
#[test]
fn a_window_over_a_long_table_takes_few_statements() {
    let postgres = Postgres::with(&[
        "CREATE TABLE t (id integer PRIMARY KEY, created_at timestamp)",
        "INSERT INTO t SELECT i, timestamp '2026-11-17 00:00:00' - (5000 - i) * interval '1 hour' \
         FROM generate_series(1, 5000) i",
    ]);
    let options = json!({"relation": "t", "operation": "count", "batch_size": 10});
    let read = postgres.read_in(&options, TimeFrame::SevenDays);
    let (first, last) = (now() - chrono::Duration::days(9), now() - chrono::Duration::days(2));
    let sql = format!(
        "SELECT count(*) FROM t WHERE created_at >= '{}' AND created_at <= '{}'",
        first.naive_utc(),
        last.naive_utc()
    );
    assert_eq!(read.value().to_string(), postgres.0.psql(&sql));
    assert!(read.ranges().len() < 25, "{}", read.ranges().len());
}
