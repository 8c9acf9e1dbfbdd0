//! Billing events as lines of JSON: the names of labkit's inputs, and what is beside them.

use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::emit::snowplow::{BillingOptional, BillingRequired, BillingStamp, Realm, idempotent_id};

/// A line, read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) required: BillingRequired,
    pub(super) optional: BillingOptional,
    pub(super) stamp: BillingStamp,
}

/// The keys of a line that are not optional inputs.
#[derive(Debug, Deserialize)]
struct Own {
    category: Option<String>,
    event_type: String,
    realm: String,
    unit_of_measure: String,
    quantity: f64,
    event_id: Option<String>,
    timestamp: Option<String>,
    idempotency_key: Option<String>,
}

const OWN: [&str; 8] = [
    "category",
    "event_type",
    "realm",
    "unit_of_measure",
    "quantity",
    "event_id",
    "timestamp",
    "idempotency_key",
];

/// Reads a line; `category` and `instance` stand in where it has none of its own.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(line: &str, category: Option<&str>, instance: Option<Uuid>) -> Result<Line, String> {
    let object: Map<String, Value> =
        serde_json::from_str(line).map_err(|error| format!("it is no JSON object: {error}"))?;
    // What is null is not said.
    let said = object.into_iter().filter(|(_, value)| !value.is_null());
    let (own, optional): (Map<_, _>, Map<_, _>) = said.partition(|(key, _)| OWN.contains(&key.as_str()));
    let own: Own = serde_json::from_value(own.into()).map_err(|error| error.to_string())?;
    let optional = serde_json::from_value(optional.into()).map_err(|error: serde_json::Error| error.to_string())?;
    let realm = Realm::parse(&own.realm);
    let category = own
        .category
        .as_deref()
        .or(category)
        .unwrap_or(&own.event_type)
        .to_owned();
    Ok(Line {
        stamp: BillingStamp {
            event_id: event_id(&own, instance)?,
            timestamp: own.timestamp.as_deref().map(instant).transpose()?,
        },
        required: BillingRequired {
            category,
            realm: realm.ok_or_else(|| format!("realm {:?} is none of SaaS, Dedicated and SM", own.realm))?,
            event_type: own.event_type,
            unit_of_measure: own.unit_of_measure,
            quantity: own.quantity,
        },
        optional,
    })
}

fn event_id(own: &Own, instance: Option<Uuid>) -> Result<Option<Uuid>, String> {
    match (&own.event_id, &own.idempotency_key, instance) {
        (Some(_), Some(_), _) => Err("event_id and idempotency_key exclude each other".to_owned()),
        (Some(id), None, _) => id.parse().map(Some).map_err(|_| "event_id is no UUID".to_owned()),
        (None, Some(key), Some(instance)) => Ok(Some(idempotent_id(instance, key))),
        (None, Some(_), None) => Err("an idempotency_key needs [instance] uuid in the configuration".to_owned()),
        (None, None, _) => Ok(None),
    }
}

fn instant(text: &str) -> Result<u64, String> {
    let parsed = DateTime::parse_from_rfc3339(text).map_err(|error| format!("timestamp: {error}"))?;
    u64::try_from(parsed.timestamp_millis()).map_err(|_| "timestamp: it is before 1970".to_owned())
}
