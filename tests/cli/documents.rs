//! `dump`, `generate`: documents on stdout, the same every time.

use serde_json::Value;

use crate::instance::{NOW, UUID, configuration, json, names, sample, small, value_at};
use crate::support::cli::Cli;
use crate::support::golden::assert_golden;

#[test]
fn the_statements_of_the_shipped_definitions() {
    let cli = Cli::new();
    cli.write("service-ping.toml", &configuration(""));
    let dump = |format| {
        cli.run(&["dump", "sql", "--now", NOW, "--format", format])
            .expect_code(0)
    };
    let yaml = dump("yaml");
    assert_eq!(
        yaml.stderr,
        "tables of [database.main] are taken to have an id, as nobody could look: the configuration has no \
         [database.main]\n"
    );
    assert_eq!(yaml, dump("yaml"), "two dumps are equal byte for byte");
    assert_golden("cli/dump/postgresql.yaml", &yaml.stdout);
    let machine = dump("json");
    assert_eq!(machine, dump("json"));
    let read: Value = serde_yaml::from_str(&yaml.stdout).expect("YAML");
    assert_eq!(read, json(&machine.stdout), "one document in two spellings");
    assert_eq!(names(cli.folder()).len(), 1, "nothing was stored");
}

#[test]
fn the_statements_in_the_dialect_of_the_database() {
    let cli = Cli::new();
    cli.write(
        "service-ping.toml",
        &configuration("[database.main]\nurl = \"sqlite://x.db\"\n"),
    );
    let dump = cli
        .run(&["dump", "sql", "--now", NOW, "--format", "json"])
        .expect_code(0);
    assert_golden("cli/dump/sqlite.json", &dump.stdout);
}

#[test]
fn the_values_that_need_no_database() {
    let cli = Cli::new();
    cli.write(
        "service-ping.toml",
        &configuration("[settings]\nsignup_enabled = true\n[event_store]\nurl = \"embedded\"\n"),
    );
    let dump = cli.run(&["dump", "non-sql", "--now", NOW]).expect_code(0);
    assert_golden("cli/dump/non_sql.yaml", &dump.stdout);
}

#[test]
fn the_payload_of_the_sample_instance() {
    let cli = sample();
    let generated = cli.run(&["generate", "--now", NOW]).expect_code(0);
    assert_golden("cli/generate/payload.json", &generated.stdout);
    let yaml = cli.run(&["generate", "--now", NOW, "--format", "yaml"]).expect_code(0);
    let read: Value = serde_yaml::from_str(&yaml.stdout).expect("YAML");
    assert_eq!(read, json(&generated.stdout));
    assert_eq!(names(cli.folder()).len(), 2, "nothing was stored");
}

#[test]
fn metadata_holds_a_time_for_every_metric() {
    let cli = small();
    let payload = json(
        &cli.run(&["generate", "--metadata", "metadata.json"])
            .expect_code(0)
            .stdout,
    );
    let metadata = json(&cli.read("metadata.json"));
    assert_eq!(metadata["uuid"], UUID);
    let metrics = metadata["metrics"].as_array().expect("a list");
    assert_eq!(metrics.len(), 4);
    for metric in metrics {
        let key_path = metric["name"].as_str().expect("a name");
        assert!(value_at(&payload, key_path).is_some(), "{key_path}");
        assert!(metric["time_elapsed"].as_f64().is_some_and(|seconds| seconds >= 0.0));
    }
}

#[test]
fn only_takes_several_globs() {
    let cli = small();
    let generate = |arguments: &[&str]| json(&cli.run(&[&["generate"], arguments].concat()).expect_code(0).stdout);
    assert_eq!(
        generate(&["--only", "counts.*"]),
        json(r#"{"counts": {"admins": 1, "users": 3}}"#)
    );
    assert_eq!(
        generate(&["--only", "uuid", "--only", "*.admins"]),
        json(&format!(r#"{{"uuid": "{UUID}", "counts": {{"admins": 1}}}}"#))
    );
    let dumped = cli
        .run(&["dump", "sql", "--only", "counts.users"])
        .expect_code(0)
        .stdout;
    assert!(
        dumped.starts_with("counts:\n  users: SELECT COUNT") && !dumped.contains("admins"),
        "{dumped}"
    );
}

#[test]
fn the_operators_limits_hold_in_every_document() {
    let cli = small();
    let limits: [(&str, &str, &[&str]); 4] = [
        (
            "SERVICE_PING__REPORTING__CATEGORIES",
            "[\"standard\", \"subscription\"]",
            &["counts"],
        ),
        (
            "SERVICE_PING__REPORTING__DISABLED_METRICS",
            "[\"counts.a*\", \"license.*\"]",
            &["admins", "license"],
        ),
        (
            "SERVICE_PING__REPORTING__DISABLED_METRICS",
            "counts.*, uuid",
            &["counts", "uuid"],
        ),
        (
            "SERVICE_PING__REPORTING__CATEGORIES",
            "[\"optional\"]",
            &["uuid", "license", "users"],
        ),
    ];
    for (variable, value, absent) in limits {
        for verb in [&["generate"][..], &["preview"], &["dump", "sql"], &["dump", "non-sql"]] {
            let output = cli
                .command(verb)
                .env(variable, value)
                .output()
                .expect("the binary runs");
            assert_eq!(output.status.code(), Some(0), "{value} {verb:?}");
            let document = String::from_utf8(output.stdout).expect("UTF-8");
            for key in absent {
                // A statement may name a table of the same name.
                let named = [format!("\"{key}\":"), format!("{key}:")];
                assert!(
                    named.iter().all(|named| !document.contains(named)),
                    "{value} {verb:?} {key}:\n{document}"
                );
            }
        }
    }
}

#[test]
fn one_metric_that_fails_costs_no_other() {
    let cli = small();
    crate::instance::count(&cli, "counts.gone", "optional", "no_such_table");
    let generated = cli.run(&["generate", "--metadata", "m.json"]).expect_code(0);
    let payload = json(&generated.stdout);
    assert_eq!(payload["counts"], json(r#"{"admins": 1, "gone": -1, "users": 3}"#));
    let metadata = json(&cli.read("m.json"));
    let failed: Vec<&Value> = metadata["metrics"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|metric| metric["error"].is_string())
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["name"], "counts.gone");
}

#[test]
fn a_table_without_an_id_is_counted_by_its_rows_where_the_schema_can_be_asked() {
    let cli = small();
    crate::instance::database(
        &cli.folder().join("product.db"),
        "CREATE TABLE labels (name TEXT, issue INT); INSERT INTO labels VALUES ('a', 1), ('a', 2)",
    );
    crate::instance::count(&cli, "counts.labels", "optional", "labels");
    let dumped = |url: &str| {
        let arguments = ["dump", "sql", "--only", "counts.[lu]*"];
        let output = cli
            .command(&arguments)
            .env("SERVICE_PING__DATABASE__MAIN__URL", url)
            .output();
        let output = output.expect("the binary runs");
        (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (there, said) = dumped("sqlite://product.db");
    assert_eq!(
        (there.as_str(), said.as_str()),
        (
            "counts:\n  labels: SELECT COUNT(*) FROM \"labels\"\n  users: SELECT COUNT(\"users\".\"id\") FROM \"users\"\n",
            ""
        )
    );
    let (away, said) = dumped("postgres://ping:secret@127.0.0.1:1/product");
    assert!(away.contains("COUNT(\"labels\".\"id\")"), "{away}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("tables of [database.main] are taken to have an id"),
        "{said}"
    );
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn each_metric_is_in_one_of_the_two_dumps() {
    let cli = sample();
    let keys = |verb: &[&str]| {
        let document = json(
            &cli.run(&[verb, &["--now", NOW, "--format", "json"]].concat())
                .expect_code(0)
                .stdout,
        );
        move |key: &str| value_at(&document, key).is_some()
    };
    let (sql, other) = (keys(&["dump", "sql"]), keys(&["dump", "non-sql"]));
    cli.run(&["generate", "--now", NOW, "--metadata", "m.json"])
        .expect_code(0);
    let metadata = json(&cli.read("m.json"));
    let metrics = metadata["metrics"].as_array().expect("a list");
    assert!(metrics.len() > 300);
    for metric in metrics {
        let key = metric["name"].as_str().expect("a name");
        assert!(sql(key) != other(key), "{key}: {} {}", sql(key), other(key));
    }
}
