//! The same faults where the instance's database is a SQLite file.

use serde_json::{Value, json};

use super::instance::Instance;
use super::sqlite_file::{CANARY, SqliteInstance, Writer};

fn count(relation: &str) -> Value {
    json!({"operation": "count", "relation": relation})
}

fn of(operation: &str, relation: &str, column: &str) -> Value {
    json!({"operation": operation, "relation": relation, "column": column})
}

fn faults() -> Vec<(&'static str, Value, &'static str, Value)> {
    let endless = "users a JOIN users b ON a.id <> b.id JOIN users c ON c.id <> b.id JOIN users d ON d.id <> c.id";
    let mut backwards = count("users");
    backwards["start"] = json!("SELECT MAX(id) FROM users");
    backwards["finish"] = json!("SELECT MIN(id) FROM users");
    let mut histogram = of("histogram", "no_such_table", "manager_id");
    histogram["buckets"] = json!([1, 10]);
    let mut endless_histogram = of("histogram", endless, "a.manager_id");
    endless_histogram["buckets"] = json!([1, 10]);
    let mut endless = count(endless);
    endless["batch_size"] = json!(1000);
    vec![
        ("missing_table", count("no_such_table"), "missing_table", json!(-1)),
        (
            "missing_column",
            count("users WHERE users.no_such_column = 1"),
            "missing_column",
            json!(-1),
        ),
        (
            "missing_sum_column",
            of("sum", "users", "no_such_column"),
            "missing_column",
            json!(-1),
        ),
        ("timeout", endless, "statement_timeout", json!(-1)),
        ("sum_of_text", of("sum", "users", "name"), "wrong_type", json!(-2)),
        (
            "average_of_text",
            of("average", "users", "name"),
            "wrong_type",
            json!(-2),
        ),
        ("sum_overflows", of("sum", "sizes", "bytes"), "overflow", json!(-2)),
        (
            "expression_overflows",
            count("sizes WHERE ABS(factor) > 1"),
            "overflow",
            json!(-2),
        ),
        ("groups", count("events GROUP BY id"), "too_many_groups", json!(-1)),
        ("backwards", backwards, "bad_batch_configuration", json!(-1)),
        ("histogram", histogram, "missing_table", json!({"-1": -1})),
        (
            "endless_histogram",
            endless_histogram,
            "statement_timeout",
            json!({"-1": -1}),
        ),
        (
            "json_path",
            count("users WHERE json_extract('{}', name) IS NULL"),
            "data_exception",
            json!(-2),
        ),
        (
            "no_such_function",
            count("users WHERE no_such_function(id)"),
            "invalid_statement",
            json!(-1),
        ),
    ]
}

#[test]
fn each_fault_costs_its_own_metric_alone() {
    let sqlite = SqliteInstance::new("statement_timeout = \"2s\"\n");
    let before = sqlite.bytes();
    for (number, (name, options, _, _)) in faults().into_iter().enumerate() {
        let object = options["operation"] == "histogram" || name == "groups";
        let more = if object {
            json!({"value_type": "object"})
        } else {
            json!({})
        };
        sqlite
            .instance
            .definition(&format!("counts.n{number:02}_{name}"), "DatabaseMetric", options, more);
        sqlite.instance.count(
            &format!("counts.n{number:02}_is_counted"),
            &format!("users WHERE id > {number}"),
        );
    }
    let text = json!({"query": "SELECT name FROM users WHERE id = 1"});
    sqlite
        .instance
        .definition("counts.text", "SqlValueMetric", text, json!({}));

    let report = sqlite.instance.run(0);
    for (number, (name, _, reason, value)) in faults().into_iter().enumerate() {
        report.assert_fallback(&format!("counts.n{number:02}_{name}"), reason, &value);
        report.assert_value(&format!("counts.n{number:02}_is_counted"), &json!(2000 - number));
    }
    report.assert_fallback("counts.text", "wrong_type", &json!(-2));
    assert_eq!(report.json["computed"], faults().len());
    assert_eq!(sqlite.instance.generate(), sqlite.instance.payload());
    report.assert_silent_about(CANARY);
    sqlite.instance.assert_no_file_holds(CANARY);
    assert!(sqlite.bytes() == before, "the instance's file has changed");
}

#[test]
fn a_file_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("gone.db");
    let instance = Instance::new(&format!("sqlite://{}", file.display()), "");
    for number in 0..5 {
        instance.count(&format!("counts.n{number}"), &format!("users WHERE id > {number}"));
    }
    instance.definition(
        "version",
        "VersionMetric",
        json!({}),
        json!({"value_type": "string", "data_source": "system"}),
    );
    let report = instance.run(0);
    for number in 0..5 {
        report.assert_fallback(&format!("counts.n{number}"), "source_unavailable", &json!(-1));
    }
    report.assert_value("version", &json!("1.2.3"));
    assert!(!file.exists());
}

#[test]
fn a_file_that_is_no_database_costs_its_metrics() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("notes.txt");
    let text = format!("{CANARY} is no database\n").repeat(200);
    std::fs::write(&file, &text).expect("the folder is writable");
    let instance = Instance::new(&format!("sqlite://{}", file.display()), "");
    instance.count("counts.users", "users");
    let report = instance.run(0);
    report.assert_fallback("counts.users", "source_unavailable", &json!(-1));
    report.assert_silent_about(CANARY);
    assert_eq!(std::fs::read_to_string(&file).expect("it is text"), text);
}

#[test]
fn a_definition_that_would_write_is_refused() {
    let sqlite = SqliteInstance::new("");
    let before = sqlite.bytes();
    sqlite.instance.count("counts.users", "users");
    for (number, relation) in [
        "users WHERE writefile('/tmp/x', name) > 0",
        "users WHERE load_extension('x') IS NULL",
        "users; DELETE FROM users",
        "users WHERE id IN (DELETE FROM users RETURNING id)",
    ]
    .into_iter()
    .enumerate()
    {
        sqlite.instance.count(&format!("counts.writes{number}"), relation);
    }
    sqlite.instance.cli.run(&["run"]).expect_code(3);
    let outcome = sqlite.instance.cli.run(&["generate", "--skip-invalid"]).expect_code(0);
    let payload: Value = serde_json::from_str(&outcome.stdout).expect("the payload is JSON");
    let expected = json!({"users": 2000, "writes0": -1, "writes1": -1, "writes2": -1, "writes3": -1});
    assert_eq!(payload["counts"], expected);
    assert!(sqlite.bytes() == before, "the instance's file has changed");
}

#[test]
fn a_writer_that_holds_the_file_costs_its_metrics_until_it_ends() {
    let sqlite = SqliteInstance::new("lock_timeout = \"200ms\"\n");
    for number in 0..4 {
        sqlite
            .instance
            .count(&format!("counts.n{number}"), &format!("users WHERE id > {number}"));
    }
    let mut writer = Writer::open(&sqlite.file);
    writer.execute("BEGIN EXCLUSIVE; DELETE FROM users WHERE id = 2000");
    let report = sqlite.instance.run(0);
    for number in 0..4 {
        report.assert_fallback(&format!("counts.n{number}"), "lock_timeout", &json!(-1));
    }
    writer.execute("COMMIT");
    let report = sqlite.instance.run(0);
    for number in 0..4 {
        report.assert_value(&format!("counts.n{number}"), &json!(1999 - number));
    }
}

#[test]
fn an_empty_table_does_not_hide_a_broken_relation() {
    let sqlite = SqliteInstance::new("");
    Writer::open(&sqlite.file).execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT)");
    sqlite.instance.count("counts.empty", "notes");
    sqlite
        .instance
        .count("counts.column", "notes WHERE notes.no_such_column = 1");
    sqlite.instance.count(
        "counts.joined",
        "notes JOIN no_such_table ON no_such_table.id = notes.id",
    );
    let report = sqlite.instance.run(0);
    report.assert_value("counts.empty", &json!(0));
    report.assert_fallback("counts.column", "missing_column", &json!(-1));
    report.assert_fallback("counts.joined", "missing_table", &json!(-1));
}

#[test]
fn an_interrupt_ends_a_statement_that_would_not_end() {
    let sqlite = SqliteInstance::new("statement_timeout = \"10m\"\n");
    let endless = "users a JOIN users b ON a.id <> b.id JOIN users c ON c.id <> b.id JOIN users d ON d.id <> c.id";
    sqlite.instance.count("counts.a_is_counted", "events");
    sqlite.instance.count("counts.b_is_endless", endless);
    let mut running = sqlite.instance.cli.start(&["run", "--format", "json"]);
    // One of two readings is taken; the other cannot end.
    running.line_with("measured 1 of 2");
    running.signal("INT");
    let (code, lines) = running.wait();
    assert_eq!(code, Some(130), "{lines:#?}");
    assert!(
        lines.iter().any(|line| line.contains("\"reason\": \"cancelled\"")),
        "{lines:#?}"
    );
}
