//! How a metric comes to its value, told from the measure that a run would read.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Sources;
use crate::definition::{AggregateOperator, EventOperator, EventSelection, MetricDefinition, TimeFrame};
use crate::instrumentation::class_of;
use crate::measure::{
    AggregateMeasure, DatabaseMeasure, EventMeasure, EventRead, Fact, Measure, PrometheusMeasure, PrometheusValue,
};
use crate::relation::Operation;
use crate::report::plan_one;

/// What a metric counts, and by which means.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measured {
    /// What is counted, in a sentence; or why nothing is.
    pub counts: String,
    /// The time it looks back over, in words.
    pub window: &'static str,
    /// The statement that gives it; of an aggregate, those of its parts.
    pub statements: Vec<String>,
    /// The metrics that a sum adds up.
    pub parts: Vec<String>,
    /// The events, by name, each once.
    pub events: Vec<String>,
    /// The class that measures it, then those of a sum's parts.
    pub classes: Vec<String>,
}

pub(super) fn of(definition: &MetricDefinition, sources: &Sources<'_>) -> Measured {
    let mut measured = Measured {
        events: each_once(definition.event_names()),
        classes: classes(definition),
        parts: texts(definition.options.get("metrics")),
        ..Measured::default()
    };
    let plan = plan_one(definition, sources.context.registry, &sources.context);
    match plan.metrics.first().map(|metric| &metric.measure) {
        None => measured.counts = "Nothing: the metric was removed.".to_owned(),
        Some(Ok(None)) => measured.counts = "Nothing: the metric is deprecated, its value is -1000.".to_owned(),
        Some(Err(failure)) => measured.counts = format!("Nothing here: {}.", failure.message),
        Some(Ok(Some(measure))) => {
            measured.counts = counted(measure, definition);
            measured.window = window(measure, definition.time_frame);
            measured.statements = statements(measure, sources);
        }
    }
    measured
}

fn each_once<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(*name)).map(str::to_owned).collect()
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn classes(definition: &MetricDefinition) -> Vec<String> {
    let data = definition.options.get("data").and_then(Value::as_array);
    let of_parts = data.into_iter().flatten();
    let of_parts = of_parts.filter_map(|part| part.get("instrumentation_class")?.as_str());
    each_once(class_of(definition).into_iter().chain(of_parts))
}

/// One statement where one gives the value; otherwise those of the parts that a database answers.
fn statements(measure: &Measure, sources: &Sources<'_>) -> Vec<String> {
    let whole = measure.statement(sources.dialect);
    let found = match whole {
        Some(statement) => vec![statement],
        None => measure
            .leaves()
            .iter()
            .filter_map(|leaf| leaf.statement(sources.dialect))
            .collect(),
    };
    // What a dialect has not is said by `dump sql`.
    found.into_iter().filter_map(Result::ok).collect()
}

fn counted(measure: &Measure, definition: &MetricDefinition) -> String {
    match measure {
        Measure::Database(measure) => of_database(measure),
        Measure::SqlValue(measure) => format!("The one value of a query of the database {}.", measure.database),
        Measure::Event(measure) => of_events(measure, &definition.events),
        Measure::Prometheus(measure) => of_prometheus(measure, definition),
        Measure::Sum(parts) => format!("The sum of {} parts; -1 if one of them fails.", parts.len()),
        Measure::Aggregate(aggregate) => of_aggregate(aggregate),
        Measure::Setting(setting) => format!("The setting {}.", setting.in_words()),
        Measure::GeoNodes => "What secondary sites told the primary: one object for each.".to_owned(),
        Measure::License(attribute) => format!("{} of the licence.", attribute.as_str()),
        Measure::Http(measure) => format!("Over HTTP: {}.", measure.in_words()),
        Measure::Server(measure) => {
            format!(
                "What the database {} says of its {}.",
                measure.database,
                measure.fact.as_str()
            )
        }
        Measure::Fact(fact) => format!("What the run itself knows: {}.", of_fact(*fact)),
        Measure::Constant(_) => "The value that the definition gives.".to_owned(),
    }
}

fn of_database(measure: &DatabaseMeasure) -> String {
    let column = measure
        .counted_column()
        .map(|column| format!("{}.{}", column.table, column.name));
    let column = column.as_deref().unwrap_or("the rows");
    let what = match measure.operation {
        Operation::Count if measure.estimate.is_some() => {
            let tables = tables(measure);
            return format!(
                "The number of rows of {tables} by the database's statistics; counted where there are none."
            );
        }
        Operation::Count if measure.column.is_none() => format!("The number of rows of {}", tables(measure)),
        Operation::Count => format!("The number of rows that have {column}"),
        Operation::DistinctCount => format!("The number of different {column}"),
        Operation::EstimateBatchDistinctCount => {
            return format!(
                "An estimate of the number of different {column}, through a sketch; the statement shows the exact count."
            );
        }
        Operation::Sum => format!("The sum of {column}"),
        Operation::Average => format!("The average of {column}"),
        Operation::Histogram { from, to, size } => {
            format!("How many {column} have how many rows: {size} buckets from {from} to {to}")
        }
    };
    match measure.relation.is_grouped() && !matches!(measure.operation, Operation::Histogram { .. }) {
        true => format!("{what}, for each group."),
        false => format!("{what}."),
    }
}

fn tables(measure: &DatabaseMeasure) -> String {
    let tables = measure.relation.tables();
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    names.join(" with ")
}

fn of_events(measure: &EventMeasure, selections: &[EventSelection]) -> String {
    match measure.read {
        EventRead::Total(_) => "How often the events occurred.".to_owned(),
        EventRead::Sum(_) => "The sum of the events' values.".to_owned(),
        EventRead::Fields(_) => format!("How often the events occurred, for each {}.", unique(selections)),
        EventRead::Unique(_) | EventRead::Sketch(_) => {
            format!("How many different {} the events had, together.", unique(selections))
        }
    }
}

/// What is counted once, as the definition says it; lists of before 2023 say only that values are.
fn unique(selections: &[EventSelection]) -> String {
    let named: BTreeSet<&str> = selections
        .iter()
        .filter(|selection| selection.operator != Some(EventOperator::SumOfValues))
        .filter_map(|selection| selection.unique.as_deref())
        .collect();
    let named: Vec<&str> = named.into_iter().collect();
    if named.is_empty() {
        "values".to_owned()
    } else {
        named.join(", ")
    }
}

fn of_prometheus(measure: &PrometheusMeasure, definition: &MetricDefinition) -> String {
    let unit = definition.options.get("unit").and_then(Value::as_str);
    let unit = unit.map(|unit| format!(", in {unit}")).unwrap_or_default();
    match measure {
        PrometheusMeasure::Value {
            query,
            value: PrometheusValue::ByLabel(_),
        } => format!("What Prometheus answers to `{query}`, for each label{unit}."),
        PrometheusMeasure::Value { query, .. } => format!("What Prometheus answers to `{query}`{unit}."),
        PrometheusMeasure::Queries(queries) => {
            let queries: Vec<String> = queries.iter().map(|named| format!("`{}`", named.query)).collect();
            format!("What Prometheus answers to {}.", queries.join(", "))
        }
    }
}

fn of_aggregate(aggregate: &AggregateMeasure) -> String {
    let sets = aggregate.parts.len();
    match aggregate.operator {
        AggregateOperator::Or => format!("An estimate of how many are in any of {sets} sets."),
        AggregateOperator::And => format!("An estimate of how many are in all of {sets} sets."),
    }
}

fn of_fact(fact: Fact) -> &'static str {
    match fact {
        Fact::Uuid => "the instance's id",
        Fact::Hostname => "the host's name",
        Fact::Version => "the product's version",
        Fact::InstallationType => "how it was installed",
        Fact::Edition => "its edition",
        Fact::RecordedAt => "the moment of the run",
    }
}

fn window(measure: &Measure, time_frame: TimeFrame) -> &'static str {
    let events = matches!(measure.leaves().first(), Some(Measure::Event(_)));
    match (time_frame, events) {
        (TimeFrame::SevenDays, false) => "From 9 days to 2 days before the run.",
        (TimeFrame::TwentyEightDays, false) => "From 30 days to 2 days before the run.",
        (TimeFrame::SevenDays, true) => "The last complete week, or for daily events the last 7 days.",
        (TimeFrame::TwentyEightDays, true) => "The last four complete weeks, or for daily events the last 28 days.",
        (TimeFrame::All, _) => "Since the instance began.",
        (TimeFrame::None, _) => "The present state.",
    }
}
