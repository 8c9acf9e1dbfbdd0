//! `validate`, and what the other verbs do with definitions that it refuses.

use crate::instance::{count, json, small};
use crate::support::cli::Cli;
use crate::support::golden::assert_golden;

const BAD: &str = "\
key_path: counts.bad
descripton: Misspelt.
value_type: nmber
status: active
time_frame: all
data_source: database
instrumentation_class: DatabaseMetric
options:
  operation: count
  relation: users; DROP TABLE users
";

const UNKNOWN_CLASS: &str = "\
key_path: counts.unknown
description: Its class is nowhere.
value_type: number
status: active
time_frame: all
data_source: database
instrumentation_class: NoSuchMetric
";

fn with_bad_files() -> Cli {
    let cli = small();
    cli.write("metrics/bad.yml", BAD);
    cli.write("metrics/torn.yml", "key_path: [counts\n");
    cli.write("metrics/unknown_class.yml", UNKNOWN_CLASS);
    count(&cli, "counts.twice", "optional", "users");
    let again = cli.read("metrics/counts_twice.yml");
    cli.write("metrics/twice_again.yml", &again);
    cli
}

#[test]
fn good_definitions() {
    let cli = small();
    let human = cli.run(&["validate"]).expect_code(0);
    assert_eq!(human.stdout, "");
    assert_eq!(human.stderr, "4 metrics and 0 declared classes: 0 errors, 0 warnings\n");
    let machine = cli.run(&["validate", "--format", "json"]).expect_code(0);
    assert_eq!(
        (machine.stdout.as_str(), machine.stderr.as_str()),
        ("{\n  \"problems\": []\n}\n", "")
    );
    assert_eq!(cli.run(&["validate", "--format", "github"]).expect_code(0).stdout, "");
}

#[test]
fn bad_definitions_for_a_person() {
    let human = with_bad_files().run(&["validate"]).expect_code(3);
    assert_eq!(human.stdout, "");
    assert_golden("cli/validate/human.txt", &human.stderr);
}

#[test]
fn bad_definitions_for_a_machine() {
    let machine = with_bad_files().run(&["validate", "--format", "json"]).expect_code(3);
    assert_eq!(machine.stderr, "");
    json(&machine.stdout);
    assert_golden("cli/validate/problems.json", &machine.stdout);
}

#[test]
fn bad_definitions_for_a_pull_request() {
    let github = with_bad_files().run(&["validate", "--format", "github"]).expect_code(3);
    assert!(
        github
            .stdout
            .lines()
            .all(|line| line.starts_with("::error ") || line.starts_with("::warning "))
    );
    assert_golden("cli/validate/github.txt", &github.stdout);
}

#[test]
fn warnings_fail_only_where_they_are_denied() {
    let cli = small();
    cli.write("metrics/unknown_class.yml", UNKNOWN_CLASS);
    let warned = cli.run(&["validate"]).expect_code(0);
    assert!(
        warned.stderr.contains("there is no class `NoSuchMetric`"),
        "{}",
        warned.stderr
    );
    assert!(warned.stderr.ends_with("0 errors, 1 warning\n"), "{}", warned.stderr);
    cli.run(&["validate", "--deny-warnings"]).expect_code(3);
}

#[test]
fn a_missing_folder_and_one_without_metrics_are_named() {
    let cli = small();
    std::fs::create_dir(cli.folder().join("empty")).expect("a folder");
    for verb in [
        &["validate"][..],
        &["run"],
        &["generate"],
        &["preview"],
        &["dump", "sql"],
        &["metric", "x"],
    ] {
        let missing = cli.run(&[verb, &["--definitions", "nowhere"]].concat()).expect_code(3);
        assert!(
            missing.stderr.contains("there is no folder nowhere"),
            "{}",
            missing.stderr
        );
        let empty = cli.run(&[verb, &["--definitions", "empty"]].concat()).expect_code(3);
        assert!(
            empty.stderr.contains("empty holds no `metrics` folder"),
            "{}",
            empty.stderr
        );
    }
}

#[test]
fn a_folder_without_a_definition_has_nothing_to_run() {
    let cli = small();
    std::fs::create_dir_all(cli.folder().join("empty/metrics")).expect("a folder");
    for verb in ["run", "generate", "preview"] {
        let outcome = cli.run(&[verb, "--definitions", "empty"]).expect_code(3);
        assert_eq!(outcome.stdout, "");
        assert!(outcome.stderr.contains("empty holds no metric"), "{}", outcome.stderr);
    }
}

#[test]
fn errors_stop_every_verb_unless_they_are_to_be_skipped() {
    let cli = with_bad_files();
    for verb in [
        &["run"][..],
        &["generate"],
        &["preview"],
        &["dump", "sql"],
        &["metric", "counts.users"],
    ] {
        let stopped = cli.run(verb).expect_code(3);
        assert_eq!(stopped.stdout, "", "{verb:?}");
        assert!(stopped.stderr.contains("[metrics/bad.yml:3:13]"), "{}", stopped.stderr);
        assert!(
            stopped.stderr.ends_with("leave them out with --skip-invalid\n"),
            "{}",
            stopped.stderr
        );
    }
    assert!(!cli.folder().join("service-ping.db").exists(), "nothing was begun");
    let skipped = cli.run(&["generate", "--skip-invalid"]).expect_code(0);
    assert!(
        skipped.stderr.contains("skipped metrics/bad.yml (counts.bad)"),
        "{}",
        skipped.stderr
    );
    assert!(
        skipped.stderr.contains("skipped metrics/torn.yml"),
        "{}",
        skipped.stderr
    );
    let payload = json(&skipped.stdout);
    assert_eq!(payload["counts"]["bad"], -1);
    assert_eq!(payload["counts"]["users"], 3);
}

#[test]
fn schemas_for_editors_are_written() {
    let cli = small();
    let written = cli.run(&["validate", "--write-schema"]).expect_code(0);
    assert!(
        written.stderr.contains("wrote ./metrics/schema/metric.json"),
        "{}",
        written.stderr
    );
    for name in ["metric", "instrumentation_class"] {
        assert!(json(&cli.read(&format!("metrics/schema/{name}.json")))["$schema"].is_string());
    }
    cli.run(&["validate", "--deny-warnings"]).expect_code(0);
}
