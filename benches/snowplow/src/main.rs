//! Single events: what tracking costs the caller, what the spool takes, and how fast a local collector gets them, against
//! Snowplow's own trackers for Rust and Python with the same events and batches of a hundred.
//!
//! The first argument is a Python that has `snowplow-tracker`; `--quick` makes it small, and `--only=latency`,
//! `durable` or `throughput` measures that alone.

mod collector;
mod ours;
mod peers;

use std::process::ExitCode;
use std::time::Duration;

/// Events of one round, and rounds that are taken in turn.
struct Size {
    events: usize,
    rounds: usize,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "collector") {
        collector::serve();
        return ExitCode::SUCCESS;
    }
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let python = arguments
        .iter()
        .find(|argument| !argument.starts_with("--"))
        .expect("a Python");
    let part = |name: &str| {
        arguments
            .iter()
            .all(|argument| !argument.starts_with("--only=") || argument[7..] == *name)
    };
    let size = match is_quick {
        true => Size {
            events: 2_000,
            rounds: 1,
        },
        false => Size {
            events: 50_000,
            rounds: 5,
        },
    };
    println!("| what | measured | target | |\n|---|---|---|---|");
    let mut is_met = !part("latency") || latency(&size);
    is_met &= !part("durable") || durable(&size);
    is_met &= !part("throughput") || throughput(&size, python);
    if is_met || is_quick {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn row(what: &str, measured: &str, target: &str, is_met: bool) -> bool {
    let verdict = if is_met { "met" } else { "**missed**" };
    println!("| {what} | {measured} | {target} | {verdict} |");
    is_met
}

fn latency(size: &Size) -> bool {
    let mut is_met = true;
    for kind in [ours::Kind::Custom, ours::Kind::Billing] {
        let mut took = ours::latencies(kind, size.events * 2);
        took.sort();
        let at = |share: f64| took[(took.len() as f64 * share) as usize - 1];
        let measured = format!(
            "median {:.2} µs, p90 {:.2} µs, p99 {:.2} µs",
            micros(at(0.5)),
            micros(at(0.9)),
            micros(at(0.99))
        );
        let what = format!("a call of a {} event, in memory, while they are sent", kind.name());
        is_met &= row(&what, &measured, "p99 below 5 µs", at(0.99) < Duration::from_micros(5));
    }
    is_met
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn durable(size: &Size) -> bool {
    let fsync = ours::fsync();
    let mut rates = Vec::new();
    for threads in [1, 16, 64, 128] {
        let each = (size.events / threads).min(if threads == 1 { 500 } else { usize::MAX });
        let rate = ours::durable(threads, each);
        rates.push(rate);
        println!("| durable, {threads} threads, one event a call | {rate:.0} events/s | | |");
    }
    let batches = ours::durable_batches(size.events);
    println!("| durable, 1 thread, 100 events a call | {batches:.0} events/s | | |");
    println!(
        "| the disk alone, a write waited for | {:.0} a second | | |",
        1.0 / fsync.as_secs_f64()
    );
    let best = rates.into_iter().fold(0.0, f64::max);
    row(
        "durable, the best of these",
        &format!("{best:.0} events/s"),
        "20,000 events/s",
        best >= 20_000.0,
    )
}

fn throughput(size: &Size, python: &str) -> bool {
    let mut ratios = [Vec::new(), Vec::new()];
    let mut rates = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..size.rounds {
        let ours = ours::throughput(size.events);
        let rust = peers::rust(size.events);
        let python = peers::python(python, size.events / 5);
        ratios[0].push(ours / rust);
        ratios[1].push(ours / python);
        for (rates, rate) in rates.iter_mut().zip([ours, rust, python]) {
            rates.push(rate);
        }
    }
    let names = ["ours", "snowplow_tracker 0.2.0", "snowplow-tracker 1.1.0 of Python"];
    for (name, rates) in names.iter().zip(&mut rates) {
        println!("| to a local collector, {name} | {:.0} events/s | | |", median(rates));
    }
    let [rust, python] = &mut ratios;
    let (rust, python) = (median(rust), median(python));
    let first = row(
        "ours against the Rust crate",
        &format!("{rust:.2} times"),
        "1 time",
        rust >= 1.0,
    );
    row(
        "ours against Python's tracker",
        &format!("{python:.1} times"),
        "2 times",
        python >= 2.0,
    ) && first
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
