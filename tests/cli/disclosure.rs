//! What a definition does not want told of its value stays here, in every place that the value goes to.

use serde_json::json as object;

use crate::instance::{count, json, small};
use crate::receiver::{Receiver, metadata, payloads};
use crate::support::cli::Cli;

fn add(cli: &Cli, file: &str, lines: &str) {
    let text = cli.read(file);
    cli.write(file, &format!("{text}{lines}"));
}

#[test]
fn small_counts_and_unlisted_groups_do_not_leave() {
    let cli = small();
    add(&cli, "metrics/counts_users.yml", "minimum_count: 5\n");
    count(&cli, "counts.since", "optional", "users GROUP BY created_at");
    let text = cli
        .read("metrics/counts_since.yml")
        .replace("value_type: number", "value_type: object");
    cli.write("metrics/counts_since.yml", &text);
    add(
        &cli,
        "metrics/counts_since.yml",
        "allowed_values: ['2026-11-01 00:00:00']\n",
    );
    let receiver = Receiver::start(&cli);
    add(
        &cli,
        "service-ping.toml",
        &format!("[versions]\nurl = \"{}\"\n", receiver.url),
    );
    let report = json(&cli.run(&["run", "--format", "json"]).expect_code(0).stdout);
    receiver.stop();
    let counts = object!({"users": 5, "admins": 1, "since": {"2026-11-01 00:00:00": 1, "other": 2}});
    assert_eq!(json(&payloads(&cli)[0].payload)["counts"], counts);
    let timings = &metadata(&cli)[0].body;
    assert!(timings.contains("binned: numbers below 5 are told as 5"), "{timings}");
    assert!(!payloads(&cli)[0].payload.contains("2020") && !report.to_string().contains("2020-01-01"));
    let outcomes = report["outcomes"].as_array().expect("outcomes");
    let users = outcomes
        .iter()
        .find(|outcome| outcome["key_path"] == "counts.users")
        .expect("the metric");
    assert_eq!(
        (&users["status"], &users["reason"]),
        (&object!("binned"), &object!("binned"))
    );
}

#[test]
fn a_rule_that_the_value_cannot_keep_is_an_error() {
    let cli = small();
    add(&cli, "metrics/uuid.yml", "minimum_count: 5\n");
    add(&cli, "metrics/counts_users.yml", "allowed_values: [a]\n");
    add(&cli, "metrics/counts_admins.yml", "minimum_count: 1\n");
    let said = cli.run(&["validate"]).expect_code(3);
    let said = said.stdout + &said.stderr;
    for part in [
        "`minimum_count` keeps nothing back of a string",
        "`allowed_values` keeps nothing back of a number",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(said.contains("3 errors"), "{said}");
}
