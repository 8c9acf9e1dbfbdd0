//! Where a job's spans are sent, and how.

use url::Url;

use super::hosts::AllowedHosts;

/// How spans travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// OTLP/HTTP with protobuf.
    HttpProtobuf,
    /// OTLP/HTTP with JSON.
    HttpJson,
    /// OTLP/gRPC.
    Grpc,
}

/// A collector's address. `Display` shows neither password nor query.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// With the scheme `http` or `https`, whatever the protocol.
    pub(super) url: Url,
    pub(super) protocol: Protocol,
}

/// Why an address cannot be used. It is not quoted, because it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("it is no address: {0}")]
    Address(String),
    #[error("its scheme is none of http, https, grpc and grpcs")]
    Scheme,
    #[error("its host is not among allowed_endpoints")]
    NotAllowed,
    #[error("its host is of the machine's own network, where metadata servers are; allowed_endpoints may name it")]
    LinkLocal,
}

/// The port of OTLP/gRPC.
const GRPC_PORT: u16 = 4317;
const TRACES: &str = "/v1/traces";
const SERVICE: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

impl Protocol {
    /// The protocol of this name, as OpenTelemetry's own variables spell it.
    pub fn parse(text: &str) -> Option<Protocol> {
        match text {
            "http/protobuf" => Some(Protocol::HttpProtobuf),
            "http/json" => Some(Protocol::HttpJson),
            "grpc" => Some(Protocol::Grpc),
            _ => None,
        }
    }

    /// The name, as OpenTelemetry's own variables spell it.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::HttpProtobuf => "http/protobuf",
            Protocol::HttpJson => "http/json",
            Protocol::Grpc => "grpc",
        }
    }
}

impl Endpoint {
    /// The endpoint of an address. Its scheme says the protocol, unless one is given; an address of OTLP/HTTP without a path
    /// gets that of traces.
    ///
    /// # Errors
    /// Why nothing can be sent there.
    pub fn parse(text: &str, protocol: Option<Protocol>) -> Result<Endpoint, EndpointError> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or(EndpointError::Scheme)?;
        let (scheme, of_scheme) = match scheme.to_ascii_lowercase().as_str() {
            "http" => ("http", Protocol::HttpProtobuf),
            "https" => ("https", Protocol::HttpProtobuf),
            "grpc" => ("http", Protocol::Grpc),
            "grpcs" => ("https", Protocol::Grpc),
            _ => return Err(EndpointError::Scheme),
        };
        let address = |error: url::ParseError| EndpointError::Address(error.to_string());
        let mut url = Url::parse(&format!("{scheme}://{rest}")).map_err(address)?;
        let protocol = protocol.unwrap_or(of_scheme);
        if of_scheme == Protocol::Grpc && !names_port(rest) {
            // Only an address without a host has no port, and that was none.
            let _ = url.set_port(Some(GRPC_PORT));
        }
        if protocol == Protocol::Grpc {
            url.set_path(SERVICE);
            url.set_query(None);
        } else if matches!(url.path(), "" | "/") {
            url.set_path(TRACES);
        }
        url.set_fragment(None);
        Ok(Endpoint { url, protocol })
    }

    /// The endpoint, if its host may be told.
    ///
    /// # Errors
    /// The host is not allowed.
    pub fn allowed_by(self, hosts: &AllowedHosts) -> Result<Endpoint, EndpointError> {
        hosts.check(&self.url)?;
        Ok(self)
    }

    /// How spans travel there.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The address itself, which may hold a password: for a request, never for a log or an error.
    pub fn expose(&self) -> &str {
        self.url.as_str()
    }

    /// Whom tokens are for where nothing else is said.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

/// Whether the part of an address before its path ends in a port: the default one of a scheme is dropped where it is parsed.
fn names_port(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let port = authority.rsplit_once(':').map(|(_, port)| port).unwrap_or_default();
    !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.origin(), self.protocol.name())
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Endpoint({self})")
    }
}
