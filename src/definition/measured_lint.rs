//! What a metric's class measures, against what the definition says of it.

use serde_json::Value;

use super::class::DatabaseBody;
use super::code::Code;
use super::complaint::{Complaint, Segment};
use super::event_options::{REDIS_HLL_METRIC, REDIS_METRIC};
use super::metric_reading::DATABASE_METRIC;
use super::{Catalog, DataSource, DeclaredClass, MetricDefinition, ValueType, estimate_rule, naming_lint};
use crate::relation::Operation;

/// The class whose value the definition itself gives.
pub(super) const STATIC_METRIC: &str = "StaticMetric";

/// Complaints about a metric.
pub(super) fn of_metric(catalog: &Catalog, metric: &MetricDefinition) -> Vec<Complaint> {
    let body = DatabaseBody::of_metric(catalog, metric);
    let mut complaints: Vec<Complaint> = data_source(catalog, metric).into_iter().collect();
    complaints.extend(naming_lint::spelling(metric, body.as_ref()));
    complaints.extend(value_type(metric, body.as_ref()));
    complaints.extend(body.as_ref().and_then(|body| estimate_rule::of_metric(metric, body)));
    if metric.instrumentation_class.as_deref() == Some(DATABASE_METRIC) {
        let found = body.as_ref().map(of_query).unwrap_or_default().into_iter();
        complaints.extend(found.map(|complaint| complaint.under(&["options".into()])));
    }
    complaints
}

/// Complaints about a declared class, whose place in its file is not known here.
pub(super) fn of_class(class: &DeclaredClass) -> Vec<Complaint> {
    of_query(&class.body)
}

fn of_query(body: &DatabaseBody) -> Vec<Complaint> {
    distinct_column(body).into_iter().chain(group_by_place(body)).collect()
}

fn data_source(catalog: &Catalog, metric: &MetricDefinition) -> Option<Complaint> {
    let class = metric.instrumentation_class.as_deref()?;
    let read = match class {
        DATABASE_METRIC => DataSource::Database,
        REDIS_METRIC => DataSource::Redis,
        REDIS_HLL_METRIC => DataSource::RedisHll,
        other if catalog.class(other).is_some() => DataSource::Database,
        _ => return None,
    };
    (metric.data_source != read && !metric.class_is_implied()).then(|| {
        let (read, said) = (read.as_str(), metric.data_source.as_str());
        let message = format!("`{class}` reads the source `{read}`, and the definition says `{said}`");
        Complaint::warning(Code::DataSourceMismatch, &["data_source".into()], message)
            .with_help(format!("write `data_source: {read}`, or name another class"))
    })
}

fn value_type(metric: &MetricDefinition, body: Option<&DatabaseBody>) -> Option<Complaint> {
    let (is, why) = match (body, given(metric)) {
        (Some(body), _) => of_body(body),
        (None, Some(value)) => (of_value(value)?, "the value given under `options`"),
        (None, None) => return None,
    };
    (metric.value_type != is).then(|| {
        let (is, said) = (is.as_str(), metric.value_type.as_str());
        let message = format!("the value type is `{said}`, and {why} is of the type `{is}`");
        Complaint::warning(Code::ValueTypeMismatch, &["value_type".into()], message)
            .with_help(format!("write `value_type: {is}`"))
    })
}

fn of_body(body: &DatabaseBody) -> (ValueType, &'static str) {
    match body.operation {
        Operation::Histogram { .. } => (ValueType::Object, "a histogram"),
        _ if body.relation.is_grouped() => (ValueType::Object, "a value for each group"),
        _ => (ValueType::Number, "what is counted"),
    }
}

/// The value of a metric that is known without asking anything.
pub(super) fn given(metric: &MetricDefinition) -> Option<&Value> {
    let is_static = metric.instrumentation_class.as_deref() == Some(STATIC_METRIC);
    metric.options.get("value").filter(|_| is_static)
}

fn of_value(value: &Value) -> Option<ValueType> {
    match value {
        Value::String(_) => Some(ValueType::String),
        Value::Number(_) => Some(ValueType::Number),
        Value::Bool(_) => Some(ValueType::Boolean),
        Value::Object(_) | Value::Array(_) => Some(ValueType::Object),
        Value::Null => None,
    }
}

/// Distinct values are added up over ranges of a key; those of any other column come of one long statement (spec 15).
fn distinct_column(body: &DatabaseBody) -> Option<Complaint> {
    let column = body.column.as_deref()?;
    let name = column.rsplit('.').next().unwrap_or(column).trim_matches('"');
    let is_key = name == "id" || name.ends_with("_id") || name.ends_with("Id");
    (body.operation == Operation::DistinctCount && !is_key).then(|| {
        let path: [Segment; 1] = ["column".into()];
        let message =
            format!("a distinct count of `{name}`, which is no foreign key by its name, is one long statement");
        Complaint::warning(Code::DistinctCountColumn, &path, message)
            .with_help("count a key such as `user_id`, or write `operation: estimate_batch_distinct_count`")
    })
}

fn group_by_place(body: &DatabaseBody) -> Option<Complaint> {
    body.relation.groups_by_place().then(|| {
        let message = "a number after GROUP BY makes one group of all rows: a relation has no list that it could count";
        Complaint::warning(Code::GroupByPlace, &["relation".into()], message)
            .with_help("write the column that is meant, or leave the GROUP BY out")
    })
}
