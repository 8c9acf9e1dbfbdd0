//! GitLab's real definitions of two eras load without an error.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use service_ping::definition::{
    AggregateOperator, AggregateSource, Aggregation, Code, DataCategory, Loaded, Status, TimeFrame, findings, load,
};

/// The folder of real inputs, or `None`, said aloud, where this checkout has none.
fn gitlab(era: &str) -> Option<PathBuf> {
    let data = std::env::var_os("SERVICE_PING_COMPAT_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let folder = [data, Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data")]
        .into_iter()
        .map(|data| data.join("gitlab").join(era))
        .find(|folder| folder.is_dir());
    if folder.is_none() {
        eprintln!("not run: the compatibility data is not here");
    }
    folder
}

fn loaded(root: &Path) -> Loaded {
    let loaded = load(root).expect("the folder can be read");
    // The older tree holds the aggregates of two eras, and some stand in both.
    let other = loaded
        .problems
        .iter()
        .filter(|problem| problem.code != Code::DuplicateAggregate || problem.is_error());
    let problems: Vec<String> = other.map(|problem| problem.to_human(false, 100)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(loaded.invalid, []);
    loaded
}

/// The number of definitions a tree holds, counted by its lines rather than by our reader.
fn counted_by_lines(root: &Path) -> BTreeMap<PathBuf, usize> {
    let folder = root.join("config/metrics");
    let mut counted = BTreeMap::new();
    for section in fs::read_dir(&folder).expect("metric folders") {
        let section = section.expect("metric folder").path();
        let name = section
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .to_owned();
        if !section.is_dir() || ["schema", "objects_schemas", "aggregates"].contains(&name.as_str()) {
            continue;
        }
        for file in fs::read_dir(&section).expect("metric files") {
            let file = file.expect("metric file").path();
            if file.extension().is_some_and(|extension| extension == "yml") {
                let text = fs::read_to_string(&file).expect("text");
                counted.insert(file, frames(&text));
            }
        }
    }
    counted
}

fn frames(text: &str) -> usize {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("time_frame:"));
    match lines.next().map(|line| line.trim_start_matches("time_frame:").trim()) {
        Some("") => lines.take_while(|line| line.trim_start().starts_with("- ")).count(),
        Some(list) if list.starts_with('[') => list.split(',').count(),
        _ => 1,
    }
}

#[test]
fn every_definition_of_version_18_loads() {
    let Some(root) = gitlab("v18") else { return };
    let loaded = loaded(&root);
    let counted = counted_by_lines(&root);
    assert_eq!(loaded.catalog.metrics.len(), counted.values().sum::<usize>());
    let events = yaml_files(&root.join("config/events"));
    assert_eq!(loaded.catalog.events.len(), events.len());
    assert_eq!(loaded.catalog.sources.len(), counted.len() + events.len());

    let catalog = &loaded.catalog;
    let weekly = catalog
        .metric("redis_hll_counters.testing.i_testing_test_case_parsed_weekly")
        .expect("expanded");
    assert_eq!(weekly.time_frame, TimeFrame::SevenDays);
    assert_eq!(weekly.options["events"][0], "i_testing_test_case_parsed");
    assert!(
        catalog
            .metric("redis_hll_counters.testing.i_testing_test_case_parsed")
            .is_none()
    );
    let total = catalog
        .metric("counts.count_total_passwordless_passkey_button_auth_passkey")
        .expect("all");
    assert_eq!(total.time_frame, TimeFrame::All);
    assert_eq!(total.events[0].filter["entry_point"], "passwordless_passkey_button");
}

#[test]
fn every_older_definition_loads() {
    let Some(root) = gitlab("older") else { return };
    let loaded = loaded(&root);
    assert_eq!(loaded.catalog.metrics.len(), 15);
    let lists = root.join("lib/gitlab/usage_data_counters/known_events");
    assert_eq!(loaded.catalog.known_events.len(), entries(&lists));
    let aggregates = [
        "config/metrics/aggregates",
        "lib/gitlab/usage_data_counters/aggregated_metrics",
    ];
    let listed: usize = aggregates.iter().map(|folder| entries(&root.join(folder))).sum();
    assert_eq!(loaded.catalog.aggregates.len() + loaded.problems.len(), listed);

    let catalog = &loaded.catalog;
    let boards = catalog.metric("counts.boards").expect("boards");
    assert_eq!(boards.instrumentation_class.as_deref(), Some("CountBoardsMetric"));
    assert_eq!(
        (boards.status, boards.data_category),
        (Status::DataAvailable, DataCategory::Optional)
    );
    let edits = catalog
        .metric("redis_hll_counters.issues_edit.issues_edit_total_unique_counts_monthly")
        .expect("edits");
    assert_eq!(edits.data_category, DataCategory::Operational);
    assert_eq!(catalog.metrics[0].key_path.as_str(), "topology");
    assert_eq!(catalog.metrics[1].key_path.as_str(), "uuid");
}

/// The entries of the lists in a folder, counted by their lines.
fn entries(folder: &Path) -> usize {
    let texts = yaml_files(folder)
        .into_iter()
        .map(|file| fs::read_to_string(file).expect("text"));
    texts
        .map(|text| text.lines().filter(|line| line.starts_with("- name:")).count())
        .sum()
}

#[test]
fn events_and_aggregates_of_every_form_are_read() {
    let Some(root) = gitlab("older") else { return };
    let catalog = loaded(&root).catalog;
    let dashboard = catalog.known_event("g_compliance_dashboard").expect("of mid 2021");
    assert_eq!(
        (
            dashboard.category.as_deref(),
            dashboard.redis_slot.as_deref(),
            dashboard.feature_flag.as_deref()
        ),
        (Some("compliance"), Some("compliance"), Some("track_unique_visits"))
    );
    let job = catalog
        .known_event("ci_users_executing_deployment_job")
        .expect("with a flag of nothing");
    assert_eq!(
        (job.feature_flag.as_deref(), job.aggregation),
        (None, Aggregation::Weekly)
    );
    assert_eq!(catalog.known_event("p_analytics_repo").expect("of 2023").category, None);
    let all = catalog.aggregates.iter();
    let and = all
        .filter(|aggregate| aggregate.operator == AggregateOperator::And)
        .collect::<Vec<_>>();
    assert_eq!(and.len(), 1);
    assert_eq!(and[0].source, AggregateSource::Redis);
    assert_eq!(and[0].events, ["i_search_total", "i_search_advanced", "i_search_paid"]);

    let Some(root) = gitlab("v18") else { return };
    let catalog = loaded(&root).catalog;
    assert!(
        catalog.event("g_project_management_issue_closed").is_none(),
        "it was removed"
    );
    let create = catalog.event("create_ci_build").expect("known");
    assert!(create.internal_events && create.additional_properties.contains_key("property"));
    // Named by metrics of this part of the tree alone.
    assert!(catalog.names_event("i_quickactions_award") && catalog.event("i_quickactions_award").is_none());
}

/// Every `.yml` file under a folder, counted by walking it.
fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).into_iter();
    let paths = entries.map(|entry| entry.expect("an entry").into_path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .collect()
}

#[test]
fn findings_of_real_definitions_are_warnings() {
    for era in ["v18", "older"] {
        let Some(root) = gitlab(era) else { return };
        let built_in = [
            "RedisMetric",
            "RedisHLLMetric",
            "AggregatedMetric",
            "UuidMetric",
            "PrometheusMetric",
        ];
        let found = findings(&loaded(&root).catalog, &|name| built_in.contains(&name));
        assert!(!found.is_empty());
        let errors: Vec<String> = found
            .iter()
            .filter(|found| found.is_error())
            .map(|found| found.place())
            .collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}
