//! Whether a job is told of, to whom, and as a part of which trace: the table of both contracts (spec 5.1).

use serde_json::Value;

use super::endpoint::{Endpoint, EndpointError};
use super::hosts::AllowedHosts;
use super::payload::JobPayload;
use crate::emit::otlp::{SpanId, TraceId};

/// What a payload and a configuration agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Negotiation {
    Off(OffReason),
    On(Negotiated),
}

/// A job that is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    pub trace: TraceId,
    /// The span that the job's own is under; a job of the top level has none.
    pub parent: Option<SpanId>,
    pub endpoints: Vec<PayloadEndpoint>,
    /// Endpoints of the payload that are not used.
    pub skipped: Vec<SkippedEndpoint>,
}

/// A collector that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayloadEndpoint {
    /// The operator's own, which the configuration names.
    Configured,
    /// One that the payload names.
    Named {
        endpoint: Endpoint,
        auth: Option<PayloadAuth>,
    },
}

/// What a collector of the payload asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayloadAuth {
    /// The identity of a machine at Google Cloud, for that audience.
    GcpOidc { audience: String },
}

/// Why nothing is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OffReason {
    /// The payload does not ask for it.
    NotAsked,
    /// It asks, and does not say which trace.
    Missing,
    /// It asks, and its ids are none.
    Malformed,
    /// It asks, and there is no collector that can be told.
    NoEndpoint,
}

/// Why one endpoint of a payload is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkippedEndpoint {
    #[error("it is neither an address nor an object with one")]
    NoAddress,
    #[error("{0}")]
    Address(#[from] EndpointError),
    #[error("it asks for a kind of authentication that is not known here")]
    Auth,
}

impl OffReason {
    /// The reason as labels of metrics say it.
    pub fn label(self) -> &'static str {
        match self {
            OffReason::NotAsked => "not_asked",
            OffReason::Missing => "missing",
            OffReason::Malformed => "malformed",
            OffReason::NoEndpoint => "no_endpoint",
        }
    }
}

impl Negotiation {
    /// What follows from a payload; `is_configured` says whether the operator names a collector.
    pub fn of(payload: &JobPayload, is_configured: bool, hosts: &AllowedHosts) -> Negotiation {
        let negotiated = match payload.at(&["features", "tracing"]) {
            Some(tracing) => of_tracing(tracing, is_configured, hosts),
            None => of_trace_context(payload, is_configured),
        };
        negotiated.map_or_else(Negotiation::Off, Negotiation::On)
    }
}

/// The newer contract: that `features.tracing` is there means yes.
fn of_tracing(tracing: &Value, is_configured: bool, hosts: &AllowedHosts) -> Result<Negotiated, OffReason> {
    if !tracing.is_object() {
        return Err(OffReason::NotAsked);
    }
    let trace = id(tracing.get("trace_id"))?.ok_or(OffReason::Missing)?;
    let parent = id(tracing.get("span_parent_id"))?;
    let named = tracing.get("otel_endpoints").and_then(Value::as_array);
    let (mut endpoints, mut skipped) = (Vec::new(), Vec::new());
    for one in named.into_iter().flatten() {
        match endpoint(one, hosts) {
            Ok(endpoint) if endpoints.contains(&endpoint) => {}
            Ok(endpoint) => endpoints.push(endpoint),
            Err(error) => skipped.push(error),
        }
    }
    if named.is_none_or(Vec::is_empty) && is_configured {
        endpoints.push(PayloadEndpoint::Configured);
    }
    if endpoints.is_empty() {
        return Err(OffReason::NoEndpoint);
    }
    Ok(Negotiated {
        trace,
        parent,
        endpoints,
        skipped,
    })
}

/// The older contract: a flag, and the trace beside the features.
fn of_trace_context(payload: &JobPayload, is_configured: bool) -> Result<Negotiated, OffReason> {
    if payload.at(&["features", "job_telemetry"]) != Some(&Value::Bool(true)) {
        return Err(OffReason::NotAsked);
    }
    let trace = id(payload.at(&["trace_context", "trace_id"]))?;
    let parent = id(payload.at(&["trace_context", "parent_span_id"]))?;
    let (Some(trace), Some(parent)) = (trace, parent) else {
        return Err(OffReason::Missing);
    };
    if !is_configured {
        return Err(OffReason::NoEndpoint);
    }
    Ok(Negotiated {
        trace,
        parent: Some(parent),
        endpoints: vec![PayloadEndpoint::Configured],
        skipped: Vec::new(),
    })
}

/// An id; `None` where there is none, or an empty one.
fn id<T: std::str::FromStr>(value: Option<&Value>) -> Result<Option<T>, OffReason> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => text.parse().map(Some).map_err(|_| OffReason::Malformed),
        Some(_) => Err(OffReason::Malformed),
    }
}

fn endpoint(value: &Value, hosts: &AllowedHosts) -> Result<PayloadEndpoint, SkippedEndpoint> {
    let url = match value {
        Value::String(url) => Some(url.as_str()),
        other => other.get("url").and_then(Value::as_str),
    };
    let url = url.ok_or(SkippedEndpoint::NoAddress)?;
    let endpoint = Endpoint::parse(url, None)?.allowed_by(hosts)?;
    let auth = value.get("auth").filter(|auth| !auth.is_null());
    Ok(PayloadEndpoint::Named {
        endpoint,
        auth: auth.map(self::auth).transpose()?,
    })
}

fn auth(auth: &Value) -> Result<PayloadAuth, SkippedEndpoint> {
    const GCP: &str = "http_bearer_gcp_oidc";
    let is_gcp = auth.get("type").and_then(Value::as_str) == Some(GCP);
    let audience = auth
        .get(GCP)
        .and_then(|gcp| gcp.get("audience"))
        .and_then(Value::as_str);
    match audience.filter(|audience| is_gcp && !audience.is_empty()) {
        Some(audience) => Ok(PayloadAuth::GcpOidc {
            audience: audience.to_owned(),
        }),
        None => Err(SkippedEndpoint::Auth),
    }
}
