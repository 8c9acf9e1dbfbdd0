//! One request to the endpoint.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use uuid::Uuid;

use super::backoff::Backoff;
use super::endpoint::{ClientError, Endpoint, Path};
use super::error_report::ErrorReport;
use super::failure::AttemptFailure;
use super::reply::{self, Acknowledgement};
use super::scrub::scrub;
use crate::emit::install_tls;

/// The header that makes retries harmless (draft-ietf-httpapi-idempotency-key-header).
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// A reply is an id and thirty numbers; what is longer is not read.
const LONGEST_REPLY: usize = 1024 * 1024;
const JSON: &str = "application/json";

/// How to reach the endpoint, and how patiently.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientConfig {
    /// The base: `/usage_data` and the others are below it. It may hold credentials.
    pub url: String,
    /// For a whole request, from connecting to the reply's last byte.
    pub timeout: Duration,
    pub connect_timeout: Duration,
    /// Requests that one run makes for one report, at least 1.
    pub attempts: u32,
    pub backoff: Backoff,
    /// The longest `Retry-After` that a run waits for; what must wait longer is left to a later run.
    pub longest_wait: Duration,
    pub user_agent: String,
}

impl ClientConfig {
    /// The defaults: 10 s to connect, 30 s in all, 3 attempts, waits of up to a minute.
    pub fn new(url: impl Into<String>) -> ClientConfig {
        ClientConfig {
            url: url.into(),
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            attempts: 3,
            backoff: Backoff::default(),
            longest_wait: Duration::from_secs(60),
            user_agent: concat!("service-ping/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// The Versions endpoint. It follows no redirect: what is sent goes where the operator said, or nowhere.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    endpoint: Endpoint,
    config: ClientConfig,
}

/// The URL is shown without credentials.
impl std::fmt::Debug for ClientConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ClientConfig")
            .field("url", &scrub(&self.url))
            .field("timeout", &self.timeout)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Client")
            .field("endpoint", &self.endpoint.place())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Sets a client up; nothing is sent yet.
    ///
    /// # Errors
    /// The URL is not an HTTP base, or the HTTP client cannot be set up.
    pub fn new(config: ClientConfig) -> Result<Client, ClientError> {
        install_tls();
        let endpoint = Endpoint::parse(&config.url)?;
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            // Attempts are counted here, so none is made elsewhere.
            .retry(reqwest::retry::never())
            .connect_timeout(config.connect_timeout)
            .timeout(config.timeout)
            // A few requests a week: a connection kept open is one that may be found closed.
            .pool_max_idle_per_host(0)
            .user_agent(config.user_agent.as_str());
        let http = if endpoint.is_loopback() { http.no_proxy() } else { http };
        let http = http.build().map_err(ClientError::Setup)?;
        Ok(Client { http, endpoint, config })
    }

    /// Scheme, host and port of the endpoint.
    pub fn place(&self) -> String {
        self.endpoint.place()
    }

    pub(super) fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// Posts a payload once.
    ///
    /// # Errors
    /// It was not taken, or not acknowledged.
    pub async fn post_payload(&self, key: Uuid, payload: String) -> Result<Acknowledgement, AttemptFailure> {
        let request = self
            .request(Path::UsageData, payload)
            .header(IDEMPOTENCY_KEY, key.to_string());
        let reply = self.send(request).await?;
        let body = self.read(reply).await?;
        reply::parse(&body).map_err(AttemptFailure::Unacknowledged)
    }

    /// Posts metadata once. Any success will do: the contract says nothing of the reply.
    ///
    /// # Errors
    /// It was not taken.
    pub async fn post_metadata(&self, key: Uuid, metadata: String) -> Result<(), AttemptFailure> {
        let request = self
            .request(Path::Metadata, metadata)
            .header(IDEMPOTENCY_KEY, key.to_string());
        self.send(request).await.map(drop)
    }

    /// Tells the endpoint of a failure, once. Best effort: if this fails too, that is logged and no more.
    pub async fn report_error(&self, report: &ErrorReport<'_>) {
        let body = match report.to_json() {
            Ok(body) => body,
            Err(error) => return tracing::warn!(%error, "the error report could not be written"),
        };
        if let Err(failure) = self.send(self.request(Path::Errors, body)).await {
            tracing::warn!(%failure, "the error report was not delivered");
        }
    }

    fn request(&self, path: Path, body: String) -> RequestBuilder {
        self.http
            .post(self.endpoint.url(path))
            .header(CONTENT_TYPE, JSON)
            .header(ACCEPT, JSON)
            .body(body)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, AttemptFailure> {
        let reply = request.send().await.map_err(|error| self.failure(&error))?;
        match AttemptFailure::from_reply(&reply) {
            Some(failure) => Err(failure),
            None => Ok(reply),
        }
    }

    async fn read(&self, mut reply: Response) -> Result<Vec<u8>, AttemptFailure> {
        let mut body = Vec::new();
        while let Some(chunk) = reply.chunk().await.map_err(|error| self.failure(&error))? {
            if body.len() + chunk.len() > LONGEST_REPLY {
                return Err(AttemptFailure::Unacknowledged(format!(
                    "the reply is longer than {LONGEST_REPLY} bytes"
                )));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn failure(&self, error: &reqwest::Error) -> AttemptFailure {
        AttemptFailure::from_request(error, self.config.timeout)
    }
}
