//! A leaf without an accepted definition never leaves, and no value of a row does: random definitions, selections and
//! consent over rows that hold a canary. SERVICE_PING_CASES says how many cases; `scripts/soak leaks` runs many.

#[path = "leaks/drawn.rs"]
mod drawn;
#[path = "leaks/place.rs"]
mod place;

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;
use service_ping::config::MetricGlobs;
use service_ping::definition::DataCategory;
use service_ping::report::Selection;

use drawn::{Drawn, drawn};
use place::{Place, database};

/// Cases where nothing is said.
const CASES: u32 = 200;
const CANARY: &str = "canary-7d1f";
const CATEGORIES: [DataCategory; 4] = [
    DataCategory::Standard,
    DataCategory::Subscription,
    DataCategory::Operational,
    DataCategory::Optional,
];
const DISABLED: [&str; 4] = ["counts.m1*", "*.m2", "m*", "counts.deep.*"];

/// The key paths of all leaves, as the payload has them; a group's keys stand below its metric.
fn leaves(value: &Value, path: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            leaves(value, &path, into);
        }),
        _ => into.push(path.to_owned()),
    }
}

/// Runs cases on a place of its own.
fn hold(cases: u32) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let place = std::cell::RefCell::new(Place::new());
    let selections = (0..16_u8, proptest::option::of(0..DISABLED.len()));
    proptest!(config, |(drawn in drawn(), (categories, disabled) in selections)| {
        let of_bit = |(bit, category): (usize, &DataCategory)| (categories >> bit & 1 == 1).then_some(*category);
        let selection = Selection {
            categories: CATEGORIES.iter().enumerate().filter_map(of_bit).collect(),
            disabled: MetricGlobs::new(disabled.map(|index| DISABLED[index])).expect("globs"),
            only: None,
        };
        let traces = place.borrow_mut().traces(&drawn, &selection);
        let may_leave = |metric: &&Drawn| {
            metric.accepted == 2
                && selection.categories.contains(&CATEGORIES[metric.category])
                && !selection.disabled.is_match(&metric.key_path)
        };
        let expected: BTreeSet<String> = drawn.iter().filter(may_leave).map(|metric| metric.key_path.clone()).collect();
        prop_assert_eq!(&traces.keys, &expected);
        let mut found = Vec::new();
        leaves(&serde_json::from_str(&traces.texts[0].1).expect("JSON"), "", &mut found);
        for leaf in found {
            let is_of = |key: &String| leaf == *key || leaf.starts_with(&format!("{key}."));
            prop_assert!(expected.iter().any(is_of), "{} left", leaf);
        }
        for (place, text) in &traces.texts {
            prop_assert!(!text.contains(CANARY), "{}: {}", place, text);
            for metric in drawn.iter().filter(|metric| !may_leave(metric)) {
                prop_assert!(!text.contains(&format!("\"{}\"", metric.key_path)), "{}: {}", place, text);
            }
        }
    });
}

#[test]
fn what_was_not_accepted_does_not_leave_and_no_row_does() {
    // Made before the first case: it needs a runtime of its own.
    database();
    let cases = std::env::var("SERVICE_PING_CASES").map_or(CASES, |cases| cases.parse().expect("a number"));
    // Many are shared out among the processors.
    let threads = match cases > CASES {
        true => std::thread::available_parallelism().map_or(1, |threads| threads.get()),
        false => 1,
    };
    let share = cases.div_ceil(u32::try_from(threads).expect("few"));
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(move || hold(share))).collect();
        for thread in threads {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
    println!("{} cases on {threads} threads", share as usize * threads);
}
