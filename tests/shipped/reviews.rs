//! What reviewers are told of the shipped definitions on an instance that has their tables.

use serde_json::Value;

use crate::computed::shipped;
use crate::instance::{self, now};
use crate::support::cli::Cli;

fn reviewed(url: &str) {
    let cli = Cli::new().env("SERVICE_PING__DATABASE__MAIN__URL", url);
    let definitions = shipped().display().to_string();
    let now = now().to_rfc3339();
    let common = ["--now", &now, "--definitions", &definitions, "--format", "json"];
    let read = |verb: &[&str]| -> Value {
        let answer = cli.run(&[verb, &common].concat()).expect_code(0);
        serde_json::from_str(&answer.stdout).expect("JSON")
    };
    let problems = read(&["validate", "--database"]);
    let errors: Vec<&Value> = problems["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|problem| problem["severity"] == "error")
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let explained = read(&["explain", "--all"]);
    let explained = explained["explained"].as_array().expect("a list");
    let parts = || explained.iter().flat_map(|one| one["parts"].as_array().expect("parts"));
    let failed: Vec<&Value> = parts().filter(|part| part["kind"] == "failed").collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let statements: Vec<&Value> = parts().filter(|part| part["kind"] == "statement").collect();
    assert!(statements.len() > 250, "only {}", statements.len());
    for statement in statements {
        let plan = statement["slowest"]["plan"].as_array().expect("a plan");
        assert!(!plan.is_empty(), "{statement:#}");
        let seconds = &statement["slowest"]["predicted"];
        assert!(seconds["cold"].as_f64() >= seconds["warm"].as_f64(), "{statement:#}");
    }
}

#[test]
fn on_postgresql_each_metric_is_explained_and_sound() {
    if let Some(database) = instance::postgres() {
        reviewed(&database.reader_url());
    }
}

#[test]
fn on_sqlite_each_metric_is_explained_and_sound() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    reviewed(&format!("sqlite://{}", instance::sqlite(folder.path()).display()));
}
