//! Instrumentation classes that authors declare in YAML.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::body;
use super::complaint::Complaint;
use super::counting::{Consistency, RowEstimate};
use crate::relation::{Operation, Query, Relation};

/// A class of `metrics/instrumentations/*.yml`.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredClass {
    /// What definitions name as `instrumentation_class`.
    pub name: String,
    pub description: Option<String>,
    /// What a definition may or must give under `options`.
    pub parameters: BTreeMap<String, Parameter>,
    pub body: DatabaseBody,
    /// The file it came from, relative to the definitions' root.
    pub file: PathBuf,
}

/// An option that a declared class takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    pub kind: ParameterType,
    pub required: bool,
    /// The value where a definition gives none; without one the placeholder is NULL.
    pub default: Option<Value>,
    /// The only values it takes (`enum` in the file).
    pub allowed: Option<Vec<Value>>,
}

/// The kind of value a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    String,
    Number,
    /// A whole number.
    Integer,
    Boolean,
    /// A list of texts, numbers or booleans.
    Array,
}

impl ParameterType {
    /// Whether `value` is of this kind.
    pub fn takes(self, value: &Value) -> bool {
        match self {
            ParameterType::String => value.is_string(),
            ParameterType::Number => value.is_number(),
            ParameterType::Integer => value.is_i64() || value.is_u64(),
            ParameterType::Boolean => value.is_boolean(),
            ParameterType::Array => value.as_array().is_some_and(|items| items.iter().all(is_literal)),
        }
    }

    /// As people say it, with its article.
    pub(super) fn described(self) -> &'static str {
        match self {
            ParameterType::String => "a text",
            ParameterType::Number => "a number",
            ParameterType::Integer => "a whole number",
            ParameterType::Boolean => "true or false",
            ParameterType::Array => "a list of texts, numbers or booleans",
        }
    }
}

fn is_literal(value: &Value) -> bool {
    value.is_string() || value.is_number() || value.is_boolean()
}

/// What a class counts; also what the `options` of a `DatabaseMetric` hold.
#[derive(Debug, Clone, PartialEq)]
pub struct DatabaseBody {
    pub operation: Operation,
    pub relation: Relation,
    /// The counted, summed or averaged column, as written; `None` counts rows.
    pub column: Option<String>,
    /// The key's columns, as written: an empty list where the table has none, `None` where nothing was said.
    pub primary_key: Option<Vec<String>>,
    pub start: Option<Bound>,
    pub finish: Option<Bound>,
    /// Ids a batch.
    pub batch_size: Option<u64>,
    pub consistency: Consistency,
    /// What stands for the count; `None` where rows are counted.
    pub estimate: Option<RowEstimate>,
    /// The column a time window is laid over, as written.
    pub timestamp_column: Option<String>,
    /// The name under `[database.*]`.
    pub database: Option<String>,
    /// The name under which aggregates find the sketch of an estimate (spec 7.6).
    pub persist_as: Option<String>,
    /// What the payload carries instead of -1.
    pub fallback: Option<Value>,
}

impl DatabaseBody {
    /// Reads the `options` of a `DatabaseMetric`.
    ///
    /// # Errors
    /// Every problem in one text, each with the option it is about.
    pub fn from_options(options: &Map<String, Value>) -> Result<DatabaseBody, String> {
        body::read(options).map_err(|complaints| {
            let problems: Vec<String> = complaints.iter().map(Complaint::to_string).collect();
            problems.join("; ")
        })
    }

    /// A name for what it counts (spec 11.5); `None` where the column is none of the relation.
    pub fn suggested_name(&self) -> Option<String> {
        let column = self.column.as_deref().map(|name| self.relation.column(name));
        let column = column.transpose().ok()?;
        let key = self.primary_key.as_deref().and_then(|names| match names {
            [name] => Some(name.as_str()),
            _ => None,
        });
        let named = column.filter(|column| column.name != key.unwrap_or("id"));
        Some(self.relation.suggested_name(self.operation, named.as_ref()))
    }

    /// Every `:name` of the SQL, sorted, each once; `now` is among them if it is used.
    pub fn placeholders(&self) -> Vec<String> {
        let bounds = [&self.start, &self.finish];
        let queries = bounds.into_iter().flatten().filter_map(|bound| match bound {
            Bound::Query(query) => Some(query.placeholders()),
            Bound::Integer(_) => None,
        });
        let mut names: Vec<String> = self
            .relation
            .placeholders()
            .into_iter()
            .chain(queries.flatten())
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

/// An end of the range that batches run over.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Bound {
    Integer(i64),
    /// A query that gives one whole number.
    Query(Query),
}
