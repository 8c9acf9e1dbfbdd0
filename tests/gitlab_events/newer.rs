//! Definitions of 2026: `redis_hll`, `redis` and `internal_events` of the v18 tree.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml::Value;

use crate::oracle::{Asked, NOW, counted, fill, weeks, yaml_files};
use crate::support::cli::Cli;
use crate::support::data::compat_data;
use crate::support::redis::server::Redis;

struct Lists {
    hll: BTreeMap<String, String>,
    totals: BTreeMap<String, String>,
    legacy: BTreeSet<String>,
}

#[test]
fn metrics_of_events_equal_what_redis_cli_counts() {
    let Some(root) = compat_data("gitlab/v18") else { return };
    let root = root.canonicalize().unwrap();
    let folder = root.join("lib/gitlab/usage_data_counters");
    let list = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let lists = Lists {
        hll: serde_yaml::from_str(&list("hll_redis_key_overrides.yml")).unwrap(),
        totals: serde_yaml::from_str(&list("total_counter_redis_key_overrides.yml")).unwrap(),
        legacy: serde_yaml::from_str(&list("hll_redis_legacy_events.yml")).unwrap(),
    };
    let mut asked = BTreeMap::new();
    for (path, definition) in yaml_files(&root.join("config/metrics")) {
        if !path.starts_with(root.join("config/metrics/schema")) {
            asked.extend(metrics(&definition, &lists));
        }
    }
    assert!(asked.len() > 700, "{}", asked.len());
    let redis = Redis::start();
    fill(&redis, &asked);
    let wanted = counted(&redis, &asked);

    for format in ["hll_counters", "slots"] {
        // The lists stand in the tree; where they stand elsewhere the configuration names them.
        let cli = Cli::new();
        let named = |key: &str, name: &str| format!("{key} = {:?}\n", folder.join(name).display().to_string());
        let lists = [
            named("hll_key_overrides", "hll_redis_key_overrides.yml"),
            named("total_key_overrides", "total_counter_redis_key_overrides.yml"),
            named("legacy_events", "hll_redis_legacy_events.yml"),
        ];
        let lists = if format == "slots" {
            String::new()
        } else {
            lists.concat()
        };
        cli.write(
            "service-ping.toml",
            &format!(
                "definitions = {:?}\n[event_store]\nurl = \"{}\"\nkey_format = \"{format}\"\n{lists}",
                root.display().to_string(),
                redis.url()
            ),
        );
        let payload = cli.run(&["generate", "--now", NOW]).expect_code(0).stdout;
        let payload: serde_json::Value = serde_json::from_str(&payload).unwrap();
        let at = |key_path: &str| key_path.split('.').fold(&payload, |value, part| &value[part]).clone();
        let differ: Vec<String> = wanted
            .iter()
            .filter(|(key_path, value)| at(key_path) != **value)
            .map(|(key_path, value)| format!("{key_path}: {} instead of {value}", at(key_path)))
            .collect();
        assert!(differ.is_empty(), "{} of {}: {differ:#?}", differ.len(), wanted.len());
    }
    assert!(wanted.values().filter(|value| **value > 0).count() > 600);
}

/// The metrics of a file, by key path.
fn metrics(definition: &Value, lists: &Lists) -> Vec<(String, Asked)> {
    let source = definition["data_source"].as_str().unwrap_or_default();
    let of_events = ["redis_hll", "redis", "internal_events"].contains(&source);
    if !of_events || definition["status"] == "removed" {
        return Vec::new();
    }
    let key_path = definition["key_path"].as_str().unwrap();
    let frames: Vec<(&str, &str)> = match &definition["time_frame"] {
        Value::String(frame) => vec![(frame.as_str(), "")],
        Value::Sequence(frames) => frames
            .iter()
            .map(|frame| with_suffix(frame.as_str().unwrap()))
            .collect(),
        other => panic!("{other:?}"),
    };
    let of = |(frame, suffix): (&str, &str)| {
        let asked = match source {
            "internal_events" => internal(&definition["events"], frame, lists),
            "redis_hll" => hll(definition, frame, lists),
            _ => panic!("{key_path}: no definition in use reads plain counters"),
        };
        (format!("{key_path}{suffix}"), asked)
    };
    frames.into_iter().map(of).collect()
}

fn with_suffix(frame: &str) -> (&str, &'static str) {
    match frame {
        "7d" => ("7d", "_weekly"),
        "28d" => ("28d", "_monthly"),
        other => (other, ""),
    }
}

fn frame_weeks(frame: &str) -> Vec<String> {
    match frame {
        "7d" => weeks(7),
        "28d" => weeks(28),
        other => panic!("{other}"),
    }
}

fn internal(events: &Value, frame: &str, lists: &Lists) -> Asked {
    let events = events.as_sequence().unwrap();
    let unique = !events[0]["unique"].is_null();
    let mut keys = Vec::new();
    for event in events {
        let mut path = event["name"].as_str().unwrap().to_owned();
        assert!(event["operator"].is_null(), "no real definition has one");
        if let Value::Mapping(filter) = &event["filter"] {
            let parts: BTreeMap<&str, String> = filter
                .iter()
                .map(|(key, value)| (key.as_str().unwrap(), text(value)))
                .collect();
            let parts: Vec<String> = parts.iter().map(|(key, value)| format!("{key}:{value}")).collect();
            path += &format!("-filter:[{}]", parts.join(","));
        }
        if let Some(unique) = event["unique"].as_str() {
            path += &format!("-{}", unique.split('.').next().unwrap());
        }
        let path = lists.hll.get(&path).unwrap_or(&path);
        let slot = if unique { "hll_counters" } else { "event_counters" };
        match frame {
            "all" => keys.push(format!("{{{slot}}}_{path}")),
            frame => keys.extend(
                frame_weeks(frame)
                    .iter()
                    .map(|week| format!("{{{slot}}}_{path}-{week}")),
            ),
        }
    }
    if unique {
        return Asked::Sketches(keys.into_iter().collect());
    }
    let stored = |key: String| lists.totals.get(&key).cloned().unwrap_or(key);
    Asked::Counters(keys.into_iter().map(stored).collect())
}

fn hll(definition: &Value, frame: &str, lists: &Lists) -> Asked {
    let (names, property): (Vec<&str>, Option<&str>) = match &definition["events"] {
        Value::Sequence(events) => (
            events.iter().map(|event| event["name"].as_str().unwrap()).collect(),
            events[0]["unique"].as_str(),
        ),
        _ => {
            let names = definition["options"]["events"].as_sequence().unwrap();
            (names.iter().map(|name| name.as_str().unwrap()).collect(), None)
        }
    };
    let mut keys = BTreeSet::new();
    for name in &names {
        let without = names.len() > 1 && lists.legacy.contains(*name);
        let path = match property {
            Some(property) if !without => format!("{name}-{}", property.split('.').next().unwrap()),
            _ => (*name).to_owned(),
        };
        let path = lists.hll.get(&path).unwrap_or(&path);
        keys.extend(
            frame_weeks(frame)
                .iter()
                .map(|week| format!("{{hll_counters}}_{path}-{week}")),
        );
    }
    Asked::Sketches(keys)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(is) => is.to_string(),
        Value::Number(number) => number.to_string(),
        other => panic!("{other:?}"),
    }
}
