//! What the binary computes for the shipped definitions, and what it says it asks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::instance::now;
use crate::support::cli::Cli;

/// One run of the binary over one database.
pub struct Computed {
    /// The statement of each metric that a database answers, by key path.
    pub statements: BTreeMap<String, String>,
    /// The value of each of them.
    pub values: BTreeMap<String, Value>,
    /// What the metadata says of each metric.
    pub metadata: BTreeMap<String, Value>,
}

/// The folder that holds the shipped `metrics/`.
pub fn shipped() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs `dump sql` and `generate` over the definitions of a folder.
pub fn compute(url: &str, definitions: &Path) -> Computed {
    let cli = Cli::new().env("SERVICE_PING__DATABASE__MAIN__URL", url);
    let definitions = definitions.display().to_string();
    let now = now().to_rfc3339();
    let common = ["--now", &now, "--definitions", &definitions, "--format", "json"];
    let generated = cli
        .run(&[&["generate", "--metadata", "metadata.json"], &common[..]].concat())
        .expect_code(0);
    let payload: Value = serde_json::from_str(&generated.stdout).expect("the payload is JSON");
    let metadata: Value = serde_json::from_str(&cli.read("metadata.json")).expect("the metadata are JSON");
    let statements = dumped(url, Path::new(&definitions));
    let values = statements
        .keys()
        .map(|key| (key.clone(), at(&payload, key).clone()))
        .collect();
    let metadata = metadata["metrics"].as_array().expect("a list of metrics").iter();
    Computed {
        statements,
        values,
        metadata: metadata
            .map(|metric| (metric["name"].as_str().expect("a name").to_owned(), metric.clone()))
            .collect(),
    }
}

/// The statement of each metric, as `dump sql` writes them.
pub fn dumped(url: &str, definitions: &Path) -> BTreeMap<String, String> {
    let cli = Cli::new().env("SERVICE_PING__DATABASE__MAIN__URL", url);
    let definitions = definitions.display().to_string();
    let now = now().to_rfc3339();
    let arguments = [
        "dump",
        "sql",
        "--now",
        &now,
        "--definitions",
        &definitions,
        "--format",
        "json",
    ];
    let dumped = cli.run(&arguments).expect_code(0);
    let mut statements = BTreeMap::new();
    leaves(
        &serde_json::from_str(&dumped.stdout).expect("the dump is JSON"),
        "",
        &mut statements,
    );
    statements
}

impl Computed {
    /// The relative error that a metric's value may have: 0 where it is no estimate.
    pub fn error_bound(&self, key: &str) -> f64 {
        self.metadata[key]["error_bound"].as_f64().unwrap_or(0.0)
    }

    /// Every metric of a database that fell back, with its reason.
    pub fn fallbacks(&self) -> Vec<String> {
        let metrics = self.statements.keys().map(|key| &self.metadata[key]);
        let failed = metrics.filter(|metric| metric.get("error").is_some());
        failed.map(Value::to_string).collect()
    }
}

fn leaves(value: &Value, path: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(object) => {
            for (key, child) in object {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                leaves(child, &path, found);
            }
        }
        Value::String(sql) => {
            found.insert(path.to_owned(), sql.clone());
        }
        other => panic!("{path} is {other}, no statement"),
    }
}

fn at<'a>(payload: &'a Value, key_path: &str) -> &'a Value {
    key_path
        .split('.')
        .try_fold(payload, |node, part| node.get(part))
        .unwrap_or_else(|| panic!("the payload has no {key_path}"))
}

/// A copy of the shipped definitions whose database classes all have one `batch_size`, and how many were changed.
pub fn with_batch_size(folder: &Path, batch_size: u64) -> usize {
    let source = shipped().join("metrics");
    let mut changed = 0;
    for entry in std::fs::read_dir(&source).expect("metrics are shipped") {
        let entry = entry.expect("a folder");
        if !entry.path().is_dir() || entry.file_name() == "schema" {
            continue;
        }
        let target = folder.join("metrics").join(entry.file_name());
        std::fs::create_dir_all(&target).expect("the folder is writable");
        for file in std::fs::read_dir(entry.path()).expect("the folder is readable") {
            let file = file.expect("a file");
            let text = std::fs::read_to_string(file.path()).expect("a text");
            let mut value: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
            changed += set_batch_size(&mut value, batch_size);
            let text = serde_yaml::to_string(&value).expect("YAML");
            std::fs::write(target.join(file.file_name()), text).expect("the file is writable");
        }
    }
    changed
}

/// Wherever a mapping describes a batched operation, in a class or in place.
fn set_batch_size(value: &mut serde_yaml::Value, batch_size: u64) -> usize {
    match value {
        serde_yaml::Value::Mapping(mapping) => {
            let inner: usize = mapping
                .values_mut()
                .map(|value| set_batch_size(value, batch_size))
                .sum();
            let batched = mapping.contains_key("relation") && mapping.contains_key("operation");
            if batched {
                mapping.insert("batch_size".into(), batch_size.into());
            }
            inner + usize::from(batched)
        }
        serde_yaml::Value::Sequence(items) => items.iter_mut().map(|item| set_batch_size(item, batch_size)).sum(),
        _ => 0,
    }
}
