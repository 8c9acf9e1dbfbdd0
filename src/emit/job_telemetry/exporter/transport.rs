//! One request to one collector.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};

use super::body::Body;
use super::destination::{Auth, Destination};
use super::guard::Guard;
use super::reply::{of_grpc, of_http};
use super::verdict::Answer;
use crate::emit::install_tls;
use crate::emit::job_telemetry::{Endpoint, Protocol};
use crate::emit::snowplow::is_private;

/// Why nothing can be sent to a destination.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    #[error("the header {0} cannot be sent")]
    Header(String),
    #[error("no HTTP client can be made")]
    NoClient,
}

/// A destination, made ready; nothing is connected to yet.
#[derive(Debug)]
pub(super) struct Transport {
    http: Client,
    endpoint: Endpoint,
    auth: Option<Auth>,
}

impl Transport {
    pub(super) fn new(destination: &Destination, timeout: Duration) -> Result<Transport, DestinationError> {
        install_tls();
        let mut builder = Client::builder()
            .default_headers(headers(destination)?)
            // A redirect would take the token along.
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .timeout(timeout)
            .user_agent(concat!("service-ping/", env!("CARGO_PKG_VERSION")));
        if destination.endpoint.protocol() == Protocol::Grpc {
            builder = builder.http2_prior_knowledge();
        }
        if let Some(hosts) = &destination.hosts {
            builder = builder.dns_resolver(Arc::new(Guard(hosts.clone())));
        }
        Ok(Transport {
            http: builder.build().map_err(|_| DestinationError::NoClient)?,
            endpoint: destination.endpoint.clone(),
            auth: destination.auth.clone(),
        })
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.endpoint.protocol()
    }

    pub(super) fn has_token(&self) -> bool {
        self.auth.is_some()
    }

    /// Sends a body; `anew`: the last token was refused.
    pub(super) async fn post(&self, body: Body, anew: bool) -> Answer {
        let mut request = self.http.post(self.endpoint.url.clone());
        if let Some(auth) = &self.auth {
            request = match self.bearer(auth, anew).await {
                Some(value) => request.header(AUTHORIZATION, value),
                None if auth.is_required => return Answer::NoToken,
                None => request,
            };
        }
        match encoded(request, self.protocol(), body).send().await {
            Ok(response) if self.protocol() == Protocol::Grpc => of_grpc(response).await,
            Ok(response) => of_http(response).await,
            Err(_) => Answer::Nothing,
        }
    }

    async fn bearer(&self, auth: &Auth, anew: bool) -> Option<HeaderValue> {
        let endpoint = &self.endpoint;
        if !is_private(&endpoint.url) && !auth.allow_insecure {
            tracing::warn!(%endpoint, "The token for the collector of jobs' spans is not shown over plain http.");
            return None;
        }
        let token = match auth.source.token(&auth.audience, anew).await {
            Ok(token) => token,
            Err(error) => {
                tracing::warn!(%endpoint, %error, "There is no token for the collector of jobs' spans.");
                return None;
            }
        };
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

fn encoded(request: RequestBuilder, protocol: Protocol, body: Body) -> RequestBuilder {
    let encoding = if protocol == Protocol::Grpc {
        "grpc-encoding"
    } else {
        CONTENT_ENCODING.as_str()
    };
    let request = if body.is_gzip {
        request.header(encoding, "gzip")
    } else {
        request
    };
    request.body(body.bytes)
}

fn headers(destination: &Destination) -> Result<HeaderMap, DestinationError> {
    let kind = match destination.endpoint.protocol() {
        Protocol::HttpProtobuf => "application/x-protobuf",
        Protocol::HttpJson => "application/json",
        Protocol::Grpc => "application/grpc",
    };
    let kind = HeaderValue::from_static(kind);
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, kind.clone())]);
    if destination.endpoint.protocol() == Protocol::Grpc {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    } else {
        headers.insert(ACCEPT, kind);
    }
    for header in &destination.headers {
        let unusable = || DestinationError::Header(header.name.clone());
        let name: HeaderName = header.name.parse().map_err(|_| unusable())?;
        let mut value = HeaderValue::from_str(&header.value).map_err(|_| unusable())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}
