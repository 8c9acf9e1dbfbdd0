//! `metric`: each statement with its time, then the value.

use crate::instance::{NOW, count, definition, json, sample, small};
use crate::support::golden::assert_golden;

#[test]
fn of_several_kinds() {
    let cli = sample();
    for name in [
        "counts.issues",
        "counts.issues_weight_average",
        "CountUsersCreatingIssuesMetric",
        "uuid",
    ] {
        let shown = cli.run(&["metric", name, "--now", NOW]);
        if shown.code == Some(2) {
            panic!("{}", shown.stderr);
        }
        assert_golden(
            &format!("cli/metric/{name}.txt"),
            &milliseconds_out(&cli.scrub(&shown.stdout)),
        );
    }
}

/// The times in parentheses are columns of their own width.
fn milliseconds_out(text: &str) -> String {
    text.replace("(<elapsed>)", "(…)")
}

#[test]
fn with_another_time_frame_and_options() {
    let cli = small();
    let of_frame = |frame: &str| {
        let shown = cli
            .run(&[
                "metric",
                "counts.users",
                "--now",
                NOW,
                "--time-frame",
                frame,
                "--format",
                "json",
            ])
            .expect_code(0);
        json(&shown.stdout)
    };
    assert_eq!(of_frame("all")["value"], 3);
    assert_eq!(of_frame("28d")["value"], 1);
    assert_eq!(of_frame("7d")["value"], 0);
    assert_eq!(of_frame("28d")["window"]["to"], "2026-11-17T10:54:30Z");
    let by_options = [
        "metric",
        "DatabaseMetric",
        "--option",
        "operation=count",
        "--option",
        "relation=users WHERE id > 1",
    ];
    let shown = cli.run(&by_options).expect_code(0).stdout;
    assert!(shown.contains("DatabaseMetric => 2\n"), "{shown}");
}

#[test]
fn that_falls_back_says_why_and_what_to_do() {
    let cli = small();
    count(&cli, "counts.gone", "optional", "no_such_table");
    definition(&cli, "counts.odd", "optional", "none", "NoSuchMetric", "");
    let gone = cli.run(&["metric", "counts.gone"]).expect_code(0).stdout;
    assert!(
        gone.contains("counts.gone => -1\n  fell back: missing_table: "),
        "{gone}"
    );
    let odd = cli.run(&["metric", "counts.odd"]).expect_code(0).stdout;
    assert!(
        odd.contains("counts.odd => -1\n  fell back: unknown_instrumentation_class: "),
        "{odd}"
    );
    let none = cli
        .run(&["metric", "UuidMetric", "--option", "x=1"])
        .expect_code(0)
        .stdout;
    assert!(
        none.contains("there is no option \"x\"; the class takes none\n"),
        "{none}"
    );
}

#[test]
fn as_json_holds_the_statements() {
    let shown = json(
        &small()
            .run(&["metric", "counts.admins", "--format", "json"])
            .expect_code(0)
            .stdout,
    );
    assert_eq!(shown["value"], 1);
    assert_eq!(shown["status"], "ok");
    let sent = shown["sent"].as_array().expect("a list");
    assert_eq!(Some(sent.len() as u64), shown["statements"].as_u64());
    assert!(
        sent.iter()
            .any(|one| one["sql"].as_str().is_some_and(|sql| sql.starts_with("SELECT COUNT("))),
        "{sent:#?}"
    );
}
