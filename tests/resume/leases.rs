//! Of several runs of one instance one runs; a frozen one is taken over, and can neither write nor send when it wakes.

use serde_json::Value;

use crate::instance::{Instance, Receiver, database};
use crate::support::postgres::{Database, Postgres};
use crate::support::wait::wait_until;

/// The shortest lease there is.
const SHORT_LEASE: &str = "[run]\nlease = \"1s\"\n";
/// Waits for a lock for as long as it takes.
pub const PATIENT: &str = "lock_timeout = \"10m\"\nstatement_timeout = \"10m\"\n";

/// A metric over a table that a session can lock.
pub fn add_waiting_metric(instance: &Instance) {
    instance.cli.write(
        "metrics/counts.waits.yml",
        "key_path: counts.waits\ndescription: A metric of a test\nproduct_group: tests\nvalue_type: number\n\
         status: active\nmilestone: '0.1'\ntime_frame: all\ndata_source: database\n\
         instrumentation_class: SqlValueMetric\noptions: {query: 'SELECT count(*) FROM waiting'}\n",
    );
}

/// A session that holds the lock.
pub struct Holder {
    child: std::process::Child,
}

impl Holder {
    pub fn begin(database: &Database<'_>) -> Holder {
        use std::io::Write as _;
        let mut client = database.client();
        let mut child = client
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("psql");
        let stdin = child.stdin.as_mut().expect("it is piped");
        writeln!(stdin, "BEGIN; LOCK TABLE waiting IN ACCESS EXCLUSIVE MODE;").expect("psql reads");
        wait_until("the lock", || {
            database.psql("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted") == "1"
        });
        Holder { child }
    }

    pub fn let_go(mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

pub fn waiting_runs(database: &Database<'_>) -> String {
    database
        .psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FROM%waiting%'")
}

#[test]
fn a_second_run_waits_for_no_one_and_says_who_runs() {
    let postgres = Postgres::dedicated();
    let database = database(&postgres);
    let receiver = Receiver::start();
    let instance = Instance::new(&database, "held", receiver.url(), PATIENT);
    add_waiting_metric(&instance);
    let holder = Holder::begin(&database);
    let first = instance.start(&["--format", "json"]);
    wait_until("the first run", || waiting_runs(&database) == "1");
    let second = instance.run(&["--format", "json"]).expect_code(5);
    assert_eq!(second.stdout, "");
    assert!(second.stderr.contains("runs the job since"), "{}", second.stderr);
    holder.let_go();
    let (code, lines) = first.wait();
    assert_eq!(code, Some(0), "{}", lines.join("\n"));
    assert_eq!(receiver.payloads().len(), 1);
    // It was given back: nobody waits for it to run out.
    instance.cli.run(&["run", "--format", "json"]).expect_code(0);
    assert_eq!(receiver.payloads().len(), 2);
}

fn frozen_holder(state: impl Fn(&Database<'_>) -> String) {
    let postgres = Postgres::dedicated();
    let database = database(&postgres);
    let receiver = Receiver::start();
    let settings = format!("{PATIENT}{SHORT_LEASE}{}", state(&database));
    let instance = Instance::new(&database, "frozen", receiver.url(), &settings);
    add_waiting_metric(&instance);
    let holder = Holder::begin(&database);
    let frozen = instance.start(&["--format", "json"]);
    wait_until("the first run", || waiting_runs(&database) == "1");
    frozen.signal("STOP");
    holder.let_go();
    // Held until the lease is over, and then taken over.
    let mut outcome = instance.run(&["--resume", "--format", "json"]);
    wait_until("the end of the lease", || {
        if outcome.code == Some(5) {
            outcome = instance.run(&["--resume", "--format", "json"]);
        }
        outcome.code != Some(5)
    });
    let report: Value = serde_json::from_str(&outcome.expect_code(0).stdout).expect("it is JSON");
    assert_eq!(report["fallbacks"], 0, "{report:#}");
    assert!(report["resumed"].is_object(), "{report:#}");
    let before = receiver.payloads();
    assert_eq!(before.len(), 1);
    frozen.signal("CONT");
    let (code, lines) = frozen.wait();
    assert_eq!(code, Some(5), "{}", lines.join("\n"));
    assert!(
        lines.iter().any(|line| line.contains("another process has taken over")),
        "{}",
        lines.join("\n")
    );
    assert_eq!(receiver.payloads(), before, "the frozen run sent nothing");
    assert_eq!(receiver.metadata().len(), 1);
    let history = instance.cli.run(&["history", "--format", "json"]).expect_code(0);
    let history: Value = serde_json::from_str(&history.stdout).expect("it is JSON");
    let runs = history["runs"].as_array().expect("a list of runs");
    assert_eq!(runs.len(), 1, "{history:#}");
    assert_eq!(runs[0]["status"], "completed", "{history:#}");
}

#[test]
fn a_frozen_run_is_taken_over_and_sends_nothing_when_it_wakes() {
    frozen_holder(|_| String::new());
}

#[test]
fn a_frozen_run_is_taken_over_on_postgresql() {
    frozen_holder(|database| {
        database.psql("CREATE DATABASE state_of_frozen");
        format!(
            "[state]\nurl = \"{}\"\n",
            database.url().replace(database.name(), "state_of_frozen")
        )
    });
}

#[test]
fn nothing_is_done_where_there_is_nothing_to_resume() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let receiver = Receiver::start();
    let instance = Instance::new(&database, "nothing", receiver.url(), "");
    let outcome = instance.run(&["--resume"]).expect_code(0);
    assert!(outcome.stderr.contains("nothing to resume"), "{}", outcome.stderr);
    assert_eq!(receiver.payloads().len(), 0);
}
