//! OTLP's JSON: ids in hex, enumerations as numbers, 64 bits as text.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use serde_json::{Value, json};

/// One request's document.
pub(super) fn request<'a>(spans: impl IntoIterator<Item = &'a ResourceSpans>) -> Value {
    let spans: Vec<Value> = spans.into_iter().map(resource_spans).collect();
    json!({ "resourceSpans": spans })
}

fn resource_spans(spans: &ResourceSpans) -> Value {
    let attributes = spans.resource.as_ref().map(|resource| pairs(&resource.attributes));
    json!({
        "resource": { "attributes": attributes.unwrap_or_default() },
        "scopeSpans": spans.scope_spans.iter().map(scope_spans).collect::<Vec<_>>(),
        "schemaUrl": spans.schema_url,
    })
}

fn scope_spans(spans: &ScopeSpans) -> Value {
    let scope = spans.scope.clone().unwrap_or_default();
    json!({
        "scope": { "name": scope.name, "version": scope.version },
        "spans": spans.spans.iter().map(span).collect::<Vec<_>>(),
        "schemaUrl": spans.schema_url,
    })
}

fn span(span: &Span) -> Value {
    let status = span.status.clone().unwrap_or_default();
    json!({
        "traceId": hex(&span.trace_id),
        "spanId": hex(&span.span_id),
        "parentSpanId": hex(&span.parent_span_id),
        "flags": span.flags,
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": span.start_time_unix_nano.to_string(),
        "endTimeUnixNano": span.end_time_unix_nano.to_string(),
        "attributes": pairs(&span.attributes),
        "links": span.links.iter().map(link).collect::<Vec<_>>(),
        "status": { "message": status.message, "code": status.code },
    })
}

fn link(link: &Link) -> Value {
    json!({ "traceId": hex(&link.trace_id), "spanId": hex(&link.span_id), "flags": link.flags })
}

fn pairs(pairs: &[KeyValue]) -> Vec<Value> {
    let pair = |pair: &KeyValue| json!({ "key": pair.key, "value": pair.value.as_ref().map(any) });
    pairs.iter().map(pair).collect()
}

/// Of the kinds that [`Value`](crate::emit::otlp::Value) has; of others there is none in our spans.
fn any(value: &AnyValue) -> Value {
    match &value.value {
        Some(Any::StringValue(text)) => json!({ "stringValue": text }),
        Some(Any::BoolValue(is_so)) => json!({ "boolValue": is_so }),
        Some(Any::IntValue(number)) => json!({ "intValue": number.to_string() }),
        Some(Any::DoubleValue(number)) => json!({ "doubleValue": number }),
        _ => json!({}),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
