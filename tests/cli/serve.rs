//! `serve`: the weekly job inside the process, and how it ends.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use service_ping::schedule::{Record, Schedule, Trial};
use service_ping::state::{KeptSchedule, Run, RunStatus, StateStore};

use crate::delivery::closed_address;
use crate::instance::{UUID, block_on, small};
use crate::interruption::{locked, ours};
use crate::receiver::{Receiver, metadata, payloads};
use crate::support::cli::{Cli, Running};
use crate::support::postgres::Postgres;
use crate::support::wait::wait_until;

const SERVE: [&str; 4] = ["serve", "--schedule", "--listen", "none"];

fn schedule() -> Schedule {
    Schedule::new(UUID, Duration::ZERO, Vec::new())
}

/// An instance whose slots have no splay: a test that meets a slot must not wait for it.
fn punctual() -> Cli {
    small().env("SERVICE_PING__SCHEDULE__SPLAY", "0s")
}

async fn store(cli: &Cli) -> StateStore {
    let file = cli.folder().join("service-ping.db");
    StateStore::open(&format!("sqlite://{}", file.display()))
        .await
        .expect("the store opens")
}

/// Has the scheduler served its last slot three weeks ago.
fn served_three_weeks_ago(cli: &Cli) {
    let record = schedule().begin(Utc::now() - TimeDelta::days(21));
    block_on(async { store(cli).await.begin_schedule(&record).await }).expect("the schedule begins");
}

fn kept(cli: &Cli) -> KeptSchedule {
    let kept = block_on(async { store(cli).await.schedule().await });
    kept.expect("the store answers").expect("a schedule")
}

fn runs(cli: &Cli) -> Vec<Run> {
    block_on(async { store(cli).await.runs(10).await }).expect("the store answers")
}

#[test]
fn a_single_user_who_was_not_asked_is_measured_and_nothing_is_sent() {
    let cli = punctual();
    let receiver = Receiver::start(&cli);
    let cli = cli
        .env("SERVICE_PING__VERSIONS__URL", &receiver.url)
        .env("SERVICE_PING__REPORTING__SINGLE_USER", "SELECT TRUE, '2020-01-01'");
    served_three_weeks_ago(&cli);
    let mut running = cli.start(&SERVE);
    running.line_with("nothing was sent: the only user of this instance has not answered yet");
    running.line_with("consent accept --all");
    running.line_with(" is done");
    stopped(running);
    receiver.stop();
    assert_eq!(payloads(&cli).len(), 0);
    assert_eq!(runs(&cli)[0].status, RunStatus::Completed);
}

/// Stops it as a service manager does, and gives what it said.
fn stopped(running: Running) -> Vec<String> {
    running.signal("TERM");
    let begun = Instant::now();
    let (code, said) = running.wait();
    assert_eq!(code, Some(0), "{said:#?}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    said
}

#[test]
fn makes_up_weeks_of_downtime_by_one_run_and_remembers_it() {
    let cli = punctual();
    let receiver = Receiver::start(&cli);
    let cli = cli.env("SERVICE_PING__VERSIONS__URL", &receiver.url);
    served_three_weeks_ago(&cli);
    let mut running = cli.start(&SERVE);
    running.line_with(" is done");
    running.line_with("next run at ");
    stopped(running);
    assert_eq!(kept(&cli).record, schedule().begin(Utc::now()));
    // The next process has nothing to make up.
    let mut again = cli.start(&SERVE);
    again.line_with("next run at ");
    let said = stopped(again);
    assert!(!said.iter().any(|line| line.contains(" begins")), "{said:#?}");
    receiver.stop();
    assert_eq!((payloads(&cli).len(), metadata(&cli).len()), (1, 1));
    let runs = runs(&cli);
    assert_eq!(
        (runs.len(), runs[0].trigger.as_str(), runs[0].status),
        (1, "schedule", RunStatus::Completed)
    );
}

#[test]
fn a_new_instance_waits_for_its_first_slot() {
    let cli = punctual();
    let mut running = cli.start(&SERVE);
    let said = running.line_with("next run at ");
    let next = schedule().slot_after(Utc::now());
    assert!(said.contains(&next.format("%Y-%m-%dT%H:%M").to_string()), "{said}");
    stopped(running);
    assert!(runs(&cli).is_empty());
}

#[test]
fn a_retry_delivers_what_waits_and_measures_nothing_again() {
    let address = closed_address();
    let cli = punctual()
        .env("SERVICE_PING__VERSIONS__URL", &format!("http://{address}"))
        .env("SERVICE_PING__VERSIONS__ATTEMPTS", "1");
    served_three_weeks_ago(&cli);
    let mut running = cli.start(&SERVE);
    running.line_with(" failed: the payload was not delivered");
    running.line_with("next run at ");
    stopped(running);
    let failed = kept(&cli);
    let trial = failed.record.trial.clone().expect("a trial");
    assert_eq!((trial.slot, trial.failures), (schedule().slot_before(Utc::now()), 1));

    let earlier = Record {
        trial: Some(Trial {
            at: trial.at - TimeDelta::hours(8),
            ..trial
        }),
        ..failed.record.clone()
    };
    block_on(async { store(&cli).await.change_schedule(&failed, &earlier).await }).expect("the store answers");
    let receiver = Receiver::start_at(&cli, &address);
    let mut running = cli.start(&SERVE);
    running.line_with(" is done");
    stopped(running);
    receiver.stop();
    assert_eq!(payloads(&cli).len(), 1);
    assert_eq!(runs(&cli).len(), 1, "measured once");
    assert_eq!(kept(&cli).record.trial, None);
}

#[test]
fn a_job_whose_definitions_are_wrong_is_tried_again_later() {
    let cli = punctual();
    served_three_weeks_ago(&cli);
    cli.write("metrics/wrong.yml", "key_path: wrong\n");
    let mut running = cli.start(&SERVE);
    running.line_with(" failed: the definitions have ");
    running.line_with("next run at ");
    stopped(running);
    assert_eq!(kept(&cli).record.trial.map(|trial| trial.failures), Some(1));
}

#[test]
fn where_reporting_is_off_nothing_is_measured() {
    let cli = punctual().env("SERVICE_PING__REPORTING__ENABLED", "false");
    served_three_weeks_ago(&cli);
    let mut running = cli.start(&SERVE);
    running.line_with("reporting is off");
    running.line_with("next run at ");
    stopped(running);
    assert!(runs(&cli).is_empty());
}

#[test]
fn a_signal_interrupts_the_run_and_the_slot_stays_due() {
    let database = Postgres::shared().database();
    let (cli, _runtime, _holder) = locked(&database);
    let cli = cli
        .env("SERVICE_PING__INSTANCE__UUID", UUID)
        .env("SERVICE_PING__SCHEDULE__SPLAY", "0s");
    served_three_weeks_ago(&cli);
    let running = cli.start(&SERVE);
    wait_until("a statement that waits for the lock", || {
        ours(&database, "wait_event_type = 'Lock'")
    });
    stopped(running);
    wait_until("no session of ours", || !ours(&database, "true"));
    assert_eq!(kept(&cli).record.trial, None, "told to stop, which is no failure");
    assert!(kept(&cli).record.served < schedule().slot_before(Utc::now()));
    assert_eq!(runs(&cli)[0].status, RunStatus::Interrupted);
}

#[test]
fn of_two_schedulers_on_one_store_one_runs() {
    let cli = punctual();
    let receiver = Receiver::start(&cli);
    let cli = cli.env("SERVICE_PING__VERSIONS__URL", &receiver.url);
    served_three_weeks_ago(&cli);
    let mut running: Vec<Running> = (0..3).map(|_| cli.start(&SERVE)).collect();
    running.iter_mut().for_each(|one| drop(one.line_with("next run at ")));
    wait_until("the payload", || payloads(&cli).len() == 1);
    wait_until("the end of the job", || kept(&cli).record.trial.is_none());
    running.into_iter().for_each(|one| drop(stopped(one)));
    receiver.stop();
    assert_eq!((payloads(&cli).len(), runs(&cli).len()), (1, 1));
}

#[test]
fn log_lines_are_json_and_hold_no_secret() {
    let cli = punctual().env(
        "SERVICE_PING__VERSIONS__URL",
        "http://ping:CANARY@127.0.0.1:1/?token=CANARY",
    );
    served_three_weeks_ago(&cli);
    let mut running = cli.start(&["serve", "--schedule", "--listen", "127.0.0.1:0", "--log-format", "json"]);
    running.line_with("next run at ");
    let said = stopped(running);
    for line in &said {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(!line.contains("CANARY"), "{line}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let cli = small();
    for (arguments, says) in [
        (&["serve", "--listen", "none"][..], "nothing to do"),
        (
            &["serve", "--schedule", "--now", "2026-11-19T00:00:00Z"],
            "leave --now out",
        ),
        (&["serve", "--listen", "localhost"], "an address is an IP and a port"),
    ] {
        let outcome = cli.run(arguments).expect_code(2);
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let outcome = cli.run(&["serve", "--listen", &address]).expect_code(1);
    assert!(
        outcome.stderr.contains("choose a free address with --listen"),
        "{}",
        outcome.stderr
    );
}
