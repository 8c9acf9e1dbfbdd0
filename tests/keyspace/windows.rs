//! Which days and weeks a range covers (spec 6.4).

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeZone, Utc, Weekday};
use proptest::prelude::*;
use service_ping::definition::{Aggregation, Catalog, TimeFrame};
use service_ping::keyspace::{EventError, Period, UniqueQuestion, week_of};

use crate::catalogs::{keyspace, known, weekly};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn weeks(from: &str, to: &str) -> Vec<String> {
    Period::new(day(from), day(to))
        .weeks()
        .into_iter()
        .map(week_of)
        .collect()
}

#[test]
fn weekly_ranges_are_those_of_the_table() {
    let table: [(&str, &str, &[&str]); 7] = [
        ("2020-12-21", "2020-12-21", &[]),
        ("2021-01-01", "2020-12-28", &[]),
        ("2020-12-21", "2020-12-28", &["2020-52"]),
        ("2020-12-26", "2021-01-04", &["2020-52", "2020-53"]),
        ("2020-12-26", "2021-01-11", &["2020-52", "2020-53", "2021-01"]),
        ("2020-12-26", "2021-01-17", &["2020-52", "2020-53", "2021-01"]),
        (
            "2020-12-26",
            "2021-01-18",
            &["2020-52", "2020-53", "2021-01", "2021-02"],
        ),
    ];
    for (from, to, wanted) in table {
        assert_eq!(weeks(from, to), wanted, "{from}..{to}");
    }
}

#[test]
fn metrics_of_a_wednesday_read_the_whole_weeks_before_it() {
    let now = Utc.with_ymd_and_hms(2022, 6, 15, 13, 0, 0).unwrap();
    let weeks = |frame| -> Vec<String> {
        Period::of(frame, now)
            .unwrap()
            .weeks()
            .into_iter()
            .map(week_of)
            .collect()
    };
    assert_eq!(weeks(TimeFrame::SevenDays), ["2022-23"]);
    assert_eq!(
        weeks(TimeFrame::TwentyEightDays),
        ["2022-20", "2022-21", "2022-22", "2022-23"]
    );
    assert_eq!(Period::of(TimeFrame::All, now), None);
    assert_eq!(Period::of(TimeFrame::None, now), None);
}

#[test]
fn weeks_and_days_at_year_ends_have_the_iso_year() {
    assert_eq!(week_of(day("2021-01-01")), "2020-53");
    assert_eq!(week_of(day("2021-01-03")), "2020-53");
    assert_eq!(week_of(day("2021-01-04")), "2021-01");
    assert_eq!(week_of(day("2024-12-30")), "2025-01");
    assert_eq!(week_of(day("2020-12-31")), "2020-53");
    let mut catalog = Catalog::default();
    let event = known("g_edit_by_sfe", "ide_edit", Some("edit"), Aggregation::Daily);
    catalog.known_events.push(event);
    let keyspace = keyspace(&catalog);
    let key = |date: &str| {
        let question = UniqueQuestion {
            events: &["g_edit_by_sfe"],
            period: Period::new(day(date), day(date)),
            context: "",
            any_category: false,
            identifier: None,
        };
        keyspace.unique_keys(&question).unwrap().0
    };
    assert_eq!(key("2021-01-01"), ["2020-001-g_{edit}_by_sfe"]);
    assert_eq!(key("2024-12-30"), ["2025-365-g_{edit}_by_sfe"]);
    assert_eq!(key("2024-12-31"), ["2025-366-g_{edit}_by_sfe"]);
    assert_eq!(key("2020-06-15"), ["2020-167-g_{edit}_by_sfe"]);
}

#[test]
fn daily_ranges_hold_both_ends() {
    let now = Utc.with_ymd_and_hms(2026, 11, 21, 0, 0, 0).unwrap();
    assert_eq!(Period::of(TimeFrame::SevenDays, now).unwrap().days().len(), 8);
    assert_eq!(Period::of(TimeFrame::TwentyEightDays, now).unwrap().days().len(), 29);
    assert_eq!(Period::new(day("2026-02-02"), day("2026-02-01")).days().len(), 0);
}

#[test]
fn a_range_without_a_key_is_an_error_that_names_it() {
    let mut catalog = Catalog::default();
    catalog
        .known_events
        .push(weekly("g_compliance_dashboard", "compliance"));
    let question = UniqueQuestion {
        events: &["g_compliance_dashboard"],
        period: Period::new(day("2021-01-01"), day("2020-12-28")),
        context: "",
        any_category: false,
        identifier: None,
    };
    let error = keyspace(&catalog).unique_keys(&question).unwrap_err();
    assert!(matches!(error, EventError::NoPeriod { unit: "week", .. }), "{error}");
}

/// The weeks of spec 6.4, day by day and slowly.
fn model(start: NaiveDate, end: NaiveDate) -> BTreeSet<String> {
    let mut sunday = end;
    while sunday.weekday() != Weekday::Sun {
        sunday = sunday + Days::new(1);
    }
    let last = sunday - Days::new(7);
    let mut weeks = BTreeSet::new();
    let mut day = start;
    while day <= last {
        weeks.insert(day.format("%G-%V").to_string());
        day = day + Days::new(1);
    }
    weeks
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    // 2012 to 2032: two years of 53 weeks at either side of leap days.
    (0..7_305_u64).prop_map(|days| day("2012-01-01") + Days::new(days))
}

fn any_instant() -> impl Strategy<Value = DateTime<Utc>> {
    (0..631_152_000_i64).prop_map(|seconds| DateTime::from_timestamp(1_325_376_000 + seconds, 0).unwrap())
}

proptest! {
    #[test]
    fn weeks_are_those_of_a_day_by_day_model(start in any_day(), length in 0..120_u64) {
        let end = start + Days::new(length);
        let weeks: Vec<String> = Period::new(start, end).weeks().into_iter().map(week_of).collect();
        let distinct: BTreeSet<String> = weeks.iter().cloned().collect();
        prop_assert_eq!(distinct.len(), weeks.len());
        prop_assert_eq!(distinct, model(start, end));
    }

    #[test]
    fn days_are_those_of_a_day_by_day_model(start in any_day(), length in 0..60_u64) {
        let days = Period::new(start, start + Days::new(length)).days();
        prop_assert_eq!(days.len() as u64, length + 1);
        for (place, day) in days.iter().enumerate() {
            prop_assert_eq!(*day, start + Days::new(place as u64));
        }
    }

    #[test]
    fn seven_days_are_one_whole_week_and_twenty_eight_are_four(now in any_instant()) {
        for (frame, wanted) in [(TimeFrame::SevenDays, 1), (TimeFrame::TwentyEightDays, 4)] {
            let (weeks, window) = Period::of(frame, now).unwrap().whole_weeks().unwrap();
            prop_assert_eq!(weeks.len(), wanted);
            prop_assert!(window.to <= now);
            prop_assert!(now - window.to < chrono::TimeDelta::days(7));
            prop_assert_eq!(window.to - window.from, chrono::TimeDelta::days(7 * wanted as i64));
        }
    }

    #[test]
    fn what_is_tracked_is_read_a_week_later_and_forgotten_after_five(now in any_instant(), values in 1..4_u64) {
        let mut catalog = Catalog::default();
        catalog.known_events.push(weekly("g_analytics_issues", "analytics"));
        let keyspace = keyspace(&catalog);
        let values = (0..values).map(|value| value.to_string().into_bytes()).collect();
        let written = keyspace.track("g_analytics_issues", values, "", now).unwrap().writes.remove(0).key;
        let reads = |days: u64| {
            let question = UniqueQuestion {
                events: &["g_analytics_issues"],
                period: Period::of(TimeFrame::TwentyEightDays, now + Days::new(days)).unwrap(),
                context: "",
                any_category: false,
                identifier: None,
            };
            keyspace.unique_keys(&question).unwrap().0.contains(&written)
        };
        prop_assert!(!reads(0), "the running week never counts");
        prop_assert!(reads(7) && reads(14) && reads(21) && reads(28));
        prop_assert!(!reads(35));
    }
}
