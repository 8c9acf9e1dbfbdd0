//! Traces over OTLP/HTTP (OTLP 1.x, protobuf): spans as plain values, their bytes, and the collector that takes them.
//!
//! Nothing here knows what the spans are of: whoever has something to tell makes [`Span`]s and hands them to a
//! [`Collector`], which tries for as long as it is given and never longer.

mod clock;
mod collector;
mod endpoint;
mod id;
mod reply;
mod request;
mod span;

pub use clock::Clock;
pub use collector::{Collector, CollectorConfig, CollectorError, Exported};
pub use id::{NoId, SpanId, TraceId};
pub(super) use request::resource_spans;
pub use span::{Attribute, Resource, Scope, Span, SpanKind, SpanStatus, Value};
