//! Clocks that are set back between two runs.

use crate::front::Mood;
use crate::instance::{database, json};
use crate::ledger::Ledger;

#[test]
fn an_hour_back_loses_nothing_and_confuses_no_order() {
    let mut ledger = Ledger::new("");
    let front = ledger.front.url();
    ledger.front.set(Mood::Status(500, ""));
    ledger.run("2026-11-01T10:00:00Z", &front).expect_code(4);
    ledger.run("2026-11-01T09:00:00Z", &front).expect_code(4);
    // As the clock had it when they were begun, the second was before the first.
    database(
        &ledger.cli.folder().join("service-ping.db"),
        "UPDATE runs SET started_at = recorded_at, finished_at = recorded_at",
    );
    let listed = ledger.history();
    let instants: Vec<_> = listed
        .iter()
        .map(|run| run["recorded_at"].as_str().expect("an instant"))
        .collect();
    assert_eq!(
        instants,
        ["2026-11-01T09:00:00.000Z", "2026-11-01T10:00:00.000Z"],
        "as they were begun"
    );
    let last = json(
        &ledger
            .cli
            .run(&["history", "last", "--format", "json"])
            .expect_code(0)
            .stdout,
    );
    assert_eq!(last["recorded_at"], "2026-11-01T09:00:00.000Z");
    ledger.front.set(Mood::Forward);
    ledger.submit("2026-11-01T09:10:00Z", &front).expect_code(0);
    assert!(ledger.history().iter().all(|run| run["delivery"] == "sent"));
    let arrived = ledger.front.heard();
    assert_eq!(
        arrived.iter().filter(|path| *path == "/usage_data").count(),
        5,
        "three in vain, two taken"
    );
}

/// What a process took before the clock was set back lasts no longer for it.
#[test]
fn leases_of_a_later_hour_hold_nobody_up() {
    let mut ledger = Ledger::new("");
    let front = ledger.front.url();
    ledger.front.set(Mood::Status(500, ""));
    ledger.run("2026-11-01T10:00:00Z", &front).expect_code(4);
    database(
        &ledger.cli.folder().join("service-ping.db"),
        "UPDATE run_lease SET holder = 'another machine', \
           expires_at = strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now', '+61 minutes'), lasts = 60; \
         UPDATE raw_usage_data SET lease_holder = 'another machine', \
           lease_until = strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now', '+61 minutes')",
    );
    ledger.front.set(Mood::Forward);
    ledger.run("2026-11-01T09:00:00Z", &front).expect_code(0);
    assert!(ledger.history().iter().all(|run| run["delivery"] == "sent"));
}
