//! The fields of an event file, as they are written. Their docs are the schema's and the reference's.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::metric_file::{Distribution, Tier};

/// An event of the product: who and what it is tracked with. One file holds one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Event definition")]
#[expect(
    dead_code,
    reason = "fields that only dictionaries read stand here for the schema and the checks"
)]
pub(super) struct EventFile {
    /// What happened, in a sentence.
    pub description: String,
    /// The event's name: letters, digits, underscores, hyphens and colons.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_:-]+$"))]
    pub action: String,
    /// Where it happened, for events that are not internal ones.
    pub category: Option<String>,
    /// Whether it is tracked with identifiers and properties, and feeds the metrics that select it.
    pub internal_events: Option<bool>,
    /// Whom and what it may be tracked with.
    pub identifiers: Option<Vec<Identifier>>,
    /// The properties beside the identifiers: `label` and `property` are texts, `value` is a number, and there may be
    /// others.
    #[serde(default)]
    #[schemars(schema_with = "described_properties")]
    pub additional_properties: Option<BTreeMap<String, Option<PropertyFields>>>,
    /// Properties as they were before 2023; nothing reads them.
    pub extra_properties: Option<Map<String, Value>>,
    /// What the property `label` holds (before 2024).
    pub label_description: Option<String>,
    /// What the property `property` holds (before 2024).
    pub property_description: Option<String>,
    /// What the property `value` holds (before 2024).
    pub value_description: Option<String>,
    /// The part of the product it belongs to (before 2024).
    pub product_section: Option<String>,
    /// The stage it belongs to (before 2024).
    pub product_stage: Option<String>,
    /// The group that owns it.
    pub product_group: Option<String>,
    /// The feature category (before 2024).
    pub product_category: Option<String>,
    /// The feature categories.
    pub product_categories: Option<Vec<String>>,
    /// The release the event came with, as a text.
    #[schemars(regex(pattern = r"^<?[0-9]+\.[0-9]+$"))]
    pub milestone: Option<String>,
    /// The release the event went with.
    #[schemars(regex(pattern = r"^<?[0-9]+\.[0-9]+$"))]
    pub milestone_removed: Option<String>,
    /// The change that brought it.
    pub introduced_by_url: Option<String>,
    /// The change that removed it.
    pub removed_by_url: Option<String>,
    /// The event's state of life; `active` if it is not said.
    pub status: Option<EventStatus>,
    /// The Snowplow schema that it carries.
    pub iglu_schema_url: Option<String>,
    /// A product line whose events are handled apart.
    pub classification: Option<String>,
    /// Trackers of the product that are told as well; nothing here reads them.
    pub extra_trackers: Option<Vec<Value>>,
    /// The editions that have it (before 2024).
    pub distributions: Option<Vec<Distribution>>,
    /// The editions that have it (before 2024).
    pub distribution: Option<Vec<Distribution>>,
    /// The plans that have it.
    pub tiers: Option<Vec<Tier>>,
    /// The plans that have it (before 2024).
    pub tier: Option<Vec<Tier>>,
    /// Codes of warnings that are known and meant to stay, such as `distinct_count_column`.
    pub no_lint: Option<Vec<String>>,
}

/// Whom or what an event may be tracked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Identifier {
    User,
    Project,
    Namespace,
    FeatureEnabledByNamespaceIds,
}

impl Identifier {
    pub fn as_str(self) -> &'static str {
        match self {
            Identifier::User => "user",
            Identifier::Project => "project",
            Identifier::Namespace => "namespace",
            Identifier::FeatureEnabledByNamespaceIds => "feature_enabled_by_namespace_ids",
        }
    }
}

/// Whether an event is still tracked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum EventStatus {
    Active,
    Removed,
}

/// A property of an event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PropertyFields {
    /// What the property holds.
    pub description: Option<String>,
}

fn described_properties(generator: &mut SchemaGenerator) -> Schema {
    let property = generator.subschema_for::<Option<PropertyFields>>();
    json_schema!({
        "type": ["object", "null"],
        "propertyNames": { "pattern": "^[a-z_][a-z0-9_]*$" },
        "additionalProperties": property,
    })
}
