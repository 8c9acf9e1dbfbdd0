//! `validate --database`: what live databases say of definitions.

use serde_json::Value;

use crate::instance::{definition, json};
use crate::support::cli::Cli;
use crate::support::postgres::{Postgres, READER_PASSWORD};

const TABLES: [&str; 2] = [
    "CREATE TABLE issues (id BIGINT PRIMARY KEY, author_id BIGINT, state_id INT, title TEXT, closed_at TEXT)",
    "CREATE TABLE notes (note_id BIGINT PRIMARY KEY, author_id BIGINT, created_at TEXT)",
];

fn measured(cli: &Cli, name: &str, time_frame: &str, options: &str) {
    definition(cli, name, "optional", time_frame, "DatabaseMetric", options);
}

/// A mistake of each kind, with its file, line, column, code and a word of its help.
fn mistakes(cli: &Cli) -> Vec<(&'static str, u64, u64, &'static str, &'static str)> {
    measured(
        cli,
        "a_table",
        "all",
        "operation: count\n  relation: isues WHERE isues.id > 5",
    );
    measured(
        cli,
        "b_column",
        "all",
        "operation: count\n  relation: >-\n    issues\n    WHERE stat_id = 5",
    );
    measured(
        cli,
        "c_counted",
        "all",
        "operation: distinct_count\n  relation: issues\n  column: autor_id",
    );
    measured(
        cli,
        "d_sum",
        "all",
        "operation: sum\n  relation: issues\n  column: title",
    );
    measured(cli, "e_window", "28d", "operation: count\n  relation: issues");
    measured(
        cli,
        "f_window",
        "7d",
        "operation: count\n  relation: issues\n  timestamp_column: closd_at",
    );
    measured(
        cli,
        "g_key",
        "all",
        "operation: count\n  relation: notes\n  primary_key: [author_id, not_id]",
    );
    measured(
        cli,
        "h_start",
        "all",
        "operation: count\n  relation: issues\n  start: SELECT MIN(idd) FROM issues",
    );
    measured(
        cli,
        "i_join",
        "all",
        "operation: count\n  relation: issues JOIN notes ON notes.author = issues.author_id",
    );
    cli.write(
        "metrics/instrumentations/classes.yml",
        "- class: GoodMetric\n  operation: count\n  relation: issues\n\
         - class: BadMetric\n  operation: count\n  relation: issues WHERE titel IS NULL\n",
    );
    definition(cli, "j_class", "optional", "all", "BadMetric", "");
    definition(cli, "k_class", "optional", "all", "BadMetric", "");
    definition(
        cli,
        "l_sum",
        "optional",
        "all",
        "NumbersMetric",
        "operation: add\n  metrics: [m_good]\n  data:\n    - instrumentation_class: GoodMetric\n    \
         - instrumentation_class: DatabaseMetric\n      options: {operation: count, relation: nots}",
    );
    measured(cli, "m_good", "all", "operation: count\n  relation: notes");
    vec![
        ("metrics/a_table.yml", 11, 13, "unknown_table", "`issues`"),
        ("metrics/b_column.yml", 13, 11, "unknown_column", "`state_id`"),
        ("metrics/c_counted.yml", 12, 11, "unknown_column", "`author_id`"),
        ("metrics/d_sum.yml", 12, 11, "refused_statement", ""),
        ("metrics/e_window.yml", 5, 13, "unknown_column", "`timestamp_column`"),
        ("metrics/f_window.yml", 12, 21, "unknown_column", "`closed_at`"),
        ("metrics/g_key.yml", 12, 28, "unknown_column", "`note_id`"),
        ("metrics/h_start.yml", 12, 21, "unknown_column", "`id`"),
        ("metrics/i_join.yml", 11, 40, "unknown_column", "`author_id`"),
        (
            "metrics/instrumentations/classes.yml",
            6,
            26,
            "unknown_column",
            "`title`",
        ),
        ("metrics/l_sum.yml", 15, 45, "unknown_table", "`notes`"),
    ]
}

fn assert_found(cli: &Cli) {
    let expected = mistakes(cli);
    let checked = cli.run(&["validate", "--database", "--format", "json"]).expect_code(3);
    let problems = json(&checked.stdout);
    let problems = problems["problems"].as_array().expect("a list");
    let place = |problem: &Value| {
        let file = problem["file"]
            .as_str()
            .expect("a file")
            .trim_start_matches("./")
            .to_owned();
        (
            file,
            problem["line"].as_u64().unwrap_or_default(),
            problem["column"].as_u64().unwrap_or_default(),
            problem["code"].as_str().expect("a code").to_owned(),
        )
    };
    // What a database need not be asked for is another test's.
    let errors = problems.iter().filter(|problem| problem["severity"] == "error");
    let mut found: Vec<_> = errors.map(place).collect();
    found.sort();
    let mut wanted: Vec<_> = expected
        .iter()
        .map(|(file, line, column, code, _)| ((*file).to_owned(), *line, *column, (*code).to_owned()))
        .collect();
    wanted.sort();
    assert_eq!(found, wanted, "{problems:#?}");
    for (file, .., help) in expected {
        let problem = problems
            .iter()
            .find(|problem| problem["file"].as_str().is_some_and(|at| at.ends_with(file)));
        let said = problem.and_then(|problem| problem["help"].as_str()).unwrap_or_default();
        assert!(said.contains(help), "{file}: {said}");
    }
    // Files alone have nothing against any of them.
    cli.run(&["validate"]).expect_code(0);
}

#[test]
fn planted_mistakes_are_found_on_postgresql() {
    let database = Postgres::shared().database();
    TABLES
        .iter()
        .for_each(|table| drop(database.psql(&table.replace("_at TEXT", "_at TIMESTAMPTZ"))));
    let cli = Cli::new().env("SERVICE_PING__DATABASE__MAIN__URL", &database.reader_url());
    assert_found(&cli);
    let counted = database
        .logs()
        .lines()
        .filter(|line| line.contains("SELECT COUNT("))
        .count();
    let planned = database
        .logs()
        .lines()
        .filter(|line| line.contains("EXPLAIN SELECT COUNT("))
        .count();
    assert!(planned > 5 && counted == planned, "{}", database.logs());
}

#[test]
fn planted_mistakes_are_found_on_sqlite() {
    let cli = Cli::new().env("SERVICE_PING__DATABASE__MAIN__URL", "sqlite://x.db");
    for table in TABLES {
        crate::instance::database(&cli.folder().join("x.db"), table);
    }
    assert_found(&cli);
}

#[test]
fn what_wants_an_index_is_warned_about_by_the_statistics() {
    let database = Postgres::shared().database();
    database.psql("CREATE TABLE events (id BIGSERIAL PRIMARY KEY, author_id BIGINT, created_at TIMESTAMPTZ)");
    database.psql("INSERT INTO events (author_id) SELECT i FROM generate_series(1, 10001) i");
    database.psql("ANALYZE");
    let cli = Cli::new().env("SERVICE_PING__DATABASE__MAIN__URL", &database.reader_url());
    measured(
        &cli,
        "authors",
        "all",
        "operation: distinct_count\n  relation: events\n  column: author_id",
    );
    measured(&cli, "monthly", "28d", "operation: count\n  relation: events");
    measured(
        &cli,
        "buckets",
        "all",
        "operation: histogram\n  relation: events\n  column: author_id\n  buckets: [1, 10]",
    );
    let codes = || {
        let checked = cli.run(&["validate", "--database", "--format", "json"]).expect_code(0);
        let problems = json(&checked.stdout);
        let problems = problems["problems"].as_array().expect("a list").iter();
        let mut codes: Vec<String> = problems
            .map(|problem| problem["code"].as_str().expect("a code").to_owned())
            .collect();
        codes.sort();
        codes.retain(|code| !["incomplete", "value_type_mismatch"].contains(&code.as_str()));
        codes
    };
    assert_eq!(codes(), ["distinct_count_unindexed", "window_unindexed"]);
    cli.run(&["validate", "--database", "--deny-warnings"]).expect_code(3);
    database.psql("UPDATE pg_class SET reltuples = 1000001 WHERE relname = 'events'");
    assert_eq!(
        codes(),
        ["distinct_count_unindexed", "histogram_large_table", "window_unindexed"]
    );
    database.psql("CREATE INDEX ON events (author_id)");
    database.psql("CREATE INDEX ON events (created_at, author_id)");
    database.psql("UPDATE pg_class SET reltuples = 10000 WHERE relname = 'events'");
    assert_eq!(codes(), Vec::<String>::new());
}

#[test]
fn a_database_that_is_away_is_named_without_its_password() {
    let cli = Cli::new();
    measured(&cli, "issues", "all", "operation: count\n  relation: issues");
    let none = cli.run(&["validate", "--database"]).expect_code(3);
    assert!(
        none.stderr
            .contains("no database is configured: name one as [database.main]"),
        "{}",
        none.stderr
    );
    let url = format!("postgres://ping:{READER_PASSWORD}@127.0.0.1:1/product");
    cli.write("service-ping.toml", &format!("[database.main]\nurl = {url:?}\n"));
    let away = cli.run(&["validate", "--database"]).expect_code(1);
    assert_eq!(
        away.stderr,
        "error: [database.main] url = \"postgres://ping@127.0.0.1:1/product\": database \"main\" is not available: \
         connection refused; start the server, or correct the key\n"
    );
    let explained = cli.run(&["explain", "issues"]).expect_code(1);
    assert_eq!(explained.stderr, away.stderr);
    assert!(
        explained.stdout.contains("  cannot be explained: source_unavailable: "),
        "{}",
        explained.stdout
    );
    let other = "operation: count\n  relation: issues\n  database: ci";
    measured(&cli, "builds", "all", other);
    crate::instance::database(&cli.folder().join("x.db"), TABLES[0]);
    cli.write("service-ping.toml", "[database.main]\nurl = \"sqlite://x.db\"\n");
    let missing = cli.run(&["validate", "--database"]).expect_code(3);
    assert!(
        missing.stderr.contains("the configuration has no [database.ci]"),
        "{}",
        missing.stderr
    );
}
