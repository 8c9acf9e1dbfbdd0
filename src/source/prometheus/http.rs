//! The HTTP client: whom it trusts, what it shows of itself, how long it waits.

use std::error::Error;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Certificate, ClientBuilder, Identity, Url};

use crate::config;
use crate::measure::{Failure, Reason};
use crate::source::http as shared;

/// A server that is there says so sooner.
const CONNECT: Duration = Duration::from_secs(5);

/// A client of the server at `url`, with the credentials that it wants.
///
/// # Errors
/// `source_unavailable` where a certificate or key cannot be read.
pub(super) fn client(config: &config::Prometheus, url: &Url) -> Result<reqwest::Client, Failure> {
    let mut http = builder(config, url, config.timeout)?;
    if let Some(token) = &config.bearer_token {
        http = http.default_headers(bearer(token.expose())?);
    }
    if let Some(path) = &config.client_certificate {
        http = http.identity(identity(path, config.client_key.as_deref())?);
    }
    built(http)
}

/// A client that shows no credentials, for the catalogue.
///
/// # Errors
/// As [`client`].
pub(super) fn anonymous(config: &config::Prometheus, url: &Url, timeout: Duration) -> Result<reqwest::Client, Failure> {
    built(builder(config, url, timeout)?)
}

fn builder(config: &config::Prometheus, url: &Url, timeout: Duration) -> Result<ClientBuilder, Failure> {
    let mut http = shared::builder(timeout).connect_timeout(CONNECT.min(timeout));
    if let Some(path) = &config.ca_file {
        let authorities = Certificate::from_pem_bundle(&read(path)?).map_err(|_| unusable(path))?;
        http = http.tls_certs_only(authorities);
    }
    Ok(if is_loopback(url) { http.no_proxy() } else { http })
}

fn built(http: ClientBuilder) -> Result<reqwest::Client, Failure> {
    http.build().map_err(|error| {
        let message = format!("the HTTP client cannot be set up: {}", root_message(&error));
        Failure::new(Reason::SourceUnavailable, message)
    })
}

fn bearer(token: &str) -> Result<HeaderMap, Failure> {
    let value = HeaderValue::from_str(&format!("Bearer {token}"));
    let mut value =
        value.map_err(|_| Failure::new(Reason::SourceUnavailable, "bearer_token holds what no HTTP header can"))?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

fn identity(certificate: &Path, key: Option<&Path>) -> Result<Identity, Failure> {
    let mut pem = read(certificate)?;
    if let Some(key) = key {
        pem.push(b'\n');
        pem.extend(read(key)?);
    }
    Identity::from_pem(&pem).map_err(|_| unusable(key.unwrap_or(certificate)))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        let message = format!("{} of [prometheus] cannot be read: {error}", path.display());
        Failure::new(Reason::SourceUnavailable, message)
    })
}

fn unusable(path: &Path) -> Failure {
    let message = format!(
        "{} of [prometheus] does not hold the PEM that is wanted",
        path.display()
    );
    Failure::new(Reason::SourceUnavailable, message)
}

/// Whether it is on this machine, where no proxy stands between and nobody listens in.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The innermost cause: the outer ones repeat the URL and say that a request failed.
pub(super) fn root_message(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
