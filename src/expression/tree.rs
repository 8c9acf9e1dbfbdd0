//! What a line of the console asks for.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Map, Value};

use crate::definition::TimeFrame;
use crate::measure::Number;

/// The most parts that an expression may have after names are replaced by what they are bound to.
const MOST_PARTS: usize = 1000;

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// Nothing but white space and comments.
    Empty,
    /// `name = expression`
    Bind {
        name: String,
        expression: Expression,
    },
    /// An expression, whose value is wanted.
    Value(Expression),
    /// `metric NAME`
    Metric(MetricAsked),
    /// `sql …`: the one statement of an expression, or a query's one value.
    Sql(Asked),
    /// `explain …`
    Explain(Asked),
    /// `track NAME VALUE…`
    Track {
        name: String,
        values: Vec<String>,
    },
    /// `unique_events NAME… from: to:`
    UniqueEvents {
        names: Vec<String>,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
    },
    /// `tables [GLOB]`
    Tables(Option<String>),
    /// `columns TABLE`
    Columns(String),
    /// `metrics [GLOB]`
    Metrics(Option<String>),
    /// `events [GLOB]`
    Events(Option<String>),
    /// `help [TOPIC]`
    Help(Option<String>),
    Quit,
}

/// What `sql` and `explain` are asked about.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    Expression(Expression),
    /// A whole SELECT, checked.
    Query(String),
}

/// A metric or class by its name, with what is said otherwise than in its definition.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricAsked {
    pub name: String,
    pub time_frame: Option<TimeFrame>,
    pub options: Map<String, Value>,
}

/// Something that has a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A batched operation over a relation.
    Call(Box<Call>),
    /// The sum of others.
    Add(Vec<Expression>),
    Number(Number),
    /// A name bound before, a key path, or a class.
    Name(String),
}

/// A batched operation over a relation; every text of it was parsed and checked as SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub operator: Operator,
    /// What may follow FROM.
    pub relation: String,
    pub column: Option<String>,
    pub start: Option<End>,
    pub finish: Option<End>,
    pub batch_size: Option<u64>,
    pub database: Option<String>,
    pub timestamp_column: Option<String>,
    pub time_frame: Option<TimeFrame>,
    /// A histogram's lowest and highest bucket.
    pub buckets: Option<(i64, i64)>,
    pub bucket_size: Option<i64>,
}

/// An end of the range that batches run over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Integer(i64),
    /// A query that gives one whole number.
    Query(String),
}

/// The operations that take a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Count,
    DistinctCount,
    EstimateBatchDistinctCount,
    Sum,
    Average,
    Histogram,
}

impl Operator {
    pub const ALL: [Operator; 6] = [
        Operator::Count,
        Operator::DistinctCount,
        Operator::EstimateBatchDistinctCount,
        Operator::Sum,
        Operator::Average,
        Operator::Histogram,
    ];

    /// As definitions and the console spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Operator::Count => "count",
            Operator::DistinctCount => "distinct_count",
            Operator::EstimateBatchDistinctCount => "estimate_batch_distinct_count",
            Operator::Sum => "sum",
            Operator::Average => "average",
            Operator::Histogram => "histogram",
        }
    }

    /// The operator of a name.
    pub fn of(name: &str) -> Option<Operator> {
        Operator::ALL.into_iter().find(|operator| operator.as_str() == name)
    }
}

/// What names stand for.
pub type Bindings = BTreeMap<String, Expression>;

/// Why names could not be replaced by what they stand for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the expression has more than {MOST_PARTS} parts, with what its names stand for; bind fewer of them")]
pub struct Unbound;

impl Expression {
    /// The expression with bound names replaced by what they stand for.
    ///
    /// # Errors
    /// It grows too large.
    pub fn bound(&self, bindings: &Bindings) -> Result<Expression, Unbound> {
        let mut room = MOST_PARTS;
        self.replaced(bindings, &mut room)
    }

    fn replaced(&self, bindings: &Bindings, room: &mut usize) -> Result<Expression, Unbound> {
        *room = room.checked_sub(1).ok_or(Unbound)?;
        match self {
            Expression::Name(name) => match bindings.get(name) {
                Some(bound) => {
                    *room = room.checked_sub(bound.parts()).ok_or(Unbound)?;
                    Ok(bound.clone())
                }
                None => Ok(self.clone()),
            },
            Expression::Add(parts) => {
                let parts: Result<Vec<Expression>, Unbound> =
                    parts.iter().map(|part| part.replaced(bindings, room)).collect();
                parts.map(Expression::Add)
            }
            other => Ok(other.clone()),
        }
    }

    fn parts(&self) -> usize {
        match self {
            Expression::Add(parts) => 1 + parts.iter().map(Expression::parts).sum::<usize>(),
            _ => 1,
        }
    }

    /// The names that it holds.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Expression::Name(name) => vec![name],
            Expression::Add(parts) => parts.iter().flat_map(Expression::names).collect(),
            _ => Vec::new(),
        }
    }
}
