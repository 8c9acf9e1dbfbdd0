//! A running receiver over either database.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use service_ping::versions::receiver::{Access, Receiver, ReceiverLimits, ReceiverStore, RunningReceiver};
use service_ping::versions::{Acknowledgement, Client, ClientConfig, install_tls};
use uuid::Uuid;

/// Which database a receiver has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

pub const BOTH: [On; 2] = [On::Sqlite, On::Postgres];

pub struct End {
    pub running: RunningReceiver,
    pub store: ReceiverStore,
    pub http: reqwest::Client,
    client: Client,
    /// The store's.
    pub url: String,
    _folder: Option<tempfile::TempDir>,
}

/// What a request was answered.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Limits whose leaders are never older than the last ping.
pub fn limits() -> ReceiverLimits {
    ReceiverLimits {
        leaders_for: Duration::ZERO,
        ..ReceiverLimits::default()
    }
}

/// The URL of a new store, and the folder that it lies in.
pub async fn new_store(on: On) -> (String, Option<tempfile::TempDir>) {
    match on {
        On::Postgres => (crate::postgres::new_database().await, None),
        On::Sqlite => {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("sqlite://{}", folder.path().join("receiver.db").display());
            (url, Some(folder))
        }
    }
}

impl End {
    pub async fn on(on: On) -> End {
        End::with(on, limits(), Access::default()).await
    }

    pub async fn with(on: On, limits: ReceiverLimits, access: Access) -> End {
        let (url, folder) = new_store(on).await;
        End {
            _folder: folder,
            ..End::at(&url, limits, access).await
        }
    }

    /// One more receiver on a store.
    pub async fn at(url: &str, limits: ReceiverLimits, access: Access) -> End {
        install_tls();
        let store = ReceiverStore::open(url).await.unwrap();
        let receiver = Receiver::bind("127.0.0.1:0".parse().unwrap(), store.clone())
            .await
            .unwrap();
        let running = receiver.with_limits(limits).with_access(access).start();
        End {
            client: Client::new(ClientConfig::new(running.url())).unwrap(),
            running,
            store,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            url: url.to_owned(),
            _folder: None,
        }
    }

    /// The project's own client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    pub async fn ping(&self, payload: &Value) -> Acknowledgement {
        let taken = self.client().post_payload(Uuid::new_v4(), payload.to_string()).await;
        taken.unwrap_or_else(|failure| panic!("{failure}"))
    }

    pub fn post(&self, path: &str, body: impl Into<String>) -> RequestBuilder {
        self.http.post(self.running.url() + path).body(body.into())
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.running.url() + path)
    }
}

pub async fn reply(request: RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    Reply {
        status: response.status(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}
