//! The fields of a declared instrumentation class, as they are written. Their docs are the schema's and the reference's.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::class::ParameterType;
use super::counting::{Consistency, RowEstimate};

/// An instrumentation class over the database: what it counts, and what a definition may tell it.
///
/// The keys of `DatabaseOptions` stand beside these in the file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Instrumentation class")]
pub(super) struct ClassHead {
    /// The name that definitions use as `instrumentation_class`, in CamelCase.
    #[schemars(regex(pattern = "^[A-Z][A-Za-z0-9]*$"))]
    pub class: String,
    /// What the class measures, in a sentence.
    pub description: Option<String>,
    /// The options that a definition gives; `:name` in the SQL takes the value of `name`.
    #[serde(default)]
    #[schemars(schema_with = "named_parameters")]
    pub parameters: Option<BTreeMap<String, ParameterFields>>,
    /// Codes of warnings that are known and meant to stay, such as `distinct_count_column`.
    #[expect(dead_code, reason = "silences read it as it is written")]
    pub no_lint: Option<Vec<String>>,
}

/// One option of a class.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ParameterFields {
    /// The kind of value.
    pub r#type: ParameterType,
    /// Whether every definition must give it; false if it is not said.
    pub required: Option<bool>,
    /// The value where a definition gives none.
    pub default: Option<Value>,
    /// The only values it takes.
    #[schemars(length(min = 1))]
    pub r#enum: Option<Vec<Value>>,
}

/// What is counted: the keys of a class file, and the `options` of a definition with class `DatabaseMetric`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Options of DatabaseMetric")]
pub(super) struct DatabaseOptions {
    /// What is done with the relation's rows.
    pub operation: OperationName,
    /// What may follow FROM: tables, joins, WHERE, GROUP BY, in PostgreSQL's spelling.
    #[schemars(length(min = 1))]
    pub relation: String,
    /// The column that is counted, summed or averaged; without it rows are counted.
    #[schemars(length(min = 1))]
    pub column: Option<String>,
    /// The key that batches run over: a column, several (`a, b` or a list), or an empty list where there is none. If it
    /// is not said, `id` is tried and then the catalogue.
    #[serde(default)]
    #[schemars(schema_with = "one_or_more_columns")]
    pub primary_key: Option<Value>,
    /// Where batches start: a whole number, or a query that gives one.
    #[serde(default)]
    #[schemars(schema_with = "number_or_query")]
    pub start: Option<Value>,
    /// Where batches end: a whole number, or a query that gives one.
    #[serde(default)]
    #[schemars(schema_with = "number_or_query")]
    pub finish: Option<Value>,
    /// The ids of one batch.
    #[schemars(range(min = 1))]
    pub batch_size: Option<u64>,
    /// What rows that are written during the count may do to it; `exact` if it is not said.
    pub consistency: Option<Consistency>,
    /// What stands for a count of all rows of one table: without WHERE, join, GROUP BY, `column`, ends or time frame. Without
    /// it they are counted.
    pub estimate: Option<RowEstimate>,
    /// The column that a time frame of 7d or 28d is laid over.
    #[schemars(length(min = 1))]
    pub timestamp_column: Option<String>,
    /// The database under `[database.*]`; `main` if it is not said.
    #[schemars(length(min = 1))]
    pub database: Option<String>,
    /// A histogram's lowest and highest bucket: `[1, 100]`.
    #[serde(default)]
    #[schemars(schema_with = "two_ends")]
    pub buckets: Option<Value>,
    /// How many buckets a histogram has: from 1 to 100; one for each whole number of `buckets` if it is not said.
    #[schemars(range(min = 1, max = 100))]
    pub bucket_size: Option<i64>,
    /// The name by which aggregates of the source `database` take the sketch of an `estimate_batch_distinct_count`.
    #[schemars(regex(pattern = "^[A-Za-z0-9_.:-]+$"))]
    pub persist_as: Option<String>,
    /// What the payload carries instead of -1 when the metric fails.
    #[serde(default, deserialize_with = "said")]
    pub fallback: Option<Value>,
}

/// What is done with a relation's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OperationName {
    /// How many rows there are, or how many have a value in the column.
    Count,
    /// How many different values the column has, exactly.
    DistinctCount,
    /// How many different values the column has, to about 1 %.
    EstimateBatchDistinctCount,
    /// The column's sum.
    Sum,
    /// The column's average.
    Average,
    /// How many groups have how many rows.
    Histogram,
}

fn named_parameters(generator: &mut SchemaGenerator) -> Schema {
    let parameter = generator.subschema_for::<ParameterFields>();
    json_schema!({
        "type": ["object", "null"],
        "propertyNames": { "pattern": "^[a-z_][a-z0-9_]*$" },
        "additionalProperties": parameter,
    })
}

fn one_or_more_columns(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "type": "string", "minLength": 1 },
            { "type": "array", "uniqueItems": true, "items": { "type": "string", "minLength": 1 } },
            { "type": "null" },
        ]
    })
}

fn number_or_query(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [{ "type": "integer" }, { "type": "string", "minLength": 1 }, { "type": "null" }] })
}

fn two_ends(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "integer" } },
            {
                "type": "object",
                "required": ["from", "to"],
                "additionalProperties": false,
                "properties": {
                    "from": { "type": "integer", "description": "The lowest bucket." },
                    "to": { "type": "integer", "description": "The highest bucket." },
                },
            },
            { "type": "null" },
        ]
    })
}

/// A value that was given, `null` included.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
