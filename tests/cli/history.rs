//! Week against week: `history` and `diff`.

use serde_json::Value;

use crate::instance::{count, database, json, small};
use crate::support::cli::Cli;

const LAST_WEEK: &str = "2026-11-12T10:54:30Z";
const THIS_WEEK: &str = "2026-11-19T10:54:30Z";

fn product(cli: &Cli, statements: &'static str) {
    database(&cli.folder().join("product.db"), statements);
}

/// Two weeks of a small instance, between which users came, a table went, and definitions were added and removed.
fn two_weeks() -> Cli {
    let cli = small();
    product(&cli, "CREATE TABLE notes (id INTEGER PRIMARY KEY)");
    count(&cli, "counts.notes", "optional", "notes");
    count(&cli, "counts.gone", "optional", "users");
    cli.run(&["run", "--now", LAST_WEEK]).expect_code(0);
    product(
        &cli,
        "DROP TABLE notes; INSERT INTO users (id) SELECT id + 100 FROM users; \
         INSERT INTO users (id) SELECT id + 1000 FROM users",
    );
    std::fs::remove_file(cli.folder().join("metrics/counts_gone.yml")).unwrap();
    count(&cli, "counts.new", "optional", "users");
    cli.run(&["run", "--now", THIS_WEEK]).expect_code(0);
    cli
}

#[test]
fn runs_are_listed_newest_first() {
    let cli = two_weeks();
    let listed = json(&cli.run(&["history", "--format", "json"]).expect_code(0).stdout);
    let runs = listed["runs"].as_array().unwrap();
    let seen: Vec<_> = runs
        .iter()
        .map(|run| {
            (
                run["recorded_at"].as_str().unwrap(),
                run["with_reason"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(seen, [("2026-11-19T10:54:30.000Z", 1), ("2026-11-12T10:54:30.000Z", 0)]);
    assert!(
        runs.iter()
            .all(|run| run["status"] == "completed" && run["delivery"] == "withheld")
    );

    let text = cli.run(&["history"]).expect_code(0).stdout;
    assert!(text.contains("6 metrics, 1 with a reason, payload kept here"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn one_run_says_what_failed_why_and_what_to_do() {
    let cli = two_weeks();
    let text = cli.run(&["history", "last"]).expect_code(0).stdout;
    for part in [
        "missing_table: 1 metric",
        "counts.notes = -1",
        "Run the product's migrations",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let document = json(
        &cli.run(&["history", "previous", "--format", "json"])
            .expect_code(0)
            .stdout,
    );
    let outcomes = document["outcomes"].as_array().unwrap();
    assert!(outcomes.iter().all(|outcome| outcome["reason"] == Value::Null));
    let id = document["run_id"].as_str().unwrap();
    assert!(cli.run(&["history", id]).expect_code(0).stdout.contains(id));
    let unknown = cli.run(&["history", "zzz"]).expect_code(2);
    assert!(unknown.stderr.contains("there is no run \"zzz\""), "{}", unknown.stderr);
}

#[test]
fn one_metric_is_followed_over_the_runs() {
    let cli = two_weeks();
    let text = cli.run(&["history", "--metric", "counts.users"]).expect_code(0).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with("12  +300.0 %"), "{text}");
    assert!(lines[1].ends_with("  3"), "{text}");
    let failed = cli.run(&["history", "--metric", "counts.notes"]).expect_code(0).stdout;
    assert!(
        failed.contains("-1  missing_table") && failed.contains("Run the product's migrations"),
        "{failed}"
    );
    let unknown = cli.run(&["history", "--metric", "counts.nothing"]).expect_code(2);
    assert!(unknown.stderr.contains("no run has a metric"), "{}", unknown.stderr);
}

#[test]
fn two_runs_are_compared() {
    let cli = two_weeks();
    let document = json(&cli.run(&["diff", "--format", "json"]).expect_code(0).stdout);
    let keys = |part: &str| -> Vec<String> {
        let part = document[part].as_array().unwrap().iter();
        part.map(|one| one["key_path"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(keys("newly_failing"), ["counts.notes"]);
    assert_eq!(keys("new"), ["counts.new"]);
    assert_eq!(keys("gone"), ["counts.gone"]);
    assert_eq!(keys("changed"), ["counts.users"]);
    assert_eq!(document["changed"][0]["factor"], 4.0);
    assert_eq!(document["alike"], 3, "uuid, licence and admins");

    let close = json(
        &cli.run(&["diff", "--factor", "4", "--format", "json"])
            .expect_code(0)
            .stdout,
    );
    assert_eq!(close["changed"].as_array().unwrap().len(), 0);
    let back = json(
        &cli.run(&["diff", "last", "previous", "--format", "json"])
            .expect_code(0)
            .stdout,
    );
    assert_eq!(back["recovered"][0]["key_path"], "counts.notes");
    let text = cli.run(&["diff"]).expect_code(0).stdout;
    assert!(text.contains("counts.users: 3 -> 12, 4.0 times"), "{text}");
    assert!(text.contains("counts.notes: 0 -> -1, missing_table"), "{text}");
    let same = cli.run(&["diff", "last", "last"]).expect_code(0).stdout;
    assert!(same.contains("nothing changed by more than the factor"), "{same}");
    cli.run(&["diff", "--factor", "0.5"]).expect_code(2);
}

#[test]
fn an_empty_store_has_no_history() {
    let cli = small();
    let empty = cli.run(&["history"]).expect_code(0).stdout;
    assert!(empty.starts_with("no run yet"), "{empty}");
    cli.run(&["history", "last"]).expect_code(2);
    cli.run(&["diff"]).expect_code(2);
}
