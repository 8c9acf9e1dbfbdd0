//! The commits that touched a definition.

use std::process::Command;

use serde_json::json;

use crate::support::cli::Cli;
use crate::{entries, metric};

fn git(cli: &Cli, arguments: &[&str]) {
    let output = Command::new("git")
        .current_dir(cli.folder())
        .args([
            "-c",
            "user.name=Ada Secret",
            "-c",
            "user.email=ada@example.org",
            "-c",
            "commit.gpgSign=false",
        ])
        .args(arguments)
        .env("GIT_AUTHOR_DATE", "2026-02-03T12:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-02-03T12:00:00Z")
        .output()
        .expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn are_told_without_their_authors() {
    let cli = Cli::new();
    git(&cli, &["init", "-q"]);
    metric(&cli, "größe", "counts.a", "description: A\n");
    git(&cli, &["add", "."]);
    git(&cli, &["commit", "-qm", "Count <a>\n\nBecause."]);
    metric(&cli, "größe", "counts.a", "description: All of A\n");
    metric(&cli, "b", "counts.b", "description: B\n");
    git(&cli, &["add", "."]);
    git(&cli, &["commit", "-qm", "Say what A is"]);
    let entries = entries(&cli, &[]);
    let subjects = |entry: usize| {
        let changes = entries[entry]["history"].as_array().expect("a history");
        let subjects: Vec<_> = changes.iter().map(|change| change["subject"].clone()).collect();
        assert!(changes.iter().all(|change| change["date"] == "2026-02-03"));
        json!(subjects)
    };
    assert_eq!(subjects(0), json!(["Say what A is", "Count <a>"]));
    assert_eq!(subjects(1), json!(["Say what A is"]));
    for format in ["yaml", "markdown"] {
        let run = cli.run(&["dictionary", "--format", format]).expect_code(0);
        assert!(
            !run.stdout.contains("Ada") && !run.stdout.contains("ada@"),
            "{}",
            run.stdout
        );
        assert_eq!(run.stderr, "");
    }
}

#[test]
fn are_left_out_with_a_note_where_there_are_none() {
    let cli = Cli::new();
    metric(&cli, "a", "counts.a", "description: A\n");
    let run = cli.run(&["dictionary"]).expect_code(0);
    assert!(
        run.stderr.contains("without the history of the definitions"),
        "{}",
        run.stderr
    );
    let nowhere = cli
        .command(&["dictionary"])
        .env("PATH", "/nowhere")
        .output()
        .expect("it runs");
    assert!(nowhere.status.success());
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("`git` cannot be run"));
}
