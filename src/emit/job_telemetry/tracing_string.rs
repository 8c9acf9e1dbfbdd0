//! `GITLAB_TRACING`: a collector as a connection string (spec 5.4).

use url::{Host, Url};

use super::endpoint::{Endpoint, EndpointError, Protocol};

/// What a connection string says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracingString {
    pub target: TracingTarget,
    /// Headers of each request, by their names in lower case.
    pub headers: Vec<(String, String)>,
    /// What was said and does not count here.
    pub remarks: Vec<&'static str>,
}

/// Where spans go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TracingTarget {
    Endpoint(Endpoint),
    /// Standard output, as lines of JSON.
    Console,
}

/// Why a connection string is none. It may hold a password, and is not quoted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TracingError {
    #[error("it is no address: {0}")]
    Address(String),
    #[error("its scheme is none of otlp, otlp-http, otlp-grpc, http, https, grpc, grpcs and opentracing")]
    Scheme,
    #[error("its provider {0:?} is not known; opentracing://jaeger is")]
    Provider(String),
    #[error("it names no host and port")]
    NoHost,
    #[error("its option {0:?} is not known")]
    Option(String),
    #[error("its option {0:?} has a value that it cannot have")]
    Value(&'static str),
    #[error("{0}")]
    Endpoint(#[from] EndpointError),
}

const SAMPLER: &str = "its sampler does not count: a job that is told of is sampled already";
const JAEGER: &str = "opentracing://jaeger is deprecated: OTLP/gRPC is spoken to its host, at port 4317";

#[derive(Default)]
struct Options {
    insecure: Option<bool>,
    headers: Vec<(String, String)>,
    has_sampler: bool,
    udp_endpoint: Option<String>,
}

impl TracingString {
    /// Reads a connection string. Without `insecure`, another machine is spoken to over TLS.
    ///
    /// # Errors
    /// It is none; nothing is told then.
    pub fn parse(text: &str) -> Result<TracingString, TracingError> {
        let url = Url::parse(text.trim()).map_err(|error| TracingError::Address(error.to_string()))?;
        let scheme = url.scheme().to_owned();
        let options = options(&url, scheme == "opentracing")?;
        let mut remarks = Vec::new();
        if options.has_sampler {
            remarks.push(SAMPLER);
        }
        let target = match scheme.as_str() {
            "otlp" if url.host_str() == Some("console") && url.port().is_none() => TracingTarget::Console,
            "otlp" => {
                let protocol = if url.port() == Some(4317) {
                    Protocol::Grpc
                } else {
                    Protocol::HttpProtobuf
                };
                endpoint(&url, protocol, &options)?
            }
            "otlp-http" | "otlp-grpc" if url.port().is_none() => return Err(TracingError::NoHost),
            "otlp-http" => endpoint(&url, Protocol::HttpProtobuf, &options)?,
            "otlp-grpc" => endpoint(&url, Protocol::Grpc, &options)?,
            "http" | "https" => fixed(&url, scheme == "https", Protocol::HttpProtobuf)?,
            "grpc" | "grpcs" => fixed(&url, scheme == "grpcs", Protocol::Grpc)?,
            "opentracing" => {
                remarks.push(JAEGER);
                jaeger(&url, &options)?
            }
            _ => return Err(TracingError::Scheme),
        };
        Ok(TracingString {
            target,
            headers: options.headers,
            remarks,
        })
    }
}

fn options(url: &Url, is_tracer: bool) -> Result<Options, TracingError> {
    let mut options = Options::default();
    for (name, value) in url.query_pairs() {
        match name.as_ref() {
            "insecure" => options.insecure = Some(boolean(&value).ok_or(TracingError::Value("insecure"))?),
            "sampler" if ["const", "probabilistic"].contains(&value.as_ref()) => options.has_sampler = true,
            "sampler" => return Err(TracingError::Value("sampler")),
            "sampler_param" => {
                let share = value.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
                share.ok_or(TracingError::Value("sampler_param"))?;
                options.has_sampler = true;
            }
            "udp_endpoint" if is_tracer => options.udp_endpoint = Some(value.into_owned()),
            "http_endpoint" | "service_name" if is_tracer => {}
            other => match other.strip_prefix("header^").filter(|name| !name.is_empty()) {
                Some(name) => options.headers.push((name.to_ascii_lowercase(), value.into_owned())),
                None => return Err(TracingError::Option(other.to_owned())),
            },
        }
    }
    Ok(options)
}

/// As Go's `strconv.ParseBool` reads it, which GitLab's services use.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// An endpoint whose scheme does not say whether it speaks TLS.
fn endpoint(url: &Url, protocol: Protocol, options: &Options) -> Result<TracingTarget, TracingError> {
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .ok_or(TracingError::NoHost)?;
    let is_plain = options.insecure.unwrap_or_else(|| is_here(host));
    let port = url.port().unwrap_or(4318);
    let path = if protocol == Protocol::Grpc { "" } else { url.path() };
    at(is_plain, &format!("{}{host}:{port}{path}", user(url)), protocol)
}

/// An endpoint whose scheme says it.
fn fixed(url: &Url, is_secure: bool, protocol: Protocol) -> Result<TracingTarget, TracingError> {
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .ok_or(TracingError::NoHost)?;
    let port = match (url.port(), protocol) {
        (Some(port), _) => format!(":{port}"),
        (None, Protocol::Grpc) => ":4317".to_owned(),
        (None, _) => String::new(),
    };
    let path = if protocol == Protocol::Grpc { "" } else { url.path() };
    at(!is_secure, &format!("{}{host}{port}{path}", user(url)), protocol)
}

fn jaeger(url: &Url, options: &Options) -> Result<TracingTarget, TracingError> {
    let provider = url.host_str().unwrap_or_default();
    if provider != "jaeger" {
        return Err(TracingError::Provider(provider.to_owned()));
    }
    let host = match &options.udp_endpoint {
        Some(endpoint) => endpoint.rsplit_once(':').map_or(endpoint.as_str(), |(host, _)| host),
        None => "localhost",
    };
    let is_plain = options.insecure.unwrap_or_else(|| is_here(host));
    at(is_plain, &format!("{host}:4317"), Protocol::Grpc)
}

fn at(is_plain: bool, rest: &str, protocol: Protocol) -> Result<TracingTarget, TracingError> {
    let scheme = if is_plain { "http" } else { "https" };
    let endpoint = Endpoint::parse(&format!("{scheme}://{rest}"), Some(protocol))?;
    Ok(TracingTarget::Endpoint(endpoint))
}

fn user(url: &Url) -> String {
    match (url.username(), url.password()) {
        ("", None) => String::new(),
        (name, None) => format!("{name}@"),
        (name, Some(password)) => format!("{name}:{password}@"),
    }
}

fn is_here(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        Err(_) => false,
    }
}
