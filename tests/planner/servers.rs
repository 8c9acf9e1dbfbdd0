//! Several servers of the same data: they share the work, and one that dies, differs or is away costs no value.

use std::time::Duration;

use serde_json::{Value, json};
use service_ping::batch::Strategy;

use super::collected::{Collected, Definitions, Reader};
use crate::support::postgres::{Database, Postgres, Setup};
use crate::support::wait::wait_until;

const ROWS: i64 = 20_000;
const METRICS: i64 = 6;
/// Nothing listens there.
const NOWHERE: &str = "postgres://service_ping@127.0.0.1:1/nowhere";

fn schema(database: &Database<'_>) {
    database.execute(&[
        format!(
            "CREATE TABLE t (id integer PRIMARY KEY, g integer, late integer);
             INSERT INTO t SELECT i, i % 9, i FROM generate_series(1, {ROWS}) i"
        ),
        "CREATE FUNCTION waits(i integer) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
         BEGIN
           PERFORM pg_advisory_xact_lock_shared(4711);
           RETURN true;
         END $$"
            .to_owned(),
        "ANALYZE t".to_owned(),
    ]);
}

fn key(number: i64) -> String {
    format!("t.n{number}")
}

/// Counts of rows, each without one more of them than the one before, in many ranges.
fn counts(condition: &str) -> Vec<(String, Value)> {
    let count = |number| {
        let relation = format!("t WHERE {condition} AND id > {number}");
        (
            key(number),
            json!({"operation": "count", "relation": relation, "batch_size": 1000}),
        )
    };
    (0..METRICS).map(count).collect()
}

fn definitions(metrics: &[(String, Value)]) -> Definitions {
    Definitions::of(metrics.iter().map(|(key, options)| (key.as_str(), "all", options)))
}

fn reader(url: String, others: Vec<String>) -> Reader {
    Reader {
        others,
        connections: 2,
        ..Reader::new(&url)
    }
}

fn assert_exact(collected: &Collected) {
    for number in 0..METRICS {
        collected.assert_value(&key(number), &json!(ROWS - number));
    }
}

/// How many statements over ranges the database was sent by the application.
fn ranges(postgres: &Postgres, database: &str, application: &str) -> usize {
    let of_run = format!("@{database}/{application}");
    let logs = postgres.logs();
    let lines = logs.lines().filter(|line| line.contains(&of_run));
    lines
        .filter(|line| line.contains("FILTER") && line.contains(">="))
        .count()
}

#[test]
fn the_ranges_of_a_scan_are_shared_out() {
    let postgres = Postgres::dedicated();
    let databases = [postgres.database(), postgres.database()];
    databases.iter().for_each(schema);
    let mut reader = reader(databases[0].reader_url(), vec![databases[1].reader_url()]);
    reader.application_name = "sharing".to_owned();
    let collected = definitions(&counts("waits(id)")).collect(&reader, Strategy::default());
    assert_exact(&collected);
    let sent = databases.map(|database| ranges(&postgres, database.name(), "sharing"));
    assert!(sent.iter().all(|sent| *sent > 0), "{sent:?}");
    assert_eq!(sent.iter().sum::<usize>(), 20, "each range once: {sent:?}");
}

#[test]
fn a_server_that_is_away_costs_no_value() {
    let database = Postgres::shared().database();
    schema(&database);
    let definitions = definitions(&counts("g >= 0"));
    let (here, away) = (database.reader_url(), NOWHERE.to_owned());
    for reader in [reader(here.clone(), vec![away.clone()]), reader(away, vec![here])] {
        assert_exact(&definitions.collect(&reader, Strategy::default()));
    }
}

#[test]
fn a_server_that_lacks_a_column_is_read_no_more() {
    let postgres = Postgres::shared();
    let (whole, lacking) = (postgres.database(), postgres.database());
    schema(&whole);
    schema(&lacking);
    lacking.psql("ALTER TABLE t DROP COLUMN late");
    let definitions = definitions(&counts("late > 0 AND waits(id)"));
    for reader in [
        reader(whole.reader_url(), vec![lacking.reader_url()]),
        reader(lacking.reader_url(), vec![whole.reader_url()]),
    ] {
        assert_exact(&definitions.collect(&reader, Strategy::default()));
    }
}

#[test]
fn what_all_servers_refuse_has_its_reason() {
    let postgres = Postgres::shared();
    let databases = [postgres.database(), postgres.database()];
    databases.iter().for_each(schema);
    let mut metrics = counts("g >= 0");
    let broken = json!({"operation": "count", "relation": "t WHERE nothing = 1", "batch_size": 1000});
    metrics.push(("t.broken".to_owned(), broken));
    let reader = reader(databases[0].reader_url(), vec![databases[1].reader_url()]);
    let collected = definitions(&metrics).collect(&reader, Strategy::default());
    assert_exact(&collected);
    collected.assert_reason("t.broken", "missing_column");
}

#[test]
fn a_replica_that_is_killed_under_a_scan_changes_no_value() {
    let primary = Postgres::dedicated();
    let database = primary.database();
    schema(&database);
    let replicas = [primary.replica(&Setup::default()), primary.replica(&Setup::default())];
    for replica in &replicas {
        replica.wait_until_caught_up(&primary);
    }
    let [killed, left] = &replicas;
    let mut reader = reader(
        killed.reader_url(database.name()),
        vec![left.reader_url(database.name())],
    );
    reader.statement_timeout = Duration::from_secs(60);
    let definitions = definitions(&counts("waits(id)"));
    let url = killed.url(database.name());
    let holder = std::process::Command::new("psql")
        .args(["-XAtq", &url, "-c", "SELECT pg_advisory_lock(4711), pg_sleep(600)"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("psql starts");
    let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted";
    wait_until("the lock to be held", || killed.psql(database.name(), held) != "0");
    std::thread::scope(|scope| {
        let run = scope.spawn(|| definitions.collect(&reader, Strategy::default()));
        let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        wait_until("a range to wait on the replica", || {
            killed.psql(database.name(), waits) != "0"
        });
        killed.kill();
        assert_exact(&run.join().expect("the run ends"));
    });
    let mut holder = holder;
    drop(holder.wait());
}
