//! An instance with tables of every kind of range, its state store, and a real receiver.

use std::path::Path;

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use crate::support::cli::{Cli, Running};
use crate::support::postgres::{Database, Postgres};

pub const NOW: &str = "2026-11-12T09:30:00Z";
pub const UUID: &str = "4a1e8f6c-0c1b-4b5e-9d55-0c9f1d7d3a11";
/// Connections of the instance to its database.
pub const CONNECTIONS: usize = 2;

/// Larger than what is read in one statement: an integer key, a key of texts, and no key at all.
const SCHEMA: &str = "
CREATE TABLE issues (id bigint PRIMARY KEY, author_id int NOT NULL, project_id bigint, weight numeric, title text NOT NULL);
INSERT INTO issues SELECT n, n * 7919 % 40000, n % 977, n % 13 + 0.25, repeat('x', 40) || n % 30000
  FROM generate_series(1, 260000) n;
CREATE TABLE notes (uuid text PRIMARY KEY, issue_id bigint NOT NULL, body text NOT NULL);
INSERT INTO notes SELECT md5(n::text), n % 5000, repeat('y', 60) FROM generate_series(1, 150000) n;
CREATE TABLE events (user_id bigint NOT NULL, action text NOT NULL, padding text NOT NULL);
INSERT INTO events SELECT n % 3000, 'action ' || n % 5, repeat('z', 60) FROM generate_series(1, 220000) n;
CREATE TABLE waiting (id bigint PRIMARY KEY);
CREATE TABLE users (id bigint PRIMARY KEY, state text NOT NULL);
INSERT INTO users SELECT n, CASE WHEN n % 3 = 0 THEN 'blocked' ELSE 'active' END FROM generate_series(1, 3000) n;
ANALYZE issues; ANALYZE notes; ANALYZE events; ANALYZE users;";

/// The database that all rounds read; nothing writes to it.
pub fn database(postgres: &Postgres) -> Database<'_> {
    let database = postgres.database();
    database.psql(SCHEMA);
    database
}

/// One instance: a folder with a state store of its own, or one in a database.
pub struct Instance {
    pub cli: Cli,
    pub application_name: String,
}

impl Instance {
    /// `name` is told apart in the server's log; `settings` are further lines of the configuration.
    pub fn new(database: &Database<'_>, name: &str, receiver: &str, settings: &str) -> Instance {
        let application_name = format!("resume {} {name}", database.name());
        let cli = Cli::new();
        cli.write(
            "service-ping.toml",
            &format!(
                "[instance]\nversion = \"1.2.3\"\nhostname = \"ping.example\"\nuuid = \"{UUID}\"\n\
                 [event_store]\nurl = \"embedded\"\n\
                 [versions]\nurl = \"{receiver}\"\n\
                 [database.main]\nurl = \"{}\"\nconnections = {CONNECTIONS}\nbatch_time = \"40ms\"\n\
                 application_name = \"{application_name}\"\n{settings}\n",
                database.reader_url()
            ),
        );
        definitions(&cli);
        Instance { cli, application_name }
    }

    pub fn run(&self, more: &[&str]) -> crate::support::cli::Outcome {
        self.cli.run(&[&["run", "--now", NOW], more].concat())
    }

    pub fn start(&self, more: &[&str]) -> Running {
        self.cli.start(&[&["run", "--now", NOW], more].concat())
    }

    pub fn command(&self, more: &[&str]) -> std::process::Command {
        self.cli.command(&[&["run", "--now", NOW], more].concat())
    }

    /// The statements that its sessions sent and that read ranges, in their order.
    pub fn statements(&self, database: &Database<'_>) -> Vec<String> {
        let log = self.log(database);
        let own = log.iter();
        own.filter_map(|line| {
            let (_, statement) = line.split_once("LOG:  ")?;
            let (_, statement) = statement.split_once(": ")?;
            statement.starts_with("SELECT").then(|| statement.to_owned())
        })
        .collect()
    }

    /// Whether its one run is over.
    pub fn has_completed(&self) -> bool {
        let history = self.cli.run(&["history", "--format", "json"]).expect_code(0);
        let history: Value = serde_json::from_str(&history.stdout).expect("it is JSON");
        history["runs"][0]["status"] == "completed"
    }

    /// What the server's log says of its sessions.
    pub fn log(&self, database: &Database<'_>) -> Vec<String> {
        let mark = format!("/{} ", self.application_name);
        let logs = database.logs();
        logs.lines()
            .filter(|line| line.contains(&mark))
            .map(str::to_owned)
            .collect()
    }
}

fn definitions(cli: &Cli) {
    let metric = |key: &str, class: &str, options: Value| {
        let is_fact = options.is_null();
        let mut definition = json!({
            "key_path": key,
            "description": "A metric of a test",
            "product_group": "tests",
            "value_type": if is_fact { "string" } else { "number" },
            "status": "active",
            "milestone": "0.1",
            "time_frame": if is_fact { "none" } else { "all" },
            "data_source": if is_fact { "system" } else { "database" },
            "instrumentation_class": class,
        });
        if !is_fact {
            definition["options"] = options;
        }
        cli.write(&format!("metrics/{key}.yml"), &format!("{definition:#}"));
    };
    let counted = |key: &str, operation: &str, relation: &str, column: Value| {
        metric(
            key,
            "DatabaseMetric",
            json!({"operation": operation, "relation": relation, "column": column}),
        );
    };
    for table in ["issues", "notes", "events", "users"] {
        counted(&format!("counts.{table}"), "count", table, Value::Null);
    }
    for part in 0..6 {
        let relation = format!("issues WHERE project_id % 6 = {part}");
        counted(&format!("counts.issues_{part}"), "count", &relation, Value::Null);
        let relation = format!("users WHERE id % 6 = {part}");
        counted(&format!("counts.users_{part}"), "count", &relation, Value::Null);
    }
    counted("counts.authors", "distinct_count", "issues", json!("author_id"));
    counted(
        "counts.heavy_authors",
        "distinct_count",
        "issues WHERE weight > 9",
        json!("author_id"),
    );
    counted(
        "counts.projects",
        "estimate_batch_distinct_count",
        "issues",
        json!("project_id"),
    );
    counted(
        "counts.titles",
        "estimate_batch_distinct_count",
        "issues",
        json!("title"),
    );
    counted("counts.weights", "sum", "issues", json!("weight"));
    counted("counts.average_weight", "average", "issues", json!("weight"));
    counted("counts.commented", "distinct_count", "notes", json!("issue_id"));
    counted("counts.acting", "distinct_count", "events", json!("user_id"));
    counted(
        "counts.first_actions",
        "count",
        "events WHERE action = 'action 1'",
        Value::Null,
    );
    metric("uuid", "UuidMetric", Value::Null);
    metric("recorded_at", "RecordedAtMetric", Value::Null);
    metric("version", "VersionMetric", Value::Null);
    metric(
        "counts.value",
        "SqlValueMetric",
        json!({"query": "SELECT count(*) FROM users WHERE state = 'active'"}),
    );
}

/// The real receiving end, in a folder of its own.
pub struct Receiver {
    cli: Cli,
    running: Running,
    url: String,
}

impl Receiver {
    pub fn start() -> Receiver {
        let cli = Cli::new();
        let mut running = cli.start(&["versions", "--listen", "127.0.0.1:0", "--store", "versions.db"]);
        let line = running.line_with("listening on ");
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        let url = url
            .expect("it says where it listens")
            .trim_end_matches(['/', ',', ';'])
            .to_owned();
        Receiver { cli, running, url }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every payload that it holds, with its key, in the order of their arrival.
    pub fn payloads(&self) -> Vec<(String, String)> {
        rows(
            &self.cli.folder().join("versions.db"),
            "SELECT idempotency_key, payload FROM raw_usage_data ORDER BY id",
        )
    }

    /// Every document of metadata.
    pub fn metadata(&self) -> Vec<(String, String)> {
        rows(
            &self.cli.folder().join("versions.db"),
            "SELECT idempotency_key, body FROM usage_ping_metadata ORDER BY id",
        )
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.running.signal("TERM");
    }
}

/// Two columns of text of a SQLite file.
pub fn rows(file: &Path, sql: &'static str) -> Vec<(String, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        let mut connection = SqliteConnection::connect_with(&options).await.expect("the file opens");
        sqlx::query_as(sql)
            .fetch_all(&mut connection)
            .await
            .expect("the table is there")
    })
}
