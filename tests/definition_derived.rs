//! The metrics that follow from known events and aggregates, and what a catalog answers about names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use service_ping::definition::{
    Catalog, DataCategory, DataSource, DerivedSettings, Loaded, MetricDefinition, Status, TimeFrame, ValueType,
    derived, findings, load, silence,
};

const METRIC: &str = "description: d\nvalue_type: number\nstatus: active\ntime_frame: 28d\ndata_source: redis_hll\n";

/// A folder of these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    fs::create_dir(root.path().join("metrics")).expect("a folder");
    for (name, text) in files {
        let file = root.path().join(name);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        fs::write(file, text).expect("a file");
    }
    root
}

fn loaded(files: &[(&str, &str)]) -> Loaded {
    load(folder(files).path()).expect("a folder")
}

fn catalog(files: &[(&str, &str)]) -> Catalog {
    let loaded = loaded(files);
    assert_eq!(loaded.problems, []);
    loaded.catalog
}

/// With these totals, and all flags on but these.
fn derive(catalog: &Catalog, totals: &[&str], off: &[&str]) -> Vec<MetricDefinition> {
    let settings = DerivedSettings {
        categories_for_totals: totals.iter().map(|name| (*name).to_owned()).collect(),
        flag: &|flag| !off.contains(&flag),
    };
    derived(catalog, &settings)
}

fn paths(metrics: &[MetricDefinition]) -> Vec<&str> {
    metrics.iter().map(|metric| metric.key_path.as_str()).collect()
}

const READING: &str = "- {name: users_reading, category: reading, redis_slot: users, aggregation: weekly}\n";
const WRITING: &str = "- {name: users_writing, category: reading, redis_slot: users, aggregation: weekly}\n";

#[test]
fn an_event_stands_weekly_and_monthly() {
    let catalog = catalog(&[("known_events/a.yml", READING)]);
    let metrics = derive(&catalog, &["reading"], &[]);
    assert_eq!(
        paths(&metrics),
        [
            "redis_hll_counters.reading.users_reading_weekly",
            "redis_hll_counters.reading.users_reading_monthly"
        ]
    );
    let [weekly, monthly] = metrics.as_slice() else {
        panic!("two")
    };
    assert_eq!(
        (weekly.time_frame, monthly.time_frame),
        (TimeFrame::SevenDays, TimeFrame::TwentyEightDays)
    );
    assert_eq!(weekly.instrumentation_class.as_deref(), Some("RedisHLLMetric"));
    assert_eq!(json!(weekly.options), json!({"events": ["users_reading"]}));
    assert_eq!((weekly.status, weekly.value_type), (Status::Active, ValueType::Number));
    assert_eq!(
        (weekly.data_source, weekly.data_category),
        (DataSource::RedisHll, DataCategory::Optional)
    );
    assert_eq!(weekly.file, Path::new("known_events/a.yml"));
    assert_eq!(weekly.attributes["description"], weekly.description);
    assert!(weekly.description.contains("users_reading"), "{}", weekly.description);
}

#[test]
fn exceptions_of_the_section_are_kept() {
    let package = "- {name: i_package_composer_deploy_token, category: packages, aggregation: weekly}\n";
    let catalog = catalog(&[
        ("known_events/a.yml", package),
        (
            "known_events/b.yml",
            "- {name: without_category, aggregation: weekly}\n",
        ),
    ]);
    let metrics = derive(&catalog, &[], &[]);
    assert_eq!(
        paths(&metrics),
        ["redis_hll_counters.packages.i_package_composer_deploy_token_monthly"]
    );
    assert_eq!(derive(&catalog, &[], &["redis_hll_tracking"]), []);
}

#[test]
fn totals_need_several_events_of_one_slot_and_one_aggregation() {
    let other = |text: &str| format!("{READING}{text}");
    let table = [
        (READING.to_owned(), false),
        (other(WRITING), true),
        (other(&WRITING.replace("slot: users", "slot: writing")), false),
        (other(&WRITING.replace("weekly", "daily")), false),
        (other(&WRITING.replace("category: reading", "category: writing")), false),
        (format!("{READING}{WRITING}").replace(", redis_slot: users", ""), false),
    ];
    for (text, expected) in table {
        let catalog = catalog(&[("known_events/a.yml", &text)]);
        let metrics = derive(&catalog, &["reading"], &[]);
        let total = metrics
            .iter()
            .find(|metric| metric.key_path.as_str() == "redis_hll_counters.reading.reading_total_unique_counts_weekly");
        assert_eq!(total.is_some(), expected, "{text}");
        if let Some(total) = total {
            assert_eq!(
                json!(total.options),
                json!({"events": ["users_reading", "users_writing"]})
            );
        }
        let without = derive(&catalog, &["writing"], &[]);
        assert!(
            !paths(&without).iter().any(|path| path.contains("total_unique")),
            "{text}"
        );
    }
}

fn aggregate(name: &str, rest: &str) -> String {
    format!("- name: {name}\n  operator: AND\n  events: [users_reading, users_writing]\n{rest}")
}

#[test]
fn aggregates_stand_where_their_time_frames_say() {
    let lists = [
        aggregate("redis", "  source: redis\n  time_frame: [7d, 28d]\n"),
        aggregate("database", "  source: database\n  time_frame: [28d, all]\n"),
        aggregate("mixed", "  source: mixed\n  time_frame: [7d]\n  feature_flag: mixing\n"),
    ];
    let catalog = catalog(&[("aggregated_metrics/a.yml", &lists.concat())]);
    let metrics = derive(&catalog, &[], &[]);
    let table: Vec<(&str, DataSource, &str)> = metrics
        .iter()
        .map(|metric| {
            let source = metric.options["source"].as_str().expect("a source");
            (metric.key_path.as_str(), metric.data_source, source)
        })
        .collect();
    assert_eq!(
        table,
        [
            ("counts_weekly.aggregated_metrics.redis", DataSource::RedisHll, "redis"),
            ("counts_monthly.aggregated_metrics.redis", DataSource::RedisHll, "redis"),
            (
                "counts_monthly.aggregated_metrics.database",
                DataSource::Database,
                "database"
            ),
            ("counts.aggregate_database", DataSource::Database, "database"),
            ("counts_weekly.aggregated_metrics.mixed", DataSource::RedisHll, "mixed"),
        ]
    );
    assert_eq!(
        json!(metrics[0].options),
        json!({"aggregate": {"operator": "AND"}, "source": "redis", "events": ["users_reading", "users_writing"]})
    );
    assert_eq!(metrics[0].instrumentation_class.as_deref(), Some("AggregatedMetric"));
    let without = derive(&catalog, &[], &["mixing", "redis_hll_tracking"]);
    assert_eq!(
        without.len(),
        4,
        "one flag takes its aggregate, the other one no aggregate at all"
    );
}

#[test]
fn a_definition_of_the_same_key_path_wins() {
    let path = |end: &str| format!("key_path: redis_hll_counters.reading.users_reading_{end}\n{METRIC}");
    let own = path("weekly") + "instrumentation_class: OwnMetric\noptions: {x: 1}\n";
    let old = path("monthly").replace("status: active", "status: data_available") + "data_category: Operational\n";
    let mut catalog = catalog(&[
        ("metrics/counts/a.yml", &own),
        ("metrics/counts/b.yml", &old),
        ("known_events/a.yml", &format!("{READING}{WRITING}")),
    ]);
    let metrics = derive(&catalog, &[], &[]);
    catalog.adopt(metrics);
    assert_eq!(catalog.metrics.len(), 4);
    let weekly = catalog
        .metric("redis_hll_counters.reading.users_reading_weekly")
        .expect("defined");
    assert_eq!(weekly.instrumentation_class.as_deref(), Some("OwnMetric"));
    assert_eq!(json!(weekly.options), json!({"x": 1}));
    let monthly = catalog
        .metric("redis_hll_counters.reading.users_reading_monthly")
        .expect("defined");
    assert_eq!(monthly.instrumentation_class.as_deref(), Some("RedisHLLMetric"), "lent");
    assert_eq!(json!(monthly.options), json!({"events": ["users_reading"]}));
    assert_eq!(
        (monthly.status, monthly.data_category, monthly.file.as_path()),
        (
            Status::DataAvailable,
            DataCategory::Operational,
            Path::new("metrics/counts/b.yml")
        )
    );
    let sorted: Vec<&str> = paths(&catalog.metrics);
    let mut again = sorted.clone();
    again.sort_unstable();
    assert_eq!(sorted, again);
}

#[test]
fn what_has_no_place_is_left_out() {
    let leaf = format!("key_path: redis_hll_counters.reading\n{METRIC}");
    let mut catalog = catalog(&[("metrics/counts/a.yml", &leaf), ("known_events/a.yml", READING)]);
    let metrics = derive(&catalog, &[], &[]);
    catalog.adopt(metrics);
    assert_eq!(paths(&catalog.metrics), ["redis_hll_counters.reading"]);
    assert_eq!(findings(&catalog, &|_| true).len(), 1);
}

#[test]
fn a_broken_definition_keeps_its_key_path_and_a_broken_entry_its_own() {
    let broken = "key_path: redis_hll_counters.reading.users_reading_weekly\nvalue_type: number\n";
    let mut loaded = loaded(&[
        ("metrics/counts/a.yml", broken),
        (
            "known_events/a.yml",
            &format!("{READING}- {{name: users_writing, category: reading}}\n"),
        ),
    ]);
    let metrics = derive(&loaded.catalog, &[], &[]);
    loaded.adopt(metrics);
    assert_eq!(
        paths(&loaded.catalog.metrics),
        ["redis_hll_counters.reading.users_reading_monthly"]
    );
    let invalid: BTreeSet<&str> = loaded
        .invalid
        .iter()
        .flat_map(|invalid| &invalid.key_paths)
        .map(|path| path.as_str())
        .collect();
    let expected = ["users_reading_weekly", "users_writing_monthly", "users_writing_weekly"];
    assert_eq!(
        invalid,
        expected
            .map(|end| format!("redis_hll_counters.reading.{end}"))
            .iter()
            .map(String::as_str)
            .collect()
    );
}

#[test]
fn adopting_twice_changes_nothing_more() {
    let list = aggregate("union", "  source: redis\n  time_frame: [7d]\n");
    let mut once = catalog(&[
        ("known_events/a.yml", &format!("{READING}{WRITING}")),
        ("aggregated_metrics/a.yml", &list),
    ]);
    let metrics = derive(&once, &["reading"], &[]);
    once.adopt(metrics.clone());
    let mut twice = once.clone();
    twice.adopt(metrics);
    assert_eq!(once, twice);
    assert_eq!(
        findings(&twice, &|_| true),
        [],
        "derived metrics are judged where they come from"
    );
}

#[test]
fn names_are_answered_by_any_means() {
    let estimate = "instrumentation_class: DatabaseMetric\noptions:\n  operation: estimate_batch_distinct_count\n  \
                    relation: issues\n  persist_as: authors\n";
    let counted = "instrumentation_class: RedisHLLMetric\noptions: {events: [counted]}\n";
    let database = METRIC.replace("redis_hll", "database");
    let old = METRIC.replace("status: active", "status: removed");
    let catalog = catalog(&[
        (
            "metrics/counts/a.yml",
            &format!("key_path: counts.a\n{database}{estimate}"),
        ),
        (
            "metrics/counts/b.yml",
            &format!("key_path: counts.b\n{METRIC}{counted}"),
        ),
        (
            "metrics/counts/c.yml",
            &format!("key_path: counts.c\n{old}{}", counted.replace("[counted]", "[removed]")),
        ),
        ("known_events/a.yml", READING),
        ("events/a.yml", "description: early\naction: open\ncategory: pages\n"),
        (
            "events/b.yml",
            "description: now\naction: open\ninternal_events: true\n",
        ),
        ("events/c.yml", "description: d\naction: gone\nstatus: removed\n"),
        (
            "aggregated_metrics/a.yml",
            &aggregate("union", "  source: redis\n  time_frame: [7d]\n"),
        ),
    ]);
    assert_eq!(
        catalog.known_event("users_reading").expect("known").file,
        Path::new("known_events/a.yml")
    );
    assert_eq!(catalog.event("open").expect("the internal one").description, "now");
    for (name, known) in [
        ("users_reading", true),
        ("open", true),
        ("counted", true),
        ("gone", false),
        ("removed", false),
        ("authors", false),
        ("users_writing", false),
    ] {
        assert_eq!(catalog.names_event(name), known, "{name}");
    }
    let persisted = catalog
        .persisted("authors", TimeFrame::TwentyEightDays)
        .expect("persisted");
    assert_eq!(persisted.key_path.as_str(), "counts.a");
    assert!(catalog.persisted("authors", TimeFrame::SevenDays).is_none());
}

#[test]
fn thousands_of_names_are_no_matter() {
    let events: String = (0..3_000)
        .map(|index| {
            format!(
                "- {{name: users_{index}, category: c{}, redis_slot: users, aggregation: daily}}\n",
                index % 9
            )
        })
        .collect();
    let mut catalog = catalog(&[("known_events/a.yml", &events)]);
    let metrics = derive(&catalog, &["c1"], &[]);
    assert_eq!(metrics.len(), 6_002);
    catalog.adopt(metrics);
    assert_eq!(catalog.metrics.len(), 6_002);
    assert!((0..3_000).all(|index| catalog.names_event(&format!("users_{index}"))));
}

#[test]
fn gitlab_s_own_lists_give_gitlab_s_own_keys() {
    let Some(root) = gitlab("older") else { return };
    let mut catalog = load(&root).expect("a folder").catalog;
    // The keys of the lists, taken from their lines.
    let mut expected = BTreeSet::new();
    for file in fs::read_dir(root.join("lib/gitlab/usage_data_counters/known_events")).expect("lists") {
        let text = fs::read_to_string(file.expect("a list").path()).expect("text");
        for entry in text
            .split("\n- name: ")
            .map(|entry| entry.trim_start_matches("---\n").trim_start_matches("- name: "))
        {
            let mut lines = entry.lines();
            let name = lines.next().unwrap_or_default().trim();
            if let Some(category) = lines.find_map(|line| line.trim().strip_prefix("category: ")) {
                expected.insert(format!("redis_hll_counters.{category}.{name}_weekly"));
                expected.insert(format!("redis_hll_counters.{category}.{name}_monthly"));
            }
        }
    }
    expected.remove("redis_hll_counters.deploy_token_packages.i_package_composer_deploy_token_weekly");
    let metrics = derive(&catalog, &[], &[]);
    let section: BTreeSet<String> = paths(&metrics)
        .into_iter()
        .filter(|path| path.starts_with("redis_hll_counters."))
        .map(str::to_owned)
        .collect();
    assert_eq!(section, expected);
    let all = derive(&catalog, &["compliance", "ide_edit", "search"], &[]);
    let totals =
        ["compliance", "ide_edit"].map(|name| format!("redis_hll_counters.{name}.{name}_total_unique_counts_weekly"));
    assert!(totals.iter().all(|total| paths(&all).contains(&total.as_str())));
    let defined = "counts_weekly.aggregated_metrics.code_review_group_monthly_active_users";
    let before = catalog.metric(defined).expect("defined").clone();
    catalog.adopt(all);
    assert_eq!(catalog.metric(defined), Some(&before));
}

fn gitlab(era: &str) -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = std::env::var_os("SERVICE_PING_COMPAT_DATA").map(PathBuf::from);
    let places = data
        .into_iter()
        .chain([here.join("../shared/data"), here.join("../../shared/data")]);
    let folder = places
        .map(|data| data.join("gitlab").join(era))
        .find(|folder| folder.is_dir());
    if folder.is_none() {
        eprintln!("not run: the compatibility data is not here");
    }
    folder
}

#[test]
fn the_shipped_definitions_are_sound_together() {
    let loaded = load(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("shipped");
    assert_eq!(loaded.problems, []);
    let mut catalog = loaded.catalog;
    let found = findings(&catalog, &|name| catalog.class(name).is_none());
    let found = silence(&catalog, found, false);
    // Objects are shipped without a schema of their own.
    let other = found.iter().filter(|found| found.code.as_str() != "incomplete");
    assert_eq!(
        other.map(|found| found.place()).collect::<Vec<_>>(),
        Vec::<String>::new()
    );
    let categories: BTreeSet<&str> = catalog
        .known_events
        .iter()
        .filter_map(|event| event.category.as_deref())
        .collect();
    assert!(catalog.known_events.len() >= 120 && categories.len() >= 12);
    assert!(catalog.events.len() >= 12);
    for name in [
        "users_creating_epics",
        "users_expanding_vulnerabilities",
        "incident_management_incident_created",
    ] {
        assert!(catalog.known_event(name).is_some(), "{name}");
    }
    for frame in [TimeFrame::TwentyEightDays, TimeFrame::All] {
        for name in ["dependency_scanning_pipeline", "container_scanning_pipeline"] {
            assert!(catalog.persisted(name, frame).is_some(), "{name}");
        }
    }
    let metrics = derive(&catalog, &["analytics", "compliance", "ide_edit"], &[]);
    let before = catalog.metrics.len();
    let derived = metrics.len();
    catalog.adopt(metrics);
    assert_eq!(
        catalog.metrics.len(),
        before + derived - 1,
        "one of them is defined by a file as well"
    );
    for path in [
        "redis_hll_counters.compliance.users_viewing_compliance_dashboard_weekly",
        "redis_hll_counters.compliance.compliance_total_unique_counts_monthly",
        "redis_hll_counters.analytics.analytics_total_unique_counts_weekly",
        "redis_hll_counters.ide_edit.ide_edit_total_unique_counts_weekly",
        "counts_monthly.aggregated_metrics.example_metrics_union",
        "counts_monthly.aggregated_metrics.example_metrics_intersection",
        "counts.aggregate_example_metrics_intersection",
    ] {
        assert!(catalog.metric(path).is_some(), "{path}");
    }
}
