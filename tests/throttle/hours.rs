//! `hours`, in the machine's own time.

use chrono::{TimeDelta, Utc};
use serde_json::json;

use crate::held::{Held, ROWS, assert_did_not_wait, assert_waited_for, ended};
use crate::support::postgres::Postgres;

/// Two hours that begin so many hours from now, in UTC.
fn from_now(hours: i64) -> String {
    let clock = |hours| (Utc::now() + TimeDelta::hours(hours)).format("%H:%M");
    format!("hours = \"{}-{}\"\n", clock(hours), clock(hours + 2))
}

#[test]
fn outside_of_them_no_session_is_opened() {
    let database = Postgres::shared().database();
    let held = Held::new(&database, &from_now(3));
    let identity = json!({"value_type": "string", "data_source": "system"});
    held.instance
        .definition("version", "VersionMetric", json!({}), identity);
    let mut running = held.start(&["--budget", "3s"]);
    running.line_with("waiting: the hours ");
    let report = ended(running, 0);
    report.assert_fallback("counts.users", "not_run", &json!(-1));
    report.assert_value("version", &json!("1.2.3"));
    assert_waited_for(&report, "hours");
    assert_eq!(held.watched.log(), Vec::<String>::new());
}

#[test]
fn within_them_nothing_waits() {
    let database = Postgres::shared().database();
    let held = Held::new(&database, &from_now(-1));
    let report = ended(held.start(&[]), 0);
    report.assert_value("counts.users", &json!(ROWS));
    assert_did_not_wait(&report);
}

#[test]
fn they_are_those_of_the_machine() {
    let database = Postgres::shared().database();
    let mut held = Held::new(&database, &from_now(4));
    // Five hours ahead of UTC.
    held.instance.cli = held.instance.cli.env("TZ", "<+05>-5");
    assert_did_not_wait(&ended(held.start(&[]), 0));
}

/// Somebody sits and waits for a single metric.
#[test]
fn a_metric_at_the_terminal_is_not_held_back() {
    let database = Postgres::shared().database();
    let held = Held::new(&database, &from_now(3));
    let metric = held.instance.cli.run(&["metric", "counts.users"]).expect_code(0);
    assert!(metric.stdout.contains(&ROWS.to_string()), "{}", metric.stdout);
}
