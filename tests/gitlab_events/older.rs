//! Lists of 2020 to 2023: known events and aggregates of the older tree.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days};
use serde_yaml::Value;

use crate::oracle::{Asked, NOW, counted, fill, today, weeks, yaml_files};
use crate::support::cli::Cli;
use crate::support::data::compat_data;
use crate::support::redis::server::Redis;

/// The keys of a known event over so many days, with its slot in braces.
fn keys(event: &Value, days: u64) -> Vec<String> {
    let name = event["name"].as_str().unwrap();
    let slotted = match event["redis_slot"].as_str() {
        Some(slot) => name.replace(slot, &format!("{{{slot}}}")),
        None => format!("{{{name}}}"),
    };
    if event["aggregation"] == "daily" {
        let all = (0..=days).map(|ago| today() - Days::new(ago));
        return all
            .map(|day| format!("{}-{:03}-{slotted}", day.format("%G"), day.ordinal()))
            .collect();
    }
    weeks(days).iter().map(|week| format!("{slotted}-{week}")).collect()
}

#[test]
fn known_events_and_aggregates_equal_what_redis_cli_counts() {
    let Some(root) = compat_data("gitlab/older") else {
        return;
    };
    let root = root.canonicalize().unwrap();
    let events: Vec<Value> = yaml_files(&root.join("lib/gitlab/usage_data_counters/known_events"))
        .into_iter()
        .flat_map(|(_, list)| list.as_sequence().unwrap().clone())
        .collect();
    let by_name: BTreeMap<&str, &Value> = events
        .iter()
        .map(|event| (event["name"].as_str().unwrap(), event))
        .collect();
    let mut asked = BTreeMap::new();
    for event in &events {
        let (Some(category), name) = (event["category"].as_str(), event["name"].as_str().unwrap()) else {
            continue;
        };
        for (suffix, days) in [("weekly", 7), ("monthly", 28)] {
            if (name, suffix) != ("i_package_composer_deploy_token", "weekly") {
                let key_path = format!("redis_hll_counters.{category}.{name}_{suffix}");
                asked.insert(key_path, Asked::Sketches(keys(event, days).into_iter().collect()));
            }
        }
    }
    let single = asked.len();
    assert!(single > 300, "{single}");
    asked.extend(unions(&root, &by_name));
    assert!(asked.len() > single + 4, "{}", asked.len());

    let redis = Redis::start();
    fill(&redis, &asked);
    let wanted = counted(&redis, &asked);
    let cli = Cli::new();
    cli.write(
        "service-ping.toml",
        &format!(
            "definitions = {:?}\n[event_store]\nurl = \"{}\"\n",
            root.display().to_string(),
            redis.url()
        ),
    );
    let payload = cli.run(&["generate", "--now", NOW]).expect_code(0).stdout;
    let payload: serde_json::Value = serde_json::from_str(&payload).unwrap();
    let at = |key_path: &str| key_path.split('.').fold(&payload, |value, part| &value[part]);
    let differ: Vec<String> = wanted
        .iter()
        .filter(|(key_path, value)| *at(key_path) != **value)
        .map(|(key_path, value)| format!("{key_path}: {} instead of {value}", at(key_path)))
        .collect();
    assert!(differ.is_empty(), "{} of {}: {differ:#?}", differ.len(), wanted.len());
}

/// The unions whose events are all known, at their places.
fn unions(root: &std::path::Path, known: &BTreeMap<&str, &Value>) -> BTreeMap<String, Asked> {
    let mut asked = BTreeMap::new();
    for (_, list) in yaml_files(&root.join("config/metrics/aggregates")) {
        for aggregate in list.as_sequence().unwrap() {
            let events = aggregate["events"].as_sequence().unwrap();
            let events: Option<Vec<&&Value>> = events.iter().map(|name| known.get(name.as_str().unwrap())).collect();
            let Some(events) = events.filter(|_| aggregate["operator"] == "OR") else {
                continue;
            };
            for (place, days) in [("counts_weekly", 7), ("counts_monthly", 28)] {
                let all: BTreeSet<String> = events.iter().flat_map(|event| keys(event, days)).collect();
                let name = aggregate["name"].as_str().unwrap();
                asked.insert(format!("{place}.aggregated_metrics.{name}"), Asked::Sketches(all));
            }
        }
    }
    asked
}
