//! What a test wants, and what is said where it does not come.

use serde_json::Value;

use crate::folder;
use crate::support::cli::Cli;

const ROWS: &str = "    rows: {issues: [{state_id: 1}, {state_id: 2}, {state_id: 2}]}\n";

fn with(cli: Cli, test: &str) -> Cli {
    cli.write(
        "metrics/issues.test.yml",
        &format!("metric: counts.issues\ntests:\n  - name: it\n{ROWS}    {test}\n"),
    );
    cli
}

#[test]
fn a_right_value_passes() {
    let cli = with(folder("issues WHERE state_id = 2", "all"), "value: 2");
    let run = cli.run(&["test"]).expect_code(0);
    assert_eq!(run.stdout, "counts.issues\n  ok    sqlite    it\n");
    assert_eq!(run.stderr, "1 test: 1 passed, 0 failed\n");
}

#[test]
fn a_metric_whose_sql_is_wrong_fails_its_test() {
    let cli = with(folder("issues WHERE state_id = 1", "all"), "value: 2");
    let run = cli.run(&["test"]).expect_code(1);
    let wanted = "counts.issues\n  FAIL  sqlite    it\n        metrics/issues.test.yml:5\n        - 2\n        + 1\n";
    assert_eq!(run.stdout, wanted);
    assert!(
        run.stderr.contains("1 failed; --verbose shows their statements"),
        "{}",
        run.stderr
    );
    let verbose = cli.run(&["test", "-v"]).expect_code(1).stdout;
    assert!(
        verbose.contains(r#"SELECT COUNT("issues"."id") FROM "issues" WHERE "issues"."state_id" = 1"#),
        "{verbose}"
    );
}

#[test]
fn a_fallback_is_no_value_but_its_reason_can_be_wanted() {
    let broken = || folder("issues WHERE lower(state_id, 1) = 'x'", "all");
    let run = with(broken(), "value: -1")
        .run(&["test", "--format", "json"])
        .expect_code(1);
    let json: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let reason = json["tests"][0]["reason"].as_str().expect("a reason").to_owned();
    with(broken(), &format!("value: {{reason: {reason}}}"))
        .run(&["test"])
        .expect_code(0);
    with(broken(), "value: {reason: overflow}")
        .run(&["test"])
        .expect_code(1);
}

#[test]
fn an_approximate_value_has_a_bound() {
    let cli = || folder("issues", "all");
    with(cli(), "value: {approximately: 3.1, within: 0.05}")
        .run(&["test"])
        .expect_code(0);
    let run = with(cli(), "value: {approximately: 4, within: 0.05}")
        .run(&["test"])
        .expect_code(1);
    assert!(
        run.stdout.contains("- 4 give or take 5 %\n        + 3\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_table_that_the_metric_does_not_read_is_a_mistake() {
    let cli = folder("issues", "all");
    cli.write(
        "metrics/issues.test.yml",
        "metric: counts.issues\ntests:\n  - {name: it, rows: {isues: [{}]}, value: 0}\n",
    );
    let run = cli.run(&["test"]).expect_code(1);
    assert!(
        run.stdout
            .contains(r#"the metric does not read the table "isues"; it reads issues"#),
        "{}",
        run.stdout
    );
}

#[test]
fn an_event_that_nothing_counts_is_a_mistake() {
    let cli = folder("issues", "all");
    cli.write(
        "metrics/issues.test.yml",
        "metric: counts.issues\ntests:\n  - {name: it, events: [{name: nobody_did, values: [1]}], value: 0}\n",
    );
    let run = cli.run(&["test"]).expect_code(1);
    assert!(run.stdout.contains("nobody_did"), "{}", run.stdout);
}

#[test]
fn globs_choose_and_a_misspelt_one_is_told() {
    let cli = with(folder("issues", "all"), "value: 3");
    cli.run(&["test", "counts.*"]).expect_code(0);
    let run = cli.run(&["test", "counts.isues"]).expect_code(2);
    assert!(run.stderr.contains("did you mean counts.issues?"), "{}", run.stderr);
    let none = folder("issues", "all").run(&["test"]).expect_code(2);
    assert!(none.stderr.contains("there are no tests"), "{}", none.stderr);
}

#[test]
fn moments_without_a_zone_are_utc_and_others_are_brought_there() {
    let cli = folder("issues", "28d");
    // The window of 2026-01-01 begins at 2025-12-02T00:00:00Z.
    cli.write(
        "metrics/issues.test.yml",
        "metric: counts.issues\ntests:\n  - name: it\n    rows:\n      issues:\n\
         \x20       - {created_at: 2025-12-02T01:00:00+02:00}\n\
         \x20       - {created_at: 2025-12-02T00:00:00-02:00}\n\
         \x20       - {created_at: 2025-12-02 00:00:00}\n    value: 2\n",
    );
    cli.run(&["test"]).expect_code(0);
}
