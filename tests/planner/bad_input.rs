//! Tables and servers that change, lock or end under a run: what has no value has a reason, and the run goes on.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use serde_json::{Value, json};
use service_ping::batch::{Sharing, Strategy};

use super::collected::{Collected, Definitions, Reader, sharing};
use super::server::{Holder, Watched};
use crate::support::postgres::{Database, Postgres};
use crate::support::wait::wait_until;

const ROWS: i64 = 5_000;
const BATCH: i64 = 500;
const METRICS: i64 = 12;
/// Under which the tests hold a run's statements back, and let them go.
const HELD: &str = "SELECT pg_advisory_lock(4711)";

/// Two tables of integers, and a condition that waits while somebody holds [`HELD`].
fn schema(database: &Database<'_>) {
    let table = |name: &str| {
        format!(
            "CREATE TABLE {name} (id integer PRIMARY KEY, g integer);
             INSERT INTO {name} SELECT i, i % 9 FROM generate_series(1, {ROWS}) i"
        )
    };
    database.execute(&[
        table("t"),
        table("other"),
        "CREATE FUNCTION waits(i integer) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
         BEGIN
           PERFORM pg_advisory_xact_lock_shared(4711);
           RETURN true;
         END $$"
            .to_owned(),
        "ANALYZE".to_owned(),
    ]);
}

fn count(key_path: &str, relation: &str) -> (String, Value) {
    let options = json!({"operation": "count", "relation": relation, "batch_size": BATCH});
    (key_path.to_owned(), options)
}

/// Counts of a table's rows, each without one more of them than the one before.
fn counts(table: &str) -> Vec<(String, Value)> {
    let numbered = |number| {
        count(
            &format!("{table}.n{number:02}"),
            &format!("{table} WHERE id > {number}"),
        )
    };
    (0..METRICS).map(numbered).collect()
}

fn definitions(metrics: &[(String, Value)]) -> Definitions {
    Definitions::of(
        metrics
            .iter()
            .map(|(key_path, options)| (key_path.as_str(), "all", options)),
    )
}

/// Each count of [`counts`] is exact, or fell back for one of the reasons.
fn assert_counts(collected: &Collected, table: &str, reasons: &[&str]) {
    for number in 0..METRICS {
        let key_path = format!("{table}.n{number:02}");
        match collected.reason(&key_path) {
            Some(reason) if reasons.contains(&reason) => {}
            _ => collected.assert_value(&key_path, &json!(ROWS - number)),
        }
    }
}

fn reader(watched: &Watched<'_>) -> Reader {
    Reader {
        connections: 2,
        application_name: watched.application_name.clone(),
        ..Reader::new(&watched.database.reader_url())
    }
}

/// A database with a name of its own for each strategy, so that its log can be told from others'.
fn under_each_strategy(test: impl Fn(&Watched<'_>, Strategy)) {
    for strategy in sharing() {
        let database = Postgres::shared().database();
        schema(&database);
        let watched = Watched::new(&database);
        test(&watched, strategy);
        watched.assert_nothing_is_left();
    }
}

/// Runs the definitions while `strike` does something to the server; both end, whichever fails.
fn while_running(definitions: &Definitions, reader: &Reader, strategy: Strategy, strike: impl FnOnce()) -> Collected {
    std::thread::scope(|scope| {
        let running = scope.spawn(|| definitions.collect(reader, strategy));
        let struck = catch_unwind(AssertUnwindSafe(strike));
        let collected = running.join();
        if let Err(panic) = struck {
            resume_unwind(panic);
        }
        collected.unwrap_or_else(|panic| resume_unwind(panic))
    })
}

#[test]
fn a_metric_beyond_its_budget_costs_itself_alone() {
    under_each_strategy(|watched, strategy| {
        let mut metrics = [counts("t"), counts("other")].concat();
        metrics.push(count("t.too_slow", "t WHERE pg_sleep(0.1) IS NOT NULL"));
        let reader = Reader {
            statement_timeout: Duration::from_secs(1),
            ..reader(watched)
        };
        let collected = definitions(&metrics).collect(&reader, strategy);
        collected.assert_reason("t.too_slow", "statement_timeout");
        assert_counts(&collected, "t", &[]);
        assert_counts(&collected, "other", &[]);
    });
}

#[test]
fn a_locked_table_costs_its_own_metrics_alone() {
    under_each_strategy(|watched, strategy| {
        let metrics = [counts("t"), counts("other")].concat();
        let reader = Reader {
            lock_timeout: Duration::from_millis(200),
            ..reader(watched)
        };
        let holder = Holder::begin(watched.database, "LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
        let collected = definitions(&metrics).collect(&reader, strategy);
        drop(holder);
        for number in 0..METRICS {
            collected.assert_reason(&format!("t.n{number:02}"), "lock_timeout");
        }
        assert_counts(&collected, "other", &[]);
        let log = watched.log();
        let waits = log.iter().filter(|line| line.contains("due to lock timeout")).count();
        // What is shared waits together; each metric for itself where nothing is.
        let is_shared = log.iter().any(|line| line.contains("FILTER"));
        let most = if is_shared { METRICS / 2 } else { METRICS };
        assert!(waits as i64 <= most, "{waits} waits under {strategy:?}");
    });
}

#[test]
fn a_table_that_is_dropped_while_it_is_counted() {
    under_each_strategy(|watched, strategy| {
        let mut metrics = [counts("t"), counts("other")].concat();
        metrics.push(count("t.waits", "t WHERE waits(id)"));
        let holder = Holder::begin(watched.database, HELD);
        let dropped = std::thread::scope(|scope| {
            let definitions = definitions(&metrics);
            while_running(&definitions, &reader(watched), strategy, || {
                wait_until("a statement that waits", || waiting(watched, "advisory"));
                let drop_table = scope.spawn(|| watched.database.psql("DROP TABLE t"));
                wait_until("the drop to wait for it", || waiting_to_drop(watched));
                drop(holder);
                drop_table.join().expect("the table is dropped");
            })
        });
        assert_counts(&dropped, "other", &[]);
        assert_counts(&dropped, "t", &["missing_table"]);
        // In batches of its own the held one has some before it that were read, and the rest is gone.
        match strategy.sharing {
            Sharing::Never => dropped.assert_reason("t.waits", "missing_table"),
            _ => {
                let reason = dropped.reason("t.waits");
                assert!(reason.is_none_or(|reason| reason == "missing_table"), "{reason:?}");
                let whole = dropped.value("t.waits").is_ok_and(|value| *value == json!(ROWS));
                assert!(reason.is_some() || whole, "a part passes for the whole");
            }
        }
    });
}

/// Whether a session of the run waits for a lock of this kind.
fn waiting(watched: &Watched<'_>, event: &str) -> bool {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{}' AND wait_event = '{event}'",
        watched.application_name
    );
    watched.database.psql(&sql) != "0"
}

fn waiting_to_drop(watched: &Watched<'_>) -> bool {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DROP TABLE t%' AND wait_event_type = 'Lock'
               AND datname = current_database()";
    watched.database.psql(sql) == "1"
}

#[test]
fn a_connection_that_is_ended_in_the_middle_of_a_scan() {
    under_each_strategy(|watched, strategy| {
        let mut metrics = [counts("t"), counts("other")].concat();
        metrics.push(count("t.waits", "t WHERE waits(id)"));
        let holder = Holder::begin(watched.database, HELD);
        let collected = while_running(&definitions(&metrics), &reader(watched), strategy, || {
            wait_until("a statement that waits", || waiting(watched, "advisory"));
            let ended = watched.database.psql(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE application_name = '{}' AND wait_event = 'advisory'",
                watched.application_name
            ));
            drop(holder);
            assert!(ended.lines().all(|line| line == "t"), "{ended}");
        });
        assert_counts(&collected, "other", &["connection_terminated"]);
        assert_counts(&collected, "t", &["connection_terminated"]);
        let reason = collected.reason("t.waits");
        let whole = collected.value("t.waits").is_ok_and(|value| *value == json!(ROWS));
        assert!(reason == Some("connection_terminated") || whole, "{reason:?}");
    });
}

/// A metric that ends every connection it is asked on does not go on doing so.
#[test]
fn a_metric_that_ends_its_connection_does_not_end_the_run() {
    under_each_strategy(|watched, strategy| {
        watched.database.psql(
            "CREATE FUNCTION ends(i integer) RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $$
             BEGIN
               IF i = 1700 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
               RETURN true;
             END $$",
        );
        let mut metrics = [counts("t"), counts("other")].concat();
        metrics.push(count("t.ends", "t WHERE ends(id)"));
        let collected = definitions(&metrics).collect(&reader(watched), strategy);
        collected.assert_reason("t.ends", "connection_terminated");
        assert_counts(&collected, "other", &[]);
        assert_counts(&collected, "t", &["connection_terminated"]);
        let sessions: BTreeSet<String> = watched.log().iter().filter_map(|line| session(line)).collect();
        assert!(sessions.len() <= 2 * METRICS as usize, "{} sessions", sessions.len());
    });
}

/// The process id within a line of the server's log.
fn session(line: &str) -> Option<String> {
    let (_, rest) = line.split_once('[')?;
    rest.split_once(']').map(|(pid, _)| pid.to_owned())
}

/// A million groups beside others: the limit is told, and what is read of them is not kept.
#[test]
fn a_million_groups_are_refused_in_little_memory() {
    let database = Postgres::shared().database();
    database.execute(&[
        "CREATE TABLE t (id integer PRIMARY KEY, x integer)".to_owned(),
        "INSERT INTO t SELECT i, i % 100 FROM generate_series(1, 1000000) i".to_owned(),
        "ANALYZE t".to_owned(),
    ]);
    let options = |relation: &str| json!({"operation": "count", "relation": relation});
    let metrics = [
        ("t.groups", options("t GROUP BY id")),
        ("t.more_groups", options("t WHERE x > 5 GROUP BY id, x")),
        ("t.few_groups", options("t GROUP BY x")),
        ("t.half", options("t WHERE x < 50")),
        ("t.rest", options("t WHERE x >= 50")),
    ];
    let definitions = Definitions::of(metrics.iter().map(|(key_path, options)| (*key_path, "all", options)));
    let before = peak_memory();
    for strategy in sharing() {
        let reader = Reader {
            connections: 2,
            ..Reader::new(&database.reader_url())
        };
        let collected = definitions.collect(&reader, strategy);
        collected.assert_reason("t.groups", "too_many_groups");
        collected.assert_reason("t.more_groups", "too_many_groups");
        collected.assert_value("t.half", &json!(500_000));
        collected.assert_value("t.rest", &json!(500_000));
        let few = collected.value("t.few_groups").expect("a hundred groups are few");
        assert!(
            few.as_object()
                .is_some_and(|groups| groups.len() == 100 && groups.values().all(|rows| *rows == json!(10_000)))
        );
    }
    let grown = peak_memory().saturating_sub(before);
    assert!(grown < MOST_MEMORY, "{} MiB more", grown / 1024);
}

/// In KiB: two connections' worth of the groups of one range each, far less than a million of them.
const MOST_MEMORY: u64 = 96 * 1024;

/// The most memory that this process ever had, in KiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).expect("a number of KiB")
}
