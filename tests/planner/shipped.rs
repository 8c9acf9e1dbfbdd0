//! The shipped definitions give one payload however they are planned, and nothing falls back.

use std::path::Path;

use serde_json::Value;

use crate::instance::{self, now};
use crate::support::cli::Cli;

const PLANS: [&str; 3] = ["auto", "shared", "separate"];

/// What `generate` prints for each plan, and how many metrics fell back.
fn payloads(url: &str) -> Vec<(Value, Vec<Value>)> {
    let definitions = env!("CARGO_MANIFEST_DIR");
    assert!(Path::new(definitions).join("metrics").is_dir());
    let generated = |plan: &str| {
        let cli = Cli::new().env("SERVICE_PING__DATABASE__MAIN__URL", url);
        let now = now().to_rfc3339();
        let arguments = ["generate", "--metadata", "metadata.json", "--plan", plan, "--now", &now];
        let outcome = cli.run(&[&arguments[..], &["--definitions", definitions]].concat());
        let metadata: Value = parsed(&cli.read("metadata.json"));
        (parsed(&outcome.expect_code(0).stdout), fallbacks(&metadata))
    };
    PLANS.into_iter().map(generated).collect()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in:\n{text}"))
}

/// The metrics of a database that have no value of their own: the instance has neither events nor settings.
fn fallbacks(metadata: &Value) -> Vec<Value> {
    let metrics = metadata["metrics"].as_array().expect("a list of metrics");
    let of_a_database = |metric: &&Value| metric["error"] != "source_not_configured";
    let failed = metrics.iter().filter(|metric| metric.get("error").is_some());
    failed.filter(of_a_database).cloned().collect()
}

fn assert_same(mut payloads: Vec<(Value, Vec<Value>)>) {
    for (payload, fallbacks) in &mut payloads {
        assert!(fallbacks.is_empty(), "{fallbacks:#?}");
        // Made anew by each folder's first run.
        payload["uuid"] = Value::Null;
        assert!(payload["counts"].as_object().is_some_and(|counts| counts.len() > 50));
    }
    for pair in payloads.windows(2) {
        assert_eq!(pair[0].0, pair[1].0);
    }
}

#[test]
fn on_postgresql_the_payload_is_the_same_under_every_plan() {
    if let Some(database) = instance::postgres() {
        assert_same(payloads(&database.reader_url()));
    }
}

#[test]
fn on_sqlite_the_payload_is_the_same_under_every_plan() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = instance::sqlite(folder.path());
    assert_same(payloads(&format!("sqlite://{}", path.display())));
}
