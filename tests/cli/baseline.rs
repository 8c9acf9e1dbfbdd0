//! `validate --baseline`: what a metric measures never changes.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::instance::{count, json, small};
use crate::support::cli::Cli;

const CLASS: &str = "\
class: CountAdminsMetric
operation: count
relation: users WHERE admin AND state = 'active'
";

const USES_CLASS: &str = "\
key_path: counts.active_admins
description: Admins.
value_type: number
status: active
time_frame: all
data_source: database
instrumentation_class: CountAdminsMetric
";

fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com"])
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("git runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Definitions with a commit of them, tagged `before`.
fn committed() -> Cli {
    let cli = small();
    cli.write("metrics/instrumentations/admins.yml", CLASS);
    cli.write("metrics/active_admins.yml", USES_CLASS);
    git(cli.folder(), &["init", "--quiet"]);
    git(cli.folder(), &["add", "metrics"]);
    git(cli.folder(), &["commit", "--quiet", "-m", "Definitions"]);
    git(cli.folder(), &["tag", "before"]);
    cli
}

fn replace(cli: &Cli, file: &str, from: &str, to: &str) {
    let text = cli.read(file);
    assert!(text.contains(from), "{text}");
    cli.write(file, &text.replace(from, to));
}

/// Code and place of each problem, and what became of the definitions.
fn against(cli: &Cli, baseline: &str, code: i32) -> (Vec<String>, Value) {
    let outcome = cli
        .run(&["validate", "--baseline", baseline, "--format", "json"])
        .expect_code(code);
    let document = json(&outcome.stdout);
    let problems = document["problems"].as_array().expect("a list").iter();
    let short = |problem: &Value| {
        let text = |field: &str| problem[field].as_str().unwrap_or_default().to_owned();
        assert!(problem["help"].is_string());
        format!(
            "{} {}:{}:{}",
            text("code"),
            text("file"),
            problem["line"],
            problem["column"]
        )
    };
    (problems.map(short).collect(), document["baseline"].clone())
}

fn counts(added: u32, changed: u32, removed: u32, gone: u32) -> Value {
    json!({"added": added, "changed": changed, "removed": removed, "gone": gone})
}

#[test]
fn nothing_changed() {
    let cli = committed();
    assert_eq!(against(&cli, "before", 0), (vec![], counts(0, 0, 0, 0)));
    let human = cli.run(&["validate", "--baseline", "before"]).expect_code(0);
    assert!(
        human
            .stderr
            .ends_with("against before: 0 added, 0 changed, 0 removed, 0 gone\n"),
        "{}",
        human.stderr
    );
}

#[test]
fn another_spelling_is_no_change() {
    let cli = committed();
    replace(
        &cli,
        "metrics/instrumentations/admins.yml",
        "relation: users WHERE admin AND state = 'active'",
        "relation: >\n  \"users\"   where (users.state='active')\n  and ((admin))\nbatch_size: 500\nconsistency: approximate",
    );
    replace(&cli, "metrics/active_admins.yml", "Admins.", "Active administrators.");
    // `users.state` and `state` are two spellings as well, but only the catalogue can tell that they are one column.
    replace(&cli, "metrics/instrumentations/admins.yml", "users.state", "state");
    assert_eq!(against(&cli, "before", 0), (vec![], counts(0, 0, 0, 0)));
}

#[test]
fn each_changed_field_is_shown_where_it_stands() {
    let admins = "metrics/counts_admins.yml";
    let cases = [
        (admins, "users WHERE admin", "users WHERE NOT admin", "11:13"),
        (admins, "operation: count", "operation: distinct_count", "10:14"),
        (admins, "key_path: counts.admins", "key_path: counts.bosses", "1:11"),
        (admins, "time_frame: all", "time_frame: 28d", "5:13"),
        (admins, "value_type: number", "value_type: string", "3:13"),
        (admins, "data_source: database", "data_source: system", "6:14"),
        (
            admins,
            "data_category: optional\ninstrumentation_class: DatabaseMetric\noptions:\n  operation: count\n  relation: users WHERE admin",
            "instrumentation_class: CountAdminsMetric",
            "7:24",
        ),
    ];
    for (file, from, to, place) in cases {
        let cli = committed();
        replace(&cli, file, from, to);
        let (problems, became) = against(&cli, "before", 3);
        assert!(
            problems.contains(&format!("changed_meaning {file}:{place}")),
            "{to}: {problems:?}"
        );
        assert_eq!(became, counts(0, 1, 0, 0), "{to}");
    }
}

#[test]
fn an_estimate_in_place_of_a_count_is_a_change() {
    let cli = committed();
    replace(&cli, "metrics/counts_admins.yml", "users WHERE admin", "users");
    git(cli.folder(), &["commit", "--quiet", "--all", "-m", "All users"]);
    replace(
        &cli,
        "metrics/counts_admins.yml",
        "operation: count",
        "operation: count\n  estimate: reltuples",
    );
    let (problems, _) = against(&cli, "HEAD", 3);
    assert_eq!(problems, ["changed_meaning metrics/counts_admins.yml:11:13"]);
}

#[test]
fn a_changed_class_is_shown_in_its_own_file_once() {
    let cli = committed();
    cli.write(
        "metrics/more.yml",
        &USES_CLASS.replace("counts.active_admins", "counts.more"),
    );
    git(cli.folder(), &["add", "metrics"]);
    git(cli.folder(), &["commit", "--quiet", "-m", "More"]);
    replace(&cli, "metrics/instrumentations/admins.yml", "'active'", "'blocked'");
    let (problems, became) = against(&cli, "HEAD", 3);
    assert_eq!(problems, ["changed_meaning metrics/instrumentations/admins.yml:3:11"]);
    assert_eq!(became, counts(0, 2, 0, 0));
}

#[test]
fn what_moved_to_another_file_under_another_key_is_found_by_what_it_measures() {
    let cli = committed();
    let text = cli
        .read("metrics/counts_admins.yml")
        .replace("counts.admins", "counts.bosses");
    std::fs::remove_file(cli.folder().join("metrics/counts_admins.yml")).expect("removed");
    cli.write("metrics/bosses.yml", &text);
    let (problems, became) = against(&cli, "before", 3);
    assert_eq!(problems, ["changed_meaning metrics/bosses.yml:1:11"]);
    assert_eq!(became, counts(0, 1, 0, 0));
}

#[test]
fn definitions_stay_in_the_tree() {
    let cli = committed();
    std::fs::remove_file(cli.folder().join("metrics/counts_admins.yml")).expect("removed");
    replace(
        &cli,
        "metrics/counts_users.yml",
        "status: active",
        "status: removed\nmilestone_removed: \"2.0\"",
    );
    count(&cli, "counts.new", "optional", "users WHERE id > 3");
    let (problems, became) = against(&cli, "before", 3);
    assert_eq!(problems, ["removed_definition before:metrics/counts_admins.yml:1:11"]);
    assert_eq!(became, counts(1, 0, 1, 1));
    // What was removed by its status may go.
    git(cli.folder(), &["add", "metrics"]);
    git(cli.folder(), &["commit", "--quiet", "-m", "Removed"]);
    std::fs::remove_file(cli.folder().join("metrics/counts_users.yml")).expect("removed");
    assert_eq!(against(&cli, "HEAD", 0), (vec![], counts(0, 0, 0, 0)));
}

#[test]
fn a_folder_is_a_baseline_too() {
    let (before, now) = (small(), small());
    replace(&now, "metrics/counts_admins.yml", "users WHERE admin", "users");
    let folder = before.folder().display().to_string();
    let (problems, _) = against(&now, &folder, 3);
    assert_eq!(problems, ["changed_meaning metrics/counts_admins.yml:11:13"]);
    for format in ["human", "github"] {
        let said = now
            .run(&["validate", "--baseline", &folder, "--format", format])
            .expect_code(3);
        let all = said.stdout + &said.stderr;
        // Help is wrapped at the width of the terminal.
        let all = all.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            all.contains("add a new metric instead") && all.contains("1 changed"),
            "{all}"
        );
    }
}

#[test]
fn nothing_is_checked_out_or_refreshed() {
    let cli = committed();
    let head = cli.read(".git/HEAD");
    let index = std::fs::read(cli.folder().join(".git/index")).expect("an index");
    replace(
        &cli,
        "metrics/counts_admins.yml",
        "A metric of the tests.",
        "Changed on disk.",
    );
    against(&cli, "before", 0);
    assert!(cli.read("metrics/counts_admins.yml").contains("Changed on disk."));
    assert_eq!(cli.read(".git/HEAD"), head);
    assert_eq!(std::fs::read(cli.folder().join(".git/index")).expect("an index"), index);
}

#[test]
fn what_cannot_be_compared_with_is_said() {
    let cli = committed();
    let absent = cli.run(&["validate", "--baseline", "no-such-ref"]).expect_code(2);
    assert!(absent.stderr.contains("no commit `no-such-ref`"), "{}", absent.stderr);
    let option = cli.run(&["validate", "--baseline=--output=x"]).expect_code(2);
    assert!(option.stderr.contains("no commit"), "{}", option.stderr);
    assert!(!cli.folder().join("x").exists());
    let outside = small().run(&["validate", "--baseline", "HEAD"]).expect_code(2);
    assert!(outside.stderr.contains("is in no git repository"), "{}", outside.stderr);
    let nowhere = cli
        .env("PATH", "/nowhere")
        .run(&["validate", "--baseline", "before"])
        .expect_code(2);
    assert!(nowhere.stderr.contains("`git` cannot be run"), "{}", nowhere.stderr);
}
