//! The shipped YAML files, read as plain values.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_yaml::Value;

/// The classes that need no YAML.
pub const BUILT_IN: [&str; 21] = [
    "DatabaseMetric",
    "NumbersMetric",
    "SqlValueMetric",
    "StaticMetric",
    "SettingMetric",
    "LicenseMetric",
    "HttpValueMetric",
    "VersionPartsMetric",
    "DatabaseInfoMetric",
    "GeoNodeUsageMetric",
    "RedisMetric",
    "RedisHLLMetric",
    "AggregatedMetric",
    "PrometheusMetric",
    "TopologyMetric",
    "UuidMetric",
    "HostnameMetric",
    "VersionMetric",
    "InstallationTypeMetric",
    "EditionMetric",
    "RecordedAtMetric",
];

/// A YAML file: its path, its text and what it says.
pub struct File {
    pub path: PathBuf,
    pub text: String,
    pub value: Value,
}

impl File {
    pub fn name(&self) -> &str {
        self.path.file_name().unwrap().to_str().unwrap()
    }

    /// A field that must be a text.
    pub fn str(&self, field: &str) -> &str {
        self.value[field]
            .as_str()
            .unwrap_or_else(|| panic!("{}: {field} must be a text", self.path.display()))
    }
}

fn metrics() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("metrics")
}

fn files(folder: &str) -> Vec<File> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(metrics().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        // Tests stand beside what they test.
        .filter(|path| !path.to_string_lossy().ends_with(".test.yml"))
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let value = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        File { path, text, value }
    };
    paths.into_iter().map(read).collect()
}

/// Every shipped metric definition.
pub fn definitions() -> Vec<File> {
    ["counts_all", "counts_28d", "counts_7d", "settings", "license"]
        .into_iter()
        .flat_map(files)
        .collect()
}

/// Every shipped instrumentation class.
pub fn class_files() -> Vec<File> {
    files("instrumentations")
}

/// Every shipped instrumentation class by name.
pub fn classes() -> BTreeMap<String, Value> {
    class_files()
        .into_iter()
        .map(|file| (file.str("class").to_owned(), file.value))
        .collect()
}

/// The key paths that a definition stands for, each with its time frame (spec 1.1).
pub fn frames(definition: &Value) -> Vec<(String, String)> {
    let key = definition["key_path"].as_str().unwrap();
    match &definition["time_frame"] {
        Value::Sequence(frames) => frames
            .iter()
            .map(|frame| suffixed(key, frame.as_str().unwrap()))
            .collect(),
        frame => vec![(key.to_owned(), frame.as_str().unwrap().to_owned())],
    }
}

fn suffixed(key: &str, frame: &str) -> (String, String) {
    let suffix = match frame {
        "7d" => "_weekly",
        "28d" => "_monthly",
        _ => "",
    };
    (format!("{key}{suffix}"), frame.to_owned())
}
