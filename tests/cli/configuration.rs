//! What is wrong with a configuration is shown at once, each problem in its place.

use crate::instance::{NOW, json, small, small_with};
use crate::support::cli::Cli;
use crate::support::golden::assert_golden;

const BAD: &str = "\
definitons = \".\"
[database.main]
url = \"mysql://me:hunter2@db/product\"
statement_timeout = \"15\"
[reporting]
enabled = \"yes\"
categories = [\"standard\", \"optionl\"]
[prometeus]
";

#[test]
fn every_problem_is_shown_with_its_line_and_a_caret() {
    let cli = Cli::new().env("SERVICE_PING__REPORTING__ENABLE", "1");
    cli.write("service-ping.toml", BAD);
    for verb in [
        &["run"][..],
        &["validate"],
        &["doctor"],
        &["dump", "sql"],
        &["metric", "x"],
    ] {
        let outcome = cli.run(verb).expect_code(3);
        assert_eq!(outcome.stdout, "");
        assert!(!outcome.stderr.contains("hunter2"), "{}", outcome.stderr);
        assert_golden("cli/configuration_errors.txt", &outcome.stderr);
    }
}

#[test]
fn a_file_that_is_no_toml_shows_where() {
    let cli = Cli::new();
    cli.write("service-ping.toml", "[instance\nhostname = \"x\"\n");
    let outcome = cli.run(&["run"]).expect_code(3);
    assert!(
        outcome.stderr.contains("[service-ping.toml:1:10]"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_named_file_must_be_there_and_the_default_one_need_not() {
    let cli = Cli::new();
    for arguments in [["run", "--config", "nowhere.toml"], ["--config", "nowhere.toml", "run"]] {
        let outcome = cli.run(&arguments).expect_code(3);
        assert!(
            outcome.stderr.contains("nowhere.toml: the file cannot be read"),
            "{}",
            outcome.stderr
        );
        assert!(outcome.stderr.contains("service-ping init"), "{}", outcome.stderr);
    }
    let by_variable = Cli::new().env("SERVICE_PING_CONFIG", "nowhere.toml");
    by_variable.run(&["run"]).expect_code(3);
    let without = small();
    std::fs::remove_file(without.folder().join("service-ping.toml")).expect("a configuration");
    without.run(&["validate"]).expect_code(0);
}

#[test]
fn an_empty_configuration_measures_what_needs_no_source() {
    let cli = small();
    cli.write("service-ping.toml", "");
    let payload = json(&cli.run(&["generate", "--now", NOW]).expect_code(0).stdout);
    assert_eq!(payload["license"]["plan"], "free");
    assert_eq!(payload["counts"]["users"], -1);
}

#[test]
fn variables_win_over_the_file() {
    let cli = small()
        .env("SERVICE_PING__INSTANCE__UUID", "11111111-2222-4333-8444-555555555555")
        .env("SERVICE_PING__REPORTING__DISABLED_METRICS", "[\"counts.*\"]")
        .env("SERVICE_PING__DEFINITIONS", "elsewhere");
    std::fs::rename(cli.folder().join("metrics"), cli.folder().join("kept")).expect("a rename");
    std::fs::create_dir(cli.folder().join("elsewhere")).expect("a folder");
    std::fs::rename(cli.folder().join("kept"), cli.folder().join("elsewhere/metrics")).expect("a rename");
    let payload = json(&cli.run(&["generate"]).expect_code(0).stdout);
    assert_eq!(
        payload,
        json(r#"{"license": {"plan": "free"}, "uuid": "11111111-2222-4333-8444-555555555555"}"#)
    );
}

#[test]
fn a_state_store_that_cannot_be_written_ends_1_with_the_reason() {
    let cli = small_with("[state]\nurl = \"sqlite://product.db/state.db\"\n");
    let outcome = cli.run(&["run"]).expect_code(1);
    assert!(outcome.stderr.contains("product.db/state.db"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Not a directory"), "{}", outcome.stderr);
    let missing = small_with("[state]\nurl = \"sqlite://nowhere/state.db\"\n")
        .run(&["run"])
        .expect_code(1);
    assert!(
        missing.stderr.contains("nowhere` of the state store does not exist"),
        "{}",
        missing.stderr
    );
    let unreachable = small_with("[state]\nurl = \"postgres://me:hunter2@127.0.0.1:1/x\"\n")
        .run(&["run"])
        .expect_code(1);
    assert!(
        unreachable.stderr.contains("postgres://127.0.0.1:1/x cannot be opened"),
        "{}",
        unreachable.stderr
    );
    assert!(!unreachable.stderr.contains("hunter2"), "{}", unreachable.stderr);
}

#[test]
fn the_doctor_looks_at_everything() {
    let cli = small();
    let well = cli.run(&["doctor"]).expect_code(0);
    assert_eq!(well.stderr, "");
    assert_golden("cli/doctor.txt", &cli.scrub(&sqlite_version_out(&well.stdout)));
    let findings = json(&cli.run(&["doctor", "--format", "json"]).expect_code(0).stdout);
    let findings = findings["findings"].as_array().expect("a list").clone();
    assert_eq!(findings.len(), well.stdout.lines().count());
    assert!(findings.iter().all(|finding| finding["ok"] == true), "{findings:#?}");
}

#[test]
fn the_doctor_finds_what_is_ill() {
    let cli = small_with(
        "[database.ci]\nurl = \"postgres://me:hunter2@127.0.0.1:1/x\"\n[database.gone]\nurl = \"sqlite://gone.db\"\n\
         [state]\nurl = \"sqlite://nowhere/x.db\"\n[versions]\nurl = \"http://token@versions.example:3000/\"\n",
    )
    .env("DO_NOT_TRACK", "1");
    cli.write("metrics/bad.yml", "key_path: [\n");
    let ill = cli.run(&["doctor"]).expect_code(1);
    assert!(
        !ill.stdout.contains("hunter2") && !ill.stdout.contains("token"),
        "{}",
        ill.stdout
    );
    assert_golden("cli/doctor_ill.txt", &cli.scrub(&sqlite_version_out(&ill.stdout)));
}

fn sqlite_version_out(text: &str) -> String {
    let version = text.split("SQLite ").nth(1).and_then(|rest| rest.split(',').next());
    text.replace(version.expect("the doctor names SQLite's version"), "<version>")
}
