//! A thousand metrics of which one in a hundred is broken, against the same with none broken.

use std::fmt::Write;

use crate::metric::{Metric, Random};
use crate::ours::{Ours, Ran};
use crate::support::postgres::Database;
use crate::table::Table;
use crate::turns::in_turn;
use crate::{Bench, Result};

const TABLES: [&str; 4] = ["deployments", "notes", "todos", "pipelines"];
/// Of each table, in a measured run.
const ROWS: u64 = 750_000;
const METRICS: usize = 1_000;
const CONNECTIONS: usize = 2;
/// One metric in so many is broken.
const ONE_IN: usize = 100;

/// Five ways of being broken, each with the same thing whole. The columns are in every table, but for the one that is in
/// none; what the role may not read is so in every table.
const WAYS: [(&str, &str); 5] = [
    ("no_such_column = 1", "kind = 1"),
    ("note > 5", "amount > 5"),
    ("100 / (amount - 7) > 3", "100 / (amount + 7) > 3"),
    ("CAST(code AS integer) > 500", "CAST(amount AS integer) > 500"),
    ("secret > 5", "amount > 6"),
];

pub fn case(bench: &Bench<'_>, table: &mut Table) -> Result<()> {
    let database = bench.server.database();
    let rows = bench.rows(ROWS);
    for name in TABLES {
        make(&database, name, rows);
    }
    let url = database.reader_url();
    let (whole, broken) = (metrics(|(_, whole)| whole), metrics(|(broken, _)| broken));
    let (whole, broken) = (
        Ours::over(&whole, &url, CONNECTIONS),
        Ours::over(&broken, &url, CONNECTIONS),
    );
    judge(&whole.run(&[])?, &broken.run(&[])?, table);
    let times = in_turn(
        bench.rounds,
        [&mut || Ok(broken.run(&[])?.wall), &mut || Ok(whole.run(&[])?.wall)],
    )?;
    let [with, without] = times;
    table.at_most("1,000 metrics, 1 % broken, of none broken", &with, &without, 1.15);
    table.note(format!(
        "1,000 metrics over {} tables of {rows} rows, {CONNECTIONS} connections; broken by a missing column, an \
         operator for another type, a division by zero in some rows, a text in some rows that is no number, and a \
         column that may not be read",
        TABLES.len()
    ));
    Ok(())
}

fn make(database: &Database<'_>, name: &str, rows: u64) {
    database.psql(&format!(
        "CREATE TABLE {name} (id bigint PRIMARY KEY, kind integer, amount integer, active boolean, note text,
            code text, secret integer, created_at timestamp);
         INSERT INTO {name} SELECT i, a % 13, a % 1000, b % 3 = 0, 'a note about ' || b % 1000,
            CASE WHEN a % 1000 = 17 THEN 'none' ELSE (b % 1000)::text END, 1,
            timestamp '2026-11-19' - (b % 700) * interval '1 day'
         FROM (SELECT i, hashint8extended(i, 1) & 2147483647 AS a, hashint8extended(i, 2) & 2147483647 AS b
            FROM generate_series(1::bigint, {rows}) i) AS drawn;
         REVOKE SELECT ON {name} FROM service_ping;
         GRANT SELECT (id, kind, amount, active, note, code, created_at) ON {name} TO service_ping"
    ));
    database.psql(&format!("VACUUM (FREEZE, ANALYZE) {name}"));
}

fn is_broken(number: usize) -> bool {
    number % ONE_IN == ONE_IN / 2
}

fn key_path(number: usize) -> String {
    format!("counts.metric_{number}")
}

fn metrics(which: fn((&'static str, &'static str)) -> &'static str) -> Vec<Metric> {
    let mut random = Random(5);
    let metric = |number: usize| {
        let table = TABLES[number % TABLES.len()];
        let drawn = condition(&mut random);
        let condition = match is_broken(number) {
            true => which(WAYS[number / ONE_IN % WAYS.len()]).to_owned(),
            false => drawn,
        };
        Metric::count(key_path(number), format!("{table} WHERE {condition}"))
    };
    (0..METRICS).map(metric).collect()
}

fn condition(random: &mut Random) -> String {
    let (kind, amount) = (random.below(13), random.below(900));
    match random.below(5) {
        0 => format!("kind = {kind} AND amount > {amount}"),
        1 => format!("amount BETWEEN {amount} AND {}", amount + random.below(100)),
        2 => format!("active AND amount < {amount}"),
        3 => format!("kind IN ({kind}, {}) AND NOT active AND amount <> {amount}", kind + 3),
        _ => format!("note LIKE '%{amount}' AND kind <> {kind}"),
    }
}

/// The broken ones have a reason of their own, the others the values that they have where none is broken.
fn judge(whole: &Ran, broken: &Ran, table: &mut Table) {
    let (mut differ, mut without_reason, mut reasons) = (0, 0, String::new());
    for number in 0..METRICS {
        let key_path = key_path(number);
        let of = |ran: &Ran, name: &str| ran.outcome(&key_path).and_then(|outcome| outcome.get(name)).cloned();
        if is_broken(number) {
            let (status, reason) = (of(broken, "status"), of(broken, "reason"));
            let is_fallback = status.is_some_and(|status| status == "fallback");
            without_reason += usize::from(!is_fallback || reason.is_none());
            if number / ONE_IN < WAYS.len() {
                let reason = reason.unwrap_or_default();
                let _ = write!(
                    reasons,
                    "{}{}",
                    if reasons.is_empty() { "" } else { ", " },
                    reason.as_str().unwrap_or("none")
                );
            }
        } else {
            let exact =
                of(whole, "value") == of(broken, "value") && of(whole, "status").is_some_and(|status| status == "ok");
            differ += usize::from(!exact);
        }
    }
    table.check(
        "1,000 metrics, 1 % broken: others that differ",
        &differ.to_string(),
        "0",
        differ == 0,
    );
    table.check(
        "1,000 metrics, 1 % broken: without a reason",
        &without_reason.to_string(),
        "0",
        without_reason == 0,
    );
    table.note(format!("the five ways of being broken are reported as {reasons}"));
}
