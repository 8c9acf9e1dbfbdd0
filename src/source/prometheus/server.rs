//! Finding a server that is ready.

use prometheus_http_query::Client;
use reqwest::{StatusCode, Url};

use super::http::{client, is_loopback, root_message};
use super::{Connection, catalogue};
use crate::config::{self, PrometheusAddress};
use crate::measure::{Failure, Reason};

/// The first of the possible servers that says it is ready, as the configuration or the catalogue names them.
pub(super) async fn ready(config: &config::Prometheus) -> Result<Connection, Failure> {
    let urls = match (&config.url, &config.consul_url) {
        (Some(PrometheusAddress::Url(url)), _) => vec![parsed(url.expose())?],
        (Some(PrometheusAddress::Listening(address)), _) => by_scheme(config, address)?,
        (None, Some(consul)) => by_scheme(config, &catalogue::address(config, consul).await?)?,
        (None, None) => Vec::new(),
    };
    let mut failure = Failure::new(Reason::SourceNotConfigured, "[prometheus] names no server");
    for (index, url) in urls.into_iter().enumerate() {
        match is_ready(config, url).await {
            Ok(connection) => return Ok(connection),
            Err(error) if index == 0 => failure = error,
            Err(error) => {
                // Something that serves, but not yet, is told before something that is not there.
                let told = [&error, &failure]
                    .into_iter()
                    .find(|told| told.reason == Reason::SourceNotReady);
                let reason = told.map_or(Reason::SourceUnavailable, |told| told.reason);
                failure = Failure::new(reason, format!("{}; {}", failure.message, error.message));
            }
        }
    }
    Err(failure)
}

/// https, then http; never credentials in the open, but on this machine.
fn by_scheme(config: &config::Prometheus, address: &str) -> Result<Vec<Url>, Failure> {
    let address = match address.starts_with(':') {
        true => format!("localhost{address}"),
        false => address.to_owned(),
    };
    let plain = parsed(&format!("http://{address}"))?;
    let mut urls = vec![parsed(&format!("https://{address}"))?];
    if !config.has_credentials() || is_loopback(&plain) {
        urls.push(plain);
    }
    Ok(urls)
}

/// A server that listens everywhere is reached here.
fn parsed(text: &str) -> Result<Url, Failure> {
    let wrong = |_| Failure::new(Reason::SourceUnavailable, "the address of Prometheus cannot be read");
    let mut url = Url::parse(text).map_err(wrong)?;
    if matches!(url.host_str(), Some("0.0.0.0" | "[::]")) {
        let _ = url.set_host(Some("localhost"));
    }
    Ok(url)
}

async fn is_ready(config: &config::Prometheus, mut url: Url) -> Result<Connection, Failure> {
    let place = url.origin().ascii_serialization();
    let http = client(config, &url)?;
    if let (Some(username), password) = (&config.username, &config.password) {
        // The client makes basic authentication of them.
        let _ = url.set_username(username);
        let _ = url.set_password(password.as_ref().map(config::Secret::expose));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let mut asked = url.clone();
    asked.set_path(&format!("{path}/-/ready"));
    let reply = http.get(asked).send().await.map_err(|error| {
        let why = match error.is_timeout() {
            true => "it does not answer in time".to_owned(),
            false => root_message(&error),
        };
        Failure::new(
            Reason::SourceUnavailable,
            format!("Prometheus at {place} cannot be reached: {why}"),
        )
    })?;
    match reply.status() {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            let message = format!("Prometheus at {place} refuses the credentials: {}", reply.status());
            return Err(Failure::new(Reason::SourceUnavailable, message));
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            let message = format!("Prometheus at {place} is not ready");
            return Err(Failure::new(Reason::SourceNotReady, message));
        }
        status => {
            let message = format!("what answers at {place} is no Prometheus that is ready: {status}");
            return Err(Failure::new(Reason::SourceUnavailable, message));
        }
    }
    url.set_path(if path.is_empty() { "/" } else { &path });
    let client = Client::from(http, url.as_str())
        .map_err(|_| Failure::new(Reason::SourceUnavailable, "the address of Prometheus cannot be read"))?;
    Ok(Connection { client, place })
}
