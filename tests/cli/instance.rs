//! Instances to measure: a small one of four metrics, and the sample with the shipped definitions.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::support::cli::Cli;

/// The instant that every test's clock is frozen at.
pub const NOW: &str = "2026-11-19T10:54:30Z";
pub const UUID: &str = "0c7be4d0-27a4-4b3c-9d2f-6a1c5e8f9b01";

/// The folder of the shipped definitions, which holds `metrics/`.
pub fn shipped() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with a configuration, three users and four metrics, one of each category.
pub fn small() -> Cli {
    small_with("")
}

/// As [`small`], with more lines at the end of the configuration.
pub fn small_with(lines: &str) -> Cli {
    let cli = Cli::new();
    database(
        &cli.folder().join("product.db"),
        "CREATE TABLE users (id INTEGER PRIMARY KEY, admin BOOLEAN, created_at TEXT); \
         INSERT INTO users VALUES (1, TRUE, '2026-11-01 00:00:00'), (2, FALSE, '2020-01-01 00:00:00'), (7, FALSE, NULL)",
    );
    cli.write(
        "service-ping.toml",
        &format!("[instance]\nuuid = \"{UUID}\"\n[database.main]\nurl = \"sqlite://product.db\"\n{lines}"),
    );
    definition(&cli, "uuid", "standard", "none", "UuidMetric", "");
    definition(
        &cli,
        "license.plan",
        "subscription",
        "none",
        "StaticMetric",
        "value: free",
    );
    count(&cli, "counts.users", "operational", "users");
    count(&cli, "counts.admins", "optional", "users WHERE admin");
    cli
}

/// Adds a metric that counts a relation.
pub fn count(cli: &Cli, key_path: &str, category: &str, relation: &str) {
    let options = format!("operation: count\n  relation: {relation}");
    definition(cli, key_path, category, "all", "DatabaseMetric", &options);
}

/// Adds a definition, in a file named after its key path.
pub fn definition(cli: &Cli, key_path: &str, category: &str, time_frame: &str, class: &str, options: &str) {
    let value_type = if class == "DatabaseMetric" { "number" } else { "string" };
    let options = match options {
        "" => String::new(),
        options => format!("options:\n  {options}\n"),
    };
    let text = format!(
        "key_path: {key_path}\ndescription: A metric of the tests.\nvalue_type: {value_type}\nstatus: active\n\
         time_frame: {time_frame}\ndata_source: database\ndata_category: {category}\n\
         instrumentation_class: {class}\n{options}"
    );
    cli.write(&format!("metrics/{}.yml", key_path.replace('.', "_")), &text);
}

/// The sample instance under the shipped definitions, small and at [`NOW`], with a state store that does not exist yet.
pub fn sample() -> Cli {
    let cli = Cli::new();
    let now: DateTime<Utc> = NOW.parse().expect("an instant");
    block_on(service_ping::sample::create(
        &cli.folder().join("instance.db"),
        now,
        0.01,
    ))
    .expect("a sample");
    cli.write(
        "service-ping.toml",
        &configuration("\n[database.main]\nurl = \"sqlite://instance.db\"\n[event_store]\nurl = \"embedded\"\n"),
    );
    cli
}

/// A configuration of the shipped definitions with every fact fixed.
pub fn configuration(lines: &str) -> String {
    format!(
        "definitions = {:?}\n[instance]\nuuid = \"{UUID}\"\nhostname = \"ping.example\"\nversion = \"1.2.3\"\n\
         edition = \"CE\"\ninstallation_type = \"tests\"\n{lines}",
        shipped()
    )
}

/// The key paths of a payload's leaves, as the definitions of `known` cut it: an object may itself be a value.
pub fn value_at<'a>(payload: &'a Value, key_path: &str) -> Option<&'a Value> {
    key_path.split('.').try_fold(payload, |node, part| node.get(part))
}

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

pub fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").file_name().into())
        .collect();
    names.sort();
    names
}

pub fn database(file: &Path, sql: &'static str) {
    block_on(async {
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.expect("SQLite opens");
        connection.execute(sql).await.expect("the statements run");
        connection.close().await.expect("SQLite closes");
    });
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(future)
}
