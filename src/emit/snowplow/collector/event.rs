//! What the pipeline makes of a request: events, and rows that nobody gets to see.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::emit::snowplow::schema::SelfDescribing;

/// An event that is sound, in the form in which Micro shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GoodEvent {
    pub raw_event: RawEvent,
    /// `struct`, `unstruct`, `page_view` and so on.
    pub event_type: String,
    /// The schema of the event's own data.
    pub schema: Option<String>,
    /// The schemas of what is attached.
    pub contexts: Vec<String>,
    /// Its fields under the names that they have in a warehouse.
    pub event: Value,
    /// The event's own data, decoded.
    #[serde(skip)]
    pub own: Option<SelfDescribing>,
    /// What is attached, decoded.
    #[serde(skip)]
    pub attached: Vec<SelfDescribing>,
}

/// An event as it came.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RawEvent {
    pub api: Api,
    pub parameters: Map<String, Value>,
    pub content_type: Option<String>,
    pub collector_timestamp: u64,
}

/// The path that it came by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Api {
    pub vendor: String,
    pub version: String,
}

/// What did not become an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BadRow {
    /// What was wrong, one line each.
    pub errors: Vec<String>,
    /// The event's fields; of a request that is none, its body as text.
    pub raw: Value,
    pub collector_timestamp: u64,
}
