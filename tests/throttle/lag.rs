//! `max_replication_lag`, read from a replica and from its primary.

use serde_json::json;

use crate::held::{Held, ROWS, assert_did_not_wait, assert_waited_for, ended};
use crate::support::postgres::{Postgres, READER, Setup};
use crate::support::wait::wait_until;

#[test]
fn a_replica_that_does_not_replay_is_waited_for() {
    let postgres = Postgres::dedicated();
    let database = postgres.database();
    let held = Held::new(&database, "");
    let replica = postgres.replica(&Setup::default());
    let settings = held.watched.setting() + "connections = 1\nmax_replication_lag = \"500ms\"\n";
    held.instance.configure(&replica.reader_url(database.name()), &settings);
    replica.wait_until_caught_up(&postgres);
    assert_did_not_wait(&ended(held.start(&[]), 0));
    replica.psql("postgres", "SELECT pg_wal_replay_pause()");
    database.psql("CREATE TABLE later AS SELECT 1 AS id");
    wait_until(
        "a write that the replica has, and has not replayed, for a while",
        || {
            let sql = "SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn() \
                   AND clock_timestamp() - pg_last_xact_replay_timestamp() > interval '1 s'";
            replica.psql("postgres", sql) == "t"
        },
    );
    let mut running = held.start(&[]);
    running.line_with("waiting: replication lag ");
    replica.psql("postgres", "SELECT pg_wal_replay_resume()");
    running.line_with("going on after");
    let report = ended(running, 0);
    report.assert_value("counts.users", &json!(ROWS));
    assert_waited_for(&report, "replication_lag");
}

/// Without the right to see its replicas a run says so, and does not wait.
#[test]
fn a_primary_is_asked_for_its_replicas() {
    let postgres = Postgres::dedicated();
    let database = postgres.database();
    let held = Held::new(&database, "max_replication_lag = \"10m\"\n");
    let replica = postgres.replica(&Setup::default());
    replica.wait_until_caught_up(&postgres);
    let report = ended(held.start(&[]), 0);
    report.assert_value("counts.users", &json!(ROWS));
    assert_eq!(
        report.stderr.matches("max_replication_lag cannot be kept").count(),
        1,
        "{}",
        report.stderr
    );
    database.psql(&format!("GRANT pg_monitor TO {READER}"));
    let report = ended(held.start(&[]), 0);
    assert!(!report.stderr.contains("cannot be kept"), "{}", report.stderr);
    assert_did_not_wait(&report);
}
