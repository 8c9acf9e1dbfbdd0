//! Consul's catalogue, asked where Prometheus is.

use std::time::Duration;

use reqwest::{StatusCode, Url};
use serde::Deserialize;

use super::http::{anonymous, root_message};
use crate::config;
use crate::measure::{Failure, Reason};
use crate::source::http as shared;

/// As GitLab asks it (spec 10.1).
const TIMEOUT: Duration = Duration::from_secs(10);
const SERVICE: &str = "v1/catalog/service/prometheus";

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "ServiceAddress", default)]
    service_address: String,
    #[serde(rename = "Address", default)]
    address: String,
    #[serde(rename = "ServicePort")]
    port: u16,
}

/// `host:port` of the first server that the catalogue lists.
///
/// # Errors
/// `source_unavailable` where it cannot be asked, or lists none.
pub(super) async fn address(config: &config::Prometheus, consul: &config::Url) -> Result<String, Failure> {
    let mut url = Url::parse(consul.expose()).map_err(|_| unavailable("consul_url cannot be read"))?;
    let base = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{base}/{SERVICE}"));
    let mut request = anonymous(config, &url, TIMEOUT)?.get(url);
    if let Some(token) = &config.consul_token {
        request = request.header("X-Consul-Token", token.expose());
    }
    let not_asked =
        |error: reqwest::Error| unavailable(&format!("Consul does not tell where it is: {}", root_message(&error)));
    let reply = request.send().await.map_err(not_asked)?;
    if reply.status() != StatusCode::OK {
        return Err(unavailable(&format!("Consul answered {}", reply.status())));
    }
    let body = shared::body(reply, shared::LONGEST).await.map_err(not_asked)?;
    let body = body.ok_or_else(|| unavailable("Consul's reply is too long for a list of servers"))?;
    let entries: Vec<Entry> =
        serde_json::from_slice(&body).map_err(|_| unavailable("Consul's reply is no list of services"))?;
    let first = entries.first();
    let first = first.ok_or_else(|| unavailable("Consul lists no service `prometheus`"))?;
    let host = match first.service_address.as_str() {
        "" => &first.address,
        address => address,
    };
    // An address of version 6 stands in brackets before a port.
    Ok(match host.contains(':') && !host.starts_with('[') {
        true => format!("[{host}]:{}", first.port),
        false => format!("{host}:{}", first.port),
    })
}

fn unavailable(message: &str) -> Failure {
    Failure::new(Reason::SourceUnavailable, message)
}
