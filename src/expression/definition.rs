//! From an expression to a definition, which is planned and read as any other metric.

use serde_json::{Map, Value, json};

use super::tree::{Asked, Call, End, Expression};
use crate::definition::{KeyPath, MetricDefinition, TimeFrame, ValueType};

impl Asked {
    /// The definition that asks the same, under `key_path`; `is_class` tells classes from key paths.
    pub fn definition(&self, key_path: KeyPath, is_class: &dyn Fn(&str) -> bool) -> MetricDefinition {
        match self {
            Asked::Expression(expression) => expression.definition(key_path, is_class),
            Asked::Query(sql) => {
                let mut definition = MetricDefinition::made_up(key_path, "SqlValueMetric");
                // What the database prints is kept as it is.
                definition.value_type = ValueType::String;
                definition.options.insert("query".to_owned(), Value::from(sql.as_str()));
                definition
            }
        }
    }
}

impl Expression {
    /// As [`Asked::definition`]. A name alone is a sum of one.
    pub fn definition(&self, key_path: KeyPath, is_class: &dyn Fn(&str) -> bool) -> MetricDefinition {
        let Part {
            class,
            options,
            time_frame,
        } = match self {
            Expression::Name(_) => sum(std::slice::from_ref(self), is_class),
            other => part(other, is_class),
        };
        MetricDefinition {
            options,
            time_frame: time_frame.unwrap_or(TimeFrame::All),
            ..MetricDefinition::made_up(key_path, class)
        }
    }
}

/// What a database printed, as JSON: a number where it is spelt as one, else text.
pub fn printed(text: &str) -> Value {
    if let Ok(integer) = text.parse::<i64>()
        && integer.to_string() == text
    {
        return Value::from(integer);
    }
    let float = text
        .starts_with(|c: char| c.is_ascii_digit() || c == '-')
        .then(|| text.parse::<f64>().ok());
    match float
        .flatten()
        .filter(|float| float.is_finite() && float.to_string() == text)
    {
        Some(float) => Value::from(float),
        None => Value::from(text),
    }
}

/// A class with its options.
struct Part<'e> {
    class: &'e str,
    options: Map<String, Value>,
    time_frame: Option<TimeFrame>,
}

fn part<'e>(expression: &'e Expression, is_class: &dyn Fn(&str) -> bool) -> Part<'e> {
    match expression {
        Expression::Call(call) => Part {
            class: "DatabaseMetric",
            options: options(call),
            time_frame: call.time_frame,
        },
        Expression::Number(number) => Part {
            class: "StaticMetric",
            options: Map::from_iter([("value".to_owned(), number.to_json())]),
            time_frame: None,
        },
        Expression::Name(name) => Part {
            class: name,
            options: Map::new(),
            time_frame: None,
        },
        Expression::Add(parts) => sum(parts, is_class),
    }
}

/// Key paths are added by their names, everything else in place.
fn sum<'e>(parts: &'e [Expression], is_class: &dyn Fn(&str) -> bool) -> Part<'e> {
    let (mut metrics, mut data) = (Vec::new(), Vec::new());
    for expression in parts {
        match expression {
            Expression::Name(name) if !is_class(name) => metrics.push(Value::from(name.as_str())),
            other => data.push(in_place(&part(other, is_class))),
        }
    }
    let entries = [
        ("operation", Value::from("add")),
        ("metrics", Value::from(metrics)),
        ("data", Value::from(data)),
    ];
    Part {
        class: "NumbersMetric",
        options: entries
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        time_frame: None,
    }
}

fn in_place(part: &Part<'_>) -> Value {
    let mut object = json!({"instrumentation_class": part.class, "options": part.options});
    if let (Some(object), Some(frame)) = (object.as_object_mut(), part.time_frame) {
        object.insert("time_frame".to_owned(), Value::from(frame.as_str()));
    }
    object
}

/// The options of `DatabaseMetric` that say what a call says.
fn options(call: &Call) -> Map<String, Value> {
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    let entries = [
        ("operation", Some(Value::from(call.operator.as_str()))),
        ("relation", Some(Value::from(call.relation.as_str()))),
        ("column", text(&call.column)),
        ("start", call.start.as_ref().map(End::to_json)),
        ("finish", call.finish.as_ref().map(End::to_json)),
        ("batch_size", call.batch_size.map(Value::from)),
        ("database", text(&call.database)),
        ("timestamp_column", text(&call.timestamp_column)),
        ("buckets", call.buckets.map(|(from, to)| json!([from, to]))),
        ("bucket_size", call.bucket_size.map(Value::from)),
    ];
    let said = entries
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    said.collect()
}

impl End {
    fn to_json(&self) -> Value {
        match self {
            End::Integer(integer) => Value::from(*integer),
            End::Query(sql) => Value::from(sql.as_str()),
        }
    }
}
