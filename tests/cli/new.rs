//! `new`: what is written passes `validate`, and nothing is written over.

use std::process::Stdio;

use crate::instance::small;
use crate::support::cli::Cli;

/// Definitions with a class, events and an estimate to build on.
fn workshop() -> Cli {
    let cli = Cli::new();
    cli.run(&["init"]).expect_code(0);
    cli.write(
        "known_events/edits.yml",
        "- {name: users_editing, category: editor, redis_slot: users, aggregation: weekly}\n\
         - {name: users_saving, category: editor, redis_slot: users, aggregation: weekly}\n",
    );
    cli
}

fn new(cli: &Cli, arguments: &[&str]) -> Vec<String> {
    let outcome = cli
        .run(&[&["new"], arguments, &["--config", "service-ping.toml"]].concat())
        .expect_code(0);
    assert!(outcome.stderr.contains("next:"), "{}", outcome.stderr);
    let written: Vec<String> = outcome.stdout.lines().map(str::to_owned).collect();
    assert!(
        written.iter().all(|file| cli.folder().join(file).is_file()),
        "{written:?}"
    );
    written
}

#[test]
fn every_folder_with_every_kind_passes_validate() {
    let kinds: [&[&str]; 8] = [
        &["--relation", "users"],
        &[
            "--relation",
            "users WHERE admin",
            "--operation",
            "distinct_count",
            "--column",
            "org_id",
        ],
        &["--relation", "users", "--operation", "sum", "--column", "size"],
        &["--relation", "users", "--operation", "average", "--column", "size"],
        &[
            "--relation",
            "users",
            "--operation",
            "estimate_batch_distinct_count",
            "--column",
            "org_id",
        ],
        &["--type", "redis", "--event", "pushes", "--prefix", "source_code"],
        &["--class", "CountUsersMetric"],
        &["--add", "counts.users"],
    ];
    let cli = workshop();
    let mut number = 0;
    for kind in kinds {
        for dir in ["counts_7d", "7d", "counts_28d", "28d", "counts_all", "all"] {
            number += 1;
            let key = format!("made.metric_{number}");
            let written = new(&cli, &[&["metric", &key, "--dir", dir][..], kind].concat());
            let folder = if dir.starts_with("counts_") {
                dir.to_owned()
            } else {
                format!("counts_{dir}")
            };
            assert!(written[0].starts_with(&format!("metrics/{folder}/")), "{written:?}");
            let text = cli.read(&written[0]);
            assert!(
                text.starts_with("# yaml-language-server: $schema=../schema/metric.json\n"),
                "{text}"
            );
            assert!(
                text.contains(&format!("time_frame: {}", folder.trim_start_matches("counts_"))),
                "{text}"
            );
            assert!(text.contains("value_type: number"), "{text}");
        }
    }
    for (dir, kind) in [("settings", "boolean"), ("license", "string")] {
        let written = new(&cli, &["metric", &format!("{dir}.made"), "--dir", dir]);
        let text = cli.read(&written[0]);
        assert!(
            text.contains("time_frame: none") && text.contains(&format!("value_type: {kind}")),
            "{text}"
        );
    }
    for dir in ["7d", "28d"] {
        let events = ["--event", "users_editing", "--event", "users_saving"];
        let key = format!("made.edits_{dir}");
        new(
            &cli,
            &[&["metric", &key, "--dir", dir, "--type", "redis_hll"][..], &events].concat(),
        );
    }
    new(
        &cli,
        &[
            "event",
            "open_issue",
            "--identifier",
            "user",
            "--property",
            "label=Where it was opened",
        ],
    );
    for (dir, unique) in [("7d", "user.id"), ("28d", "label")] {
        let key = format!("made.opened_{dir}");
        new(
            &cli,
            &[
                "metric",
                &key,
                "--dir",
                dir,
                "--event",
                "open_issue",
                "--unique",
                unique,
            ],
        );
    }
    new(
        &cli,
        &["metric", "made.opened", "--dir", "all", "--event", "open_issue"],
    );
    let events = ["--event", "users_editing", "--event", "users_saving"];
    new(&cli, &[&["aggregate", "editing_or_saving"][..], &events].concat());
    new(
        &cli,
        &[
            &[
                "aggregate",
                "editing_and_saving",
                "--operator",
                "AND",
                "--time-frame",
                "28d",
            ][..],
            &events,
        ]
        .concat(),
    );
    let checked = cli.run(&["validate", "--deny-warnings"]).expect_code(0);
    assert!(checked.stderr.contains("0 errors, 0 warnings"), "{}", checked.stderr);
}

#[test]
fn several_key_paths_are_several_files() {
    let cli = workshop();
    let written = new(
        &cli,
        &[
            "metric",
            "counts.a.x",
            "counts.b.x",
            "--dir",
            "all",
            "--relation",
            "users",
        ],
    );
    assert_eq!(written.len(), 2);
    cli.run(&["validate"]).expect_code(0);
}

#[test]
fn a_category_makes_a_weekly_and_a_monthly_metric_of_each_event() {
    let cli = workshop();
    let written = new(
        &cli,
        &[
            "metric",
            "--category",
            "editor",
            "--event",
            "users_editing",
            "--event",
            "users_saving",
        ],
    );
    let keys: Vec<String> = written
        .iter()
        .filter_map(|file| {
            cli.read(file)
                .lines()
                .find_map(|line| line.strip_prefix("key_path: ").map(str::to_owned))
        })
        .collect();
    assert_eq!(
        keys,
        [
            "redis_hll_counters.editor.users_editing_weekly",
            "redis_hll_counters.editor.users_editing_monthly",
            "redis_hll_counters.editor.users_saving_weekly",
            "redis_hll_counters.editor.users_saving_monthly",
        ]
    );
    cli.run(&["validate", "--deny-warnings"]).expect_code(0);
}

#[test]
fn a_class_is_declared_beside_the_metrics_that_use_it() {
    let cli = workshop();
    let query = [
        "--relation",
        "issues WHERE weight > 3",
        "--class",
        "CountHeavyIssuesMetric",
    ];
    let written = new(
        &cli,
        &[&["metric", "counts.heavy_issues", "--dir", "all"][..], &query].concat(),
    );
    assert_eq!(written[1], "metrics/instrumentations/count_heavy_issues.yml");
    new(
        &cli,
        &[
            "metric",
            "counts_monthly.heavy_issues",
            "--dir",
            "28d",
            "--class",
            "CountHeavyIssuesMetric",
        ],
    );
    cli.run(&["validate", "--deny-warnings"]).expect_code(0);
    let again = cli
        .run(&[&["new", "metric", "counts.again", "--dir", "all"][..], &query].concat())
        .expect_code(2);
    assert!(again.stderr.contains("is declared in"), "{}", again.stderr);
}

fn refused(cli: &Cli, arguments: &[&str], code: i32, said: &str) {
    let outcome = cli.run(&[&["new"], arguments].concat()).expect_code(code);
    assert!(outcome.stderr.contains(said), "{arguments:?}: {}", outcome.stderr);
    assert_eq!(outcome.stdout, "");
}

#[test]
fn what_would_not_pass_is_not_written() {
    let cli = workshop();
    let before = cli.run(&["validate"]).expect_code(0).stderr;
    let all = ["--dir", "all"];
    let metric = |rest: &[&'static str]| [&["metric"], rest, &all].concat();
    refused(
        &cli,
        &metric(&["counts.users", "--relation", "users"]),
        2,
        "is defined in metrics/counts_all/",
    );
    refused(&cli, &metric(&["counts.Users", "--relation", "users"]), 2, "lower-case");
    refused(&cli, &metric(&["counts.x", "--relation", "users WHERE"]), 2, "");
    refused(
        &cli,
        &metric(&["counts.x", "--relation", "users", "--operation", "total"]),
        2,
        "estimate_batch_distinct_count",
    );
    refused(&cli, &metric(&["counts.x", "--type", "postgres"]), 2, "internal_events");
    refused(
        &cli,
        &metric(&["counts.x"]),
        2,
        "--type is missing: it is one of database, redis",
    );
    refused(
        &cli,
        &metric(&["counts.x", "--class", "CountUserMetric"]),
        2,
        "did you mean `CountUsersMetric`",
    );
    refused(
        &cli,
        &metric(&["counts.x", "--add", "counts.user"]),
        2,
        "did you mean `counts.users`",
    );
    refused(
        &cli,
        &metric(&["counts.x", "--type", "redis_hll", "--event", "users_editing"]),
        3,
        "7d and 28d only",
    );
    refused(
        &cli,
        &metric(&["counts.users.active", "--relation", "users"]),
        3,
        "parent",
    );
    refused(
        &cli,
        &["metric", "counts.x", "--relation", "users"],
        2,
        "--dir is missing: it is one of counts_7d, counts_28d",
    );
    refused(
        &cli,
        &["metric", "counts.x", "--dir", "9d", "--relation", "users"],
        2,
        "counts_7d",
    );
    refused(&cli, &["metric"], 2, "name at least one key path");
    refused(
        &cli,
        &["event", "users_editing"],
        2,
        "is declared in known_events/edits.yml",
    );
    refused(&cli, &["event", "open issue"], 3, "cannot be `open issue`");
    refused(&cli, &["aggregate", "x", "--event", "users_edit"], 3, "did you mean");
    refused(&cli, &["aggregate", "x"], 2, "--event");
    assert_eq!(cli.run(&["validate"]).expect_code(0).stderr, before);
}

#[test]
fn a_name_is_suggested_from_the_query() {
    let cases: [(&[&str], &str); 9] = [
        (&["users"], "count_users"),
        (
            &["users WHERE state='active'"],
            "count_<adjective describing: '(users.state = active)'>_users",
        ),
        (&["users WHERE created_at > now() - interval '1 day'"], "count_users"),
        (
            &["issues", "--operation", "distinct_count", "--column", "author_id"],
            "count_distinct_author_id_from_issues",
        ),
        (
            &[
                "issues",
                "--operation",
                "estimate_batch_distinct_count",
                "--column",
                "author_id",
            ],
            "estimate_distinct_count_author_id_from_issues",
        ),
        (
            &["issues", "--operation", "sum", "--column", "weight"],
            "sum_weight_from_issues",
        ),
        (
            &["issues", "--operation", "average", "--column", "weight"],
            "average_weight_from_issues",
        ),
        (&["issues", "--column", "id"], "count_issues"),
        (
            &[
                "issues JOIN notes ON notes.issue_id = issues.id JOIN users ON users.id = notes.author_id \
               JOIN projects ON projects.id = issues.project_id JOIN todos ON todos.issue_id = issues.id \
               WHERE notes.kind = 'x' AND \"issues\".\"weight\" > 1 AND issues.id > 3",
            ],
            "count_<adjective describing: '(issues.weight > 1 AND issues.id > 3)'>_issues_<with>_\
             <adjective describing: '(notes.kind = x)'>_notes_<having>_users_<including>_projects_<with>_todos",
        ),
    ];
    let cli = small();
    for (query, name) in cases {
        let said = cli
            .run(&[&["new", "metric", "--relation"], query].concat())
            .expect_code(0);
        assert_eq!(said.stdout.trim_end(), name);
        assert!(said.stderr.contains("nothing was written"), "{}", said.stderr);
    }
}

/// `script` gives the command a terminal; what is typed comes from its standard input.
fn at_a_terminal(cli: &Cli, command: &str, typed: &str) -> (Option<i32>, String) {
    use std::io::Write;
    let program = env!("CARGO_BIN_EXE_service-ping");
    let mut child = std::process::Command::new("script")
        .args([
            "--quiet",
            "--return",
            "--command",
            &format!("{program} {command}"),
            "/dev/null",
        ])
        .current_dir(cli.folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(typed.as_bytes()).expect("typed");
    let output = child.wait_with_output().expect("it ends");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[test]
fn what_is_missing_is_asked_at_a_terminal() {
    let cli = workshop();
    let typed =
        "9d\ncounts_28d\n\nusers WHERE\nusers WHERE admin\n\n\nCounts\ncounts_monthly.admins\nAdmins.\naccess\n";
    let (code, said) = at_a_terminal(&cli, "new metric", typed);
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "it is one of counts_7d",
        "the query suggests count_<adjective",
        "lower-case",
        "next:",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let checked = cli.run(&["metric", "counts_monthly.admins"]);
    assert!(!checked.stderr.contains("there is no metric"), "{}", checked.stderr);
    cli.run(&["validate"]).expect_code(0);
}

#[test]
fn an_end_of_input_leaves_nothing_behind() {
    let cli = workshop();
    let before = cli.run(&["validate"]).expect_code(0).stderr;
    let (code, said) = at_a_terminal(&cli, "new event", "open_issue\n\u{4}");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("nothing was written"), "{said}");
    assert_eq!(cli.run(&["validate"]).expect_code(0).stderr, before);
}
