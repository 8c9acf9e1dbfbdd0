//! A relation's SQL: parsed once into one tree, checked, rendered for each dialect and operation.
//!
//! Pure: this room opens no connection and names no driver.

use std::ops::Range;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

mod bind;
mod check;
mod column;
mod columns;
mod condition;
mod extent;
mod forms;
mod functions;
mod histogram;
mod identifiers;
mod instant;
mod interval;
mod literal;
mod normal;
mod parse;
mod partition;
mod qualifier;
mod query;
mod range;
mod refusal;
mod render;
mod row_estimate;
mod select;
mod shape;
mod shared;
mod source;
mod sqlite;
mod statement;
mod suggestion;
mod tables;
mod tree;

pub use condition::{Condition, ConditionKind};
pub use query::Query;
pub use shared::{IsUnique, Places, SemiJoin, SharedFrame, SharedRelation, SharedStatement};
pub use tree::Relation;

/// The SQL dialect a statement is rendered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// PostgreSQL 14 and later.
    Postgres,
    /// SQLite 3.39 and later.
    Sqlite,
}

/// A relation that was refused: what is wrong, what to do, and where (byte offsets into the text that was parsed).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RelationError {
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where it is. `None` for what is found later than parsing, such as a form that a dialect has not.
    pub span: Option<Range<usize>>,
}

/// A column of a relation, qualified as it will be rendered: `"users"."id"`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Column {
    /// The table's name or alias in the relation.
    pub table: String,
    pub name: String,
}

/// The table that a relation counts: the first one after FROM.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MainTable {
    /// `None` where the search path decides.
    pub schema: Option<String>,
    pub name: String,
    /// How the rest of the relation calls it: the alias, or the name.
    pub alias: String,
}

/// A closed span of time in UTC; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// A value of a key, as the database printed it, to be rendered as a literal of the key's type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyValue {
    Integer(i64),
    /// Rendered as a quoted literal, which takes the type of what it is compared with.
    Text(String),
}

/// One part of a partition of a relation's rows, to be added to its WHERE.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyRange {
    /// `from <= column < to`; `to: None` has no upper end.
    Integer { column: Column, from: i64, to: Option<i64> },
    /// `after < (columns) <= until` as a row comparison; `None` has no end on that side.
    Keyset {
        columns: Vec<Column>,
        after: Option<Vec<KeyValue>>,
        until: Option<Vec<KeyValue>>,
    },
    /// PostgreSQL's blocks: `ctid >= '(from,0)' AND ctid < '(to,0)'`; `to: None` has no upper end.
    Blocks { table: String, from: u64, to: Option<u64> },
    /// The main table's partition of that name in place of it; `range: None` is all of it.
    OfPartition {
        schema: Option<String>,
        name: String,
        range: Option<Box<KeyRange>>,
    },
    /// `column IS NULL`: the rows that no range over a nullable column holds.
    Null { column: Column },
}

/// What one SELECT asks of the rows. Group keys, if the relation is grouped, always stand first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// `COUNT(*)`
    CountRows,
    /// `COUNT(column)`
    Count(Column),
    /// `COUNT(DISTINCT column)`
    CountDistinct(Column),
    /// `SUM(column)`
    Sum(Column),
    /// `AVG(column)`
    Average(Column),
    /// `MIN(column)`
    Min(Column),
    /// `MAX(column)`
    Max(Column),
    /// The column itself, a row each, NULL left out (adds `column IS NOT NULL`).
    Values(Column),
    /// All integers of the column in one value: PostgreSQL `string_agg(int8send(column::int8), '')`, or the same of `int4`;
    /// SQLite `group_concat(column, ',')`; NULL left out.
    PackedIntegers(Column, IntegerWidth),
}

/// The bytes that an integer takes in a packed value of PostgreSQL; in one of SQLite each takes its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IntegerWidth {
    Four,
    Eight,
}

/// The operation of a database metric, as a definition spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    Count,
    DistinctCount,
    EstimateBatchDistinctCount,
    Sum,
    Average,
    /// How many groups have how many rows: `WIDTH_BUCKET(rows, from, to, size - 1)`.
    Histogram {
        from: i64,
        to: i64,
        size: i64,
    },
}
