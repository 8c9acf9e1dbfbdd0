//! What a billing event says.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Where the usage was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Realm {
    #[serde(rename = "SaaS", alias = "saas")]
    Saas,
    #[serde(alias = "dedicated")]
    Dedicated,
    #[serde(rename = "SM", alias = "self-managed")]
    SelfManaged,
}

impl Realm {
    /// The realm of this name, in any of the spellings that producers use.
    pub fn parse(text: &str) -> Option<Realm> {
        match text {
            "SaaS" | "saas" => Some(Realm::Saas),
            "Dedicated" | "dedicated" => Some(Realm::Dedicated),
            "SM" | "self-managed" => Some(Realm::SelfManaged),
            _ => None,
        }
    }
}

/// Which version of `com.gitlab/billable_usage` is followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SchemaVersion {
    /// 1-0-1.
    V1,
    /// 1-0-2, which has `organization_id`, `instance_version` and `entity_id`.
    #[default]
    V2,
    /// 1-0-3, which has `subject_type`.
    V3,
}

impl SchemaVersion {
    /// Every version, oldest first.
    pub const ALL: [SchemaVersion; 3] = [SchemaVersion::V1, SchemaVersion::V2, SchemaVersion::V3];

    /// As SchemaVer writes it.
    pub fn text(self) -> &'static str {
        match self {
            SchemaVersion::V1 => "1-0-1",
            SchemaVersion::V2 => "1-0-2",
            SchemaVersion::V3 => "1-0-3",
        }
    }

    /// The version of this text.
    pub fn parse(text: &str) -> Option<SchemaVersion> {
        SchemaVersion::ALL.into_iter().find(|version| version.text() == text)
    }

    pub(super) fn schema(self) -> &'static str {
        match self {
            SchemaVersion::V1 => "iglu:com.gitlab/billable_usage/jsonschema/1-0-1",
            SchemaVersion::V2 => "iglu:com.gitlab/billable_usage/jsonschema/1-0-2",
            SchemaVersion::V3 => "iglu:com.gitlab/billable_usage/jsonschema/1-0-3",
        }
    }
}

/// The form in which billing events are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BillingShape {
    /// A structured event, to which the usage is attached as a context: what labkit and the Runner send.
    #[default]
    Structured,
    /// A self-describing event whose data is the usage.
    SelfDescribing,
}

impl BillingShape {
    /// The shape of this name: `structured` or `self_describing`.
    pub fn parse(text: &str) -> Option<BillingShape> {
        match text {
            "structured" => Some(BillingShape::Structured),
            "self_describing" => Some(BillingShape::SelfDescribing),
            _ => None,
        }
    }
}

/// What every billing event says.
#[derive(Debug, Clone, PartialEq)]
pub struct BillingRequired {
    /// What kind of usage it is; not part of the usage itself.
    pub category: String,
    /// As agreed with whoever bills, such as `runner_compute_usage`.
    pub event_type: String,
    pub realm: Realm,
    /// Such as `seconds` or `tokens`.
    pub unit_of_measure: String,
    /// More than nothing.
    pub quantity: f64,
}

/// What a billing event may say beside it. What is empty or 0 is not said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BillingOptional {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub instance_id: String,
    /// From 1-0-2 on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub instance_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unique_instance_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub host_name: String,
    #[serde(skip_serializing_if = "is_zero")]
    pub project_id: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub namespace_id: i64,
    /// From 1-0-2 on.
    #[serde(skip_serializing_if = "is_zero")]
    pub organization_id: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub root_namespace_id: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// From 1-0-3 on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject_type: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub global_user_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seat_ids: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub correlation_id: String,
    /// `.com`, `dedicated` or `self-managed`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub deployment_type: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assignments: Vec<String>,
    /// From 1-0-2 on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub entity_id: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// What a caller knows better than the tracker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BillingStamp {
    /// The usage's own id, such as that of a record elsewhere; one is made where there is none. Whoever counts it knows
    /// repeats by it.
    pub event_id: Option<Uuid>,
    /// When the usage was, in milliseconds since 1970; now where it is not said.
    pub timestamp: Option<u64>,
}

/// The id that a key of the caller's has on an instance: the same whenever the same key comes again (UUIDv5).
pub fn idempotent_id(instance: Uuid, key: &str) -> Uuid {
    use sha1::Digest;
    let mut hash = sha1::Sha1::new();
    hash.update(instance.as_bytes());
    hash.update(key.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_sha1_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::idempotent_id;

    #[test]
    fn a_key_has_the_id_that_rfc_9562_gives_it() {
        // Appendix A.4 of the RFC: the namespace of DNS and "www.example.com".
        let id = idempotent_id(Uuid::NAMESPACE_DNS, "www.example.com");
        assert_eq!(id.to_string(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }
}
