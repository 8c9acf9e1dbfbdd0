//! The collector that takes the spans.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use tokio::time::{Instant, sleep_until, timeout_at};
use url::Url;

use super::endpoint::traces;
use super::reply::rejected;
use super::request::body;
use super::span::{Resource, Span};
use crate::emit::install_tls;

/// Spans of one request: some 300 KiB, where collectors take 4 MiB at least.
const BATCH: usize = 512;
const PROTOBUF: &str = "application/x-protobuf";
/// The wait before the second and last attempt, where the collector asks for none.
const PAUSE: Duration = Duration::from_millis(200);

/// How a collector is reached.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CollectorConfig {
    /// Its address, which may hold credentials; `/v1/traces` is added where the path does not end in it.
    pub url: String,
    /// Sent as a bearer's.
    pub token: Option<String>,
    /// Further headers, by their names in lower case.
    pub headers: Vec<(String, String)>,
}

/// A collector of traces over OTLP/HTTP. It is connected to when there is something to tell, and not before.
#[derive(Clone)]
pub struct Collector {
    http: reqwest::Client,
    url: Url,
}

/// What was told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    pub taken: usize,
    /// Spans that the collector did not want.
    pub rejected: usize,
}

/// Why spans were not told, in words that name neither address nor credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectorError {
    #[error("its address cannot be used: {0}")]
    Address(String),
    #[error("nothing can be connected to there")]
    Unreachable,
    #[error("it did not answer in time")]
    TooSlow,
    #[error("the connection broke")]
    Broken,
    #[error("it answered {status}")]
    Refused {
        status: u16,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    #[error("what answers there is no collector of OTLP/HTTP")]
    NoCollector,
}

impl CollectorError {
    /// Whether the same spans may be taken a moment later (OTLP's table of retryable answers).
    fn may_pass(&self) -> bool {
        match self {
            CollectorError::Unreachable | CollectorError::Broken => true,
            CollectorError::Refused { status, .. } => [429, 502, 503, 504].contains(status),
            CollectorError::Address(_) | CollectorError::TooSlow | CollectorError::NoCollector => false,
        }
    }
}

impl From<reqwest::Error> for CollectorError {
    fn from(error: reqwest::Error) -> CollectorError {
        match error {
            error if error.is_timeout() => CollectorError::TooSlow,
            error if error.is_connect() => CollectorError::Unreachable,
            _ => CollectorError::Broken,
        }
    }
}

impl Collector {
    /// Nothing is opened yet.
    ///
    /// # Errors
    /// [`CollectorError::Address`] where nothing could be sent that way.
    pub fn new(config: &CollectorConfig) -> Result<Collector, CollectorError> {
        install_tls();
        let http = reqwest::Client::builder()
            .default_headers(headers(config)?)
            // A redirect would take the token along.
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .user_agent(concat!("service-ping/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| CollectorError::Address("no client can be made".to_owned()))?;
        Ok(Collector {
            http,
            url: traces(&config.url).map_err(CollectorError::Address)?,
        })
    }

    /// Tells of all spans until `deadline`, many at a time, each of them twice at most. What a collector refused or did not
    /// answer is lost, and what comes after it is not tried.
    ///
    /// # Errors
    /// Why spans were lost, and how many had been taken before.
    pub async fn export(
        &self,
        resource: &Resource,
        spans: &[Span],
        deadline: Instant,
    ) -> Result<Exported, (CollectorError, Exported)> {
        let mut exported = Exported::default();
        for batch in spans.chunks(BATCH) {
            let rejected = self.tell(body(resource, batch), deadline).await;
            let rejected = rejected.map_err(|error| (error, exported))?;
            let rejected = usize::try_from(rejected).unwrap_or(usize::MAX).min(batch.len());
            exported.rejected += rejected;
            exported.taken += batch.len() - rejected;
        }
        Ok(exported)
    }

    async fn tell(&self, body: Vec<u8>, deadline: Instant) -> Result<u64, CollectorError> {
        let first = self.attempt(body.clone(), deadline).await;
        let Err(error) = first else { return first };
        let pause = match error {
            CollectorError::Refused { retry_after, .. } => retry_after.unwrap_or(PAUSE),
            _ => PAUSE,
        };
        let again = Instant::now() + pause;
        if !error.may_pass() || again >= deadline {
            return Err(error);
        }
        sleep_until(again).await;
        self.attempt(body, deadline).await
    }

    async fn attempt(&self, body: Vec<u8>, deadline: Instant) -> Result<u64, CollectorError> {
        let attempt = async {
            let request = self.http.post(self.url.clone()).body(body);
            rejected(request.send().await?).await
        };
        timeout_at(deadline, attempt)
            .await
            .unwrap_or(Err(CollectorError::TooSlow))
    }
}

fn headers(config: &CollectorConfig) -> Result<HeaderMap, CollectorError> {
    let unusable = |name: &str| CollectorError::Address(format!("the header {name} cannot be sent"));
    let secret = |name: &str, text: &str| -> Result<HeaderValue, CollectorError> {
        let mut value = HeaderValue::from_str(text).map_err(|_| unusable(name))?;
        // Neither logs nor compression tables show it.
        value.set_sensitive(true);
        Ok(value)
    };
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(PROTOBUF))]);
    if let Some(token) = &config.token {
        headers.insert(AUTHORIZATION, secret("authorization", &format!("Bearer {token}"))?);
    }
    for (name, value) in &config.headers {
        let parsed: HeaderName = name.parse().map_err(|_| unusable(name))?;
        headers.insert(parsed, secret(name, value)?);
    }
    Ok(headers)
}
