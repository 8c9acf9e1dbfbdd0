//! GitLab's own definitions, as they are.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::instance::{NOW, json, value_at};
use crate::support::cli::Cli;
use crate::support::data::compat_data;
use crate::support::gitlab_schema::GitlabSchema;
use crate::support::postgres::Postgres;

fn validated(folder: &Path) -> (Value, String) {
    let folder = folder.display().to_string();
    let cli = Cli::new();
    let checked = cli
        .run(&["validate", "--definitions", &folder, "--format", "json"])
        .expect_code(0);
    let human = cli.run(&["validate", "--definitions", &folder]).expect_code(0);
    (json(&checked.stdout), human.stderr)
}

#[test]
fn of_two_eras_load_without_an_error() {
    for (folder, metrics) in [("gitlab/v18", 1295), ("gitlab/older", 15)] {
        let Some(folder) = compat_data(folder) else { return };
        let (problems, said) = validated(&folder);
        let problems = problems["problems"].as_array().expect("a list");
        let errors: Vec<&Value> = problems
            .iter()
            .filter(|problem| problem["severity"] == "error")
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let last = said.lines().last().unwrap_or_default();
        assert_eq!(
            last,
            format!(
                "{metrics} metrics and 0 declared classes: 0 errors, {} warnings",
                problems.len()
            )
        );
    }
}

#[test]
fn give_a_payload_with_every_key_on_a_database_of_its_schema() {
    let (Some(folder), Some(schema)) = (compat_data("gitlab/v18"), GitlabSchema::load()) else {
        return;
    };
    let database = Postgres::shared().database();
    let tables: Vec<&str> = schema.tables().collect();
    database.execute(&schema.create_tables(&tables));
    let cli = Cli::new().env("SERVICE_PING__DATABASE__MAIN__URL", &database.reader_tcp_url());
    let folder_name = folder.display().to_string();
    let generated = cli
        .run(&[
            "generate",
            "--definitions",
            &folder_name,
            "--now",
            NOW,
            "--metadata",
            "metadata.json",
        ])
        .expect_code(0);
    let payload = json(&generated.stdout);
    let metadata = json(&cli.read("metadata.json"));
    let expected = expected(&folder.join("config/metrics"));
    assert!(expected.len() > 1000, "only {} key paths", expected.len());
    let named: BTreeSet<String> = entries(&metadata).map(|(name, _)| name.to_owned()).collect();
    assert_eq!(named, expected, "a time for each, and for nothing else");
    let known = classes(&folder.join("config/metrics"));
    let mut unknown = 0;
    for (name, error) in entries(&metadata) {
        let value = value_at(&payload, name).unwrap_or_else(|| panic!("{name} is not in the payload"));
        if error.starts_with("unknown_instrumentation_class") {
            unknown += 1;
            assert_eq!(value, -1, "{name}");
        }
        assert!(!error.contains("panic"), "{name}: {error}");
    }
    assert!(unknown > 250, "only {unknown} of {known} classes are unknown");
    assert!(payload["uuid"].is_string());
}

/// The name and the error, or "", of each metric of the metadata.
fn entries(metadata: &Value) -> impl Iterator<Item = (&str, &str)> {
    let metrics = metadata["metrics"].as_array().expect("a list").iter();
    metrics.map(|metric| {
        let name = metric["name"].as_str().expect("a name");
        (name, metric["error"].as_str().unwrap_or_default())
    })
}

/// The key paths that the files promise, read without the engine: those that are not removed, a monthly and a weekly
/// one where a file lists several time frames.
fn expected(metrics: &Path) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for file in files(metrics) {
        let Some(key_path) = file["key_path"].as_str() else {
            continue;
        };
        if file["status"] == "removed" {
            continue;
        }
        match file["time_frame"].as_sequence() {
            None => drop(keys.insert(key_path.to_owned())),
            Some(frames) => keys.extend(frames.iter().map(|frame| match frame.as_str() {
                Some("7d") => format!("{key_path}_weekly"),
                Some("28d") => format!("{key_path}_monthly"),
                _ => key_path.to_owned(),
            })),
        }
    }
    keys
}

fn classes(metrics: &Path) -> usize {
    let named = |file: &serde_yaml::Value| file["instrumentation_class"].as_str().map(str::to_owned);
    files(metrics)
        .iter()
        .filter_map(named)
        .collect::<BTreeSet<String>>()
        .len()
}

fn files(folder: &Path) -> Vec<serde_yaml::Value> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yml") {
                let text = std::fs::read_to_string(&path).expect("UTF-8");
                found.push(serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
            }
        }
    }
    found
}
