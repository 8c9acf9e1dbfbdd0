//! What a metric asks of Prometheus, what is answered, and the number that is made of it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Failure, Number, Reading, Reason};

/// Series that one metric may have, each a group of its value.
const MAX_SERIES: usize = 10_000;
/// Up to here every whole number has a float of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// The label that holds a series' own name.
const NAME: &str = "__name__";

/// Queries of Prometheus.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PrometheusMeasure {
    /// What one query gives, as a number or as groups.
    Value { query: String, value: PrometheusValue },
    /// Several queries, put one after the other; once one ran out of time, the rest is not asked.
    Queries(Vec<NamedQuery>),
}

/// What is taken of a query's result.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PrometheusValue {
    /// The number of a PromQL scalar.
    Scalar,
    /// The first sample of an instant vector.
    Vector,
    /// Each sample of an instant vector, by this label; without one, by all labels that the query left.
    ByLabel(Option<String>),
}

/// A query with the name that its answer goes by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamedQuery {
    pub name: String,
    pub query: String,
}

/// What a query gave.
#[derive(Debug, Clone, PartialEq)]
pub enum QueryResult {
    Scalar(f64),
    /// An instant vector, in the order of the reply.
    Vector(Vec<Sample>),
    /// A result of another type, by the name that Prometheus gives it.
    Other(String),
}

/// One sample of an instant vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// Why a query has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    pub kind: QueryErrorKind,
    pub failure: Failure,
}

/// The kinds of error that GitLab's client tells apart; topologies name them (spec 10.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryErrorKind {
    /// No connection, or one that broke.
    Connection,
    /// The connection was not made in time.
    ConnectTimeout,
    /// The answer did not come in time.
    ReadTimeout,
    /// Prometheus found the query wrong: 400.
    Query,
    /// Any other status than 200, or a reply that is none of Prometheus'.
    UnexpectedResponse,
}

/// The answers to several queries.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// By the queries' names, in their order.
    pub answers: Vec<(String, Answer)>,
    /// How long they took together, finding the server included.
    pub elapsed: Duration,
}

/// How one of several queries ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The samples of an instant vector; no other result has any.
    Samples(Vec<Sample>),
    Failed(QueryErrorKind),
    /// One before it ran out of time.
    NotAsked,
}

impl PrometheusMeasure {
    /// The PromQL that is asked, in its order.
    pub fn queries(&self) -> Vec<&str> {
        match self {
            PrometheusMeasure::Value { query, .. } => vec![query],
            PrometheusMeasure::Queries(queries) => queries.iter().map(|named| named.query.as_str()).collect(),
        }
    }

    /// In words: the query, or how many there are.
    pub fn in_words(&self) -> String {
        match self {
            PrometheusMeasure::Value { query, .. } => format!("PromQL {query}"),
            PrometheusMeasure::Queries(queries) => format!("{} queries of Prometheus", queries.len()),
        }
    }
}

impl PrometheusValue {
    /// # Errors
    /// `wrong_type` where the result is of another type, or several series share a key; `empty_result`, `not_finite`,
    /// `too_many_groups`.
    pub fn reading(&self, result: QueryResult) -> Result<Reading, Failure> {
        match (self, result) {
            (PrometheusValue::Scalar, QueryResult::Scalar(value)) => Ok(Reading::Number(number(value)?)),
            (PrometheusValue::Scalar, QueryResult::Vector(_)) => {
                Err(wrong_type("a vector: say `value: vector`, or put scalar(…) around it"))
            }
            (_, QueryResult::Scalar(_)) => Err(wrong_type("a scalar: say `value: scalar`, or put vector(…) around it")),
            (_, QueryResult::Other(kind)) => Err(wrong_type(&format!("a {kind}, where an instant vector is wanted"))),
            (PrometheusValue::Vector, QueryResult::Vector(samples)) => match samples.first() {
                Some(first) => Ok(Reading::Number(number(first.value)?)),
                None => Err(empty()),
            },
            (PrometheusValue::ByLabel(label), QueryResult::Vector(samples)) => by_label(label.as_deref(), &samples),
        }
    }
}

fn by_label(label: Option<&str>, samples: &[Sample]) -> Result<Reading, Failure> {
    if samples.is_empty() {
        return Err(empty());
    }
    if samples.len() > MAX_SERIES {
        let message = format!(
            "the query gives {} series, of which a payload carries {MAX_SERIES} at most",
            samples.len()
        );
        return Err(Failure::new(Reason::TooManyGroups, message));
    }
    let mut groups = BTreeMap::new();
    for sample in samples {
        let value = Some(number(sample.value)?);
        if groups.insert(sample.key(label), value).is_some() {
            return Err(wrong_type(
                "several series of one key: add them up, as in sum by (label) (…)",
            ));
        }
    }
    Ok(Reading::Groups(groups))
}

impl Sample {
    /// The value of the label; of all labels but the name where none is asked for, several as a JSON array's text.
    fn key(&self, label: Option<&str>) -> String {
        if let Some(label) = label {
            return self.labels.get(label).cloned().unwrap_or_default();
        }
        let values: Vec<&str> = self
            .labels
            .iter()
            .filter(|(name, _)| *name != NAME)
            .map(|(_, value)| value.as_str())
            .collect();
        match values.as_slice() {
            [] => String::new(),
            [only] => (*only).to_owned(),
            several => Value::from(several.to_vec()).to_string(),
        }
    }
}

/// Whole numbers as integers, as other sources give them.
fn number(value: f64) -> Result<Number, Failure> {
    if !value.is_finite() {
        let name = match value {
            value if value.is_nan() => "NaN",
            f64::INFINITY => "+Inf",
            _ => "-Inf",
        };
        return Err(Failure::new(Reason::NotFinite, format!("the query gives {name}")));
    }
    let is_whole = value.fract() == 0.0 && value.abs() <= EXACT;
    Ok(match is_whole {
        true => Number::Integer(value as i64),
        false => Number::Float(value),
    })
}

fn empty() -> Failure {
    Failure::new(Reason::EmptyResult, "the query finds no series")
}

fn wrong_type(found: &str) -> Failure {
    Failure::new(Reason::WrongType, format!("the query gives {found}"))
}

impl QueryErrorKind {
    /// The name of GitLab's error class, without its module.
    pub fn class_name(self) -> &'static str {
        match self {
            QueryErrorKind::Connection => "ConnectionError",
            QueryErrorKind::ConnectTimeout => "OpenTimeout",
            QueryErrorKind::ReadTimeout => "ReadTimeout",
            QueryErrorKind::Query => "QueryError",
            QueryErrorKind::UnexpectedResponse => "UnexpectedResponseError",
        }
    }

    /// Whether time ran out, so that further queries would only wait, too.
    pub fn is_timeout(self) -> bool {
        matches!(self, QueryErrorKind::ConnectTimeout | QueryErrorKind::ReadTimeout)
    }
}

impl Answers {
    /// How many series each query gave, where no class shapes them.
    pub(super) fn to_json(&self) -> Value {
        let entry = |(name, answer): &(String, Answer)| match answer {
            Answer::Samples(samples) => (name.clone(), json!(samples.len())),
            Answer::Failed(kind) => (name.clone(), json!(kind.class_name())),
            Answer::NotAsked => (name.clone(), Value::Null),
        };
        Value::Object(self.answers.iter().map(entry).collect())
    }
}
