//! The classes of events: from a definition to the keys that are read.

use chrono::{TimeZone, Utc};
use serde_json::{Value, json};
use service_ping::definition::{
    Catalog, DataSource, EventOperator, EventSelection, KeyFormat, MetricDefinition, TimeFrame,
};
use service_ping::instrumentation::{Context, Registry, Request, class_of};
use service_ping::keyspace::{FeatureFlags, KeyRules, Keyspace};
use service_ping::measure::{EventMeasure, EventRead, Failure, Measure, Reason};

use crate::catalogs::{metric, operated, selection, weekly};

fn described(catalog: &Catalog, rules: KeyRules, definition: &MetricDefinition) -> Result<Measure, Failure> {
    let registry = Registry::built_in();
    let keyspace = Keyspace::of(catalog, rules, FeatureFlags::default());
    let context = Context {
        catalog,
        registry: &registry,
        keyspace: &keyspace,
        now: Utc.with_ymd_and_hms(2022, 6, 15, 0, 0, 0).unwrap(),
        depth: 0,
    };
    let class = class_of(definition).expect("it has a class");
    let class = registry.class(class, catalog).expect("the class is there");
    class.describe(&Request::of(definition), &context)
}

fn event(measure: Measure) -> EventMeasure {
    match measure {
        Measure::Event(measure) => *measure,
        other => panic!("{other:?} is not of events"),
    }
}

fn with(class: &str, source: DataSource, frame: TimeFrame, options: Value) -> MetricDefinition {
    let mut definition = metric("counts.it", source, frame);
    definition.instrumentation_class = Some(class.to_owned());
    definition.options = options.as_object().unwrap().clone();
    definition
}

fn internal(frame: TimeFrame, events: Vec<EventSelection>) -> MetricDefinition {
    let mut definition = metric("counts.it", DataSource::InternalEvents, frame);
    definition.events = events;
    definition
}

#[test]
fn hll_metrics_read_the_keys_of_their_weeks() {
    let mut catalog = Catalog::default();
    catalog
        .known_events
        .push(weekly("g_compliance_dashboard", "compliance"));
    let options = json!({"events": ["g_compliance_dashboard"]});
    let definition = with("RedisHLLMetric", DataSource::RedisHll, TimeFrame::SevenDays, options);
    let measure = event(described(&catalog, KeyRules::default(), &definition).unwrap());
    assert_eq!(
        measure.read,
        EventRead::Unique(vec!["g_{compliance}_dashboard-2022-23".to_owned()])
    );
    let window = measure.window.unwrap();
    assert_eq!(window.from, Utc.with_ymd_and_hms(2022, 6, 6, 0, 0, 0).unwrap());
    assert_eq!(window.to, Utc.with_ymd_and_hms(2022, 6, 13, 0, 0, 0).unwrap());
}

#[test]
fn hll_metrics_of_today_count_legacy_events_together_without_their_identifier() {
    let mut definition = with("RedisHLLMetric", DataSource::RedisHll, TimeFrame::SevenDays, json!({}));
    definition.events = vec![
        selection("legacy", Some("user.id"), &[]),
        selection("renamed", Some("user.id"), &[]),
        selection("plain", Some("user.id"), &[]),
    ];
    let mut catalog = Catalog::default();
    catalog.metrics.push(definition.clone());
    let rules = KeyRules {
        format: KeyFormat::HllCounters,
        hll_overrides: [("renamed-user".to_owned(), "renamed_before".to_owned())].into(),
        legacy_events: ["legacy".to_owned()].into(),
        ..KeyRules::default()
    };
    let measure = event(described(&catalog, rules.clone(), &definition).unwrap());
    let wanted = [
        "{hll_counters}_legacy-2022-23",
        "{hll_counters}_renamed_before-2022-23",
        "{hll_counters}_plain-user-2022-23",
    ];
    assert_eq!(measure.keys(), wanted);
    definition.events.truncate(1);
    let alone = event(described(&catalog, rules, &definition).unwrap());
    assert_eq!(alone.keys(), ["{hll_counters}_legacy-user-2022-23"]);
}

#[test]
fn internal_events_choose_their_class() {
    let total = internal(TimeFrame::All, vec![selection("a", None, &[])]);
    assert_eq!(class_of(&total), Some("TotalCountMetric"));
    let unique = internal(TimeFrame::SevenDays, vec![selection("a", Some("user.id"), &[])]);
    assert_eq!(class_of(&unique), Some("UniqueCountMetric"));
    let sum = operated(EventOperator::SumOfValues, selection("a", None, &[]));
    assert_eq!(class_of(&internal(TimeFrame::All, vec![sum])), Some("TotalSumMetric"));
    let totals = operated(EventOperator::Total, selection("a", Some("label"), &[]));
    assert_eq!(
        class_of(&internal(TimeFrame::All, vec![totals])),
        Some("UniqueTotalsMetric")
    );
}

#[test]
fn internal_events_read_the_keys_that_tracking_writes() {
    let catalog = Catalog::default();
    let read =
        |definition: &MetricDefinition| event(described(&catalog, KeyRules::default(), definition).unwrap()).read;
    let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<String>>();
    let two = vec![selection("a", None, &[]), selection("b", None, &[("label", "x")])];
    let wanted = owned(&["{event_counters}_a", "{event_counters}_b-filter:[label:x]"]);
    assert_eq!(read(&internal(TimeFrame::All, two.clone())), EventRead::Total(wanted));
    let wanted = owned(&[
        "{event_counters}_a-2022-23",
        "{event_counters}_b-filter:[label:x]-2022-23",
    ]);
    assert_eq!(read(&internal(TimeFrame::SevenDays, two)), EventRead::Total(wanted));
    let unique = internal(TimeFrame::TwentyEightDays, vec![selection("a", Some("user.id"), &[])]);
    let weeks = ["20", "21", "22", "23"].map(|week| format!("{{hll_counters}}_a-user-2022-{week}"));
    assert_eq!(read(&unique), EventRead::Unique(weeks.to_vec()));
    let totals = operated(EventOperator::Total, selection("a", Some("label"), &[]));
    let wanted = vec![("label".to_owned(), owned(&["{hll_counters}_a-operator:total-label"]))];
    assert_eq!(read(&internal(TimeFrame::All, vec![totals])), EventRead::Fields(wanted));
    let sum = operated(EventOperator::SumOfValues, selection("a", None, &[]));
    let wanted = owned(&["{event_sums}_a-operator:sum(value)-2022-23"]);
    assert_eq!(read(&internal(TimeFrame::SevenDays, vec![sum])), EventRead::Sum(wanted));
}

#[test]
fn aggregates_of_events_are_one_union_or_an_intersection_of_sketches() {
    let mut catalog = Catalog::default();
    catalog
        .known_events
        .extend([weekly("i_search_total", "search"), weekly("i_search_paid", "search")]);
    let aggregate = |operator: &str| {
        let options = json!({
            "aggregate": {"operator": operator, "attribute": "user_id"},
            "events": ["i_search_total", "i_search_paid"],
        });
        let definition = with("AggregatedMetric", DataSource::RedisHll, TimeFrame::SevenDays, options);
        described(&catalog, KeyRules::default(), &definition)
    };
    let keys = ["i_{search}_total-2022-23", "i_{search}_paid-2022-23"];
    assert_eq!(event(aggregate("OR").unwrap()).keys(), keys);
    match aggregate("AND").unwrap() {
        Measure::Aggregate(aggregate) => assert_eq!(aggregate.parts.len(), 2),
        other => panic!("{other:?}"),
    }
    assert_eq!(aggregate("XOR").unwrap_err().reason, Reason::InvalidOptions);
}

#[test]
fn aggregates_of_the_database_are_the_estimates_that_persist_their_parts() {
    let mut catalog = Catalog::default();
    for name in ["dependency_scanning_pipeline", "container_scanning_pipeline"] {
        let options = json!({
            "operation": "estimate_batch_distinct_count",
            "relation": "security_scans",
            "column": "pipeline_id",
            "persist_as": name,
        });
        let mut estimate = with(
            "DatabaseMetric",
            DataSource::Database,
            TimeFrame::TwentyEightDays,
            options,
        );
        estimate.key_path = service_ping::definition::KeyPath::new(&format!("counts.{name}")).unwrap();
        catalog.metrics.push(estimate);
    }
    let options = |source: &str| {
        json!({
            "aggregate": {"operator": "AND"},
            "source": source,
            "events": ["dependency_scanning_pipeline", "container_scanning_pipeline"],
        })
    };
    let asked = |frame, source: &str| {
        let definition = with("AggregatedMetric", DataSource::Database, frame, options(source));
        described(&catalog, KeyRules::default(), &definition)
    };
    for source in ["database", "mixed"] {
        let Measure::Aggregate(aggregate) = asked(TimeFrame::TwentyEightDays, source).unwrap() else {
            panic!("an aggregate");
        };
        let own = described(&catalog, KeyRules::default(), &catalog.metrics[0]).unwrap();
        assert!(
            aggregate.parts.contains(&own),
            "the part is the very measure of the estimate"
        );
    }
    assert_eq!(
        asked(TimeFrame::All, "database").unwrap_err().reason,
        Reason::NotPersisted
    );
    assert_eq!(
        asked(TimeFrame::All, "redis").unwrap_err().reason,
        Reason::InvalidOptions
    );
}

#[test]
fn intersections_of_too_many_sets_are_refused() {
    let names: Vec<String> = (0..13).map(|place| format!("event_{place}")).collect();
    let options = json!({"aggregate": {"operator": "AND"}, "events": names});
    let definition = with("AggregatedMetric", DataSource::RedisHll, TimeFrame::SevenDays, options);
    let failure = described(&Catalog::default(), KeyRules::default(), &definition).unwrap_err();
    assert_eq!(failure.reason, Reason::InvalidOptions);
}
