//! `max_active_sessions`, on a server where nobody else is.

use serde_json::json;

use crate::held::{Held, ROWS, assert_did_not_wait, assert_waited_for, ended};
use crate::support::postgres::{Database, Postgres, READER};
use crate::support::wait::wait_until;

const SLEEPERS: &str = "FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'";

/// Runs `work` while two sessions of the superuser's run a statement; those that are left are ended afterwards.
fn beside_two_sleepers(database: &Database<'_>, work: impl FnOnce()) {
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| database.try_psql("SELECT pg_sleep(600)"));
        }
        wait_until("two active sessions", || {
            database.psql(&format!("SELECT count(*) {SLEEPERS}")) == "2"
        });
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        database.psql(&format!("SELECT pg_terminate_backend(pid) {SLEEPERS}"));
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
    });
}

#[test]
fn a_run_waits_until_few_enough_are_left() {
    let postgres = Postgres::dedicated();
    let database = postgres.database();
    database.psql(&format!("GRANT pg_monitor TO {READER}"));
    let held = Held::new(&database, "max_active_sessions = 1\n");
    beside_two_sleepers(&database, || {
        let mut running = held.start(&[]);
        running.line_with("waiting: 2 active sessions, over 1");
        held.wait_for_looks();
        assert_eq!(held.counts(), 0);
        database.psql(&format!("SELECT pg_terminate_backend(min(pid)) {SLEEPERS}"));
        let report = ended(running, 0);
        report.assert_value("counts.users", &json!(ROWS));
        assert_waited_for(&report, "active_sessions");
    });
}

#[test]
fn a_role_that_may_not_see_them_is_told_what_it_lacks() {
    let postgres = Postgres::dedicated();
    let database = postgres.database();
    let held = Held::new(&database, "max_active_sessions = 1\n");
    beside_two_sleepers(&database, || {
        let report = ended(held.start(&[]), 0);
        report.assert_value("counts.users", &json!(ROWS));
        assert_did_not_wait(&report);
        assert_eq!(
            report.stderr.matches("GRANT pg_monitor").count(),
            1,
            "{}",
            report.stderr
        );
        let doctor = held.instance.cli.run(&["doctor"]).expect_code(1);
        assert!(
            doctor.stdout.contains("max_active_sessions cannot be kept"),
            "{}",
            doctor.stdout
        );
    });
}
