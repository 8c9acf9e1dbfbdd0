//! The tests that come with the shipped metrics.

use std::path::Path;

use serde_json::Value;

use crate::support::cli::Cli;
use crate::support::gitlab_schema::GitlabSchema;
use crate::support::postgres::Postgres;

fn shipped() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).display().to_string()
}

fn verdicts(cli: &Cli, more: &[&str]) -> Vec<Value> {
    let definitions = shipped();
    let arguments = [&["test", "--format", "json", "--definitions", &definitions], more].concat();
    let run = cli.run(&arguments).expect_code(0);
    let json: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(json["failed"], 0);
    json["tests"].as_array().expect("tests").clone()
}

#[test]
fn pass_on_both_databases() {
    let database = Postgres::shared().database();
    let all = verdicts(&Cli::new(), &["--database", &database.url()]);
    let of = |ground: &str| all.iter().filter(|test| test["database"] == ground).count();
    assert!(of("sqlite") >= 12, "{}", of("sqlite"));
    assert_eq!(of("sqlite"), of("postgres"));
    assert_eq!(
        schemas(&database.psql("SELECT nspname FROM pg_namespace")),
        Vec::<String>::new()
    );
}

#[test]
fn pass_over_the_columns_of_the_real_tables() {
    let Some(schema) = GitlabSchema::load() else { return };
    let database = Postgres::shared().database();
    let tables = [
        "issues",
        "merge_requests",
        "snippets",
        "timelogs",
        "users",
        "notes",
        "suggestions",
        "clusters",
    ];
    database.execute(&schema.create_tables(&tables));
    let all = verdicts(&Cli::new(), &["--database", &database.url()]);
    assert!(all.iter().any(|test| test["database"] == "postgres"));
    assert_eq!(
        schemas(&database.psql("SELECT nspname FROM pg_namespace")),
        Vec::<String>::new()
    );
    assert_eq!(database.psql("SELECT count(*) FROM issues").trim(), "0");
}

fn schemas(names: &str) -> Vec<String> {
    let ours = names.lines().filter(|name| name.contains("service_ping_test"));
    ours.map(str::to_owned).collect()
}
