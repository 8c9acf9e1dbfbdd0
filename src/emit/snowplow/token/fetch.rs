//! Asking for a token over HTTP.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use url::Url;

use super::TokenError;
use crate::emit::install_tls;
use crate::emit::snowplow::endpoint::is_private;

/// A token is a few thousand bytes; what is longer is none.
const LONGEST: usize = 256 * 1024;
const PATIENCE: Duration = Duration::from_secs(15);

/// A client for one source.
#[derive(Debug, Clone)]
pub(super) struct Fetcher {
    http: Client,
    from: &'static str,
}

impl Fetcher {
    pub(super) fn new(from: &'static str) -> Result<Fetcher, TokenError> {
        install_tls();
        let http = Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .timeout(PATIENCE)
            // Whoever asks may be another runtime the next time.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("service-ping/", env!("CARGO_PKG_VERSION")))
            .build();
        let http = http.map_err(|_| TokenError::Address {
            from,
            reason: "no client can be made".to_owned(),
        })?;
        Ok(Fetcher { http, from })
    }

    pub(super) fn http(&self) -> &Client {
        &self.http
    }

    /// The body of a good answer.
    pub(super) async fn body(&self, request: RequestBuilder) -> Result<Vec<u8>, TokenError> {
        let from = self.from;
        let unreachable = |_| TokenError::Unreachable { from };
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        if !status.is_success() {
            return Err(TokenError::Refused {
                from,
                status: status.as_u16(),
            });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST {
                return Err(TokenError::NoToken { from });
            }
        }
        Ok(body)
    }

    pub(super) async fn json(&self, request: RequestBuilder) -> Result<serde_json::Value, TokenError> {
        let body = self.body(request).await?;
        serde_json::from_slice(&body).map_err(|_| TokenError::NoToken { from: self.from })
    }

    /// The text of a field that must be there.
    pub(super) fn text(&self, document: &serde_json::Value, field: &str) -> Result<String, TokenError> {
        let text = document.get(field).and_then(serde_json::Value::as_str);
        let text = text.filter(|text| !text.is_empty()).map(str::to_owned);
        text.ok_or(TokenError::NoToken { from: self.from })
    }
}

/// An address that a secret may be said to.
pub(super) fn private_address(from: &'static str, text: &str) -> Result<Url, TokenError> {
    let refused = |reason: String| TokenError::Address { from, reason };
    let url = Url::parse(text).map_err(|error| refused(error.to_string()))?;
    match is_private(&url) {
        true => Ok(url),
        false => Err(refused("a secret is only said over https".to_owned())),
    }
}
