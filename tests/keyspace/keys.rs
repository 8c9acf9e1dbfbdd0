//! The spelling of keys, and what is refused (spec 6.2, 6.3, 5).

use chrono::{DateTime, TimeZone, Utc};
use serde_json::json;
use service_ping::definition::{Aggregation, Catalog, DataSource, KeyFormat, TimeFrame};
use service_ping::keyspace::{
    Change, CounterKey, EventError, GLOBAL_FLAG, KeyRules, Keyspace, Life, Period, UniqueQuestion, Write,
};

use crate::catalogs::{flags, keyspace, known, metric, weekly};

fn now() -> DateTime<Utc> {
    // A Tuesday of ISO week 23.
    Utc.with_ymd_and_hms(2020, 6, 2, 12, 0, 0).unwrap()
}

fn values() -> Vec<Vec<u8>> {
    vec![b"1".to_vec(), b"2".to_vec()]
}

fn written(keyspace: &Keyspace, name: &str, context: &str) -> Result<Write, EventError> {
    Ok(keyspace.track(name, values(), context, now())?.writes.remove(0))
}

#[test]
fn keys_have_their_slot_in_braces() {
    let mut catalog = Catalog::default();
    catalog.known_events.extend([
        weekly("g_analytics_contribution", "analytics"),
        known("wiki_action", "source_code", None, Aggregation::Daily),
        known("users_creating_epics", "epics", Some("users"), Aggregation::Weekly),
        weekly("a_a_b", "a"),
    ]);
    let keyspace = keyspace(&catalog);
    let key = |name, context| written(&keyspace, name, context).unwrap().key;
    assert_eq!(
        key("g_analytics_contribution", ""),
        "g_{analytics}_contribution-2020-23"
    );
    assert_eq!(
        key("g_analytics_contribution", "default"),
        "default_g_{analytics}_contribution-2020-23"
    );
    assert_eq!(key("wiki_action", ""), "2020-154-{wiki_action}");
    assert_eq!(key("wiki_action", "premium"), "premium_2020-154-{wiki_action}");
    assert_eq!(key("users_creating_epics", ""), "{users}_creating_epics-2020-23");
    // Every occurrence is in braces, which no key may be.
    assert!(matches!(
        written(&keyspace, "a_a_b", ""),
        Err(EventError::KeyFormat { .. })
    ));
}

#[test]
fn lives_are_29_days_6_weeks_or_what_the_event_says() {
    let mut catalog = Catalog::default();
    let mut short = known("a", "c", None, Aggregation::Daily);
    short.expiry = Some(84);
    catalog.known_events.extend([
        short,
        known("b", "c", None, Aggregation::Daily),
        known("d", "c", None, Aggregation::Weekly),
    ]);
    let keyspace = keyspace(&catalog);
    let days = |name| match written(&keyspace, name, "").unwrap().life {
        Life::Renewed(life) => life.as_secs() / 86_400,
        other => panic!("{other:?}"),
    };
    assert_eq!([days("a"), days("b"), days("d")], [84, 29, 42]);
}

#[test]
fn keys_of_today_follow_the_configuration_and_its_lists() {
    let mut catalog = Catalog::default();
    catalog.known_events.extend([
        known("g_edit_by_sfe", "ide_edit", Some("edit"), Aggregation::Daily),
        weekly("i_old_name", "old"),
    ]);
    let rules = KeyRules {
        format: KeyFormat::HllCounters,
        hll_overrides: [("i_old_name".to_owned(), "older".to_owned())].into(),
        ..KeyRules::default()
    };
    let keyspace = Keyspace::of(&catalog, rules, flags(&[]));
    let sketch = written(&keyspace, "g_edit_by_sfe", "").unwrap();
    assert_eq!(sketch.key, "{hll_counters}_g_edit_by_sfe-2020-23");
    assert_eq!(
        written(&keyspace, "i_old_name", "").unwrap().key,
        "{hll_counters}_older-2020-23"
    );
}

#[test]
fn events_that_only_metrics_name_have_keys_of_today() {
    let mut catalog = Catalog::default();
    let mut named = metric("counts.a", DataSource::RedisHll, TimeFrame::SevenDays);
    named.options.insert("events".to_owned(), json!(["p_analytics_repo"]));
    named.instrumentation_class = Some("RedisHLLMetric".to_owned());
    catalog.metrics.push(named);
    let key = written(&keyspace(&catalog), "p_analytics_repo", "").unwrap().key;
    assert_eq!(key, "{hll_counters}_p_analytics_repo-2020-23");
}

#[test]
fn what_cannot_be_tracked_is_told_by_its_own_error() {
    let mut catalog = Catalog::default();
    catalog.known_events.extend([
        weekly("g_compliance_dashboard", "compliance"),
        known("no_slot_here", "c", Some("absent"), Aggregation::Weekly),
        known("bad name", "c", None, Aggregation::Weekly),
    ]);
    let keyspace = keyspace(&catalog);
    let error = |name, context| written(&keyspace, name, context).unwrap_err();
    let unknown = error("g_compliance_dashbord", "");
    let suggestion = Some("g_compliance_dashboard".to_owned());
    assert!(matches!(&unknown, EventError::UnknownEvent { suggestion: found, .. } if *found == suggestion));
    assert!(matches!(
        error("g_compliance_dashboard", "platinum"),
        EventError::InvalidContext(_)
    ));
    assert!(matches!(error("no_slot_here", ""), EventError::KeyFormat { .. }));
    assert!(matches!(error("bad name", ""), EventError::KeyFormat { .. }));
    let nothing = keyspace.track("g_compliance_dashboard", Vec::new(), "", now());
    assert!(matches!(nothing, Err(EventError::NoValues(_))));
}

#[test]
fn flags_hold_back_an_event_and_the_global_one_all() {
    let mut catalog = Catalog::default();
    let mut flagged = weekly("i_ecosystem_jira", "ecosystem");
    flagged.feature_flag = Some("track_jira".to_owned());
    catalog
        .known_events
        .extend([flagged, weekly("g_analytics_a", "analytics")]);
    let held = |set: &[(&str, bool)], name| {
        let keyspace = Keyspace::of(&catalog, KeyRules::default(), flags(set));
        let tracked = keyspace.track(name, values(), "", now()).unwrap();
        assert_eq!(tracked.held_back.is_some(), tracked.writes.is_empty());
        tracked.held_back
    };
    assert_eq!(held(&[], "g_analytics_a"), None);
    assert_eq!(held(&[], "i_ecosystem_jira").as_deref(), Some("track_jira"));
    assert_eq!(held(&[("track_jira", true)], "i_ecosystem_jira"), None);
    let global = [("track_jira", true), (GLOBAL_FLAG, false)];
    assert_eq!(held(&global, "i_ecosystem_jira").as_deref(), Some(GLOBAL_FLAG));
    assert_eq!(held(&global, "g_analytics_a").as_deref(), Some(GLOBAL_FLAG));
}

#[test]
fn events_are_counted_together_only_if_they_belong_together() {
    let mut catalog = Catalog::default();
    let daily = known(
        "g_compliance_daily",
        "compliance",
        Some("compliance"),
        Aggregation::Daily,
    );
    let other = known("i_compliance_other", "other", Some("compliance"), Aggregation::Weekly);
    catalog.known_events.extend([
        weekly("g_compliance_a", "compliance"),
        weekly("i_compliance_b", "compliance"),
        weekly("g_analytics_c", "analytics"),
        known("slotless", "compliance", None, Aggregation::Weekly),
        daily,
        other,
    ]);
    let keyspace = keyspace(&catalog);
    let asked = |events: &[&str], any_category| {
        let question = UniqueQuestion {
            events,
            period: Period::of(TimeFrame::SevenDays, now()).unwrap(),
            context: "",
            any_category,
            identifier: None,
        };
        keyspace.unique_keys(&question).map(|(keys, _)| keys)
    };
    let both = ["g_{compliance}_a-2020-22", "i_{compliance}_b-2020-22"];
    assert_eq!(asked(&["g_compliance_a", "i_compliance_b"], false).unwrap(), both);
    assert_eq!(asked(&["slotless"], false).unwrap(), ["{slotless}-2020-22"]);
    let error = |events: &[&str], any| asked(events, any).unwrap_err();
    assert!(matches!(
        error(&["g_compliance_a", "g_analytics_c"], false),
        EventError::SlotMismatch(_)
    ));
    assert!(matches!(
        error(&["slotless", "slotless"], false),
        EventError::SlotMismatch(_)
    ));
    let mixed = ["g_compliance_a", "i_compliance_other"];
    assert!(matches!(error(&mixed, false), EventError::CategoryMismatch(_)));
    assert_eq!(asked(&mixed, true).unwrap().len(), 2);
    let spans = ["g_compliance_a", "g_compliance_daily"];
    assert!(matches!(error(&spans, false), EventError::AggregationMismatch(_)));
    assert!(matches!(error(&spans, true), EventError::AggregationMismatch(_)));
    assert!(matches!(error(&["unknown"], true), EventError::UnknownEvent { .. }));
    assert!(matches!(error(&[], true), EventError::NoEvent));
}

#[test]
fn counters_have_the_keys_of_every_era() {
    let key = |options: serde_json::Value| CounterKey::from_options(options.as_object().unwrap());
    let table = [
        (
            json!({"prefix": "source_code", "event": "pushes"}),
            "source_code_pushes",
            "USAGE_SOURCE_CODE_PUSHES",
        ),
        (
            json!({"counter_class": "SourceCodeCounter", "event": "pushes"}),
            "source_code_pushes",
            "USAGE_SOURCE_CODE_PUSHES",
        ),
        (
            json!({"prefix": "web_ide", "event": "commits_count", "include_usage_prefix": false}),
            "web_ide_commits_count",
            "WEB_IDE_COMMITS_COUNT",
        ),
        (
            json!({"counter_class": "Gitlab::UsageDataCounters::WebIdeCounter", "event": "views_count"}),
            "web_ide_views_count",
            "WEB_IDE_VIEWS_COUNT",
        ),
        (
            json!({"prefix": null, "event": "licenses"}),
            "licenses",
            "USAGE_LICENSES",
        ),
    ];
    for (options, name, wanted) in table {
        let counter = key(options).unwrap();
        assert_eq!((counter.name.as_str(), counter.key.as_str()), (name, wanted));
    }
    for options in [
        json!({}),
        json!({"event": "a"}),
        json!({"prefix": "a"}),
        json!({"event": 1, "prefix": null}),
    ] {
        assert!(key(options.clone()).is_err(), "{options}");
    }
}

#[test]
fn increments_go_to_counters_that_metrics_read() {
    let mut catalog = Catalog::default();
    let mut read = metric("counts.pushes", DataSource::Redis, TimeFrame::All);
    read.instrumentation_class = Some("RedisMetric".to_owned());
    read.options = json!({"prefix": "source_code", "event": "pushes"})
        .as_object()
        .unwrap()
        .clone();
    catalog.metrics.push(read);
    let keyspace = keyspace(&catalog);
    let tracked = keyspace.increment("source_code_pushes", 3).unwrap();
    let wanted = Write {
        key: "USAGE_SOURCE_CODE_PUSHES".to_owned(),
        change: Change::Increment(3),
        life: Life::Forever,
    };
    assert_eq!(tracked.writes, [wanted]);
    let error = keyspace.increment("source_code_pushs", 1).unwrap_err();
    assert!(
        error.to_string().contains("did you mean \"source_code_pushes\""),
        "{error}"
    );
}
