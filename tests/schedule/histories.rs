//! What becomes of jobs over long histories: failures, downtime, clocks that are set.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use service_ping::schedule::Schedule;

use super::simulation::{Event, Ran, Simulation};
use super::slots::walked_back;
use super::{ZERO, at, usual};

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// Two days before a slot.
fn simulation() -> Simulation {
    Simulation::new(usual(ZERO), at("2026-11-27T01:32:00Z"))
}

fn slots(ran: &[Ran]) -> Vec<DateTime<Utc>> {
    ran.iter().map(|ran| ran.slot).collect()
}

#[test]
fn a_new_schedule_waits_for_its_first_slot_and_runs_once_a_week() {
    let mut simulation = simulation();
    simulation.live(&[Event::Pass(52 * WEEK)]);
    let first = at("2026-11-29T01:32:00Z");
    let expected: Vec<_> = (0..52).map(|week| first + TimeDelta::days(7 * week)).collect();
    assert_eq!(slots(&simulation.ran), expected);
    let late = |ran: &Ran| ran.clock - ran.slot;
    assert!(simulation.ran.iter().all(|ran| late(ran) <= TimeDelta::seconds(60)));
}

#[test]
fn a_job_that_fails_is_tried_again_after_8_16_and_24_hours() {
    let mut simulation = simulation();
    simulation.live(&[Event::Fail(4), Event::Pass(2 * WEEK)]);
    let slot = at("2026-11-29T01:32:00Z");
    let next = at("2026-12-06T01:32:00Z");
    assert_eq!(
        slots(&simulation.ran),
        [slot, slot, slot, slot, next],
        "then the next week's"
    );
    let clocks: Vec<_> = simulation.ran.iter().map(|ran| ran.clock).collect();
    let gaps: Vec<i64> = clocks.windows(2).map(|pair| (pair[1] - pair[0]).num_hours()).collect();
    assert_eq!(gaps[..3], [8, 16, 24]);
}

#[test]
fn a_retry_that_succeeds_is_the_last() {
    let mut simulation = simulation();
    simulation.live(&[Event::Fail(1), Event::Pass(8 * DAY)]);
    assert_eq!(
        simulation.ran.iter().map(|ran| ran.well).collect::<Vec<_>>(),
        [false, true]
    );
}

#[test]
fn weeks_of_downtime_are_made_up_by_one_run() {
    let mut simulation = simulation();
    simulation.live(&[Event::Pass(3 * DAY), Event::Down(9 * WEEK), Event::Pass(DAY)]);
    assert_eq!(simulation.ran.len(), 2, "{:?}", simulation.ran);
    let made_up = simulation.ran[1];
    assert_eq!(made_up.slot, at("2027-01-31T01:32:00Z"), "the latest slot that passed");
    simulation.live(&[Event::Pass(WEEK)]);
    assert_eq!(simulation.ran.len(), 3);
}

#[test]
fn a_new_slot_takes_the_place_of_one_that_failed() {
    let mut simulation = simulation();
    simulation.live(&[
        Event::Fail(1),
        Event::Pass(2 * DAY + 10),
        Event::Down(8 * DAY),
        Event::Pass(DAY),
    ]);
    assert_eq!(
        slots(&simulation.ran),
        [at("2026-11-29T01:32:00Z"), at("2026-12-06T01:32:00Z")]
    );
}

#[test]
fn a_retry_that_would_fall_into_the_next_slot_gives_way_to_it() {
    let schedule = Schedule::new(ZERO, Duration::from_secs(60), vec![Duration::from_secs(7 * 24 * 3600)]);
    let mut simulation = Simulation::new(schedule, at("2026-11-27T01:32:00Z"));
    simulation.live(&[Event::Fail(1), Event::Pass(2 * WEEK)]);
    assert_eq!(
        slots(&simulation.ran),
        [at("2026-11-29T01:32:00Z"), at("2026-12-06T01:32:00Z")]
    );
}

#[test]
fn a_clock_that_is_set_back_runs_no_slot_twice_and_waits_two_weeks_at_most() {
    for back in [1, HOUR, DAY, WEEK - 1, WEEK] {
        for after in [1, 10, HOUR, 3 * DAY, 6 * DAY] {
            let mut simulation = simulation();
            simulation.live(&[
                Event::Pass(2 * DAY + 5 + after),
                Event::Set(-back),
                Event::Pass(4 * WEEK),
            ]);
            let ran = slots(&simulation.ran);
            let mut once = ran.clone();
            once.dedup();
            assert_eq!(ran, once, "set back by {back} minutes, {after} after the slot");
            let pause = simulation.ran[1].truly - simulation.ran[0].truly;
            assert!(pause <= 2 * WEEK + 1, "set back by {back}: waited {pause} minutes");
        }
    }
}

#[test]
fn a_clock_that_was_years_ahead_is_forgotten_within_a_week() {
    let mut simulation = simulation();
    let years = 10 * 365 * DAY;
    simulation.live(&[
        Event::Set(years),
        Event::Pass(HOUR),
        Event::Set(-years),
        Event::Pass(WEEK),
    ]);
    let last = simulation.ran.last().unwrap();
    assert_eq!(last.slot, at("2026-11-29T01:32:00Z"), "{:?}", simulation.ran);
}

#[test]
fn a_clock_set_back_during_retries_does_not_put_them_off() {
    let mut simulation = simulation();
    simulation.live(&[
        Event::Fail(1),
        Event::Pass(2 * DAY + HOUR),
        Event::Set(-WEEK + HOUR),
        Event::Pass(9 * HOUR),
    ]);
    assert_eq!(simulation.ran.len(), 2, "{:?}", simulation.ran);
    assert!(simulation.ran[1].well);
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1..3 * WEEK).prop_map(Event::Pass),
        2 => (1..5 * WEEK).prop_map(Event::Down),
        1 => (-WEEK..=WEEK).prop_map(Event::Set),
        1 => (1..6u32).prop_map(Event::Fail),
    ]
}

/// Events without a clock that is set.
fn steady() -> impl Strategy<Value = Event> {
    event().prop_map(|event| match event {
        Event::Set(minutes) => Event::Pass(minutes.abs() + 1),
        other => other,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// By a true clock a slot is run if and only if the process lived at some time between it and the next; none
    /// succeeds twice, and none is tried more than four times.
    #[test]
    fn slots_by_a_true_clock(uuid in "[0-9a-f]{8}", events in prop::collection::vec(steady(), 1..60)) {
        let schedule = usual(&uuid);
        let begun = at("2026-01-01T00:00:00Z");
        let mut simulation = Simulation::new(schedule.clone(), begun);
        simulation.live(&events);
        simulation.heal();
        simulation.live(&[Event::Pass(5 * WEEK)]);
        let mut tries: BTreeMap<DateTime<Utc>, (u32, u32)> = BTreeMap::new();
        for ran in &simulation.ran {
            let entry = tries.entry(ran.slot).or_default();
            entry.0 += 1;
            entry.1 += u32::from(ran.well);
            prop_assert!(ran.slot <= ran.clock, "before its time: {ran:?}");
        }
        for (slot, (tries, successes)) in &tries {
            prop_assert!(*tries <= 4 && *successes <= 1, "{slot}: {tries} tries, {successes} successes");
        }
        // The oracle finds the first slot in the calendar, and knows nothing of records.
        let week = TimeDelta::days(7);
        let margin = TimeDelta::minutes(5);
        let mut slot = walked_back(&schedule.cron(), begun) + week;
        while slot + margin < simulation.clock() {
            let lives = |from: DateTime<Utc>, to: DateTime<Utc>| {
                simulation.lived.iter().any(|(begun, ended)| *begun <= to && *ended >= from)
            };
            if lives(slot + margin, slot + week - margin) {
                prop_assert!(tries.contains_key(&slot), "{slot} was not run");
            }
            if !lives(slot - margin, slot + week + margin) {
                prop_assert!(!tries.contains_key(&slot), "{slot} was run, and nobody lived");
            }
            slot += week;
        }
        let last = simulation.ran.iter().rev().take(3);
        prop_assert!(last.clone().all(|ran| ran.well), "{:?}", last.collect::<Vec<_>>());
    }

    /// However the clock is set, something succeeds within three weeks of being left alone, and what has succeeded is
    /// not run again unless the clock was set back.
    #[test]
    fn slots_by_a_clock_that_is_set(uuid in "[0-9a-f]{8}", events in prop::collection::vec(event(), 1..60)) {
        let schedule = usual(&uuid);
        let mut simulation = Simulation::new(schedule, at("2026-01-01T00:00:00Z"));
        simulation.live(&events);
        let pairs = simulation.ran.windows(2);
        for pair in pairs.filter(|pair| pair[0].well && pair[1].clock >= pair[0].clock) {
            prop_assert!(pair[0].slot != pair[1].slot, "{pair:?}");
        }
        let before = simulation.ran.len();
        simulation.live(&[Event::Pass(3 * WEEK)]);
        prop_assert!(simulation.ran.len() > before, "nothing for three weeks, at {}", simulation.clock());
    }
}
