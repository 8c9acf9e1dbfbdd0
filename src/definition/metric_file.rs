//! The fields of a metric file, as they are written. Their docs are the schema's and the reference's.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{DataCategory, DataSource, EventOperator, Status, TimeFrame, ValueType};

/// A metric of the ping: what is measured, and where in the payload it stands. One file holds one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Metric definition")]
#[expect(
    dead_code,
    reason = "fields that only dictionaries read stand here for the schema and the checks"
)]
pub(super) struct MetricFile {
    /// Where the value stands in the payload, dotted: `counts.issues`.
    #[schemars(regex(pattern = r"^[^.\s]+(\.[^.\s]+)*$"))]
    pub key_path: String,
    /// A short name; nothing reads it.
    pub name: Option<String>,
    /// What the metric measures, in a sentence.
    pub description: String,
    /// The part of the product it belongs to (2021–22).
    pub product_section: Option<String>,
    /// The stage it belongs to (2021–22).
    pub product_stage: Option<String>,
    /// The group that owns it.
    pub product_group: Option<String>,
    /// The feature category (2021–22).
    pub product_category: Option<String>,
    /// The feature categories.
    pub product_categories: Option<Vec<String>>,
    /// The kind of value.
    pub value_type: ValueType,
    /// The definition's state of life.
    pub status: Status,
    /// The release the metric came with, as a text: `"13.10"`, or `"<13.9"` where only that is known.
    #[schemars(regex(pattern = r"^<?[0-9]+\.[0-9]+$"))]
    pub milestone: Option<String>,
    /// The release the metric went with.
    #[schemars(regex(pattern = r"^<?[0-9]+\.[0-9]+$"))]
    pub milestone_removed: Option<String>,
    /// The change that brought it.
    pub introduced_by_url: Option<String>,
    /// The change that removed it.
    pub removed_by_url: Option<String>,
    /// The issue about mending a broken metric.
    pub repair_issue_url: Option<String>,
    /// What the instrumentation class needs to know.
    pub options: Option<Map<String, Value>>,
    /// The time the metric looks back over, or a list, which makes one metric of each: `7d` appends `_weekly` to the
    /// key path, `28d` `_monthly`, `all` nothing.
    #[schemars(schema_with = "one_or_more_time_frames")]
    pub time_frame: Value,
    /// Where the data lives.
    pub data_source: DataSource,
    /// What the operator consents to; `optional` if it is not said.
    pub data_category: Option<DataCategory>,
    /// The class that measures it: a built-in one, or one of `metrics/instrumentations`. Namespaces are dropped.
    #[schemars(regex(pattern = r"^([A-Z][A-Za-z0-9]*::)*[A-Z][A-Za-z0-9]*$"))]
    pub instrumentation_class: Option<String>,
    /// The editions that have it (2021–23).
    pub distribution: Option<Vec<Distribution>>,
    /// The plans that have it (2021–24).
    pub tier: Option<Vec<Tier>>,
    /// The plans that have it.
    pub tiers: Option<Vec<Tier>>,
    /// The indicators it is part of.
    pub performance_indicator_type: Option<Vec<PerformanceIndicator>>,
    /// The JSON schema of an object's value: a path from the definitions' root.
    pub value_json_schema: Option<String>,
    /// Whether GitLab's own checks pass over the file (2021–23); ours do not.
    pub skip_validation: Option<bool>,
    /// The events that an internal-events metric counts.
    #[schemars(with = "Option<Vec<EventSelection>>")]
    pub events: Option<Vec<Value>>,
    /// What the payload carries instead of -1 when the metric fails.
    pub fallback: Option<Value>,
    /// Numbers above 0 and below this are told as this, with the reason `binned`; in groups and buckets, too. An instance
    /// of few users should not be told apart by its small numbers.
    #[schemars(range(min = 2))]
    pub minimum_count: Option<u64>,
    /// The only texts that a value, or the keys of its groups, may be; all others are told as `other`, counts and sums of
    /// their groups together.
    pub allowed_values: Option<Vec<String>>,
    /// Codes of warnings that are known and meant to stay, such as `distinct_count_column`.
    pub no_lint: Option<Vec<String>>,
}

/// An edition of the product.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Distribution {
    Ce,
    Ee,
}

/// A plan of the product; the last four are the names of 2021.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tier {
    Free,
    Premium,
    Ultimate,
    Starter,
    Bronze,
    Silver,
    Gold,
}

/// An indicator that metrics are gathered under.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PerformanceIndicator {
    Gmau,
    Smau,
    PaidGmau,
    Umau,
    CustomerHealthScore,
    DevopsReport,
    Lighthouse,
    LeadingIndicator,
}

/// The occurrences of one event that a metric counts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "the events are handed on as written; this is what they are checked against"
)]
pub(super) struct EventSelection {
    /// The event's name.
    #[schemars(length(min = 1))]
    pub name: String,
    /// What is counted once: `user.id`, `project.id`, `namespace.id` or a property. Without it occurrences are counted.
    pub unique: Option<String>,
    /// Only events with these properties count.
    #[serde(default)]
    #[schemars(schema_with = "texts_or_numbers")]
    pub filter: Option<Map<String, Value>>,
    /// How occurrences are put together.
    pub operator: Option<EventOperator>,
}

fn one_or_more_time_frames(generator: &mut SchemaGenerator) -> Schema {
    let one = generator.subschema_for::<TimeFrame>();
    let windows = ["7d", "28d", "all"];
    json_schema!({
        "anyOf": [
            one,
            { "type": "array", "minItems": 1, "uniqueItems": true, "items": { "type": "string", "enum": windows } },
        ]
    })
}

fn texts_or_numbers(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["object", "null"],
        "additionalProperties": { "type": ["string", "number", "boolean"] },
    })
}
