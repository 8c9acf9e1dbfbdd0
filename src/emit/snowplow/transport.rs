//! One request to the collector.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::Url;

use super::endpoint;
use super::retry::Answer;
use super::token::{Token, TokenSource};
use crate::emit::install_tls;
use crate::http::parse_retry_after;

/// The one spelling that every part of the pipeline accepts.
const JSON: &str = "application/json; charset=utf-8";
/// An answer is a word; what is longer is not read.
const LONGEST: usize = 64 * 1024;

/// Where events are sent.
pub struct Destination {
    /// The collector's address; the path of events is added where it has none.
    pub collector: String,
    /// How long a request may take, connecting included.
    pub timeout: Duration,
    pub token: Option<Arc<dyn TokenSource>>,
    /// Whom tokens are for; the collector's scheme and host where it is not said.
    pub audience: Option<String>,
    /// Whether a token may go over plain HTTP to another machine.
    pub allow_insecure_token: bool,
}

impl Destination {
    /// A collector that asks for no token.
    pub fn at(collector: impl Into<String>) -> Destination {
        Destination {
            collector: collector.into(),
            timeout: Duration::from_secs(5),
            token: None,
            audience: None,
            allow_insecure_token: false,
        }
    }
}

/// Why nothing can be sent to a destination. The address, which may hold a password, is not quoted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    #[error("the collector's address cannot be used: {0}")]
    Address(String),
    #[error(
        "a token goes to no collector over plain http: use https, or allow_insecure_token = true in a network of yours"
    )]
    InsecureToken,
    #[error("no HTTP client can be made")]
    NoClient,
}

/// A destination, made ready.
#[derive(Debug)]
pub(super) struct Transport {
    http: Client,
    url: Url,
    token: Option<Arc<dyn TokenSource>>,
    audience: String,
}

impl Transport {
    pub(super) fn new(destination: Destination) -> Result<Transport, DestinationError> {
        install_tls();
        let url = endpoint::events(&destination.collector, destination.token.is_some());
        let url = url.map_err(DestinationError::Address)?;
        let is_safe = endpoint::is_private(&url) || destination.allow_insecure_token;
        if destination.token.is_some() && !is_safe {
            return Err(DestinationError::InsecureToken);
        }
        let http = Client::builder()
            // A redirect would take the token along.
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .timeout(destination.timeout)
            .user_agent(concat!("service-ping/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| DestinationError::NoClient)?;
        Ok(Transport {
            http,
            audience: destination.audience.unwrap_or_else(|| endpoint::audience(&url)),
            url,
            token: destination.token,
        })
    }

    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Sends a body, with a token where one is needed; `anew`: the last one was refused.
    pub(super) async fn post(&self, body: Vec<u8>, anew: bool) -> Answer {
        let mut request = self.http.post(self.url.clone()).header(CONTENT_TYPE, JSON);
        if let Some(source) = &self.token {
            match source.token(&self.audience, anew).await.map(|token| bearer(&token)) {
                Ok(Some(value)) => request = request.header(AUTHORIZATION, value),
                Ok(None) => {
                    tracing::warn!("The token for the collector of events cannot be sent in a header.");
                    return Answer::NoToken;
                }
                Err(error) => {
                    tracing::warn!(%error, "There is no token for the collector of events.");
                    return Answer::NoToken;
                }
            }
        }
        match request.body(body).send().await {
            Ok(response) => answer(response).await,
            Err(_) => Answer::Nothing,
        }
    }
}

fn bearer(token: &Token) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The status decides; the body is read so that the connection can be used again.
async fn answer(mut response: Response) -> Answer {
    let header = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let answer = Answer::Status {
        status: response.status().as_u16(),
        retry_after: header.and_then(|header| parse_retry_after(header, SystemTime::now())),
    };
    let mut read = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        if read > LONGEST {
            break;
        }
    }
    answer
}
