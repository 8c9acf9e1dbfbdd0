//! The rules of `com.gitlab/billable_usage` and `com.gitlab/custom_event`, as producers keep them. The schemas themselves
//! are not public: whoever has them puts them into the folder of schemas, and these rules stand back.

use chrono::DateTime;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::billing::SchemaVersion;

/// The longest of most texts, and of those that are short.
pub(super) const TEXT: usize = 255;
pub(super) const SHORT: usize = 64;
const DEPLOYMENTS: [&str; 3] = [".com", "dedicated", "self-managed"];
const REALMS: [&str; 3] = ["SaaS", "Dedicated", "SM"];

/// What a field holds.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text(usize),
    Deployment,
    Id,
    Texts,
    Object,
}

/// The fields that need not be there, and the version that they came with.
const OPTIONAL: [(&str, Kind, SchemaVersion); 17] = [
    ("instance_id", Kind::Text(TEXT), SchemaVersion::V1),
    ("unique_instance_id", Kind::Text(TEXT), SchemaVersion::V1),
    ("host_name", Kind::Text(TEXT), SchemaVersion::V1),
    ("project_id", Kind::Id, SchemaVersion::V1),
    ("namespace_id", Kind::Id, SchemaVersion::V1),
    ("root_namespace_id", Kind::Id, SchemaVersion::V1),
    ("subject", Kind::Text(TEXT), SchemaVersion::V1),
    ("global_user_id", Kind::Text(TEXT), SchemaVersion::V1),
    ("seat_ids", Kind::Texts, SchemaVersion::V1),
    ("correlation_id", Kind::Text(TEXT), SchemaVersion::V1),
    ("deployment_type", Kind::Deployment, SchemaVersion::V1),
    ("assignments", Kind::Texts, SchemaVersion::V1),
    ("metadata", Kind::Object, SchemaVersion::V1),
    ("organization_id", Kind::Id, SchemaVersion::V2),
    ("instance_version", Kind::Text(SHORT), SchemaVersion::V2),
    ("entity_id", Kind::Text(TEXT), SchemaVersion::V2),
    ("subject_type", Kind::Text(SHORT), SchemaVersion::V3),
];

/// Whether the text has so many letters at most.
pub(super) fn is_within(text: &str, most: usize) -> bool {
    text.len() <= most || text.chars().count() <= most
}

pub(super) fn is_deployment(text: &str) -> bool {
    DEPLOYMENTS.contains(&text)
}

/// A whole billing usage of this version.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_usage(data: &Value, version: SchemaVersion) -> Result<(), String> {
    let object = object(data)?;
    for (name, must, fits) in REQUIRED {
        let value = object.get(name).ok_or_else(|| format!("{name} is missing"))?;
        if !fits(value) {
            return Err(format!("{name} must be {must}"));
        }
    }
    for (name, value) in object {
        if REQUIRED.iter().any(|(required, ..)| required == name) {
            continue;
        }
        let known = OPTIONAL.iter().find(|(known, ..)| known == name);
        let Some((_, kind, since)) = known else {
            return Err(format!("{name} is no field of a billable usage"));
        };
        if *since > version {
            return Err(format!("{name} is a field from {} on", since.text()));
        }
        if !value.is_null() && !kind.fits(value) {
            return Err(format!("{name} must be {}", kind.must()));
        }
    }
    Ok(())
}

type Required = (&'static str, &'static str, fn(&Value) -> bool);

const REQUIRED: [Required; 6] = [
    ("event_id", "a UUID", |value| value.as_str().is_some_and(is_uuid)),
    ("event_type", "a text of 1 to 255 letters", |value| {
        is_filled(value, TEXT)
    }),
    ("unit_of_measure", "a text of 1 to 64 letters", |value| {
        is_filled(value, SHORT)
    }),
    ("quantity", "a number above 0", |value| {
        value.as_f64().is_some_and(|quantity| quantity > 0.0)
    }),
    ("realm", "SaaS, Dedicated or SM", |value| {
        value.as_str().is_some_and(|realm| REALMS.contains(&realm))
    }),
    ("timestamp", "an instant such as 2026-11-19T00:00:00Z", |value| {
        value
            .as_str()
            .is_some_and(|text| DateTime::parse_from_rfc3339(text).is_ok())
    }),
];

fn is_filled(value: &Value, most: usize) -> bool {
    value
        .as_str()
        .is_some_and(|text| !text.is_empty() && is_within(text, most))
}

/// A UUID of RFC 9562's variant, with hyphens.
fn is_uuid(text: &str) -> bool {
    let parsed = Uuid::try_parse(text).ok();
    let is_of_rfc =
        |uuid: &Uuid| uuid.get_variant() == uuid::Variant::RFC4122 && (1..=8).contains(&uuid.get_version_num());
    text.len() == 36 && parsed.as_ref().is_some_and(is_of_rfc)
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        match self {
            Kind::Text(most) => value.as_str().is_some_and(|text| is_within(text, most)),
            Kind::Deployment => value.as_str().is_some_and(is_deployment),
            Kind::Id => value.as_i64().is_some_and(|id| id >= 0),
            Kind::Texts => value.as_array().is_some_and(|texts| texts.iter().all(Value::is_string)),
            Kind::Object => value.is_object(),
        }
    }

    fn must(self) -> String {
        match self {
            Kind::Text(most) => format!("a text of {most} letters at most"),
            Kind::Deployment => ".com, dedicated or self-managed".to_owned(),
            Kind::Id => "a whole number, 0 or above".to_owned(),
            Kind::Texts => "a list of texts".to_owned(),
            Kind::Object => "an object".to_owned(),
        }
    }
}

/// A custom event's data.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_custom(data: &Value) -> Result<(), String> {
    let object = object(data)?;
    if !object.get("name").is_some_and(|name| is_filled(name, TEXT)) {
        return Err("name must be a text of 1 to 255 letters".to_owned());
    }
    let props = object.get("props").unwrap_or(&Value::Null);
    if !props.is_object() && !props.is_null() {
        return Err("props must be an object".to_owned());
    }
    match object.keys().find(|key| !["name", "props"].contains(&key.as_str())) {
        Some(unknown) => Err(format!("{unknown} is no field of a custom event")),
        None => Ok(()),
    }
}

fn object(data: &Value) -> Result<&Map<String, Value>, String> {
    data.as_object().ok_or_else(|| "it must be an object".to_owned())
}
