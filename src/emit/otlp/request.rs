//! The bytes of a request: spans as OTLP's messages.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource as ResourceMessage;
use opentelemetry_proto::tonic::trace::v1::span::{Link, SpanKind as Kind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span as SpanMessage, Status};
use prost::Message;

use super::span::{Attribute, Resource, Scope, Span, SpanKind, SpanStatus, Value};

/// Sampled, and it is known whether the parent is of this process.
const FLAGS: u32 = 0x101;
/// The parent is of another process.
const REMOTE: u32 = 0x200;
/// This program, as what made the spans.
const OURS: Scope = Scope {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    schema_url: "",
};

/// One request's body: spans of one resource.
pub(super) fn body(resource: &Resource, spans: &[Span]) -> Vec<u8> {
    let request = ExportTraceServiceRequest {
        resource_spans: vec![resource_spans(resource, OURS, spans)],
    };
    request.encode_to_vec()
}

/// Spans of one resource and scope, as OTLP's message.
pub(in crate::emit) fn resource_spans(resource: &Resource, scope: Scope, spans: &[Span]) -> ResourceSpans {
    let made_by = InstrumentationScope {
        name: scope.name.to_owned(),
        version: scope.version.to_owned(),
        ..InstrumentationScope::default()
    };
    let spans = ScopeSpans {
        scope: Some(made_by),
        spans: spans.iter().map(message).collect(),
        schema_url: scope.schema_url.to_owned(),
    };
    let resource = ResourceMessage {
        attributes: resource.attributes.iter().map(pair).collect(),
        ..ResourceMessage::default()
    };
    ResourceSpans {
        resource: Some(resource),
        scope_spans: vec![spans],
        schema_url: scope.schema_url.to_owned(),
    }
}

fn message(span: &Span) -> SpanMessage {
    let kind = match span.kind {
        SpanKind::Internal => Kind::Internal,
        SpanKind::Client => Kind::Client,
    };
    let status = match &span.status {
        SpanStatus::Unset => Status::default(),
        SpanStatus::Ok => Status {
            code: StatusCode::Ok.into(),
            message: String::new(),
        },
        SpanStatus::Error(why) => Status {
            code: StatusCode::Error.into(),
            message: why.clone(),
        },
    };
    let link = |other: &super::SpanId| Link {
        trace_id: span.trace.bytes().to_vec(),
        span_id: other.bytes().to_vec(),
        flags: FLAGS,
        ..Link::default()
    };
    SpanMessage {
        trace_id: span.trace.bytes().to_vec(),
        span_id: span.id.bytes().to_vec(),
        parent_span_id: span.parent.map(|parent| parent.bytes().to_vec()).unwrap_or_default(),
        flags: if span.has_remote_parent { FLAGS | REMOTE } else { FLAGS },
        name: span.name.to_owned(),
        kind: kind.into(),
        start_time_unix_nano: span.start,
        end_time_unix_nano: span.end.max(span.start),
        attributes: span.attributes.iter().map(pair).collect(),
        links: span.links.iter().map(link).collect(),
        status: Some(status),
        ..SpanMessage::default()
    }
}

fn pair((name, value): &Attribute) -> KeyValue {
    let value = match value {
        Value::Text(text) => Any::StringValue(text.clone()),
        Value::Integer(number) => Any::IntValue(*number),
        Value::Boolean(is_so) => Any::BoolValue(*is_so),
    };
    KeyValue {
        key: (*name).to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
