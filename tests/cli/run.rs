//! `run`: the weekly job and its report.

use crate::instance::{NOW, UUID, count, json, names, small};
use crate::receiver::{Receiver, metadata, payloads};
use crate::support::golden::assert_golden;

#[test]
fn twice_delivers_each_payload_once() {
    let cli = small();
    let receiver = Receiver::start(&cli);
    let cli = cli.env("SERVICE_PING__VERSIONS__URL", &receiver.url);
    for now in ["2026-11-12T00:00:00Z", "2026-11-19T00:00:00Z"] {
        cli.run(&["run", "--now", now]).expect_code(0);
    }
    receiver.stop();
    let payloads = payloads(&cli);
    assert_eq!(payloads.len(), 2);
    assert_ne!(payloads[0].idempotency_key, payloads[1].idempotency_key);
    assert!(payloads.iter().all(|payload| payload.uuid == UUID));
    let metadata = metadata(&cli);
    assert_eq!(metadata.len(), 2);
    assert_eq!(
        json(&metadata[0].body)["metadata"]["metrics"].as_array().map(Vec::len),
        Some(4)
    );
}

#[test]
fn the_uuid_is_made_once_and_kept() {
    let cli = small();
    let config = cli.read("service-ping.toml").replace(UUID, "");
    cli.write("service-ping.toml", &config);
    let uuid = || json(&cli.run(&["generate"]).expect_code(0).stdout)["uuid"].clone();
    let first = uuid();
    assert!(first.as_str().is_some_and(|text| text.len() == 36), "{first}");
    assert_eq!(uuid(), first);
}

#[test]
fn preview_prints_the_bytes_that_run_sends() {
    let cli = small();
    let receiver = Receiver::start(&cli);
    let cli = cli.env("SERVICE_PING__VERSIONS__URL", &receiver.url);
    let before = names(cli.folder());
    let preview = cli.run(&["preview", "--now", NOW]).expect_code(0);
    assert!(
        preview.stderr.contains(&format!("which run sends to {}", receiver.url)),
        "{}",
        preview.stderr
    );
    assert_eq!(names(cli.folder()), before, "nothing was stored");
    cli.run(&["run", "--now", NOW, "--output", "payload.json"])
        .expect_code(0);
    receiver.stop();
    assert_eq!(payloads(&cli)[0].payload, preview.stdout);
    assert_eq!(cli.read("payload.json"), preview.stdout);
    assert_eq!(cli.run(&["preview", "--last"]).expect_code(0).stdout, preview.stdout);
}

#[test]
fn a_dry_run_plans_and_does_nothing_else() {
    let cli = small();
    let receiver = Receiver::start(&cli);
    let cli = cli.env("SERVICE_PING__VERSIONS__URL", &receiver.url);
    let before = names(cli.folder());
    let plan = cli.run(&["run", "--dry-run", "--now", NOW]).expect_code(0);
    assert_golden("cli/run/plan.txt", &plan.stdout);
    assert!(
        plan.stderr.contains("nothing was measured, stored or sent"),
        "{}",
        plan.stderr
    );
    let machine = json(&cli.run(&["run", "--dry-run", "--format", "json"]).expect_code(0).stdout);
    assert_eq!(machine["metrics"].as_array().map(Vec::len), Some(4));
    assert_eq!(names(cli.folder()), before, "nothing was stored");
    receiver.stop();
    assert!(payloads(&cli).is_empty() && metadata(&cli).is_empty());
}

#[test]
fn no_submit_stores_and_sends_nothing() {
    let cli = small();
    let receiver = Receiver::start(&cli);
    let cli = cli.env("SERVICE_PING__VERSIONS__URL", &receiver.url);
    let outcome = cli.run(&["run", "--no-submit", "--now", NOW]).expect_code(0);
    assert!(
        outcome.stdout.contains("nothing sent: --no-submit"),
        "{}",
        outcome.stdout
    );
    assert_eq!(
        json(&cli.run(&["preview", "--last"]).expect_code(0).stdout)["counts"]["users"],
        3
    );
    receiver.stop();
    assert!(payloads(&cli).is_empty() && metadata(&cli).is_empty());
}

#[test]
fn only_and_output_together() {
    let cli = small();
    cli.run(&["run", "--only", "counts.u*", "--output", "payload.json"])
        .expect_code(0);
    assert_eq!(cli.read("payload.json"), r#"{"counts":{"users":3}}"#);
}

#[test]
fn an_output_that_cannot_be_written_is_found_before_anything_is_done() {
    let cli = small();
    let outcome = cli.run(&["run", "--output", "nowhere/payload.json"]).expect_code(1);
    assert!(
        outcome.stderr.starts_with("error: nowhere/payload.json cannot be "),
        "{}",
        outcome.stderr
    );
    assert!(!cli.folder().join("service-ping.db").exists());
}

#[test]
fn the_report_for_a_terminal_is_short_whatever_falls_back() {
    let cli = small();
    for number in 0..60 {
        count(
            &cli,
            &format!("gone.number_{number}"),
            "optional",
            &format!("gone_{}", number % 12),
        );
    }
    definition_without_class(&cli);
    let outcome = cli.run(&["run", "--now", NOW]).expect_code(0);
    assert!(outcome.stdout.lines().count() < 64, "{}", outcome.stdout);
    assert!(outcome.stdout.contains("fell back    61 metrics"), "{}", outcome.stdout);
    let report = json(&cli.run(&["run", "--format", "json"]).expect_code(0).stdout);
    assert_eq!(report["fallbacks"], 61);
    assert_eq!(report["computed"], 4);
    assert!(
        report["cpu_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0),
        "{report}"
    );
    let fallbacks = report["outcomes"].as_array().expect("a list").iter();
    assert_eq!(
        fallbacks
            .filter(|outcome| outcome["status"] == "fallback" && outcome["advice"].is_string())
            .count(),
        61
    );
}

fn definition_without_class(cli: &crate::support::cli::Cli) {
    crate::instance::definition(cli, "odd.one", "optional", "none", "NoSuchMetric", "");
}

#[test]
fn the_report_for_a_terminal() {
    // Two lanes may look the same table up at once: how many statements that takes is chance.
    let cli = small().env("SERVICE_PING__DATABASE__MAIN__CONNECTIONS", "1");
    count(&cli, "counts.gone", "optional", "gone");
    count(&cli, "counts.gone_too", "optional", "gone");
    let outcome = cli.run(&["run", "--now", NOW]).expect_code(0);
    assert_golden("cli/run/report.txt", &spaces_out(&cli.scrub(&outcome.stdout)));
}

/// The slowest are in no certain order, and their times are aligned.
fn spaces_out(text: &str) -> String {
    let lines = text.lines().map(|line| match line.find("<elapsed>  ") {
        Some(at) => format!("{}<elapsed>  …\n", line[..at].trim_end()),
        None => format!("{line}\n"),
    });
    lines.collect()
}
