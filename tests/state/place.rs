//! Stores to test, and what to put into them.

use chrono::{DateTime, Utc};
use service_ping::state::{NewReport, NewRun, OutcomeRecord, StateStore};
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use uuid::Uuid;

use crate::postgres;

/// A place for a store, that can be opened many times.
pub struct Place {
    pub url: String,
    _folder: Option<tempfile::TempDir>,
}

impl Place {
    pub fn sqlite() -> Place {
        let folder = tempfile::tempdir().unwrap();
        Place {
            url: format!("sqlite://{}", folder.path().join("state.db").display()),
            _folder: Some(folder),
        }
    }

    pub async fn postgres() -> Place {
        Place {
            url: postgres::new_database().await,
            _folder: None,
        }
    }

    pub async fn open(&self) -> StateStore {
        StateStore::open(&self.url).await.unwrap()
    }

    /// Runs statements on the store's tables behind its back.
    pub async fn execute(&self, statements: &'static str) {
        if self.url.starts_with("sqlite") {
            let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
            connection.execute(statements).await.unwrap();
            connection.close().await.unwrap();
        } else {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            connection.execute("SET search_path = service_ping").await.unwrap();
            connection.execute(statements).await.unwrap();
        }
    }
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub async fn run(store: &StateStore, recorded_at: &str) -> NewRun {
    let run = NewRun {
        id: Uuid::now_v7(),
        recorded_at: at(recorded_at),
        started_at: at(recorded_at),
        definitions_digest: "sha256:0".to_owned(),
        trigger: "cli".to_owned(),
    };
    store.begin_run(&run).await.unwrap();
    run
}

pub async fn report(store: &StateStore, recorded_at: &str) -> NewReport {
    let run = run(store, recorded_at).await;
    NewReport {
        run_id: run.id,
        recorded_at: run.recorded_at,
        payload_json: format!(r#"{{"recorded_at": "{recorded_at}"}}"#),
        metadata_json: Some(r#"{"metadata": {}}"#.to_owned()),
    }
}

pub fn outcome(key_path: &str, value: serde_json::Value) -> OutcomeRecord {
    OutcomeRecord {
        key_path: key_path.to_owned(),
        value,
        reason: None,
        message: None,
        elapsed_seconds: 0.25,
        statements: 3,
        retries: 1,
        error_bound: None,
    }
}
