//! A SQLite file with rows, the software that writes it, and an instance that measures it.

use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};

use super::instance::Instance;

/// The text of every row.
pub const CANARY: &str = "canary_c04b1d";

const SCHEMA: &str = "
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, manager_id INTEGER, ratio REAL);
INSERT INTO users WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
  SELECT i, 'canary_c04b1d', i % 30, i / 8.0 FROM n;
CREATE TABLE sizes (id INTEGER PRIMARY KEY, bytes INTEGER, factor INTEGER);
INSERT INTO sizes VALUES (1, 9223372036854775807, -9223372036854775808), (2, 9223372036854775807, 1);
CREATE TABLE events (id INTEGER PRIMARY KEY);
INSERT INTO events WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) SELECT i FROM n;";

/// A connection of the instance's own software, which writes.
pub struct Writer {
    runtime: tokio::runtime::Runtime,
    connection: Option<SqliteConnection>,
}

impl Writer {
    pub fn open(file: &Path) -> Writer {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime starts");
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Delete);
        let connection = runtime.block_on(options.connect()).expect("the file opens");
        Writer {
            runtime,
            connection: Some(connection),
        }
    }

    pub fn execute(&mut self, sql: &str) {
        let connection = self.connection.as_mut().expect("it is open");
        let ran = self
            .runtime
            .block_on(sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection));
        ran.expect("the statements run");
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let _ = self.runtime.block_on(connection.close());
        }
    }
}

/// An instance over a file of its own, which lies outside the folder of the runs.
pub struct SqliteInstance {
    pub instance: Instance,
    pub file: PathBuf,
    _folder: tempfile::TempDir,
}

impl SqliteInstance {
    pub fn new(settings: &str) -> SqliteInstance {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("app.db");
        Writer::open(&file).execute(SCHEMA);
        SqliteInstance {
            instance: Instance::new(&format!("sqlite://{}", file.display()), settings),
            file,
            _folder: folder,
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.file).expect("the file is readable")
    }
}
