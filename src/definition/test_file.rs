//! The fields of a file of tests, as they are written. Their docs are the schema's and the reference's.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::TimeFrame;

/// Tests of a metric: rows and events in, value out. One file, `*.test.yml` beside the metrics, holds those of one metric
/// or class; `service-ping test` runs them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Tests of a metric")]
pub(super) struct TestFile {
    /// The key path of the metric that is tested.
    #[schemars(length(min = 1))]
    pub metric: Option<String>,
    /// The class that is tested, where it is not a metric.
    #[schemars(length(min = 1))]
    pub class: Option<String>,
    /// The options of the class.
    pub options: Option<Map<String, Value>>,
    /// The time that is looked back over, instead of the metric's own; `all` for a class if it is not said.
    pub time_frame: Option<TimeFrame>,
    /// Types of columns as PostgreSQL spells them, by table and column; those of other columns follow from the rows, or
    /// from the table of the same name where the tests run beside a live one.
    #[serde(default)]
    #[schemars(schema_with = "types_of_columns")]
    pub tables: Option<BTreeMap<String, BTreeMap<String, String>>>,
    /// The tests.
    #[schemars(length(min = 1))]
    pub tests: Vec<TestFields>,
}

/// One test.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestFields {
    /// What the test shows, in a few words.
    #[schemars(length(min = 1))]
    pub name: String,
    /// The moment of the run, such as `2026-01-01T00:00:00Z`, which it is if it is not said.
    pub now: Option<String>,
    /// The rows that there are, by table; columns that a row does not give are NULL, an `id` is counted up.
    #[serde(default)]
    #[schemars(schema_with = "rows_of_tables")]
    pub rows: Option<BTreeMap<String, Vec<Map<String, Value>>>>,
    /// The events that happened.
    pub events: Option<Vec<TrackedFields>>,
    /// The value that the metric shall have; `{approximately: 100, within: 0.03}` for an estimate, the bound being
    /// relative; `{reason: missing_column}` where it shall fall back.
    #[serde(default)]
    pub value: Option<Value>,
}

/// An event that happened.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TrackedFields {
    /// The event's name, or that of a plain counter, such as `source_code_pushes`.
    #[schemars(length(min = 1))]
    pub name: String,
    /// What is counted once, such as ids of users.
    #[serde(default)]
    #[schemars(schema_with = "texts_or_numbers")]
    pub values: Option<Vec<Value>>,
    /// Whom and what an internal event was tracked with: `user`, `project`, `namespace`, each by an id.
    #[serde(default)]
    #[schemars(schema_with = "named_texts_or_numbers")]
    pub identifiers: Option<Map<String, Value>>,
    /// The properties of an internal event.
    pub properties: Option<Map<String, Value>>,
    /// How far a plain counter rises; 1 if it is not said.
    pub by: Option<i64>,
    /// When it happened; 7 days before the run if it is not said, which is within every window.
    pub at: Option<String>,
}

fn types_of_columns(_: &mut SchemaGenerator) -> Schema {
    // It becomes a part of a statement.
    let a_type = json_schema!({
        "type": "string",
        "description": "a type as PostgreSQL spells it, such as bigint, numeric(10,2), timestamp or text[]",
        "pattern": r"^[a-z][a-z0-9_ ]*(\([0-9]+(, ?[0-9]+)?\))?( with(out)? time zone)?(\[\])?$",
    });
    json_schema!({
        "type": ["object", "null"],
        "additionalProperties": { "type": "object", "additionalProperties": a_type },
    })
}

fn rows_of_tables(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["object", "null"],
        "additionalProperties": { "type": "array", "items": { "type": "object" } },
    })
}

fn texts_or_numbers(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["array", "null"], "items": { "type": ["string", "number"] } })
}

fn named_texts_or_numbers(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["object", "null"], "additionalProperties": { "type": ["string", "number"] } })
}
