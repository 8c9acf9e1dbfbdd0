//! The shape of the source document's example payload: every key of it, of the same type, by the shipped definitions over
//! real servers. Nothing of the example is written here: it is read when the test runs.

use serde_json::{Value, json};

use crate::component::Component;
use crate::instance::NOW;
use crate::sample;
use crate::support::cli::Cli;
use crate::support::data::compat_data;

/// Held by the tests of Prometheus.
const ELSEWHERE: &str = "topology";

/// The example, without what it leaves out by dots; `None` where the document is not at hand.
fn example() -> Option<Value> {
    let folder = compat_data("../source")?;
    let documents = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("a file").path());
    let texts = documents.filter_map(|path| std::fs::read_to_string(path).ok());
    let after = "The following is example content of the Service Ping payload.";
    let example = texts
        .filter_map(|text| text.split_once(after).map(|(_, rest)| rest.to_owned()))
        .next();
    let example = example.expect("a document with the example");
    let example = example.split("\nExport Service Ping data").next().expect("a text");
    let lines = example
        .lines()
        .filter(|line| line.trim().trim_end_matches(',') != "...");
    let mut json = String::new();
    for line in lines.skip_while(|line| *line != "{") {
        if matches!(line.chars().next(), Some('}' | ']')) && json.ends_with(",\n") {
            json.truncate(json.len() - 2);
        }
        json += line;
        json.push('\n');
    }
    Some(serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}:\n{json}")))
}

/// Where the payload lacks what the example has, or has it of another type.
fn misfits(example: &Value, payload: &Value, path: &str, found: &mut Vec<String>) {
    let kind = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    match (example, payload) {
        // The example has no value there: its type is not told.
        (Value::Null, _) => {}
        (Value::Object(wanted), Value::Object(there)) => {
            for (key, wanted) in wanted.iter().filter(|(key, _)| *key != ELSEWHERE) {
                let path = format!("{path}/{key}");
                match there.get(key) {
                    Some(there) => misfits(wanted, there, &path, found),
                    None => found.push(format!("{path} is not there")),
                }
            }
        }
        (Value::Array(wanted), Value::Array(there)) => {
            for there in there {
                misfits(&wanted[0], there, &format!("{path}/0"), found);
            }
        }
        (wanted, there) if kind(wanted) == kind(there) => {}
        (wanted, there) => found.push(format!("{path} is {}, not {}", kind(there), kind(wanted))),
    }
}

fn assert_fits(example: &Value, payload: &Value) {
    let mut found = Vec::new();
    misfits(example, payload, "", &mut found);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_key_of_the_example_is_produced() {
    let Some(example) = example() else { return };
    let Some(database) = sample::postgres() else { return };
    // As a service would show itself.
    database.psql(&format!(
        "ALTER DATABASE {} SET cloudsql.iam_authentication = 'on'",
        database.name()
    ));
    let gitaly = json!({
        "version": "16.2.0-rc1-93-g40980d40", "git_version": "2.26.1", "servers": 56, "clusters": 14, "filesystems": ["EXT_2_3_4"]
    });
    let gitaly = Component::says("", &gitaly.to_string());
    let pages = Component::says("", "1.17.0\n");
    let cli = Cli::new();
    cli.write(
        "licence.json",
        &json!({
            "licensee": {"Name": "Ada", "Email": "ada@engines.example", "Company": "Engines Ltd"},
            "issued_at": "2026-01-01", "expires_at": "2027-01-01",
            "restrictions": {"plan": "ultimate", "active_user_count": 999}
        })
        .to_string(),
    );
    let booleans: String = [
        "container_registry_enabled",
        "dependency_proxy_enabled",
        "gitlab_shared_runners_enabled",
        "gravatar_enabled",
        "influxdb_metrics_enabled",
        "ldap_enabled",
        "mattermost_enabled",
        "omniauth_enabled",
        "prometheus_enabled",
        "prometheus_metrics_enabled",
        "signup_enabled",
        "elasticsearch_enabled",
        "geo_enabled",
        "pages_enabled",
    ]
    .iter()
    .map(|name| format!("{name} = true\n"))
    .collect();
    cli.write(
        "service-ping.toml",
        &format!(
            "definitions = \"{}\"\n[instance]\nversion = \"16.2.0\"\ninstallation_type = \"omnibus\"\n\
             [database.main]\nurl = \"{}\"\n[event_store]\nurl = \"embedded\"\n[license]\nfile = \"licence.json\"\n\
             [components.gitaly]\nurl = \"{}\"\n[components.gitlab_pages]\nurl = \"{}\"\n\
             [settings]\nreply_by_email_enabled = \"incoming+%{{key}}@example.com\"\n{booleans}",
            env!("CARGO_MANIFEST_DIR"),
            database.reader_url(),
            gitaly.url(),
            pages.url(),
        ),
    );
    let generated = cli.run(&["generate", "--now", NOW]).expect_code(0);
    let payload: Value = serde_json::from_str(&generated.stdout).expect("a payload");
    assert_fits(&example, &payload);
    assert_eq!(payload["edition"], "EEU");
    assert_eq!(payload["git"]["version"], json!({"major": 2, "minor": 26, "patch": 1}));
    assert_eq!(payload["gitaly"]["servers"], 56);
    assert_eq!(payload["gitlab_pages"]["version"], "1.17.0");
}

/// The demo has neither a PostgreSQL nor a service that runs it; it has every key.
#[test]
fn the_demo_has_them_all() {
    let Some(mut example) = example() else { return };
    let cli = Cli::new();
    cli.run(&["demo", "--scale", "0.01", "--now", NOW]).expect_code(0);
    let config = ["--config", "demo/service-ping.toml", "--now", NOW];
    let shown = cli.run(&[&config[..], &["preview"]].concat()).expect_code(0);
    let payload: Value = serde_json::from_str(&shown.stdout).expect("a payload");
    for key in ["pg_system_id", "flavor"] {
        example["database"][key] = Value::Null;
    }
    assert_fits(&example, &payload);
}

/// A planted fault: the comparison sees what is missing, and what is of another type.
#[test]
fn a_misfit_is_seen() {
    let mut found = Vec::new();
    let example = json!({"a": 1, "b": {"c": true}, "d": [1], "e": null});
    misfits(
        &example,
        &json!({"a": "1", "b": {}, "d": [1, "2"], "e": 4}),
        "",
        &mut found,
    );
    assert_eq!(
        found,
        [
            "/a is a text, not a number",
            "/b/c is not there",
            "/d/0 is a text, not a number"
        ]
    );
}
