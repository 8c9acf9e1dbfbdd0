//! An outbox with reports in it, and a client of a test's endpoint.

use std::time::Duration;

use chrono::{DateTime, Utc};
use service_ping::state::{NewReport, NewRun, Report, StateStore};
use service_ping::versions::{
    Backoff, Client, ClientConfig, DeliveryOptions, DeliveryOutcome, DeliveryReport, Sender, deliver,
};
use uuid::Uuid;

pub const DAYS: [&str; 3] = ["2024-03-01T00:00:00Z", "2024-03-08T00:00:00Z", "2024-03-15T00:00:00Z"];

pub fn day(index: usize) -> DateTime<Utc> {
    DAYS[index].parse().unwrap()
}

/// An outbox at a place where others can open it too.
pub struct Outbox {
    pub url: String,
    pub store: StateStore,
    _folder: Option<tempfile::TempDir>,
}

impl Outbox {
    pub async fn sqlite() -> Outbox {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("state.db").display());
        Outbox {
            store: StateStore::open(&url).await.unwrap(),
            url,
            _folder: Some(folder),
        }
    }

    pub async fn at(url: String) -> Outbox {
        Outbox {
            store: StateStore::open(&url).await.unwrap(),
            url,
            _folder: None,
        }
    }

    pub async fn holding(days: &[&str]) -> Outbox {
        let outbox = Outbox::sqlite().await;
        for day in days {
            outbox.add(day).await;
        }
        outbox
    }

    pub async fn add(&self, recorded_at: &str) -> Report {
        let recorded_at: DateTime<Utc> = recorded_at.parse().unwrap();
        let run = NewRun {
            id: Uuid::now_v7(),
            recorded_at,
            started_at: recorded_at,
            definitions_digest: String::new(),
            trigger: "test".to_owned(),
        };
        self.store.begin_run(&run).await.unwrap();
        let new = NewReport {
            run_id: run.id,
            recorded_at,
            payload_json: payload(recorded_at),
            metadata_json: Some(metadata(recorded_at)),
        };
        self.store.enqueue(&new).await.unwrap()
    }

    /// Ends all connections and opens the store anew, as another run would.
    pub async fn restart(&mut self) {
        self.store.close().await;
        self.store = StateStore::open(&self.url).await.unwrap();
    }

    pub async fn deliver(&self, client: &Client) -> DeliveryReport {
        deliver(&self.store, client, &options()).await.unwrap()
    }

    pub async fn deliver_at(&self, client: &Client, now: &str) -> DeliveryReport {
        let options = DeliveryOptions {
            now: Some(now.parse().unwrap()),
            ..options()
        };
        deliver(&self.store, client, &options).await.unwrap()
    }
}

/// A payload with what a JSON type would lose: spaces, order, a repeated key, the form of a number.
pub fn payload(recorded_at: DateTime<Utc>) -> String {
    format!(
        "{{ \"uuid\":\"{}\",\"recorded_at\" : \"{recorded_at}\", \"b\":1.0, \"a\":1e2, \"a\":\"é\" }}",
        Uuid::nil()
    )
}

pub fn metadata(recorded_at: DateTime<Utc>) -> String {
    format!(
        r#"{{"metadata": {{"uuid": "{}", "metrics": [], "of": "{recorded_at}"}}}}"#,
        Uuid::nil()
    )
}

pub fn options() -> DeliveryOptions {
    DeliveryOptions::new(Sender {
        uuid: Uuid::nil(),
        hostname: "gitlab.example".to_owned(),
        version: "15.0.0-ee".to_owned(),
    })
}

/// A client that does not dawdle.
pub fn client(url: impl Into<String>) -> Client {
    Client::new(config(url)).unwrap()
}

pub fn config(url: impl Into<String>) -> ClientConfig {
    ClientConfig {
        backoff: Backoff {
            base: Duration::from_millis(1),
            cap: Duration::from_millis(4),
        },
        ..ClientConfig::new(url)
    }
}

/// A client that gives a silent endpoint little time.
pub fn hasty_client(url: impl Into<String>) -> Client {
    Client::new(ClientConfig {
        timeout: Duration::from_millis(300),
        ..config(url)
    })
    .unwrap()
}

pub fn only_outcome(delivered: &DeliveryReport) -> &DeliveryOutcome {
    assert_eq!(delivered.reports.len(), 1, "{delivered:?}");
    &delivered.reports[0].outcome
}
