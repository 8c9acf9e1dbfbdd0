//! Custom events: a name, properties, and what is attached.

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::envelope::{Envelope, Wrapped};
use super::event::{EventKind, QueuedEvent};
use super::schema::{CUSTOM_EVENT, SelfDescribing};
use super::tracker::{TrackError, TrackerOptions, check_by_file, queued};
use super::usage_rules::{TEXT, is_within};

#[derive(Debug, Serialize)]
struct Custom<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    props: Option<&'a Map<String, Value>>,
}

pub(super) fn custom_event(
    options: &TrackerOptions,
    name: &str,
    props: Option<&Map<String, Value>>,
    contexts: &[SelfDescribing],
    now: u64,
) -> Result<QueuedEvent, TrackError> {
    if name.is_empty() || !is_within(name, TEXT) {
        return Err(TrackError::invalid("name", format!("a text of 1 to {TEXT} letters")));
    }
    if let Some(nameless) = contexts.iter().find(|context| !context.has_name()) {
        let must = format!(
            "named by a schema such as iglu:vendor/name/jsonschema/1-0-0, and not {:?}",
            nameless.schema
        );
        return Err(TrackError::invalid("each context", must));
    }
    let custom = Custom { name, props };
    check_by_file(options, CUSTOM_EVENT, &custom)?;
    for context in contexts {
        check_by_file(options, &context.schema, &context.data)?;
    }
    let id = Uuid::now_v7();
    let mut envelope = begin(options, "ue", id, now);
    envelope.self_describing(&Wrapped {
        schema: CUSTOM_EVENT,
        data: custom,
    })?;
    envelope.contexts(contexts)?;
    Ok(queued(id, EventKind::Custom, now, envelope.end()))
}

/// An event's fields that do not depend on what it says.
pub(super) fn begin(options: &TrackerOptions, kind: &str, id: Uuid, now: u64) -> Envelope {
    let mut envelope = Envelope::new(kind, id, options.base64);
    envelope.field("aid", &options.app_id);
    envelope.optional("tna", options.namespace.as_deref());
    envelope.optional("ua", options.user_agent.as_deref());
    envelope.field("dtm", itoa::Buffer::new().format(now));
    envelope
}
