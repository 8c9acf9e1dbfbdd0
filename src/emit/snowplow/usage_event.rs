//! Billing events, in both their shapes.

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::billing::{BillingOptional, BillingRequired, BillingShape, BillingStamp, Realm, SchemaVersion};
use super::burial::rfc3339;
use super::custom::begin;
use super::envelope::Wrapped;
use super::event::{EventKind, QueuedEvent};
use super::text::decimal;
use super::tracker::{TrackError, TrackerOptions, check_by_file, field, queued};
use super::usage_rules::{SHORT, TEXT, is_deployment, is_within};

/// The usage as it is sent; what is not said is not there.
#[derive(Debug, Serialize)]
struct Usage<'a> {
    event_id: &'a str,
    event_type: &'a str,
    unit_of_measure: &'a str,
    quantity: f64,
    realm: Realm,
    timestamp: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique_instance_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    root_namespace_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    global_user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    seat_ids: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment_type: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    assignments: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Map<String, Value>>,
}

pub(super) fn usage_event(
    options: &TrackerOptions,
    required: &BillingRequired,
    optional: &BillingOptional,
    stamp: &BillingStamp,
    now: u64,
) -> Result<QueuedEvent, TrackError> {
    let category = field("category", &required.category, 1000)?;
    check_required(required)?;
    check_optional(optional, options.schema_version)?;
    let id = stamp.event_id.unwrap_or_else(Uuid::now_v7);
    if !(1..=8).contains(&id.get_version_num()) || id.get_variant() != uuid::Variant::RFC4122 {
        return Err(TrackError::invalid("event_id", "a UUID of RFC 9562"));
    }
    let mut buffer = Uuid::encode_buffer();
    let event_id: &str = id.hyphenated().encode_lower(&mut buffer);
    let timestamp = rfc3339(stamp.timestamp.unwrap_or(now));
    let usage = usage(required, optional, event_id, &timestamp);
    let schema = options.schema_version.schema();
    check_by_file(options, schema, &usage)?;
    let kind = match options.shape {
        BillingShape::Structured => "se",
        BillingShape::SelfDescribing => "ue",
    };
    let mut envelope = begin(options, kind, id, now);
    if let Some(timestamp) = stamp.timestamp {
        // Whatever the wait in the spool: it counts from when it was.
        envelope.field("ttm", itoa::Buffer::new().format(timestamp));
    }
    let usage = Wrapped { schema, data: usage };
    match options.shape {
        BillingShape::Structured => {
            envelope.field("se_ca", &category);
            envelope.field("se_ac", &required.event_type);
            envelope.field("se_la", event_id);
            envelope.field("se_va", &decimal(required.quantity));
            envelope.contexts(&[usage])?;
        }
        BillingShape::SelfDescribing => envelope.self_describing(&usage)?,
    }
    Ok(queued(id, EventKind::Billing, now, envelope.end()))
}

fn usage<'a>(
    required: &'a BillingRequired,
    optional: &'a BillingOptional,
    event_id: &'a str,
    timestamp: &'a str,
) -> Usage<'a> {
    Usage {
        event_id,
        event_type: &required.event_type,
        unit_of_measure: &required.unit_of_measure,
        quantity: required.quantity,
        realm: required.realm,
        timestamp,
        instance_id: said(&optional.instance_id),
        instance_version: said(&optional.instance_version),
        unique_instance_id: said(&optional.unique_instance_id),
        host_name: said(&optional.host_name),
        project_id: known(optional.project_id),
        namespace_id: known(optional.namespace_id),
        organization_id: known(optional.organization_id),
        root_namespace_id: known(optional.root_namespace_id),
        subject: said(&optional.subject),
        subject_type: said(&optional.subject_type),
        global_user_id: said(&optional.global_user_id),
        seat_ids: &optional.seat_ids,
        correlation_id: said(&optional.correlation_id),
        deployment_type: said(&optional.deployment_type),
        assignments: &optional.assignments,
        entity_id: said(&optional.entity_id),
        metadata: Some(&optional.metadata).filter(|metadata| !metadata.is_empty()),
    }
}

fn said(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn known(id: i64) -> Option<i64> {
    (id != 0).then_some(id)
}

fn check_required(required: &BillingRequired) -> Result<(), TrackError> {
    let texts = [
        ("event_type", &required.event_type, TEXT),
        ("unit_of_measure", &required.unit_of_measure, SHORT),
    ];
    for (name, text, most) in texts {
        let is_kept = !text.chars().any(char::is_control);
        if text.is_empty() || !is_within(text, most) || !is_kept {
            let must = format!("a text of 1 to {most} letters, none of them a control character");
            return Err(TrackError::invalid(name, must));
        }
    }
    if !required.quantity.is_finite() || required.quantity <= 0.0 {
        return Err(TrackError::invalid("quantity", "a number above 0"));
    }
    Ok(())
}

fn check_optional(optional: &BillingOptional, version: SchemaVersion) -> Result<(), TrackError> {
    let texts = [
        ("instance_id", &optional.instance_id, TEXT),
        ("instance_version", &optional.instance_version, SHORT),
        ("unique_instance_id", &optional.unique_instance_id, TEXT),
        ("host_name", &optional.host_name, TEXT),
        ("subject", &optional.subject, TEXT),
        ("subject_type", &optional.subject_type, SHORT),
        ("global_user_id", &optional.global_user_id, TEXT),
        ("correlation_id", &optional.correlation_id, TEXT),
        ("entity_id", &optional.entity_id, TEXT),
    ];
    if let Some((name, _, most)) = texts.into_iter().find(|(_, text, most)| !is_within(text, *most)) {
        return Err(TrackError::invalid(name, format!("a text of {most} letters at most")));
    }
    let ids = [
        ("project_id", optional.project_id),
        ("namespace_id", optional.namespace_id),
        ("organization_id", optional.organization_id),
        ("root_namespace_id", optional.root_namespace_id),
    ];
    if let Some((name, _)) = ids.into_iter().find(|(_, id)| *id < 0) {
        return Err(TrackError::invalid(name, "0 or above"));
    }
    let deployment = &optional.deployment_type;
    if !deployment.is_empty() && !is_deployment(deployment) {
        return Err(TrackError::invalid(
            "deployment_type",
            ".com, dedicated or self-managed",
        ));
    }
    let later = [
        ("organization_id", optional.organization_id != 0, SchemaVersion::V2),
        (
            "instance_version",
            !optional.instance_version.is_empty(),
            SchemaVersion::V2,
        ),
        ("entity_id", !optional.entity_id.is_empty(), SchemaVersion::V2),
        ("subject_type", !optional.subject_type.is_empty(), SchemaVersion::V3),
    ];
    match later
        .into_iter()
        .find(|(_, is_said, since)| *is_said && *since > version)
    {
        Some((name, _, since)) => {
            let must = format!("left out, or schema_version set to {}", since.text());
            Err(TrackError::invalid(name, must))
        }
        None => Ok(()),
    }
}
