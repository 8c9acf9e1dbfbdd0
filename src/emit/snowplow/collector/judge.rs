//! What becomes of a request, by the schemas and by the pipeline's rules.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::event::{Api, BadRow, GoodEvent, RawEvent};
use super::fields::{check_payload, check_rules};
use super::request::Request;
use crate::emit::snowplow::base64_form::decode;
use crate::emit::snowplow::burial::rfc3339;
use crate::emit::snowplow::iglu::{SchemaError, Schemas};
use crate::emit::snowplow::schema::{SchemaName, SelfDescribing};

/// The spellings of JSON that are accepted.
const JSON: [&str; 3] = [
    "application/json",
    "application/json; charset=utf-8",
    "application/json; charset=UTF-8",
];
/// The longest body that is looked into; what is longer is lost, though it is answered with 200.
const LONGEST: usize = 1_048_576;
const OWNER: &str = "com.snowplowanalytics.snowplow";

/// Judges requests.
#[derive(Debug, Clone)]
pub struct Judge {
    schemas: Arc<Schemas>,
}

impl Judge {
    /// A judge by these schemas.
    pub fn new(schemas: Schemas) -> Judge {
        Judge {
            schemas: Arc::new(schemas),
        }
    }

    /// The events of a request, each sound or not.
    pub fn judge(&self, request: &Request) -> Vec<Result<GoodEvent, BadRow>> {
        let events = match self.events(request) {
            Ok(events) => events,
            Err(errors) => {
                let raw = Value::String(String::from_utf8_lossy(&request.body).into_owned());
                return vec![Err(bad(request, errors, raw))];
            }
        };
        let judged = events.into_iter().map(|event| match self.event(request, &event) {
            Ok(good) => Ok(good),
            Err(errors) => Err(bad(request, errors, event)),
        });
        judged.collect()
    }

    /// The events of a body that follows the schema of payloads: one that does not spoils all that came with it.
    fn events(&self, request: &Request) -> Result<Vec<Value>, Vec<String>> {
        let one = |error: String| vec![error];
        if request.body.len() > LONGEST {
            return Err(one(format!("the body has more than {LONGEST} bytes: a size violation")));
        }
        let content_type = request.content_type.as_deref().unwrap_or_default();
        if !JSON.contains(&content_type) {
            return Err(one(format!(
                "the content type {content_type:?} is none of {}",
                JSON.join(", ")
            )));
        }
        let payload: SelfDescribing = serde_json::from_slice(&request.body)
            .map_err(|error| one(format!("the body is no self-describing JSON: {error}")))?;
        let name = SchemaName::parse(&payload.schema);
        if name.is_none_or(|name| (name.vendor, name.name) != (OWNER, "payload_data")) {
            return Err(one(format!("the body is of {:?}, and no payload_data", payload.schema)));
        }
        let by_file = self.schemas.check_by_file(&payload.schema, &payload.data);
        let is_checked = by_file.map_err(|error| one(error.to_string()))?;
        let Value::Array(events) = payload.data else {
            return Err(one("data must be a list of events".to_owned()));
        };
        if events.is_empty() {
            return Err(one("data must hold an event".to_owned()));
        }
        let errors: Vec<String> = match is_checked {
            true => Vec::new(),
            false => events.iter().flat_map(check_payload).collect(),
        };
        if errors.is_empty() { Ok(events) } else { Err(errors) }
    }

    fn event(&self, request: &Request, event: &Value) -> Result<GoodEvent, Vec<String>> {
        let object = event.as_object().cloned().unwrap_or_default();
        let mut errors = check_rules(&object);
        let own = self.own(&object).map_err(|error| errors.push(error)).ok().flatten();
        let attached = self.attached(&object).map_err(|error| errors.push(error));
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(good(request, object, own, attached.unwrap_or_default()))
    }

    /// The event's own data.
    fn own(&self, event: &Map<String, Value>) -> Result<Option<SelfDescribing>, String> {
        let Some(outer) = decoded(event, "ue_px", "ue_pr")? else {
            return Ok(None);
        };
        self.named(&outer, "unstruct_event")?;
        let inner = described(outer.data)?;
        self.check(&inner)?;
        Ok(Some(inner))
    }

    fn attached(&self, event: &Map<String, Value>) -> Result<Vec<SelfDescribing>, String> {
        let Some(outer) = decoded(event, "cx", "co")? else {
            return Ok(Vec::new());
        };
        self.named(&outer, "contexts")?;
        let Value::Array(items) = outer.data else {
            return Err("contexts must be a list".to_owned());
        };
        let items = items.into_iter().map(|item| {
            let item = described(item)?;
            self.check(&item).map(|()| item)
        });
        items.collect()
    }

    /// Whether an envelope is of the schema that stands at its place.
    fn named(&self, outer: &SelfDescribing, wanted: &str) -> Result<(), String> {
        let name = SchemaName::parse(&outer.schema);
        let is_wanted = name.is_some_and(|name| (name.vendor, name.name) == (OWNER, wanted));
        if !is_wanted {
            return Err(format!("{:?} is no {wanted}", outer.schema));
        }
        match self.schemas.check_by_file(&outer.schema, &outer.data) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn check(&self, data: &SelfDescribing) -> Result<(), String> {
        let checked = self.schemas.check(&data.schema, &data.data);
        checked.map_err(|error: SchemaError| error.to_string())
    }
}

/// The self-describing JSON of a field, encoded or plain.
fn decoded(event: &Map<String, Value>, encoded: &str, plain: &str) -> Result<Option<SelfDescribing>, String> {
    let text = |key: &str| event.get(key).and_then(Value::as_str);
    let (key, bytes) = match (text(encoded), text(plain)) {
        (Some(text), _) => (encoded, decode(text).ok_or_else(|| format!("{encoded} is no base64"))?),
        (None, Some(text)) => (plain, text.as_bytes().to_vec()),
        (None, None) => return Ok(None),
    };
    let parsed = serde_json::from_slice(&bytes);
    parsed
        .map(Some)
        .map_err(|error| format!("{key} is no self-describing JSON: {error}"))
}

fn described(data: Value) -> Result<SelfDescribing, String> {
    serde_json::from_value(data).map_err(|error| format!("data is no self-describing JSON: {error}"))
}

fn bad(request: &Request, errors: Vec<String>, raw: Value) -> BadRow {
    BadRow {
        errors,
        raw,
        collector_timestamp: request.collected_at,
    }
}

fn good(
    request: &Request,
    parameters: Map<String, Value>,
    own: Option<SelfDescribing>,
    attached: Vec<SelfDescribing>,
) -> GoodEvent {
    let event = enriched(request, &parameters, own.as_ref(), &attached);
    let kind = match parameters.get("e").and_then(Value::as_str) {
        Some("se") => "struct",
        Some("ue") => "unstruct",
        Some("pv") => "page_view",
        Some("pp") => "page_ping",
        Some("tr") => "transaction",
        _ => "transaction_item",
    };
    GoodEvent {
        event_type: kind.to_owned(),
        schema: own.as_ref().map(|own| own.schema.clone()),
        contexts: attached.iter().map(|context| context.schema.clone()).collect(),
        event,
        own,
        attached,
        raw_event: RawEvent {
            api: Api {
                vendor: request.vendor.clone(),
                version: request.version.clone(),
            },
            parameters,
            content_type: request.content_type.clone(),
            collector_timestamp: request.collected_at,
        },
    }
}

/// The event's fields under the names that they have in a warehouse.
fn enriched(
    request: &Request,
    event: &Map<String, Value>,
    own: Option<&SelfDescribing>,
    attached: &[SelfDescribing],
) -> Value {
    let text = |key: &str| event.get(key).and_then(Value::as_str);
    let instant = |key: &str| text(key).and_then(|text| text.parse::<u64>().ok());
    // What a clock of the sender's is wrong by is taken out, unless the true time is said.
    let derived = instant("ttm").or_else(|| {
        let delay = instant("stm")?.checked_sub(instant("dtm")?)?;
        request.collected_at.checked_sub(delay)
    });
    json!({
        "event_id": text("eid").map(str::to_ascii_lowercase),
        "app_id": text("aid"),
        "platform": text("p"),
        "name_tracker": text("tna"),
        "v_tracker": text("tv"),
        "useragent": text("ua").or(request.user_agent.as_deref()),
        "dvce_created_tstamp": instant("dtm").map(rfc3339),
        "dvce_sent_tstamp": instant("stm").map(rfc3339),
        "collector_tstamp": rfc3339(request.collected_at),
        "derived_tstamp": rfc3339(derived.unwrap_or(request.collected_at)),
        "true_tstamp": instant("ttm").map(rfc3339),
        "se_category": text("se_ca"),
        "se_action": text("se_ac"),
        "se_label": text("se_la"),
        "se_property": text("se_pr"),
        "se_value": text("se_va").and_then(|value| value.parse::<f64>().ok()),
        "unstruct_event": own,
        "contexts": attached,
    })
}
