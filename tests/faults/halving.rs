//! Ranges that run into the timeout, and the halves that do not.
//!
//! How wide a range is, not how fast the machine is, decides what times out: a function of the database reads the range
//! from the statement that calls it, and sleeps far past the timeout where it is wide.

use regex::Regex;
use serde_json::{Value, json};

use super::instance::Instance;
use super::server::Watched;
use crate::support::postgres::Postgres;

const SCHEMA: &str = r#"
CREATE TABLE events (id bigint PRIMARY KEY, user_id bigint NOT NULL);
INSERT INTO events SELECT n, n % 700 FROM generate_series(1, 200000) n;
CREATE TABLE keyed (name text PRIMARY KEY);
INSERT INTO keyed SELECT md5(n::text) FROM generate_series(1, 20000) n;
ANALYZE;
CREATE FUNCTION floor_unless_wider_than(most bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
  ends text[] := regexp_match(current_query(), 'id"? >= (-?\d+) AND \S*id"? < (-?\d+)');
BEGIN
  IF ends[2]::bigint - ends[1]::bigint > most THEN PERFORM pg_sleep(600); END IF;
  RETURN 0;
END $$;"#;

const SETTINGS: &str = "statement_timeout = \"3s\"\nconnections = 1\n";

/// The ranges `[from, to)` of the statements with `part`, in the order of the server's log, and whether each ran into
/// the timeout. A statement that was cancelled while it was planned stands in its error's line alone.
fn ranges(watched: &Watched<'_>, part: &str) -> Vec<(i64, i64, bool)> {
    let range = Regex::new(r#"id"? >= (-?\d+) AND \S*id"? < (-?\d+)"#).expect("the pattern is one");
    let mut ranges: Vec<(i64, i64, bool)> = Vec::new();
    let mut timed_out = false;
    for line in watched.log() {
        timed_out |= line.contains("canceling statement due to statement timeout");
        let Some(ends) = range.captures(&line).filter(|_| line.contains(part)) else {
            continue;
        };
        let (from, to) = (integer(&ends[1]), integer(&ends[2]));
        if line.contains("STATEMENT:  ") {
            ranges.pop_if(|last| *last == (from, to, false));
            ranges.push((from, to, std::mem::take(&mut timed_out)));
        } else {
            ranges.push((from, to, false));
        }
    }
    ranges
}

fn integer(text: &str) -> i64 {
    text.parse().expect("the pattern takes integers alone")
}

#[test]
fn a_range_that_times_out_is_resumed_at_half_its_size() {
    let database = Postgres::shared().database();
    database.psql(SCHEMA);
    let watched = Watched::new(&database);
    let instance = Instance::new(&database.reader_tcp_url(), &(watched.setting() + SETTINGS));
    // Each metric has a width of its own to be told apart by in the log.
    let metric = |key_path: &str, operation: &str, column: &str, most: u64| {
        let relation = format!("events WHERE id > floor_unless_wider_than({most})");
        let mut options = json!({"operation": operation, "relation": relation, "column": column});
        if operation == "distinct_count" {
            options["batch_size"] = json!(100_000);
        }
        instance.database_metric(key_path, options);
    };
    metric("counts.rows", "count", "id", 25_000);
    metric("counts.sum", "sum", "user_id", 50_000);
    metric("counts.estimate", "estimate_batch_distinct_count", "user_id", 50_001);
    instance.count("counts.zzz", "events");
    let report = instance.run_separately(0);
    report.assert_value("counts.rows", &json!(200_000));
    assert_eq!(report.outcome("counts.rows")["retries"], 2);
    let sum: Value = serde_json::from_str(&database.psql("SELECT sum(user_id) FROM events")).expect("a number");
    report.assert_value("counts.sum", &sum);
    assert_eq!(report.outcome("counts.sum")["retries"], 1);
    let estimate = report.outcome("counts.estimate");
    let seen = estimate["value"].as_f64().expect("a number");
    assert!((seen - 700.0).abs() <= 21.0, "{estimate:#}");
    assert_eq!(estimate["retries"], 1);
    report.assert_value("counts.zzz", &json!(200_000));

    let cancelled = [(1, 100_001, true), (1, 50_001, true)];
    let passed = (0..8).map(|part| (1 + part * 25_000, 1 + (part + 1) * 25_000, false));
    assert_eq!(
        ranges(&watched, "(25000)"),
        cancelled.into_iter().chain(passed).collect::<Vec<_>>()
    );
    let halves = (0..4).map(|part| (1 + part * 50_000, 1 + (part + 1) * 50_000, false));
    let halved: Vec<_> = [(1, 100_001, true)].into_iter().chain(halves).collect();
    assert_eq!(ranges(&watched, "(50000)"), halved);
    assert_eq!(ranges(&watched, "(50001)"), halved);
    watched.assert_nothing_is_left();
}

#[test]
fn a_range_in_the_middle_is_resumed_where_it_began() {
    let database = Postgres::shared().database();
    database.psql(SCHEMA);
    // Wide ranges are slow only once the first of them is done.
    database.psql(
        r"CREATE FUNCTION floor_at_first() RETURNS bigint LANGUAGE plpgsql STABLE AS $$
          BEGIN
            IF regexp_match(current_query(), '>= (-?\d+)') <> '{1}' THEN RETURN floor_unless_wider_than(60000); END IF;
            RETURN 0;
          END $$",
    );
    let watched = Watched::new(&database);
    let instance = Instance::new(&database.reader_tcp_url(), &(watched.setting() + SETTINGS));
    instance.count("counts.rows", "events WHERE id > floor_at_first()");
    let report = instance.run_separately(0);
    report.assert_value("counts.rows", &json!(200_000));
    let expected = [
        (1, 100_001, false),
        (100_001, 200_001, true),
        (100_001, 150_001, false),
        (150_001, 200_001, false),
    ];
    assert_eq!(ranges(&watched, "floor_at_first"), expected);
}

#[test]
fn halving_ends_and_the_metric_falls_back() {
    let database = Postgres::shared().database();
    database.psql(SCHEMA);
    let watched = Watched::new(&database);
    let instance = Instance::new(&database.reader_tcp_url(), &(watched.setting() + SETTINGS));
    let options =
        json!({"operation": "count", "relation": "events WHERE id > floor_unless_wider_than(10)", "batch_size": 6000});
    instance.database_metric("counts.rows", options);
    let report = instance.run(0);
    report.assert_fallback("counts.rows", "statement_timeout", &json!(-1));
    assert_eq!(report.outcome("counts.rows")["retries"], 2, "6000, 3000, 1500");
    let sizes: Vec<i64> = ranges(&watched, "(10)")
        .into_iter()
        .map(|(from, to, _)| to - from)
        .collect();
    assert_eq!(sizes, [6000, 3000, 1500]);
    watched.assert_nothing_is_left();
}

/// A key that is stepped over: what is halved is the number of rows of a step.
#[test]
fn a_step_that_times_out_is_halved_too() {
    let database = Postgres::shared().database();
    database.psql(SCHEMA);
    // The first two statements that count are slow: a range that starts at the table's first key is not known by its
    // width, but by having no lower end and by its upper end lying far.
    database.psql(
        r"CREATE FUNCTION name_unless_far() RETURNS text LANGUAGE plpgsql STABLE AS $$
          DECLARE
            until text := (regexp_match(current_query(), $p$<= '([0-9a-f]+)'$p$))[1];
            since text := coalesce((regexp_match(current_query(), $p$> '([0-9a-f]+)'$p$))[1], '');
          BEGIN
            IF (SELECT count(*) FROM keyed WHERE name > since AND (until IS NULL OR name <= until)) > 3000 THEN
              PERFORM pg_sleep(600);
            END IF;
            RETURN '';
          END $$",
    );
    let watched = Watched::new(&database);
    let instance = Instance::new(&database.reader_tcp_url(), &(watched.setting() + SETTINGS));
    let relation = "keyed WHERE name > (SELECT name_unless_far())";
    let options = json!({"operation": "count", "relation": relation, "batch_size": 10_000, "primary_key": "name"});
    instance.database_metric("counts.rows", options);
    let report = instance.run(0);
    report.assert_value("counts.rows", &json!(20_000));
    assert_eq!(report.outcome("counts.rows")["retries"], 2, "10000, 5000, 2500");
    watched.assert_nothing_is_left();
}
