//! HTTP to addresses that the operator configured: no redirects, an end to each answer.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, StatusCode};

use crate::config::Url;
use crate::emit::install_tls;

/// What is longer is not read.
pub(super) const LONGEST: usize = 1024 * 1024;

/// What every client here has in common. `timeout` is for the whole request, from connecting to the answer's last byte.
pub(super) fn builder(timeout: Duration) -> ClientBuilder {
    install_tls();
    Client::builder()
        // Credentials go where the operator said, or nowhere.
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .timeout(timeout)
        .user_agent(concat!("service-ping/", env!("CARGO_PKG_VERSION")))
}

/// A client for few requests, straight to the address.
///
/// # Errors
/// It cannot be set up.
pub(super) fn client(timeout: Duration) -> Result<Client, String> {
    // It is the operator's own address: no proxy stands between.
    let client = builder(timeout).no_proxy().pool_max_idle_per_host(0);
    client
        .build()
        .map_err(|_| "cannot be asked: the HTTP client cannot be set up".to_owned())
}

/// An address below a configured one.
///
/// # Errors
/// The configured one cannot be read.
pub(super) fn below(base: &Url, path: &str) -> Result<reqwest::Url, String> {
    let mut url = reqwest::Url::parse(base.expose()).map_err(|_| "is no URL".to_owned())?;
    let folder = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{folder}/{path}"));
    Ok(url)
}

/// Sends a request; the status and the whole body.
///
/// # Errors
/// As words that follow the address: no answer in time, none at all, or one that is too long.
pub(super) async fn answer(request: RequestBuilder, timeout: Duration) -> Result<(StatusCode, Vec<u8>), String> {
    let response = request.send().await.map_err(|error| why(&error, timeout))?;
    let status = response.status();
    let body = body(response, LONGEST).await.map_err(|error| why(&error, timeout))?;
    let body = body.ok_or_else(|| format!("answered more than {LONGEST} bytes"))?;
    Ok((status, body))
}

/// Why there is no answer, without the address, which may hold credentials.
pub(super) fn why(error: &reqwest::Error, timeout: Duration) -> String {
    match error {
        error if error.is_timeout() => format!("gave no answer within {timeout:?}"),
        error if error.is_connect() => "cannot be connected to".to_owned(),
        _ => "broke the request off".to_owned(),
    }
}

/// The whole body; `None` where it is longer than so many bytes.
pub(super) async fn body(mut response: Response, longest: usize) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > longest {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}
