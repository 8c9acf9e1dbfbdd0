//! A server that stops in mid-run and comes back.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::instance::{Instance, RUN, Report, separately};
use super::server::Watched;
use crate::support::cli::Outcome;
use crate::support::postgres::{Postgres, READER_PASSWORD};
use crate::support::wait::wait_until;

/// Stops the server while a metric waits in mid-count and starts it again; what the run makes of it. Whatever waits once
/// more is cancelled.
fn run_over_a_restart(stop: impl Fn(&Postgres), arguments: &[&str]) -> Report {
    let postgres = Postgres::dedicated();
    let database = postgres.database();
    database.psql("CREATE TABLE users (id bigint PRIMARY KEY); INSERT INTO users SELECT generate_series(1, 3000)");
    let watched = Watched::new(&database);
    let settings = watched.setting() + "statement_timeout = \"10m\"\nconnections = 1\n";
    let instance = Instance::new(&database.reader_tcp_url(), &settings);
    for number in 0..10 {
        instance.count(
            &format!("counts.n{number}_is_counted"),
            &format!("users WHERE id > {number}"),
        );
    }
    instance.count(
        "counts.n5_waits",
        "users WHERE (id < 2000 OR pg_sleep(600) IS NOT NULL)",
    );
    let report = std::thread::scope(|scope| {
        let run = scope.spawn(|| instance.cli.run(arguments));
        watched.running("pg_sleep");
        stop(&postgres);
        postgres.start();
        watched.strike_until("pg_cancel_backend", "pg_sleep", || run.is_finished());
        let outcome: Outcome = run.join().expect("the run's thread ends");
        Report::of(outcome.expect_code(0))
    });
    watched.assert_nothing_is_left();
    report.assert_silent_about(READER_PASSWORD);
    instance.assert_no_file_holds(READER_PASSWORD);
    for number in 0..10 {
        report.assert_value(&format!("counts.n{number}_is_counted"), &json!(3000 - number));
    }
    report
}

#[test]
fn a_fast_shutdown_costs_the_metric_that_ran() {
    let report = run_over_a_restart(Postgres::stop, &separately());
    report.assert_fallback("counts.n5_waits", "connection_terminated", &json!(-1));
}

/// Whoever stood in its statement is read again, each by itself.
#[test]
fn a_fast_shutdown_costs_no_metric_that_shared_a_statement() {
    let report = run_over_a_restart(Postgres::stop, &RUN);
    report.assert_fallback("counts.n5_waits", "statement_cancelled", &json!(-1));
}

#[test]
fn an_immediate_shutdown_costs_the_metric_that_ran() {
    let report = run_over_a_restart(
        |postgres| {
            // The harness' servers commit without waiting for the disk, which an immediate shutdown does not forgive.
            postgres.database().psql("CHECKPOINT");
            let postmaster = postmaster(postgres.folder());
            let killed = Command::new("kill").args(["-s", "QUIT", &postmaster]).status();
            assert!(
                killed.is_ok_and(|status| status.success()),
                "the server could not be told to stop"
            );
            wait_until("the server's end", || !Path::new("/proc").join(&postmaster).exists());
        },
        &separately(),
    );
    // The server says goodbye with a warning, not with an error.
    report.assert_fallback("counts.n5_waits", "connection_lost", &json!(-1));
}

/// The server's process id, from its own file.
fn postmaster(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("data/postmaster.pid")).expect("a running server has the file");
    text.lines()
        .next()
        .expect("the first line is the process id")
        .trim()
        .to_owned()
}
