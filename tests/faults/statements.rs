//! Faults of single statements, all in one run, each between two metrics that are counted.

use serde_json::{Value, json};

use super::instance::{Instance, Report};
use super::server::{Holder, Watched};
use super::statement_faults::{SCHEMA, faults, healthy, write_others};
use crate::support::postgres::{Database, Postgres, READER_PASSWORD};

/// Generous for a healthy statement, short for one that sleeps.
const SETTINGS: &str = "statement_timeout = \"4s\"\nlock_timeout = \"500ms\"\n";

/// Puts a metric that is counted after each of `faults`, no two the same.
fn add_healthy(instance: &Instance, faults: usize) -> Vec<(String, String)> {
    let kinds = healthy();
    let mut oracles = Vec::new();
    for number in 0..faults.max(kinds.len()) {
        let key_path = format!("counts.n{number:02}_is_counted");
        let oracle = match kinds.get(number) {
            Some((options, oracle)) => {
                let more = if oracle.contains("json_object") {
                    json!({"value_type": "object"})
                } else {
                    json!({})
                };
                instance.definition(&key_path, "DatabaseMetric", options.clone(), more);
                (*oracle).to_owned()
            }
            None => {
                instance.count(&key_path, &format!("users WHERE id > {number}"));
                format!("SELECT count(*) FROM users WHERE id > {number}")
            }
        };
        oracles.push((key_path, oracle));
    }
    oracles
}

fn key_of(number: usize, name: &str) -> String {
    format!("counts.n{number:02}_{name}")
}

fn write_faults(instance: &Instance) {
    for (number, (name, options, _, _)) in faults().into_iter().enumerate() {
        let object = options["operation"] == "histogram";
        let more = if object
            || options["relation"]
                .as_str()
                .is_some_and(|relation| relation.contains("GROUP BY"))
        {
            json!({"value_type": "object"})
        } else {
            json!({})
        };
        instance.definition(&key_of(number, name), "DatabaseMetric", options, more);
    }
}

fn assert_counted(report: &Report, payload: &Value, database: &Database<'_>, oracles: &[(String, String)]) {
    for (key_path, oracle) in oracles {
        let printed = database.psql(oracle);
        let expected: Value = serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
        let outcome = report.outcome(key_path);
        assert_eq!(outcome["status"], "ok", "{outcome:#}");
        let seen = &outcome["value"];
        let equal = match (seen.as_f64(), expected.as_f64()) {
            (Some(seen), Some(expected)) => (seen - expected).abs() <= expected.abs() * 1e-9,
            _ => *seen == expected,
        };
        assert!(equal, "{key_path} is {seen}, but psql says {expected}");
        assert_eq!(at(payload, key_path), seen, "{key_path} in the payload");
    }
}

fn at<'a>(payload: &'a Value, key_path: &str) -> &'a Value {
    payload
        .pointer(&format!("/{}", key_path.replace('.', "/")))
        .unwrap_or_else(|| panic!("the payload has no {key_path}: {payload:#}"))
}

#[test]
fn each_fault_costs_its_own_metric_alone() {
    let database = Postgres::shared().database();
    database.psql(SCHEMA);
    let watched = Watched::new(&database);
    let instance = Instance::new(&database.reader_tcp_url(), &(watched.setting() + SETTINGS));
    write_faults(&instance);
    let others = write_others(&instance);
    let oracles = add_healthy(&instance, faults().len());
    let lock = Holder::begin(&database, "LOCK TABLE locked IN ACCESS EXCLUSIVE MODE");

    let report = instance.run(0);
    let payload = instance.payload();
    for (number, (name, _, reason, value)) in faults().into_iter().enumerate() {
        report.assert_fallback(&key_of(number, name), reason, &value);
        assert_eq!(*at(&payload, &key_of(number, name)), value);
    }
    for (key_path, reason, value) in &others {
        report.assert_fallback(key_path, reason, value);
        assert_eq!(at(&payload, key_path), value);
    }
    assert_counted(&report, &payload, &database, &oracles);
    let fallbacks = faults().len() + others.len();
    assert_eq!(
        (&report.json["computed"], &report.json["fallbacks"]),
        (&json!(oracles.len()), &json!(fallbacks))
    );
    watched.assert_nothing_is_left();
    assert_eq!(
        database.psql("SELECT count(*) FROM audit"),
        "0",
        "something was written"
    );

    let generated = instance.generate();
    assert_eq!(generated, payload, "the payload of generate");
    drop(lock);
    watched.assert_nothing_is_left();
    report.assert_silent_about(READER_PASSWORD);
    instance.assert_no_file_holds(READER_PASSWORD);
    assert_metadata_names_each(&instance, fallbacks);
}

/// Every fallback stands in the metadata with its reason, and no counted metric with one.
fn assert_metadata_names_each(instance: &Instance, fallbacks: usize) {
    let metadata: Value = serde_json::from_str(&instance.cli.read("metadata.json")).expect("the metadata are JSON");
    let metrics = metadata["metrics"].as_array().expect("a list of metrics");
    let with_error = metrics.iter().filter(|metric| metric.get("error").is_some());
    assert_eq!(with_error.count(), fallbacks);
    let lock = metrics
        .iter()
        .find(|metric| metric["name"].as_str().is_some_and(|name| name.ends_with("_lock")));
    let error = lock.map(|metric| metric["error"].to_string()).unwrap_or_default();
    assert!(error.contains("lock_timeout"), "{error}");
}

#[test]
fn a_lock_that_goes_leaves_no_trace() {
    let database = Postgres::shared().database();
    database.psql("CREATE TABLE locked (id bigint PRIMARY KEY); INSERT INTO locked SELECT generate_series(1, 7)");
    let watched = Watched::new(&database);
    let instance = Instance::new(
        &database.reader_tcp_url(),
        &(watched.setting() + "lock_timeout = \"100ms\"\n"),
    );
    instance.count("counts.locked", "locked");
    let lock = Holder::begin(&database, "LOCK TABLE locked IN ACCESS EXCLUSIVE MODE");
    instance
        .run(0)
        .assert_fallback("counts.locked", "lock_timeout", &json!(-1));
    drop(lock);
    instance.run(0).assert_value("counts.locked", &json!(7));
    watched.assert_nothing_is_left();
}
