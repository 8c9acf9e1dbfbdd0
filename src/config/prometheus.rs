//! `[prometheus]`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;

use super::problem::ProblemKind;
use super::secret::Secret;
use super::section::Section;
use super::url::Url;

/// The Prometheus server of the instance. Left out, its metrics fall back.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Prometheus {
    /// `http://…`, `https://…`, or where it listens, such as `:9090`: there https is tried first, then http, but with
    /// credentials only on this machine. `url_file` reads it from a file of its own.
    #[schemars(with = "Option<String>", example = "http://localhost:9090")]
    pub url: Option<PrometheusAddress>,
    /// Without `url`: a Consul whose catalogue lists the server as the service `prometheus`.
    #[schemars(with = "Option<String>", example = "")]
    pub consul_url: Option<Url>,
    /// The token that Consul wants. `consul_token_file` reads it from a file of its own.
    #[schemars(with = "Option<String>", example = "")]
    pub consul_token: Option<Secret>,
    /// The certificate authorities, as PEM, that servers over TLS are trusted by; the system's if it is not said.
    #[schemars(with = "Option<String>", example = "")]
    pub ca_file: Option<PathBuf>,
    /// For basic authentication.
    #[schemars(with = "Option<String>", example = "")]
    pub username: Option<String>,
    /// The user's password. `password_file` reads it from a file of its own.
    #[schemars(with = "Option<String>", example = "")]
    pub password: Option<Secret>,
    /// For authentication by a token. `bearer_token_file` reads it from a file of its own.
    #[schemars(with = "Option<String>", example = "")]
    pub bearer_token: Option<Secret>,
    /// For authentication by a certificate: it and those above it, as PEM.
    #[schemars(with = "Option<String>", example = "")]
    pub client_certificate: Option<PathBuf>,
    /// The certificate's key, as PEM; left empty if the certificate's file holds it.
    #[schemars(with = "Option<String>", example = "")]
    pub client_key: Option<PathBuf>,
    /// How long an answer may take, connecting included.
    #[schemars(with = "String", example = "15s")]
    pub timeout: Duration,
    /// Queries at a time, 1 to 16.
    #[schemars(example = 4)]
    pub connections: u32,
}

/// Where a Prometheus server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrometheusAddress {
    Url(Url),
    /// `host:port`, or `:port` of this machine; whether it speaks TLS is not said.
    Listening(String),
}

impl fmt::Display for PrometheusAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PrometheusAddress::Url(url) => url.fmt(f),
            PrometheusAddress::Listening(address) => f.write_str(address),
        }
    }
}

impl Prometheus {
    /// Reads the section.
    pub(super) fn read(mut section: Section<'_>, schemes: &[&str]) -> Option<Prometheus> {
        let before = section.reader.problems.borrow().len();
        let prometheus = Prometheus {
            url: address(&mut section, schemes),
            consul_url: section.url("consul_url", "consul_url_file", schemes),
            consul_token: section.hidden("consul_token", "consul_token_file"),
            ca_file: section.path("ca_file"),
            username: section.string("username"),
            password: section.hidden("password", "password_file"),
            bearer_token: section.hidden("bearer_token", "bearer_token_file"),
            client_certificate: section.path("client_certificate"),
            client_key: section.path("client_key"),
            timeout: section.duration("timeout").unwrap_or(Duration::from_secs(15)),
            connections: section.integer("connections", 1..=16).unwrap_or(4),
        };
        let silent = section.reader.problems.borrow().len() == before;
        if silent {
            prometheus.complain(&section);
        }
        section.finish();
        let has_address = prometheus.url.is_some() || prometheus.consul_url.is_some();
        has_address.then_some(prometheus)
    }

    /// Whether a password or token would go to whoever answers.
    pub fn has_credentials(&self) -> bool {
        self.password.is_some() || self.bearer_token.is_some()
    }

    fn complain(&self, section: &Section<'_>) {
        if self.url.is_none() && self.consul_url.is_none() {
            section.missing("url");
        }
        if self.username.is_none() && self.password.is_some() {
            section.missing("username");
        }
        if self.client_certificate.is_none() && self.client_key.is_some() {
            section.missing("client_certificate");
        }
        if self.username.is_some() && self.bearer_token.is_some() {
            section.exclusive("username", "bearer_token");
        }
    }
}

fn address(section: &mut Section<'_>, schemes: &[&str]) -> Option<PrometheusAddress> {
    let (origin, text) = section.secret("url", "url_file")?;
    if is_listening(&text) {
        return Some(PrometheusAddress::Listening(text));
    }
    match Url::parse(&text, schemes) {
        Ok(url) => Some(PrometheusAddress::Url(url)),
        Err(error) => {
            let key = "url".to_owned();
            section.reader.report(&origin, ProblemKind::Address { key, error });
            None
        }
    }
}

/// Whether the text is `host:port` and no more.
fn is_listening(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':');
    port.parse::<u16>().is_ok() && host.chars().all(is_host)
}
