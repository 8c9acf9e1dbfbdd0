//! The sample instance and the shipped definitions, checked against each other and against GitLab's schema.

mod definitions;
mod rows;
mod schema;
mod shipped;
mod statements;
mod values;

use std::path::PathBuf;

use chrono::{DateTime, TimeZone, Utc};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

/// The moment at which every test's sample is taken.
fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 19, 10, 54, 30).unwrap()
}

/// A sample instance that lives as long as the test.
struct Sample {
    folder: TempDir,
}

impl Sample {
    async fn new(now: DateTime<Utc>, scale: f64) -> (Sample, service_ping::sample::SampleSummary) {
        let sample = Sample {
            folder: tempfile::tempdir().unwrap(),
        };
        let summary = service_ping::sample::create(&sample.path(), now, scale).await.unwrap();
        (sample, summary)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("sample.db")
    }

    async fn connect(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.path()).read_only(true);
        SqliteConnection::connect_with(&options).await.unwrap()
    }
}

async fn number(connection: &mut SqliteConnection, sql: String) -> Option<f64> {
    let sql = format!("SELECT CAST(value AS REAL) FROM (SELECT ({sql}) AS value)");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_one(connection)
        .await
        .unwrap()
}
