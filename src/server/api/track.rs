//! `track_event` and `track_events`: internal events, with what they are about.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::Utc;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::said;
use super::increment::named;
use super::operation::TRACKS;
use super::outcome::{Result200, settled, tracker};
use crate::keyspace::Occurrence;
use crate::server::answer::{self, ApiError};
use crate::server::shared::Shared;

/// Events of one request.
const MOST: usize = 50;
const PROPERTIES: usize = 32;

/// An internal event that happened.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct TrackEvent {
    /// The event's name, as its definition or a metric has it.
    #[schemars(length(min = 1, max = 255))]
    event: String,
    /// The namespace that it is about.
    #[serde(default)]
    #[schemars(schema_with = "id")]
    namespace_id: Option<Value>,
    /// The project that it is about.
    #[serde(default)]
    #[schemars(schema_with = "id")]
    project_id: Option<Value>,
    /// `label` and `property` are texts, `value` is a number; further ones as the event's definition lists them.
    #[serde(default)]
    #[schemars(schema_with = "properties_schema")]
    additional_properties: Option<BTreeMap<String, Value>>,
    /// Whether it also goes to Snowplow, where that is configured and may be; left out, it does not.
    #[serde(default)]
    #[schemars(schema_with = "flag")]
    send_to_snowplow: Option<Value>,
}

/// Some internal events.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct TrackEvents {
    /// At most 50.
    #[schemars(length(min = 1, max = 50))]
    events: Vec<TrackEvent>,
}

fn id(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "description": "An id: a whole number, or its digits.",
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": 999_999_999_999_999_999_u64},
            {"type": "string", "pattern": "^[0-9]{1,18}$"},
            {"type": "null"},
        ],
    })
}

fn flag(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"enum": [true, false, "true", "false", "1", "0", null]})
}

fn properties_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": ["object", "null"],
        "maxProperties": PROPERTIES,
        "properties": {"value": {"type": ["number", "null"]}},
        "additionalProperties": {
            "anyOf": [{"type": "string", "maxLength": 250}, {"type": ["number", "boolean", "null"]}],
        },
    })
}

pub(super) async fn one(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let principal = TRACKS.pass(&shared, &parts).await?;
    let event: TrackEvent = said(&parts, body).await?;
    let user = principal.and_then(|principal| principal.user);
    let occurrence = occurrence(&event, user.as_deref())?;
    let result = tracked(&shared, &event.event, &occurrence)?;
    if result == Result200::Tracked && is_for_snowplow(&event) {
        tell(&shared, vec![(event.event, occurrence)]).await;
    }
    Ok(result.answer())
}

pub(super) async fn several(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let principal = TRACKS.pass(&shared, &parts).await?;
    let TrackEvents { events } = said(&parts, body).await?;
    if events.len() > MOST {
        return Err(ApiError::bad("Maximum 50 events allowed in one request."));
    }
    if events.is_empty() {
        return Err(ApiError::bad("events is empty"));
    }
    let user = principal.and_then(|principal| principal.user);
    // All are checked before any is tracked: a request that is refused has counted nothing.
    let mut checked = Vec::with_capacity(events.len());
    for event in events {
        let occurrence = occurrence(&event, user.as_deref())?;
        checked.push((event, occurrence));
    }
    let mut results = Vec::with_capacity(checked.len());
    let mut told = Vec::new();
    for (event, occurrence) in checked {
        match tracked(&shared, &event.event, &occurrence) {
            Ok(result) => {
                results.push(result.as_str());
                if result == Result200::Tracked && is_for_snowplow(&event) {
                    told.push((event.event, occurrence));
                }
            }
            // What was taken is not to be sent again.
            Err(error) if results.is_empty() => return Err(error),
            Err(_) => results.push("not_taken"),
        }
    }
    tell(&shared, told).await;
    Ok(answer::json(StatusCode::OK, &json!({"results": results})))
}

fn tracked(shared: &Shared, event: &str, occurrence: &Occurrence) -> Result<Result200, ApiError> {
    let queued = tracker(shared)?.track_internal_event(event, occurrence, Utc::now());
    settled(shared, event, "track_event", queued)
}

/// # Errors
/// 400: a part of the event is none.
fn occurrence(event: &TrackEvent, user: Option<&str>) -> Result<Occurrence, ApiError> {
    named(&event.event)?;
    let mut identifiers = BTreeMap::new();
    let ids = [("namespace", &event.namespace_id), ("project", &event.project_id)];
    for (name, id) in ids {
        if let Some(id) = id.as_ref().filter(|id| !id.is_null()) {
            identifiers.insert(name.to_owned(), digits(name, id)?);
        }
    }
    if let Some(user) = user {
        identifiers.insert("user".to_owned(), user.to_owned());
    }
    let said = &event.send_to_snowplow;
    if said.as_ref().is_some_and(|said| !is_flag(said)) {
        return Err(ApiError::bad("send_to_snowplow is invalid"));
    }
    Ok(Occurrence {
        identifiers,
        properties: properties(event.additional_properties.as_ref())?,
    })
}

fn properties(said: Option<&BTreeMap<String, Value>>) -> Result<BTreeMap<String, Value>, ApiError> {
    let mut properties = BTreeMap::new();
    let Some(said) = said else { return Ok(properties) };
    if said.len() > PROPERTIES {
        return Err(ApiError::bad(&format!(
            "an event has at most {PROPERTIES} additional_properties"
        )));
    }
    for (name, value) in said {
        let value = match value {
            Value::Null => continue,
            Value::String(text) if text.len() > 1_000 => {
                return Err(ApiError::bad(&format!(
                    "additional_properties[{name}] is longer than 1000 bytes"
                )));
            }
            // A form has nothing but texts.
            Value::String(text) if name == "value" => match text.parse::<serde_json::Number>() {
                Ok(number) => Value::Number(number),
                Err(_) => return Err(ApiError::bad("additional_properties[value] is invalid")),
            },
            Value::Bool(_) if name == "value" => {
                return Err(ApiError::bad("additional_properties[value] is invalid"));
            }
            Value::String(_) | Value::Number(_) | Value::Bool(_) => value.clone(),
            Value::Array(_) | Value::Object(_) => {
                return Err(ApiError::bad(&format!("additional_properties[{name}] is invalid")));
            }
        };
        properties.insert(name.clone(), value);
    }
    Ok(properties)
}

fn digits(name: &str, id: &Value) -> Result<String, ApiError> {
    let text = match id {
        Value::Number(number) => whole(number),
        Value::String(text) => text.clone(),
        _ => String::new(),
    };
    match (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text),
        false => Err(ApiError::bad(&format!("{name}_id is invalid"))),
    }
}

/// A whole number's digits, also where it is written with a fraction of nothing.
fn whole(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 => format!("{float:.0}"),
        _ => number.to_string(),
    }
}

fn is_for_snowplow(event: &TrackEvent) -> bool {
    match &event.send_to_snowplow {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text == "true" || text == "1",
        _ => false,
    }
}

/// Tells Snowplow of events that were counted. What it cannot be told is counted all the same: whoever reads an error would
/// send the event again, and it would count twice.
async fn tell(shared: &Shared, events: Vec<(String, Occurrence)>) {
    let Some(snowplow) = &shared.sight.snowplow else { return };
    if events.is_empty() {
        return;
    }
    if let Err(error) = snowplow.tell(events).await {
        tracing::warn!(%error, "Events were counted, but Snowplow is not told of them.");
    }
}

fn is_flag(said: &Value) -> bool {
    match said {
        Value::Null | Value::Bool(_) => true,
        Value::String(text) => ["true", "false", "1", "0"].contains(&text.as_str()),
        _ => false,
    }
}
