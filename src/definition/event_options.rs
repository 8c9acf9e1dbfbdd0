//! The options of the classes that count events, as they are written. Their docs are the schema's and the reference's.

use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::Value;

use super::{AggregateOperator, AggregateSource};

/// The class of a plain counter.
pub(super) const REDIS_METRIC: &str = "RedisMetric";
/// The class of unique values of known events.
pub(super) const REDIS_HLL_METRIC: &str = "RedisHLLMetric";
/// The class of unions and intersections.
pub(super) const AGGREGATED_METRIC: &str = "AggregatedMetric";

/// What a `RedisMetric` reads: the counter under `USAGE_<PREFIX>_<EVENT>`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Options of RedisMetric")]
#[expect(
    dead_code,
    reason = "options are handed on as written; this is what they are checked against"
)]
pub(super) struct RedisOptions {
    /// The counter's event: the last part of its key.
    #[schemars(length(min = 1))]
    pub event: String,
    /// What the key has before the event; `null` where it has nothing.
    pub prefix: Option<String>,
    /// The class that gave the prefix in early 2022.
    #[schemars(length(min = 1))]
    pub counter_class: Option<String>,
    /// Whether the key begins with `USAGE_`; true if it is not said.
    pub include_usage_prefix: Option<bool>,
}

/// What a `RedisHLLMetric` counts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Options of RedisHLLMetric")]
#[expect(
    dead_code,
    reason = "options are handed on as written; this is what they are checked against"
)]
pub(super) struct RedisHllOptions {
    /// The events whose unique values are counted together.
    #[schemars(length(min = 1), inner(length(min = 1)), transform = distinct)]
    pub events: Option<Vec<String>>,
}

/// What an `AggregatedMetric` puts together.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Options of AggregatedMetric")]
#[expect(
    dead_code,
    reason = "options are handed on as written; this is what they are checked against"
)]
pub(super) struct AggregatedOptions {
    /// How the sets are put together.
    pub aggregate: AggregateOptions,
    /// Names of known events, or of what estimated metrics persist.
    #[schemars(length(min = 1), inner(length(min = 1)), transform = distinct)]
    pub events: Vec<String>,
    /// Where the sets come from; what the `data_source` says if it is not said.
    pub source: Option<AggregateSource>,
}

/// How the sets of an `AggregatedMetric` are put together.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "options are handed on as written; this is what they are checked against"
)]
pub(super) struct AggregateOptions {
    /// Whether those count who did any of it (`OR`) or all of it (`AND`).
    pub operator: AggregateOperator,
    /// What is counted, such as `user_id`; nothing reads it.
    pub attribute: Option<String>,
}

/// Each item once.
pub(super) fn distinct(schema: &mut Schema) {
    schema.insert("uniqueItems".to_owned(), Value::Bool(true));
}
