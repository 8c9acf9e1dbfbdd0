//! A ping as large as GitLab's, planned and one metric after the other.

use std::time::Duration;

use crate::metric::{Metric, Random};
use crate::ours::{Ours, Ran};
use crate::ping_data::{PROJECTS, TABLES};
use crate::table::{Table, seconds};
use crate::turns::{in_turn, median};
use crate::{Bench, Result};

pub const CONNECTIONS: usize = 2;
const METRICS: usize = 440;
/// Of the run's time, what our own process may take.
const MOST_PROCESSOR_TIME: f64 = 0.05;

pub fn case(bench: &Bench<'_>, table: &mut Table) -> Result<()> {
    let database = bench.ping();
    let ours = Ours::over(&metrics(METRICS), &database.reader_url(), CONNECTIONS);
    let (planned, separate) = (ours.run(&[])?, ours.run(&["--plan", "separate"])?);
    let is_same = planned.values() == separate.values();
    table.check(
        "the ping, payload",
        if is_same { "same" } else { "differs" },
        "same",
        is_same,
    );
    if let Some(first) = differing(&planned, &separate) {
        table.note(first);
    }
    let fallbacks = planned.number("fallbacks") + separate.number("fallbacks");
    table.check(
        "the ping, fallbacks of both",
        &fallbacks.to_string(),
        "0",
        fallbacks == 0.0,
    );

    let (mut slow, mut processor, mut elapsed) = (0, Vec::new(), Vec::new());
    let times = in_turn(
        bench.rounds,
        [
            &mut || {
                let before = slow_statements(bench);
                let ran = ours.run(&[])?;
                slow += slow_statements(bench) - before;
                processor.push(Duration::from_secs_f64(ran.number("cpu_seconds")));
                elapsed.push(ran.elapsed());
                Ok(ran.wall)
            },
            &mut || Ok(ours.run(&["--plan", "separate"])?.wall),
        ],
    )?;
    let [together, alone] = times;
    table.faster("the ping, of one metric after the other", &together, &alone, 8.0);
    table.check("the ping, statements over 1 s", &slow.to_string(), "0", slow == 0);
    let processor = median(processor);
    let share = processor.as_secs_f64() / together.median().as_secs_f64();
    let is = format!("{:.1} %", share * 100.0);
    let most = format!("<= {:.0} % of the run", MOST_PROCESSOR_TIME * 100.0);
    table.check("the ping, our processor time", &is, &most, share <= MOST_PROCESSOR_TIME);
    table.note(format!(
        "the ping: {METRICS} metrics, {} tables, {} rows, {CONNECTIONS} connections, against 1; elapsed as our report \
         says: {}; {} statements against {}; {} of our processor time",
        TABLES.len(),
        TABLES.iter().map(|table| bench.rows(table.rows)).sum::<u64>(),
        seconds(median(elapsed)),
        planned.number("statements"),
        separate.number("statements"),
        seconds(processor)
    ));
    Ok(())
}

/// The first metric that two runs differ in.
fn differing(one: &Ran, other: &Ran) -> Option<String> {
    let pairs = one.outcomes().zip(other.outcomes());
    let value = |outcome: &serde_json::Value| outcome.get("value").cloned();
    let (one, other) = pairs.into_iter().find(|(one, other)| value(one) != value(other))?;
    Some(format!("the first that differs: {one} against {other}"))
}

/// Of the reader, so far.
fn slow_statements(bench: &Bench<'_>) -> usize {
    let log = bench.server.logs();
    log.lines()
        .filter(|line| line.contains(" service_ping@") && line.contains("duration: "))
        .count()
}

/// As many metrics as asked for, spread over the tables by their weights; always the same ones.
pub fn metrics(count: usize) -> Vec<Metric> {
    let weights: usize = TABLES.iter().map(|table| table.weight).sum();
    let mut metrics = Vec::new();
    let mut weight = 0;
    for table in &TABLES {
        let first = count * weight / weights;
        weight += table.weight;
        let mut random = Random(table.rows ^ table.weight as u64);
        let own = count * weight / weights - first;
        metrics.extend((0..own).map(|number| metric(table.name, number, &mut random)));
    }
    metrics
}

fn key_path(table: &str, number: usize) -> String {
    format!("counts.{table}_{number}")
}

/// What every table is asked first, then whatever is drawn.
fn metric(table: &str, number: usize, random: &mut Random) -> Metric {
    let key = key_path(table, number);
    match number {
        0 => Metric::count(key, table),
        1 => Metric::count(key, table).within("28d"),
        2 => Metric::count(key, table).within("7d"),
        3 => Metric::of(key, "distinct_count", table, "user_id"),
        4 => Metric::of(key, "distinct_count", table, "user_id").within("28d"),
        5 => Metric::of(key, "sum", table, "amount"),
        6 => Metric::of(key, "average", table, "amount"),
        7 => Metric::count(key, format!("{table} GROUP BY kind")).grouped(),
        8 => Metric::of(key, "estimate_batch_distinct_count", table, "user_id"),
        9 if table != PROJECTS => Metric::count(key, joined(table)),
        _ => drawn(table, number, key, random),
    }
}

fn joined(table: &str) -> String {
    format!("{table} JOIN {PROJECTS} ON {PROJECTS}.id = {table}.project_id WHERE {PROJECTS}.active")
}

fn drawn(table: &str, number: usize, key: String, random: &mut Random) -> Metric {
    let (kind, state, amount) = (random.below(7), random.below(5), random.below(900));
    let to = amount + random.below(100);
    let count = |condition: String| Metric::count(key.clone(), format!("{table} WHERE {condition}"));
    let of = |operation, column, condition: String| {
        Metric::of(key.clone(), operation, format!("{table} WHERE {condition}"), column)
    };
    match random.below(14) {
        0 => count(format!("kind = {kind} AND state = {state} AND amount <> {amount}")),
        1 => count(format!("amount > {amount}")),
        2 => count(format!("amount BETWEEN {amount} AND {to}")),
        3 => count(format!("note LIKE '% {amount} %'")),
        4 => count(format!("kind = {kind} AND amount < {amount}")).within("28d"),
        5 => count(format!("state = {state} AND amount < {amount}")).within("7d"),
        6 => count(format!("active AND amount < {amount}")),
        7 => count(format!(
            "kind IN ({kind}, {}) AND NOT active AND amount > {amount}",
            (kind + 2) % 7
        )),
        8 => count(format!("user_id IS NULL AND amount < {amount}")),
        9 => count(format!("active AND amount > {amount}")).within("28d"),
        10 => of("sum", "amount", format!("kind = {kind} AND amount < {to}")),
        11 => of(
            "distinct_count",
            "user_id",
            format!("kind = {kind} AND amount > {amount}"),
        )
        .within("28d"),
        12 => Metric::sum_of(key, vec![key_path(table, 0), key_path(table, number - 1 - number % 2)]),
        _ => count(format!(
            "state = {state} AND updated_at > created_at AND amount <> {amount}"
        )),
    }
}
