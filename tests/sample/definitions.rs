//! The shape of the shipped definitions.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml::Value;

use crate::shipped::{BUILT_IN, class_files, classes, definitions, frames};

const FIELDS: [&str; 16] = [
    "key_path",
    "description",
    "product_group",
    "value_type",
    "value_json_schema",
    "no_lint",
    "status",
    "milestone",
    "milestone_removed",
    "time_frame",
    "data_source",
    "data_category",
    "instrumentation_class",
    "options",
    "events",
    "fallback",
];

const CLASS_KEYS: [&str; 15] = [
    "class",
    "description",
    "operation",
    "relation",
    "column",
    "primary_key",
    "start",
    "finish",
    "batch_size",
    "timestamp_column",
    "database",
    "parameters",
    "buckets",
    "bucket_size",
    "fallback",
];

#[test]
fn there_are_enough_for_a_real_ping() {
    let definitions = definitions();
    assert!(definitions.len() >= 150, "{}", definitions.len());
    let keys: BTreeSet<String> = definitions
        .iter()
        .flat_map(|file| frames(&file.value))
        .map(|(key, _)| key)
        .collect();
    for key in [
        "uuid",
        "hostname",
        "version",
        "installation_type",
        "edition",
        "recorded_at",
        "active_user_count",
        "signup_enabled",
        "settings.gitaly_apdex",
        "topology",
        "counts.issues",
        "counts.boards",
        "counts.users_associating_milestones_to_releases",
        "counts.jira_imports_total_imported_issues_count",
        "counts.issues_weight_average",
        "counts.namespaces_by_type",
        "counts.project_creators_by_visibility",
        "counts.issues_weight_sum_by_state",
        "counts.issues_weight_average_by_state",
        "counts.clusters_platforms_eks",
        "counts.ci_builds_estimated",
        "counts.snippets",
        "counts.project_and_bulk_import_users",
        "counts_monthly.deployments",
        "counts_weekly.issues",
        "usage_activity_by_stage.create.suggestions",
        "usage_activity_by_stage_monthly.create.suggestions",
        "counts.users_approving_merge_requests_weekly",
    ] {
        assert!(keys.contains(key), "{key}");
    }
}

#[test]
fn every_stage_has_a_monthly_twin() {
    let keys: BTreeSet<String> = definitions()
        .iter()
        .map(|file| file.str("key_path").to_owned())
        .collect();
    let mut stages = BTreeSet::new();
    for key in &keys {
        if let Some(rest) = key.strip_prefix("usage_activity_by_stage_monthly.") {
            assert!(keys.contains(&format!("usage_activity_by_stage.{rest}")), "{key}");
            stages.insert(rest.split('.').next().unwrap().to_owned());
        }
    }
    let all = [
        "configure",
        "create",
        "enablement",
        "manage",
        "monitor",
        "package",
        "plan",
        "release",
        "secure",
        "verify",
    ];
    assert_eq!(stages, all.map(String::from).into());
}

#[test]
fn files_are_named_and_headed_as_agreed() {
    let mut stamps = BTreeSet::new();
    for file in definitions() {
        let (stamp, last) = file.name().split_once('_').unwrap();
        assert!(
            stamp.len() == 14 && stamp.bytes().all(|byte| byte.is_ascii_digit()),
            "{}",
            file.name()
        );
        assert!(
            stamps.insert(stamp.to_owned()),
            "{}: the time stamp is there twice",
            file.name()
        );
        assert_eq!(
            last.strip_suffix(".yml").unwrap(),
            file.str("key_path").rsplit('.').next().unwrap()
        );
        assert!(
            file.text
                .starts_with("# yaml-language-server: $schema=../schema/metric.json\n"),
            "{}",
            file.name()
        );
    }
    for file in class_files() {
        let head = "# yaml-language-server: $schema=../schema/instrumentation_class.json\n";
        assert!(file.text.starts_with(head), "{}", file.name());
    }
}

#[test]
fn fields_are_known_and_required_ones_are_there() {
    for file in definitions() {
        for (field, _) in file.value.as_mapping().unwrap() {
            assert!(FIELDS.contains(&field.as_str().unwrap()), "{}: {field:?}", file.name());
        }
        assert!(
            ["string", "number", "boolean", "object"].contains(&file.str("value_type")),
            "{}",
            file.name()
        );
        assert!(
            ["active", "deprecated", "removed"].contains(&file.str("status")),
            "{}",
            file.name()
        );
        assert!(
            [
                "database",
                "system",
                "license",
                "redis",
                "redis_hll",
                "prometheus",
                "internal_events"
            ]
            .contains(&file.str("data_source")),
            "{}",
            file.name()
        );
        let categories = ["standard", "subscription", "operational", "optional"];
        assert!(categories.contains(&file.str("data_category")), "{}", file.name());
        assert!(!file.str("description").is_empty() && !file.str("product_group").is_empty());
    }
    for file in class_files() {
        for (key, _) in file.value.as_mapping().unwrap() {
            assert!(CLASS_KEYS.contains(&key.as_str().unwrap()), "{}: {key:?}", file.name());
        }
        assert!(!file.str("description").is_empty() && !file.str("relation").is_empty());
    }
}

#[test]
fn key_paths_are_unique_and_none_is_leaf_and_parent() {
    let mut keys = BTreeMap::new();
    for file in definitions() {
        for (key, _) in frames(&file.value) {
            assert!(
                keys.insert(key.clone(), file.name().to_owned()).is_none(),
                "{key} is there twice"
            );
        }
    }
    for key in keys.keys() {
        let mut parent = key.as_str();
        while let Some((shorter, _)) = parent.rsplit_once('.') {
            assert!(
                !keys.contains_key(shorter),
                "{shorter} is a leaf, and the parent of {key}"
            );
            parent = shorter;
        }
    }
}

/// Every use of a class: by a definition, or by a part of a sum.
fn uses() -> Vec<(String, String, Value)> {
    let mut uses = Vec::new();
    for file in definitions() {
        let options = &file.value["options"];
        if let Some(class) = file.value["instrumentation_class"].as_str() {
            uses.push((file.name().to_owned(), class.to_owned(), options.clone()));
        }
        for part in options["data"].as_sequence().into_iter().flatten() {
            let class = part["instrumentation_class"].as_str().unwrap();
            uses.push((file.name().to_owned(), class.to_owned(), part["options"].clone()));
        }
    }
    uses
}

#[test]
fn every_named_class_exists_and_gets_the_options_it_takes() {
    let classes = classes();
    for (file, class, options) in uses() {
        if BUILT_IN.contains(&class.as_str()) {
            continue;
        }
        let declared = classes
            .get(&class)
            .unwrap_or_else(|| panic!("{file}: no class {class}"));
        let empty = serde_yaml::Mapping::new();
        let parameters = declared["parameters"].as_mapping().unwrap_or(&empty);
        let options = options.as_mapping().unwrap_or(&empty);
        let names = |mapping: &serde_yaml::Mapping| -> BTreeSet<String> {
            let names = mapping.keys().map(|key| key.as_str().unwrap().to_owned());
            // Every estimate takes the name of its set.
            names.filter(|name| name != "persist_as").collect()
        };
        assert_eq!(names(parameters), names(options), "{file}");
        for (name, parameter) in parameters {
            let value = &options[name];
            if let Some(allowed) = parameter["enum"].as_sequence() {
                assert!(allowed.contains(value), "{file}: {value:?}");
            }
            let placeholder = format!(":{}", name.as_str().unwrap());
            assert!(
                declared["relation"].as_str().unwrap().contains(&placeholder),
                "{class}: {placeholder}"
            );
        }
    }
}

#[test]
fn every_declared_class_is_used_and_declared_once() {
    let used: BTreeSet<String> = uses().into_iter().map(|(_, class, _)| class).collect();
    let mut declared = BTreeSet::new();
    for file in class_files() {
        assert!(
            declared.insert(file.str("class").to_owned()),
            "{} is declared twice",
            file.str("class")
        );
        assert!(
            used.contains(file.str("class")),
            "{} is used by no definition",
            file.str("class")
        );
    }
}

#[test]
fn only_definitions_past_their_life_name_no_class() {
    let mut ended = Vec::new();
    for file in definitions() {
        // The data source of internal events chooses the class.
        if file.value["instrumentation_class"].is_null() && file.str("data_source") != "internal_events" {
            ended.push(file.str("status").to_owned());
        }
    }
    ended.sort();
    assert_eq!(ended, ["deprecated", "removed"]);
}

#[test]
fn sums_add_metrics_that_exist() {
    let keys: BTreeSet<String> = definitions()
        .iter()
        .flat_map(|file| frames(&file.value))
        .map(|(key, _)| key)
        .collect();
    let mut sums = 0;
    for file in definitions() {
        if file.value["instrumentation_class"].as_str() != Some("NumbersMetric") {
            continue;
        }
        sums += 1;
        let options = &file.value["options"];
        assert_eq!(options["operation"].as_str(), Some("add"), "{}", file.name());
        for key in options["metrics"].as_sequence().into_iter().flatten() {
            assert!(keys.contains(key.as_str().unwrap()), "{}: {key:?}", file.name());
        }
        for part in options["data"].as_sequence().into_iter().flatten() {
            assert_eq!(part["time_frame"], file.value["time_frame"], "{}", file.name());
        }
    }
    assert!(sums >= 2, "{sums}");
}
