//! What a metric asks for, and the readings it gets.
//!
//! A measure is a plain value: it says everything about a metric that can be known before anything runs, so that dumps,
//! explanations, plans and dictionaries are all projections of it. Equal measures are read once a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::definition::AggregateOperator;
use crate::relation::{Column, Operation, Query, Relation, Window};
use crate::sketch::{self, Estimate, HyperLogLog};

mod component;
mod event;
mod license;
mod meaning;
mod prometheus;
mod reason;
mod server;
mod setting;
mod statement;

pub use crate::definition::{Consistency, RowEstimate};
pub use component::{HttpMeasure, HttpPart};
pub use event::{EventMeasure, EventRead};
pub use license::LicenseAttribute;
pub use prometheus::{
    Answer, Answers, NamedQuery, PrometheusMeasure, PrometheusValue, QueryError, QueryErrorKind, QueryResult, Sample,
};
pub use server::{ServerFact, ServerMeasure};
pub use setting::{SettingMeasure, SettingOrigin};

pub use reason::{Failure, FailureKind, Reason};

/// What a metric asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Measure {
    /// An operation over a relation of the instance's database.
    Database(Arc<DatabaseMeasure>),
    /// The one value of one query.
    SqlValue(Box<SqlValueMeasure>),
    /// Keys of the event store.
    Event(Box<EventMeasure>),
    /// Queries of Prometheus.
    Prometheus(Box<PrometheusMeasure>),
    /// The sum of other measures; it fails if any part does.
    Sum(Vec<Measure>),
    /// The union or intersection of sketches; it fails if any part does.
    Aggregate(Box<AggregateMeasure>),
    /// A setting of the instance.
    Setting(SettingMeasure),
    /// Something of the licence that the product runs under.
    License(LicenseAttribute),
    /// What a component of the instance answers.
    Http(Box<HttpMeasure>),
    /// What a database knows of itself.
    Server(ServerMeasure),
    /// What a primary site was told of its secondaries.
    GeoNodes,
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
    /// The column that was named to be counted, summed or averaged.
    pub column: Option<Column>,
    /// The key of the main table that batches run over.
    pub key: PrimaryKey,
    pub start: Option<Bound>,
    pub finish: Option<Bound>,
    pub batch_size: Option<u64>,
    /// What rows that are written during the count may do to it.
    pub consistency: Consistency,
    /// What stands for the count, where the database has it.
    pub estimate: Option<RowEstimate>,
    /// The time window that was laid over the relation, and the column it was laid on.
    pub window: Option<(Column, Window)>,
}

impl DatabaseMeasure {
    /// The column that a statement counts: the one that was named, or an assumed `id`; `None` counts rows.
    pub fn counted_column(&self) -> Option<Column> {
        match (&self.column, &self.key) {
            (Some(column), _) => Some(column.clone()),
            (None, PrimaryKey::Assumed) => Some(Column {
                table: self.relation.main_alias().to_owned(),
                name: PrimaryKey::ASSUMED.to_owned(),
            }),
            (None, PrimaryKey::Declared(_)) => None,
        }
    }
}

/// What is known of a table's key before the database is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PrimaryKey {
    /// Nothing was said: `id` is tried, then the catalogue.
    Assumed,
    /// The definition names these columns; none at all means that the table has no key.
    Declared(Vec<Column>),
}

impl PrimaryKey {
    /// The column that a table's key is taken to be.
    pub const ASSUMED: &str = "id";
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

/// Sets put together, each read as a sketch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AggregateMeasure {
    pub operator: AggregateOperator,
    /// Each an estimate of a database, or the sketch of keys of the event store.
    pub parts: Vec<Measure>,
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
    /// The distinct values of a column, or of keys of the event store.
    Sketch(Box<HyperLogLog>),
    /// The size of sets that were put together, with its bound.
    Estimate(Estimate),
    /// The answers to several queries, each as it is.
    Answers(Box<Answers>),
    /// A value taken as it is.
    Value(Value),
}

impl Measure {
    /// The parts that a source reads, each as often as it stands there.
    pub fn leaves(&self) -> Vec<&Measure> {
        match self {
            Measure::Sum(parts) => parts.iter().flat_map(Measure::leaves).collect(),
            Measure::Aggregate(aggregate) => aggregate.parts.iter().flat_map(Measure::leaves).collect(),
            leaf => vec![leaf],
        }
    }

    /// The same measure with each leaf replaced.
    pub fn with_leaves(&self, replaced: &dyn Fn(&Measure) -> Measure) -> Measure {
        let all = |parts: &[Measure]| parts.iter().map(|part| part.with_leaves(replaced)).collect();
        match self {
            Measure::Sum(parts) => Measure::Sum(all(parts)),
            Measure::Aggregate(aggregate) => Measure::Aggregate(Box::new(AggregateMeasure {
                operator: aggregate.operator,
                parts: all(&aggregate.parts),
            })),
            leaf => replaced(leaf),
        }
    }

    /// The reading of the whole, from those of its leaves.
    ///
    /// # Errors
    /// The failure of a lone leaf as it is; of a sum or an aggregate, `part_failed` with the first failure's message,
    /// `wrong_type` where a part is no number or no sketch, `overflow`.
    pub fn reading(&self, read: &dyn Fn(&Measure) -> Result<Reading, Failure>) -> Result<Reading, Failure> {
        match self {
            Measure::Sum(parts) => sum(parts, read),
            Measure::Aggregate(aggregate) => aggregate.reading(read),
            leaf => read(leaf),
        }
    }

    /// The time window that was laid over it, if there is one.
    pub fn window(&self) -> Option<Window> {
        match self {
            Measure::Database(measure) => measure.window.as_ref().map(|(_, window)| *window),
            Measure::Event(measure) => measure.window,
            Measure::Sum(parts) => parts.iter().find_map(Measure::window),
            Measure::Aggregate(aggregate) => aggregate.parts.iter().find_map(Measure::window),
            _ => None,
        }
    }
}

fn sum(parts: &[Measure], read: &dyn Fn(&Measure) -> Result<Reading, Failure>) -> Result<Reading, Failure> {
    let mut total = Number::Integer(0);
    for part in parts {
        let reading = part.reading(read).map_err(|failure| part_failed("sum", &failure))?;
        total = total.plus(reading.number()?)?;
    }
    Ok(Reading::Number(total))
}

fn part_failed(whole: &str, failure: &Failure) -> Failure {
    let reason = match failure.reason {
        stopped @ (Reason::Cancelled | Reason::NotRun) => stopped,
        _ => Reason::PartFailed,
    };
    Failure::new(reason, format!("a part of the {whole} has no value: {failure}"))
}

impl AggregateMeasure {
    fn reading(&self, read: &dyn Fn(&Measure) -> Result<Reading, Failure>) -> Result<Reading, Failure> {
        let mut sketches = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            match part
                .reading(read)
                .map_err(|failure| part_failed("aggregate", &failure))?
            {
                Reading::Sketch(sketch) => sketches.push(sketch),
                _ => return Err(Failure::new(Reason::WrongType, "a part of the aggregate is no sketch")),
            }
        }
        let sets: Vec<&HyperLogLog> = sketches.iter().map(Box::as_ref).collect();
        Ok(Reading::Estimate(match self.operator {
            AggregateOperator::Or => sketch::union(&sets),
            AggregateOperator::And => sketch::intersection(&sets),
        }))
    }
}

impl Number {
    /// # Errors
    /// `overflow` where the sum has no place in 64 bits.
    pub fn plus(self, other: Number) -> Result<Number, Failure> {
        match (self, other) {
            (Number::Integer(a), Number::Integer(b)) => a
                .checked_add(b)
                .map(Number::Integer)
                .ok_or_else(|| Failure::new(Reason::Overflow, "the sum does not fit into 64 bits")),
            (a, b) => Ok(Number::Float(a.lossy() + b.lossy())),
        }
    }

    fn lossy(self) -> f64 {
        match self {
            Number::Integer(integer) => integer as f64,
            Number::Float(float) => float,
        }
    }

    pub fn to_json(self) -> Value {
        match self {
            Number::Integer(integer) => Value::from(integer),
            Number::Float(float) => Value::from(float),
        }
    }
}

impl Reading {
    /// The value's relative error in at least 99 of 100 cases, where the value is an estimate; relative to 1 where the
    /// value is 0.
    pub fn error_bound(&self) -> Option<f64> {
        match self {
            Reading::Sketch(sketch) => Some(sketch::error_bound(sketch.count())),
            Reading::Estimate(estimate) => Some(estimate.bound / estimate.value.round().max(1.0)),
            _ => None,
        }
    }

    /// The reading as one number.
    ///
    /// # Errors
    /// `wrong_type` for groups, nothing and other values.
    pub fn number(&self) -> Result<Number, Failure> {
        match self {
            Reading::Number(number) => Ok(*number),
            Reading::Sketch(sketch) => Ok(Number::Integer(i64::try_from(sketch.count()).unwrap_or(i64::MAX))),
            Reading::Estimate(estimate) => Ok(Number::Integer(estimate.value.round() as i64)),
            Reading::Value(Value::Number(number)) => match number.as_i64() {
                Some(integer) => Ok(Number::Integer(integer)),
                None => Ok(Number::Float(number.as_f64().unwrap_or(f64::NAN))),
            },
            _ => Err(Failure::new(Reason::WrongType, "a part of the sum is not a number")),
        }
    }

    /// The reading as it stands in a payload.
    pub fn to_json(&self) -> Value {
        match self {
            Reading::Number(number) => number.to_json(),
            Reading::Empty => Value::Null,
            Reading::Groups(groups) => {
                let entry = |(key, number): (&String, &Option<Number>)| {
                    (key.clone(), number.map_or(Value::Null, Number::to_json))
                };
                Value::Object(groups.iter().map(entry).collect())
            }
            Reading::Sketch(sketch) => Value::from(sketch.count()),
            // Things are counted: what an estimator knows of fractions would pass for exactness.
            Reading::Estimate(estimate) => Value::from(estimate.value.round() as u64),
            Reading::Answers(answers) => answers.to_json(),
            Reading::Value(value) => value.clone(),
        }
    }
}
