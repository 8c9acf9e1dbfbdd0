//! The collectors of jobs: the operator's own and those that payloads name, with their tokens.

use std::sync::Arc;

use crate::cli::message::note;
use crate::config::{JobTelemetry, Secret, Url};
use crate::emit::job_telemetry::{
    AllowedHosts, Auth, Destination, Endpoint, ExporterOptions, Header, PayloadAuth, PayloadEndpoint, Protocol,
    TracingString, TracingTarget,
};
use crate::emit::snowplow::token::{
    Cached, ClientCredentials, FileToken, GcpIam, GcpIdentity, OidcOptions, StaticToken, Token, TokenError, TokenSource,
};

/// What the configuration says of collectors.
pub(super) struct Collectors {
    config: JobTelemetry,
    own: Option<Own>,
}

/// The operator's own collector.
#[derive(Clone)]
enum Own {
    Console,
    At { endpoint: Endpoint, headers: Vec<Header> },
}

/// A collector that is told.
pub(super) enum Collector {
    Console,
    Destination(Box<Destination>),
}

impl Collectors {
    /// A collector that cannot be used is said, and is as if it were not there.
    pub(super) fn of(config: JobTelemetry) -> Collectors {
        let own = match (&config.endpoint, &config.gitlab_tracing) {
            (Some(url), _) => configured(url, config.protocol.as_deref()),
            (None, Some(text)) => of_tracing(text),
            (None, None) => None,
        };
        Collectors { config, own }
    }

    pub(super) fn is_configured(&self) -> bool {
        self.own.is_some()
    }

    pub(super) fn semconv(&self) -> bool {
        self.config.semconv
    }

    pub(super) fn options(&self) -> ExporterOptions {
        ExporterOptions {
            max_age: self.config.max_age,
            ..ExporterOptions::default()
        }
    }

    /// The collector of an endpoint that was agreed on.
    ///
    /// # Errors
    /// Its tokens cannot be had this way, or the configuration names no collector any more.
    pub(super) fn collector(&self, endpoint: &PayloadEndpoint) -> Result<Collector, String> {
        let destination = match endpoint {
            PayloadEndpoint::Configured => match &self.own {
                None => return Err("the configuration names no collector".to_owned()),
                Some(Own::Console) => return Ok(Collector::Console),
                Some(Own::At { endpoint, headers }) => Destination {
                    headers: headers.clone(),
                    auth: self.own_auth(endpoint).map_err(|error| error.to_string())?,
                    ..Destination::at(endpoint.clone())
                },
            },
            PayloadEndpoint::Named { endpoint, auth } => Destination {
                auth: auth.as_ref().map(|auth| self.payload_auth(auth)).transpose()?,
                hosts: Some(AllowedHosts::of(self.config.allowed_endpoints.iter().cloned())),
                ..Destination::at(endpoint.clone())
            },
        };
        Ok(Collector::Destination(Box::new(destination)))
    }

    fn auth(&self, name: String, source: Arc<dyn TokenSource>, audience: String) -> Auth {
        Auth {
            name,
            source,
            audience,
            is_required: self.config.require_auth,
            allow_insecure: self.config.allow_insecure_token,
        }
    }

    fn payload_auth(&self, auth: &PayloadAuth) -> Result<Auth, String> {
        let PayloadAuth::GcpOidc { audience } = auth;
        let source = GcpIdentity::new(self.config.metadata_host.as_deref()).map_err(|error| error.to_string())?;
        let name = format!("gcp_identity {audience}");
        Ok(self.auth(name, Arc::new(Cached::new(source)), audience.clone()))
    }

    fn own_auth(&self, endpoint: &Endpoint) -> Result<Option<Auth>, TokenError> {
        let config = &self.config;
        let source: Arc<dyn TokenSource> = if let Some(token) = &config.token {
            Arc::new(StaticToken(Token::new(token.expose(), None)))
        } else if let Some(file) = &config.token_file {
            Arc::new(FileToken::new(file))
        } else if let Some(from) = &config.token_from {
            self.fetched(from)?
        } else {
            return Ok(None);
        };
        let audience = config.audience.clone().unwrap_or_else(|| endpoint.origin());
        Ok(Some(self.auth("configured".to_owned(), source, audience)))
    }

    fn fetched(&self, from: &str) -> Result<Arc<dyn TokenSource>, TokenError> {
        let (config, host) = (&self.config, self.config.metadata_host.as_deref());
        let secret = |secret: &Secret| secret.expose().to_owned();
        Ok(match from {
            "gcp_identity" => Arc::new(Cached::new(GcpIdentity::new(host)?)),
            "gcp_iam" => Arc::new(Cached::new(GcpIam::new(host, None)?)),
            _ => Arc::new(Cached::new(ClientCredentials::new(OidcOptions {
                token_url: config
                    .oidc_url
                    .as_ref()
                    .map(|url| url.expose().to_owned())
                    .unwrap_or_default(),
                client_id: config.oidc_client_id.clone().unwrap_or_default(),
                client_secret: config.oidc_client_secret.as_ref().map(secret).unwrap_or_default(),
                scope: None,
            })?)),
        })
    }
}

fn configured(url: &Url, protocol: Option<&str>) -> Option<Own> {
    let endpoint = Endpoint::parse(url.expose(), protocol.and_then(Protocol::parse));
    match endpoint {
        Ok(endpoint) => Some(Own::At {
            endpoint,
            headers: Vec::new(),
        }),
        Err(error) => {
            note(&format!("[job_telemetry] endpoint is not told of the job: {error}"));
            None
        }
    }
}

fn of_tracing(text: &Secret) -> Option<Own> {
    let tracing = match TracingString::parse(text.expose()) {
        Ok(tracing) => tracing,
        Err(error) => {
            tracing::error!("GITLAB_TRACING is no connection string, and nothing is told of jobs: {error}.");
            return None;
        }
    };
    for remark in &tracing.remarks {
        tracing::warn!("GITLAB_TRACING: {remark}.");
    }
    let headers = tracing.headers.into_iter().map(|(name, value)| Header { name, value });
    Some(match tracing.target {
        TracingTarget::Console => Own::Console,
        TracingTarget::Endpoint(endpoint) => Own::At {
            endpoint,
            headers: headers.collect(),
        },
    })
}
