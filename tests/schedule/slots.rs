//! Where an instance's slots lie.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use proptest::prelude::*;
use service_ping::schedule::Schedule;

use super::{ZERO, at, usual};

#[test]
fn the_week_of_an_instance_is_gitlabs() {
    for (uuid, cron) in [
        ("uuid-not-set", "4 7 * * 4"),
        (ZERO, "32 1 * * 0"),
        ("02333324-1cd7-4c3b-a45b-a4993f05fb1d", "19 14 * * 4"),
    ] {
        assert_eq!(usual(uuid).cron(), cron, "{uuid}");
    }
}

#[test]
fn a_slot_has_come_from_its_own_second_on() {
    let schedule = usual(ZERO);
    let slot = at("2026-11-29T01:32:00Z");
    assert_eq!(schedule.slot_before(slot), slot);
    assert_eq!(
        schedule.slot_before(slot - TimeDelta::nanoseconds(1)),
        at("2026-11-22T01:32:00Z")
    );
    assert_eq!(schedule.slot_after(slot - TimeDelta::nanoseconds(1)), slot);
    assert_eq!(schedule.slot_after(slot), at("2026-12-06T01:32:00Z"));
}

#[test]
fn leap_days_and_the_clocks_of_summer_move_nothing() {
    let schedule = usual(ZERO);
    // Over a leap day, over the nights in which clocks change in Europe and America, before 1970 and far ahead.
    for start in [
        "2024-02-25T00:00:00Z",
        "2026-03-08T00:00:00Z",
        "2026-10-25T00:00:00Z",
        "1960-02-28T00:00:00Z",
        "2100-02-28T00:00:00Z",
    ] {
        let mut slot = schedule.slot_after(at(start));
        for _ in 0..60 {
            assert_eq!(
                (slot.weekday().num_days_from_sunday(), slot.hour(), slot.minute()),
                (0, 1, 32),
                "{slot}"
            );
            assert_eq!(schedule.slot_after(slot) - slot, TimeDelta::days(7));
            slot = schedule.slot_after(slot);
        }
    }
}

#[test]
fn a_fleet_spreads_over_the_week() {
    let hours: BTreeSet<String> = (0..2000)
        .map(|n| {
            usual(&format!("instance-{n}"))
                .cron()
                .split_once(' ')
                .unwrap()
                .1
                .to_owned()
        })
        .collect();
    assert_eq!(hours.len(), 7 * 24, "every hour of the week is somebody's");
}

#[test]
fn the_splay_is_drawn_anew_each_week_and_stays_within_its_bound() {
    let schedule = usual(ZERO);
    let mut slot = at("2026-11-29T01:32:00Z");
    let mut drawn = BTreeSet::new();
    for _ in 0..500 {
        let splay = schedule.start(slot) - slot;
        assert!(splay >= TimeDelta::zero() && splay <= TimeDelta::seconds(60), "{splay}");
        assert_eq!(
            schedule.start(slot),
            usual(ZERO).start(slot),
            "the same after a restart"
        );
        drawn.insert(splay.num_milliseconds());
        slot = schedule.slot_after(slot);
    }
    assert!(drawn.len() > 450, "{}", drawn.len());
    assert!(
        drawn.first().unwrap() < &2_000 && drawn.last().unwrap() > &58_000,
        "{drawn:?}"
    );
    let none = Schedule::new(ZERO, Duration::ZERO, Vec::new());
    assert_eq!(none.start(slot), slot);
}

/// The oracle: minutes are tried one by one, by what a calendar calls them, until the cron fields match.
pub fn walked_back(cron: &str, now: DateTime<Utc>) -> DateTime<Utc> {
    let fields: Vec<u32> = cron.split(' ').filter_map(|field| field.parse().ok()).collect();
    let mut minute = now.with_second(0).and_then(|now| now.with_nanosecond(0)).unwrap();
    loop {
        let called = [minute.minute(), minute.hour(), minute.weekday().num_days_from_sunday()];
        if called[..] == fields[..] {
            return minute;
        }
        minute -= TimeDelta::minutes(1);
    }
}

proptest! {
    #[test]
    fn slots_are_those_that_a_calendar_finds(uuid in "[0-9a-f-]{1,36}", seconds in -4_000_000_000i64..32_000_000_000, nanos in 0u32..1_000_000_000) {
        let schedule = usual(&uuid);
        let now = DateTime::from_timestamp(seconds, nanos).unwrap();
        let before = walked_back(&schedule.cron(), now);
        prop_assert_eq!(schedule.slot_before(now), before);
        prop_assert_eq!(schedule.slot_after(now), before + TimeDelta::days(7));
    }
}
