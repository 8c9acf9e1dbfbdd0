//! The fields of an aggregate, as they are written. Their docs are the schema's and the reference's.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::event_options::distinct;
use super::{AggregateOperator, AggregateSource, TimeFrame};

/// Several events counted as one: how many did any of them, or all of them. A file lists any number.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Aggregates")]
pub(super) struct AggregateFields {
    /// The aggregate's name, unique among all aggregates: the last part of its key paths.
    #[schemars(regex(pattern = r"^[^.\s]+$"))]
    pub name: String,
    /// What the aggregate says, in a sentence.
    pub description: Option<String>,
    /// Whether those count who did any of it (`OR`) or all of it (`AND`).
    pub operator: AggregateOperator,
    /// Where the sets come from.
    pub source: AggregateSource,
    /// The times that it looks back over, each a value of its own in the payload.
    #[schemars(schema_with = "windows")]
    pub time_frame: Vec<TimeFrame>,
    /// Names of known events, or of what estimated metrics persist.
    #[schemars(length(min = 1), inner(length(min = 1)), transform = distinct)]
    pub events: Vec<String>,
    /// The feature flag without which it is not in the payload.
    #[schemars(length(min = 1))]
    pub feature_flag: Option<String>,
    /// Codes of warnings that are known and meant to stay, such as `distinct_count_column`.
    #[expect(dead_code, reason = "silences read it as it is written")]
    pub no_lint: Option<Vec<String>>,
}

fn windows(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "minItems": 1,
        "uniqueItems": true,
        "items": { "type": "string", "enum": ["7d", "28d", "all"] },
    })
}
