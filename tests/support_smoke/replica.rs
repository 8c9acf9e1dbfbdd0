//! Streaming replicas.

use std::path::Path;

use crate::support::postgres::{Postgres, Setup};
use crate::support::processors;
use crate::support::wait::wait_until;

#[test]
fn replicas_follow_their_primary_and_only_read() {
    let primary = Postgres::dedicated();
    let database = primary.database();
    database.psql("CREATE TABLE t (id bigint PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 1000)");
    let replicas = [primary.replica(&Setup::default()), primary.replica(&Setup::default())];
    database.psql("INSERT INTO t SELECT generate_series(1001, 3000)");
    for replica in &replicas {
        replica.wait_until_caught_up(&primary);
        assert_eq!(
            replica.psql(database.name(), "SELECT count(*), pg_is_in_recovery() FROM t"),
            "3000|t"
        );
        assert!(
            replica
                .reader_url(database.name())
                .contains(&replica.port().to_string())
        );
    }
    assert_ne!(replicas[0].port(), replicas[1].port());
    assert_ne!(replicas[0].port(), primary.port());
}

#[test]
fn a_replica_may_be_pinned_to_a_processor() {
    let primary = Postgres::dedicated();
    let last = *processors::allowed().last().expect("one at least");
    let setup = Setup {
        core: Some(last),
        settings: "work_mem = 7MB".to_owned(),
    };
    let replica = primary.replica(&setup);
    assert_eq!(replica.psql("postgres", "SHOW work_mem"), "7MB");
    let ids = replica.pids();
    assert!(ids.len() > 2, "{ids:?}");
    // A process may end while the others are asked.
    let found: Vec<_> = ids.into_iter().filter_map(processors::of).collect();
    assert!(found.len() > 2, "{found:?}");
    assert!(found.iter().all(|own| *own == [last]), "{found:?}");
}

#[test]
fn a_killed_replica_leaves_no_process_and_starts_again() {
    let primary = Postgres::dedicated();
    let database = primary.database();
    let folder = {
        let replica = primary.replica(&Setup::default());
        let ids = replica.pids();
        replica.kill();
        for id in ids {
            let state = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            assert!(state.is_empty() || state.contains(") Z "), "{state}");
        }
        assert!(replica.pids().is_empty());
        database.psql("CREATE TABLE t AS SELECT generate_series(1, 10) AS id");
        replica.start();
        replica.wait_until_caught_up(&primary);
        assert_eq!(replica.psql(database.name(), "SELECT count(*) FROM t"), "10");
        replica.stop();
        assert!(replica.pids().is_empty());
        replica.start();
        replica.kill();
        replica.folder().to_owned()
    };
    wait_until("the folder of a killed replica to go", || !Path::new(&folder).exists());
}
