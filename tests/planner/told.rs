//! The plan that a dry run tells of the shipped definitions: each reading stands in one scan, or is answered otherwise.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::instance::{self, now};
use crate::support::cli::Cli;

fn json(cli: &Cli, verb: &[&str]) -> Value {
    let now = now().to_rfc3339();
    let asked = [
        verb,
        &[
            "--now",
            &now,
            "--definitions",
            env!("CARGO_MANIFEST_DIR"),
            "--format",
            "json",
        ],
    ]
    .concat();
    let outcome = cli.run(&asked).expect_code(0);
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error} in:\n{}", outcome.stdout))
}

fn keys(list: &Value) -> BTreeSet<&str> {
    let list = list.as_array().expect("a list");
    list.iter().map(|key| key.as_str().expect("a key path")).collect()
}

fn assert_all_planned(url: &str) {
    let cli = Cli::new();
    cli.write("service-ping.toml", &format!("[database.main]\nurl = {url:?}\n"));
    let plan = json(&cli, &["run", "--dry-run"]);
    let database = &plan["databases"][0];
    let mut readings = 0;
    let mut planned: BTreeMap<&str, u64> = BTreeMap::new();
    for scan in database["scans"].as_array().expect("a list") {
        readings += scan["readings"].as_u64().expect("a number");
        keys(&scan["metrics"])
            .into_iter()
            .for_each(|key| *planned.entry(key).or_default() += 1);
    }
    let failures = database["failures"].as_array().expect("a list");
    assert!(failures.is_empty(), "{failures:#?}");
    let mut others = keys(&database["statistics"]);
    others.extend(keys(&database["queries"]));
    let dumped = json(&cli, &["dump", "sql"]);
    let mut dumped_keys = Vec::new();
    leaves(&dumped, String::new(), &mut dumped_keys);
    assert!(dumped_keys.len() > 300, "{}", dumped_keys.len());
    for key in dumped_keys.iter().map(String::as_str) {
        // What one statement gives is one reading, or a sum that the statement makes of several.
        assert!(
            planned.contains_key(key) || others.contains(key),
            "{key} is not planned"
        );
    }
    let of_events_and_facts = readings + others.len() as u64;
    let all = plan["readings"].as_u64().expect("a number");
    assert!(readings > 300 && of_events_and_facts <= all, "{readings} of {all}");
    let total = |name: &str| plan[name].as_u64().expect("a number");
    assert!(
        total("statements") * 2 < total("statements_one_by_one"),
        "{} against {}",
        plan["statements"],
        plan["statements_one_by_one"]
    );
}

fn leaves(value: &Value, path: String, found: &mut Vec<String>) {
    let Some(object) = value.as_object() else {
        return found.push(path);
    };
    for (name, value) in object {
        let path = match path.as_str() {
            "" => name.clone(),
            path => format!("{path}.{name}"),
        };
        leaves(value, path, found);
    }
}

#[test]
fn on_postgresql() {
    if let Some(database) = instance::postgres() {
        assert_all_planned(&database.reader_url());
    }
}

#[test]
fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = instance::sqlite(folder.path());
    assert_all_planned(&format!("sqlite://{}", path.display()));
}
