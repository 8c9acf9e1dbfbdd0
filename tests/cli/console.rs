//! `console -e` and piped lines: values on stdout, the rest on stderr, the first failure's exit code.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::instance::{NOW, count, definition, small, small_with};
use crate::support::cli::{Cli, Outcome};
use crate::support::golden::assert_golden;

fn piped(cli: &Cli, arguments: &[&str], text: &str) -> Outcome {
    let mut child = cli
        .command(&[&["console", "--now", NOW], arguments].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(text.as_bytes())
        .expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

#[test]
fn an_expression_gives_its_value_and_says_its_statements() {
    let cli = small();
    let said = cli
        .run(&["console", "-e", "count(users)", "-e", "count(users GROUP BY admin)"])
        .expect_code(0);
    assert_eq!(said.stdout, "3\n{\"0\":2,\"1\":1}\n");
    assert!(
        said.stderr
            .contains("ms)  SELECT COUNT(\"users\".\"id\") FROM \"users\""),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains("statements that gave "), "{}", said.stderr);
    let document = cli
        .run(&["console", "--format", "json", "-e", "a = count(users)"])
        .expect_code(0);
    let document: Value = serde_json::from_str(&document.stdout).expect("one document");
    assert_eq!(document["value"], 3);
    assert_eq!(document["sent"].as_array().map(Vec::len), Some(5));
}

#[test]
fn lines_are_run_one_after_the_other_and_the_first_failure_counts() {
    let cli = small();
    let script = "people = count(\n  users)  -- goes on\n\nadd(people, counts.admins)\nsql people\nsql SELECT max(id) FROM users\n";
    let said = piped(&cli, &[], script).expect_code(0);
    assert_eq!(said.stdout, "3\n4\nSELECT COUNT(\"users\".\"id\") FROM \"users\"\n7\n");
    let failing = piped(
        &cli,
        &[],
        "count(gone)\nconut(users)\ncount(users)\nquit\ncount(users)\n",
    )
    .expect_code(1);
    assert_eq!(failing.stdout, "-1\n3\n");
    piped(&cli, &[], "conut(users)\ncount(gone)\n").expect_code(2);
    piped(&cli, &[], "count(users").expect_code(2);
    piped(&cli, &[], "").expect_code(0);
}

#[test]
fn mistakes_have_a_caret_at_80_columns() {
    let script = "conut(users)\n\
        count(users WHERE state = 'a very long text that goes on and on' AND nmae IS NULL AND (id > 1 OR id < 7), colum: id)\n\
        count(users; DROP TABLE users)\nINSERT INTO users VALUES (1)\ncount(users WHERE\n  setval('x', 1) > 0)\n\
        counts.usres\ncolumns userz\nhelp tipocs\ntrack nothing 1\nsql SELECT 1 FROM users FOR UPDATE\n";
    let said = piped(&small(), &[], script).expect_code(2);
    assert_eq!(said.stdout, "");
    let wide: Vec<&str> = said.stderr.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(wide.is_empty(), "{wide:#?}");
    assert_golden("cli/console/mistakes.txt", &said.stderr);
    let json = piped(&small(), &["--format", "json"], "\nconut(users)\n").expect_code(2);
    let error: Value = serde_json::from_str(&json.stderr).expect("one line");
    assert_eq!(error["error"]["line"], 2);
    assert_eq!(error["error"]["span"], json!([1, 6]));
}

#[test]
fn names_are_listed() {
    let cli = small();
    let said = piped(
        &cli,
        &["--format", "json"],
        "tables\ncolumns users\nmetrics 'counts.*'\nevents\n",
    )
    .expect_code(0);
    let lines: Vec<Value> = said
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert_eq!(lines[0], json!({"tables": ["users"]}));
    assert_eq!(lines[1]["columns"][1], json!({"name": "admin", "type": "BOOLEAN"}));
    assert_eq!(lines[2], json!({"metrics": ["counts.admins", "counts.users"]}));
    assert_eq!(lines[3], json!({"events": []}));
    // A word of the language has the topic that tells of it.
    for (word, topic) in [
        ("count", "expressions"),
        ("column:", "arguments"),
        ("track", "statements"),
    ] {
        let about = |topic: &str| {
            cli.run(&["console", "-e", &format!("help {topic}")])
                .expect_code(0)
                .stdout
        };
        assert_eq!(about(word), about(topic));
    }
    let brief = cli.run(&["console", "-e", "help"]).expect_code(0).stdout;
    for topic in [
        "",
        "expressions",
        "arguments",
        "statements",
        "examples",
        "grammar",
        "keys",
    ] {
        let says = cli
            .run(&["console", "-e", &format!("help {topic}")])
            .expect_code(0)
            .stdout;
        assert!(says.lines().all(|line| line.chars().count() <= 80), "{says}");
    }
    assert!(brief.contains("distinct_count(projects, creator_id)"), "{brief}");
}

#[test]
fn what_is_missing_or_away_is_named_with_what_to_do() {
    let cli = small();
    let table = cli.run(&["console", "-e", "count(usres)"]).expect_code(1).stderr;
    assert!(
        table.contains("there is no table \"usres\"") && table.contains("did you mean \"users\"?"),
        "{table}"
    );
    let column = cli.run(&["console", "-e", "count(users, admni)"]).expect_code(1).stderr;
    assert!(
        column.contains("there is no column \"admni\"") && column.contains("did you mean \"admin\"?"),
        "{column}"
    );
    let away = small_with(
        "[event_store]\nurl = \"redis://:hunter2@127.0.0.1:1\"\n[database.far]\nurl = \"postgres://ada:hunter2@127.0.0.1:1/x?password=hunter2\"\n",
    );
    away.write(
        "known_events/a.yml",
        "- name: opened\n  category: a\n  aggregation: weekly\n",
    );
    let far = away
        .run(&["console", "-e", "count(users, database: far)"])
        .expect_code(1)
        .stderr;
    assert!(
        far.contains("[database.far] url = \"postgres://ada@127.0.0.1:1/x\""),
        "{far}"
    );
    let event = away
        .run(&["metric", "RedisHLLMetric", "--option", "events=[opened]"])
        .expect_code(0)
        .stdout;
    assert!(event.contains("[event_store] url = \"redis://127.0.0.1:1\""), "{event}");
    for text in [far, event] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn events_are_tracked_and_counted() {
    let cli = small_with("[event_store]\nurl = \"embedded\"\n");
    cli.write(
        "known_events/a.yml",
        "- name: opened\n  category: a\n  aggregation: daily\n",
    );
    let script = "track opened 7\ntrack opened 7 8\nunique_events opened from: 2026-11-19 to: 2026-11-19\n\
                  metric RedisHLLMetric events: [opened]\n";
    let said = piped(&cli, &[], script).expect_code(0);
    assert_eq!(
        said.stdout.lines().collect::<Vec<_>>()[..3],
        ["=> tracked opened", "=> tracked opened", "=> 2"]
    );
    let misspelt = piped(&cli, &[], "track opend 1\n").expect_code(2).stderr;
    assert!(misspelt.contains("did you mean \"opened\"?"), "{misspelt}");
}

#[test]
fn a_value_is_held_against_its_schema() {
    let cli = small();
    definition(&cli, "plan", "optional", "none", "StaticMetric", "value: {a: one}");
    let file = cli
        .read("metrics/plan.yml")
        .replace("value_type: string", "value_type: object")
        + "value_json_schema: metrics/objects_schemas/plan.json\n";
    cli.write("metrics/plan.yml", &file);
    cli.write(
        "metrics/objects_schemas/plan.json",
        r#"{"type": "object", "properties": {"a": {"type": "integer"}}}"#,
    );
    let shown = cli.run(&["metric", "plan"]).expect_code(0).stdout;
    assert!(
        shown.contains("does not fit value_json_schema") && shown.contains("at /a: "),
        "{shown}"
    );
    cli.write("metrics/objects_schemas/plan.json", r#"{"type": "object"}"#);
    let fits = cli.run(&["metric", "plan"]).expect_code(0).stdout;
    assert!(!fits.contains("does not fit"), "{fits}");
    count(&cli, "counts.more", "optional", "users");
}

#[test]
fn a_class_of_internal_events_is_asked_by_its_name() {
    let cli = small_with("[event_store]\nurl = \"embedded\"\n");
    cli.write(
        "events/push.yml",
        "action: push\ndescription: A push.\ninternal_events: true\nidentifiers: [user]\n",
    );
    cli.write(
        "metrics/pushers.yml",
        "key_path: pushers\ndescription: Who pushed.\nvalue_type: number\nstatus: active\ntime_frame: 28d\n\
         data_source: internal_events\nevents:\n  - name: push\n    unique: user.id\n",
    );
    for user in ["7", "8", "7"] {
        cli.run(&[
            "--now",
            "2026-11-10T00:00:00Z",
            "events",
            "track",
            "push",
            "--user",
            user,
        ])
        .expect_code(0);
    }
    let asked = |class: &str, events: &str| {
        let option = format!("events={events}");
        let now = "2026-11-19T00:00:00Z";
        crate::instance::json(
            &cli.run(&["--now", now, "metric", class, "--option", &option, "--format", "json"])
                .expect_code(0)
                .stdout,
        )
    };
    assert_eq!(asked("UniqueCountMetric", "[push]")["value"], 2);
    assert_eq!(
        asked("UniqueCountMetric", "[{name: push, unique: user.id}]")["value"],
        2
    );
    assert_eq!(asked("TotalCountMetric", "[push]")["value"], 3);
    let misspelt = asked("TotalCountMetric", "[pusch]");
    assert_eq!(misspelt["reason"], "invalid_options");
    assert!(misspelt["message"].as_str().unwrap().contains("near it are push"));
    // A 0 would say that nobody did, where nobody was counted.
    let uncounted = asked("UniqueCountMetric", "[{name: push, unique: project.id}]");
    assert_eq!(
        (&uncounted["value"], &uncounted["reason"]),
        (&(-1).into(), &"invalid_options".into())
    );
}
