//! How many events a second one writer takes.

use std::io::Write as _;
use std::time::{Duration, Instant};

use service_ping::keyspace::Life;
use service_ping::source::event_store::Batch;

use crate::place::Place;
use crate::support::event_store::{WEEK, add, increment, increment_field, increment_float, living};

const EVENTS: u64 = 200;
const BATCH: u64 = 300;

/// Any number, the same in each run.
fn scattered(number: u64) -> u64 {
    let mixed = (number ^ (number >> 15)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 32)
}

/// An event of one of many users: unique users of the week, a total of the week, a total, and of some a sum or a field.
fn event(number: u64) -> Vec<service_ping::keyspace::Write> {
    let name = scattered(number) % EVENTS;
    let user = (scattered(number.wrapping_mul(31)) % 30_000) as i64;
    let mut writes = vec![
        living(
            Life::Renewed(6 * WEEK),
            add(&format!("{{hll_counters}}_event_{name}-2026-47"), [user]),
        ),
        living(
            Life::Fixed(6 * WEEK),
            increment(&format!("{{event_counters}}_event_{name}-2026-47"), 1),
        ),
        increment(&format!("{{event_counters}}_event_{name}"), 1),
    ];
    match name % 10 {
        0 => writes.push(increment_float(&format!("{{event_sums}}_event_{name}"), 1.5)),
        1 => writes.push(increment_field(
            &format!("{{totals}}_event_{name}"),
            &user.to_string(),
            1,
        )),
        _ => {}
    }
    writes
}

#[tokio::test]
#[ignore = "a measurement: cargo test --release --test event_store_embedded -- --ignored speed --nocapture"]
async fn events_of_one_writer() {
    let place = Place::new().await;
    let begun = Instant::now();
    let (mut events, mut writes) = (0, 0);
    let mut slowest = Duration::ZERO;
    while begun.elapsed() < Duration::from_secs(15) {
        let batch = Batch::new((events..events + BATCH).flat_map(event).collect());
        let written = Instant::now();
        let answers = place.store().write(&batch).await.unwrap();
        slowest = slowest.max(written.elapsed());
        assert!(answers.iter().all(Result::is_ok));
        events += BATCH;
        writes += answers.len();
    }
    let seconds = begun.elapsed().as_secs_f64();
    let line = format!(
        "{:.0} events a second, {:.0} writes a second, slowest batch {slowest:?}",
        events as f64 / seconds,
        writes as f64 / seconds
    );
    writeln!(std::io::stdout(), "{line}").unwrap();
}
