//! What a metric asks for, and the readings it gets.
//!
//! A measure is a plain value: it says everything about a metric that can be known before anything runs, so that dumps,
//! explanations, plans and dictionaries are all projections of it. Equal measures are read once a run.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::relation::{Column, Operation, Query, Relation};
use crate::sketch::HyperLogLog;

/// What a metric asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Measure {
    /// An operation over a relation of the instance's database.
    Database(DatabaseMeasure),
    /// The one value of one query.
    SqlValue(SqlValueMeasure),
    /// The sum of other measures; it fails if any part does.
    Sum(Vec<Measure>),
    /// A key of the configuration's `[settings]`.
    Setting(String),
    /// Something that the run itself knows.
    Fact(Fact),
    /// A value that the definition gives.
    Constant(Value),
}

/// A batched operation over a relation, windows and parameters already applied.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DatabaseMeasure {
    /// The name under `[database.*]`.
    pub database: String,
    pub relation: Relation,
    pub operation: Operation,
    /// The counted, summed or averaged column; `None` counts rows.
    pub column: Option<Column>,
    /// The key of the main table that batches run over.
    pub key: PrimaryKey,
    pub start: Option<Bound>,
    pub finish: Option<Bound>,
    pub batch_size: Option<u64>,
    /// The column a time window was laid over, if one was.
    pub windowed_on: Option<Column>,
}

/// What is known of a table's key before the database is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PrimaryKey {
    /// Nothing was said: `id` is tried, then the catalogue.
    Assumed,
    /// The definition names these columns; none at all means that the table has no key.
    Declared(Vec<Column>),
}

/// An end of a batched range.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Bound {
    Integer(i64),
    Query(Query),
}

/// One query that gives one value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SqlValueMeasure {
    pub database: String,
    pub query: Query,
}

/// Something that the run itself knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fact {
    Uuid,
    Hostname,
    Version,
    InstallationType,
    Edition,
    RecordedAt,
}

/// A number as sources give it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Integer(i64),
    Float(f64),
}

/// What a source answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    Number(Number),
    /// An aggregate over no rows that has no value, such as an average.
    Empty,
    /// One aggregate for each group; the key as text, NULL as `""`, several keys as a JSON array's text.
    Groups(BTreeMap<String, Option<Number>>),
    /// The distinct values of a column.
    Sketch(Box<HyperLogLog>),
    /// A value taken as it is.
    Value(Value),
}
