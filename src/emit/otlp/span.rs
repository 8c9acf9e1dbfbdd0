//! Spans as plain values.

use super::id::{SpanId, TraceId};

/// Something that took time, as a part of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    pub trace: TraceId,
    pub id: SpanId,
    /// `None` for the root of its trace.
    pub parent: Option<SpanId>,
    /// Whether the parent is of another process.
    pub has_remote_parent: bool,
    /// What it is, in few words that do not vary.
    pub name: &'static str,
    pub kind: SpanKind,
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970, not before `start`.
    pub end: u64,
    pub attributes: Vec<Attribute>,
    /// Other spans of the same trace that had a part in it.
    pub links: Vec<SpanId>,
    pub status: SpanStatus,
}

/// A name and what it is.
pub type Attribute = (&'static str, Value);

/// What an attribute may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Integer(i64),
    Boolean(bool),
}

/// Whether a span is work of the process, or waits for another one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    Internal,
    Client,
}

/// How a span ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanStatus {
    /// Neither well nor badly, as what was called off.
    Unset,
    Ok,
    /// A word that says why, such as a reason code.
    Error(String),
}

/// What made the spans, within whoever tells of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    pub name: &'static str,
    pub version: &'static str,
    /// The conventions that names of attributes are of; empty where they are of none.
    pub schema_url: &'static str,
}

/// Who tells of the spans: the service, its version and the one of its instances.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    pub attributes: Vec<Attribute>,
}

impl Resource {
    /// This program, as a part of the instance of that id.
    pub fn of_instance(id: impl Into<String>) -> Resource {
        Resource {
            attributes: vec![
                ("service.name", "service-ping".into()),
                ("service.version", env!("CARGO_PKG_VERSION").into()),
                ("service.instance.id", Value::Text(id.into())),
            ],
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Value {
        Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Value {
        Value::Integer(i64::from(number))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Integer(number)
    }
}

impl From<bool> for Value {
    fn from(is_so: bool) -> Value {
        Value::Boolean(is_so)
    }
}
