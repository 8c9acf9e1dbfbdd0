//! Internal events: which keys an occurrence feeds (spec 16).

use std::collections::BTreeMap;

use chrono::{DateTime, TimeZone, Utc};
use serde_json::{Value, json};
use service_ping::definition::{Catalog, DataSource, EventOperator, EventSelection, TimeFrame};
use service_ping::keyspace::{Change, EventError, GLOBAL_FLAG, KeyRules, Keyspace, Life, Occurrence};

use crate::catalogs::{flags, internal, keyspace, metric, operated, selection, weekly};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2023, 10, 19, 8, 0, 0).unwrap()
}

fn occurrence(identifiers: &[(&str, &str)], properties: Value) -> Occurrence {
    Occurrence {
        identifiers: identifiers
            .iter()
            .map(|(name, id)| ((*name).to_owned(), (*id).to_owned()))
            .collect(),
        properties: properties.as_object().unwrap().clone().into_iter().collect(),
    }
}

fn catalog(selections: &[(TimeFrame, EventSelection)]) -> Catalog {
    let mut catalog = Catalog::default();
    catalog
        .events
        .push(internal("my_event", &["label", "property", "value", "custom"]));
    for (place, (time_frame, selection)) in selections.iter().enumerate() {
        let mut metric = metric(&format!("counts.m{place}"), DataSource::InternalEvents, *time_frame);
        metric.events = vec![selection.clone()];
        catalog.metrics.push(metric);
    }
    catalog
}

/// The keys that an occurrence feeds, each with what is done to it.
fn fed(keyspace: &Keyspace, occurrence: &Occurrence) -> BTreeMap<String, String> {
    let tracked = keyspace.track_internal("my_event", occurrence, now()).unwrap();
    let shown = tracked.writes.iter().map(|write| {
        let change = match &write.change {
            Change::Add(values) => format!("add {}", String::from_utf8_lossy(&values[0])),
            Change::Increment(by) => format!("incr {by}"),
            Change::IncrementFloat(by) => format!("incrbyfloat {by}"),
            Change::IncrementField { field, by } => format!("hincrby {field} {by}"),
        };
        let life = match write.life {
            Life::Forever => "for ever".to_owned(),
            Life::Renewed(life) => format!("{} days from the last", life.as_secs() / 86_400),
            Life::Fixed(life) => format!("{} days from the first", life.as_secs() / 86_400),
        };
        (write.key.clone(), format!("{change}, {life}"))
    });
    shown.collect()
}

#[test]
fn an_occurrence_feeds_every_metric_that_selects_it() {
    let filter = [("property", "deploy_token"), ("label", "npm")];
    let catalog = catalog(&[
        (TimeFrame::SevenDays, selection("my_event", Some("user.id"), &[])),
        (TimeFrame::TwentyEightDays, selection("my_event", Some("user.id"), &[])),
        (TimeFrame::All, selection("my_event", None, &filter)),
        (TimeFrame::SevenDays, selection("my_event", Some("project.id"), &filter)),
        (TimeFrame::All, selection("my_event", None, &[("label", "maven")])),
        (
            TimeFrame::SevenDays,
            operated(EventOperator::SumOfValues, selection("my_event", None, &[])),
        ),
        (
            TimeFrame::All,
            operated(
                EventOperator::SumOfValues,
                selection("my_event", None, &[("label", "npm")]),
            ),
        ),
        (
            TimeFrame::SevenDays,
            operated(EventOperator::Total, selection("my_event", Some("label"), &[])),
        ),
        (TimeFrame::SevenDays, selection("my_event", Some("namespace.id"), &[])),
    ]);
    let occurrence = occurrence(
        &[("user", "7"), ("project", "9")],
        json!({"label": "npm", "property": "deploy_token", "value": 2.5}),
    );
    let wanted = [
        ("{event_counters}_my_event", "incr 1, for ever"),
        ("{event_counters}_my_event-2023-42", "incr 1, 42 days from the first"),
        (
            "{event_counters}_my_event-filter:[label:npm,property:deploy_token]",
            "incr 1, for ever",
        ),
        ("{hll_counters}_my_event-user-2023-42", "add 7, 42 days from the last"),
        (
            "{hll_counters}_my_event-filter:[label:npm,property:deploy_token]-project-2023-42",
            "add 9, 42 days from the last",
        ),
        (
            "{event_sums}_my_event-operator:sum(value)-2023-42",
            "incrbyfloat 2.5, 42 days from the first",
        ),
        (
            "{event_sums}_my_event-operator:sum(value)-filter:[label:npm]",
            "incrbyfloat 2.5, for ever",
        ),
        (
            "{hll_counters}_my_event-operator:total-label-2023-42",
            "hincrby npm 1, 42 days from the first",
        ),
    ];
    let wanted: BTreeMap<String, String> = wanted
        .into_iter()
        .map(|(key, what)| (key.to_owned(), what.to_owned()))
        .collect();
    assert_eq!(fed(&keyspace(&catalog), &occurrence), wanted);
}

#[test]
fn an_event_that_no_metric_selects_is_counted_all_the_same() {
    let keys: Vec<String> = fed(&keyspace(&catalog(&[])), &Occurrence::default())
        .into_keys()
        .collect();
    assert_eq!(keys, ["{event_counters}_my_event", "{event_counters}_my_event-2023-42"]);
}

#[test]
fn older_keys_of_the_lists_are_fed_in_place_of_new_ones() {
    let catalog = catalog(&[
        (
            TimeFrame::SevenDays,
            selection("my_event", Some("user.id"), &[("label", "a")]),
        ),
        (TimeFrame::All, selection("my_event", None, &[("label", "a")])),
    ]);
    let rules = KeyRules {
        hll_overrides: [("my_event-filter:[label:a]-user".to_owned(), "p_older".to_owned())].into(),
        total_overrides: [
            ("{event_counters}_my_event".to_owned(), "USAGE_MY_EVENT".to_owned()),
            (
                "{event_counters}_my_event-filter:[label:a]".to_owned(),
                "USAGE_MY_A".to_owned(),
            ),
        ]
        .into(),
        ..KeyRules::default()
    };
    let keyspace = Keyspace::of(&catalog, rules, flags(&[]));
    let keys: Vec<String> = fed(&keyspace, &occurrence(&[("user", "1")], json!({"label": "a"})))
        .into_keys()
        .collect();
    let wanted = [
        "USAGE_MY_A",
        "USAGE_MY_EVENT",
        "{event_counters}_my_event-2023-42",
        "{hll_counters}_p_older-2023-42",
    ];
    assert_eq!(keys, wanted);
}

#[test]
fn properties_are_checked() {
    let keyspace = keyspace(&catalog(&[]));
    let error = |properties: Value| keyspace.track_internal("my_event", &occurrence(&[], properties), now());
    let unknown = error(json!({"custm": "x"})).unwrap_err();
    assert!(unknown.to_string().contains("did you mean \"custom\""), "{unknown}");
    for wrong in [
        json!({"label": 1}),
        json!({"value": "1"}),
        json!({"custom": [1]}),
        json!({"property": null}),
    ] {
        assert!(
            matches!(error(wrong.clone()), Err(EventError::PropertyType { .. })),
            "{wrong}"
        );
    }
    assert!(error(json!({"custom": true, "value": 1, "label": "x"})).is_ok());
}

#[test]
fn the_two_kinds_of_event_are_not_tracked_as_each_other() {
    let mut catalog = catalog(&[]);
    catalog.known_events.push(weekly("g_analytics_a", "analytics"));
    let keyspace = keyspace(&catalog);
    let with_values = keyspace.track("my_event", vec![b"1".to_vec()], "", now());
    assert!(matches!(with_values, Err(EventError::WantsIdentifiers(_))));
    let with_identifiers = keyspace.track_internal("g_analytics_a", &Occurrence::default(), now());
    assert!(matches!(with_identifiers, Err(EventError::WantsValues(_))));
    let unknown = keyspace
        .track_internal("my_evnt", &Occurrence::default(), now())
        .unwrap_err();
    assert!(matches!(&unknown, EventError::UnknownEvent { suggestion: Some(name), .. } if name == "my_event"));
}

#[test]
fn the_global_flag_stops_unique_values_and_leaves_totals() {
    let catalog = catalog(&[(TimeFrame::SevenDays, selection("my_event", Some("user.id"), &[]))]);
    let keyspace = Keyspace::of(&catalog, KeyRules::default(), flags(&[(GLOBAL_FLAG, false)]));
    let tracked = keyspace
        .track_internal("my_event", &occurrence(&[("user", "1")], json!({})), now())
        .unwrap();
    assert_eq!(tracked.held_back.as_deref(), Some(GLOBAL_FLAG));
    assert_eq!(tracked.writes.len(), 2);
}
