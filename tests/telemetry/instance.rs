//! Instances whose runs are told of.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::support::cli::{Cli, Outcome};
use crate::support::postgres::Database;

pub const NOW: &str = "2026-11-19T10:54:30Z";
pub const UUID: &str = "0c7be4d0-27a4-4b3c-9d2f-6a1c5e8f9b01";
/// What stands in rows, parameters and secrets, and nowhere else.
pub const CANARY: &str = "canary-7d1f";

/// Three rows in a file and four metrics, of which one falls back.
pub fn small(lines: &str) -> Cli {
    let cli = Cli::new();
    create(
        &cli,
        "CREATE TABLE users (id INTEGER PRIMARY KEY, plan TEXT); \
         INSERT INTO users VALUES (1, 'canary-7d1f'), (2, 'canary-7d1f'), (7, NULL)",
    );
    cli.write(
        "service-ping.toml",
        &format!("[instance]\nuuid = \"{UUID}\"\n[database.main]\nurl = \"sqlite://product.db\"\n{lines}"),
    );
    metric(
        &cli,
        "counts.users",
        "DatabaseMetric",
        "operation: count\n  relation: users",
    );
    metric(
        &cli,
        "counts.plans",
        "DatabaseMetric",
        "operation: distinct_count\n  relation: users\n  column: plan",
    );
    metric(
        &cli,
        "counts.nothing",
        "DatabaseMetric",
        "operation: count\n  relation: nothing_here",
    );
    metric(&cli, "license.plan", "StaticMetric", "value: canary-7d1f");
    cli
}

/// Tables of several ranges on a server, read over two connections. The first four metrics have a scan in common.
pub fn large(database: &Database<'_>, lines: &str) -> Cli {
    database.psql(
        "CREATE TABLE issues (id bigint PRIMARY KEY, author_id int NOT NULL, weight numeric, state text NOT NULL); \
         INSERT INTO issues SELECT n, n * 7919 % 40009, n % 13 + 0.25, \
         CASE WHEN n % 7 = 0 THEN 'canary-7d1f' ELSE repeat('x', 80) END FROM generate_series(1, 260000) n; \
         ANALYZE issues;",
    );
    let cli = Cli::new();
    cli.write(
        "service-ping.toml",
        &format!(
            "[instance]\nuuid = \"{UUID}\"\n[database.main]\nurl = \"{}\"\nconnections = 2\nbatch_time = \"20ms\"\n{lines}",
            database.reader_tcp_url()
        ),
    );
    let counts = "operation: count\n  relation: issues";
    metric(&cli, "counts.issues", "DatabaseMetric", counts);
    metric(&cli, "counts.issues_again", "DatabaseMetric", counts);
    metric(
        &cli,
        "counts.canaries",
        "DatabaseMetric",
        "operation: count\n  relation: issues WHERE state = 'canary-7d1f'",
    );
    metric(
        &cli,
        "counts.weight",
        "DatabaseMetric",
        "operation: sum\n  relation: issues\n  column: weight",
    );
    metric(
        &cli,
        "counts.sum_of_both",
        "NumbersMetric",
        "operation: add\n  metrics: [counts.issues, counts.canaries]",
    );
    metric(
        &cli,
        "counts.text",
        "SqlValueMetric",
        "query: SELECT count(*) FROM issues WHERE state = 'canary-7d1f'",
    );
    metric(
        &cli,
        "counts.nothing",
        "DatabaseMetric",
        "operation: count\n  relation: nothing_here",
    );
    metric(&cli, "license.plan", "StaticMetric", "value: canary-7d1f");
    cli
}

/// The sample instance under the shipped definitions.
pub fn sample(lines: &str) -> Cli {
    let cli = Cli::new();
    let now: DateTime<Utc> = NOW.parse().expect("an instant");
    let file = cli.folder().join("instance.db");
    block_on(service_ping::sample::create(&file, now, 0.01)).expect("a sample");
    cli.write(
        "service-ping.toml",
        &format!(
            "definitions = {:?}\n[instance]\nuuid = \"{UUID}\"\n[database.main]\nurl = \"sqlite://instance.db\"\n\
             [event_store]\nurl = \"embedded\"\n{lines}",
            env!("CARGO_MANIFEST_DIR")
        ),
    );
    cli
}

/// Runs the job, the payload into `payload.json`.
pub fn run(cli: &Cli, more: &[&str]) -> Outcome {
    cli.run(&[&["run", "--now", NOW, "--output", "payload.json"], more].concat())
}

fn metric(cli: &Cli, key_path: &str, class: &str, options: &str) {
    let value_type = if class == "StaticMetric" { "string" } else { "number" };
    cli.write(
        &format!("metrics/{}.yml", key_path.replace('.', "_")),
        &format!(
            "key_path: {key_path}\ndescription: A metric of the tests.\nvalue_type: {value_type}\nstatus: active\n\
             time_frame: all\ndata_source: database\ndata_category: optional\ninstrumentation_class: {class}\n\
             options:\n  {options}\n"
        ),
    );
}

/// Lets the state store take runs, but not what came of them.
pub fn spoil_store(cli: &Cli) {
    execute(
        cli,
        "service-ping.db",
        "CREATE TRIGGER spoilt BEFORE INSERT ON outcomes BEGIN SELECT RAISE(ABORT, 'spoilt'); END",
    );
}

/// Runs the job and leaves it as if it had been told to stop in the middle; gives its id.
pub fn unfinished_run(cli: &Cli) -> String {
    let outcome = cli.run(&["run", "--format", "json"]).expect_code(0);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("the report");
    execute(
        cli,
        "service-ping.db",
        "UPDATE runs SET status = 'interrupted'; DELETE FROM raw_usage_data",
    );
    report["run_id"].as_str().expect("a run id").to_owned()
}

fn create(cli: &Cli, sql: &'static str) {
    execute(cli, "product.db", sql);
}

fn execute(cli: &Cli, file: &str, sql: &'static str) {
    block_on(async {
        let file = cli.folder().join(file);
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.expect("SQLite opens");
        connection.execute(sql).await.expect("the statements run");
        connection.close().await.expect("SQLite closes");
    });
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(future)
}
