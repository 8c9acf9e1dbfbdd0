//! `AggregatedMetric`: who did any, or all, of several things (spec 3.5, 7).

use serde_json::{Map, Value};

use super::{Context, InstrumentationClass, Request, event_names, invalid_options, period, take_only, text_option};
use crate::definition::{AggregateOperator, AggregateSource, DataSource, MOST_INTERSECTED, TimeFrame};
use crate::keyspace::UniqueQuestion;
use crate::measure::{AggregateMeasure, DatabaseMeasure, EventMeasure, EventRead, Failure, Measure, Reason};
use crate::relation::Operation;

/// `options: {aggregate: {operator: OR}, events: [a, b]}`; `source: redis | database | mixed`, which is that of the data if
/// it is not said.
pub(super) struct AggregatedMetric;

impl InstrumentationClass for AggregatedMetric {
    fn name(&self) -> &str {
        "AggregatedMetric"
    }

    fn data_source(&self) -> DataSource {
        DataSource::RedisHll
    }

    fn time_frame(&self) -> TimeFrame {
        TimeFrame::TwentyEightDays
    }

    fn describe(&self, request: &Request<'_>, context: &Context<'_>) -> Result<Measure, Failure> {
        take_only(request.options, &["aggregate", "events", "source"])?;
        let operator = operator(request.options)?;
        let names = event_names(request.options)?;
        if operator == AggregateOperator::And && names.len() > MOST_INTERSECTED {
            return Err(invalid_options(format!(
                "an intersection of {} sets would say nothing: at most {MOST_INTERSECTED} can be estimated",
                names.len()
            )));
        }
        let source = source(request)?;
        if source == AggregateSource::Redis {
            return of_events(operator, &names, request, context);
        }
        let part = |name: &&str| match source {
            AggregateSource::Mixed => either(name, request, context),
            _ => persisted(name, request.time_frame, context),
        };
        let parts = names.iter().map(part).collect::<Result<Vec<_>, _>>()?;
        Ok(Measure::Aggregate(Box::new(AggregateMeasure { operator, parts })))
    }
}

fn operator(options: &Map<String, Value>) -> Result<AggregateOperator, Failure> {
    let Some(Value::Object(aggregate)) = options.get("aggregate") else {
        return Err(invalid_options("option \"aggregate\" is missing or is no mapping"));
    };
    take_only(aggregate, &["operator", "attribute"])?;
    match text_option(aggregate, "operator")? {
        "OR" => Ok(AggregateOperator::Or),
        "AND" => Ok(AggregateOperator::And),
        other => Err(invalid_options(format!(
            "the operator {other:?} is not known; it is OR or AND"
        ))),
    }
}

fn source(request: &Request<'_>) -> Result<AggregateSource, Failure> {
    match request.options.get("source").map(Value::as_str) {
        None if request.data_source == DataSource::Database => Ok(AggregateSource::Database),
        None => Ok(AggregateSource::Redis),
        Some(Some("redis" | "redis_hll")) => Ok(AggregateSource::Redis),
        Some(Some("database")) => Ok(AggregateSource::Database),
        Some(Some("mixed")) => Ok(AggregateSource::Mixed),
        Some(_) => Err(invalid_options("option \"source\" is redis, database or mixed")),
    }
}

/// Events of one slot and aggregation. Their union is one question; their intersection wants each sketch.
fn of_events(
    operator: AggregateOperator,
    names: &[&str],
    request: &Request<'_>,
    context: &Context<'_>,
) -> Result<Measure, Failure> {
    let (keys, window) = context.keyspace.unique_keys(&question(names, request, context)?)?;
    if operator == AggregateOperator::Or {
        return Ok(Measure::Event(Box::new(EventMeasure {
            read: EventRead::Unique(keys),
            window: Some(window),
        })));
    }
    let parts = names.iter().map(|name| sketch(name, request, context));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    Ok(Measure::Aggregate(Box::new(AggregateMeasure { operator, parts })))
}

fn question<'a>(
    names: &'a [&'a str],
    request: &Request<'_>,
    context: &Context<'_>,
) -> Result<UniqueQuestion<'a>, Failure> {
    Ok(UniqueQuestion {
        events: names,
        period: period(request, context)?,
        context: "",
        any_category: true,
        identifier: None,
    })
}

fn sketch(name: &str, request: &Request<'_>, context: &Context<'_>) -> Result<Measure, Failure> {
    let (keys, window) = context.keyspace.unique_keys(&question(&[name], request, context)?)?;
    Ok(Measure::Event(Box::new(EventMeasure {
        read: EventRead::Sketch(keys),
        window: Some(window),
    })))
}

/// The name says which source it is of, as only one of them knows it.
fn either(name: &str, request: &Request<'_>, context: &Context<'_>) -> Result<Measure, Failure> {
    match (context.keyspace.counts_values(name), persists(name, context)) {
        (true, true) => Err(invalid_options(format!(
            "{name:?} is both an event and what a metric persists: rename one of them"
        ))),
        (true, false) => sketch(name, request, context),
        (false, true) => persisted(name, request.time_frame, context),
        (false, false) => Err(Failure::new(
            Reason::UnknownEvent,
            format!("{name:?} is neither an event nor what a metric persists"),
        )),
    }
}

fn persists(name: &str, context: &Context<'_>) -> bool {
    let frames = [
        TimeFrame::SevenDays,
        TimeFrame::TwentyEightDays,
        TimeFrame::All,
        TimeFrame::None,
    ];
    frames
        .iter()
        .any(|frame| context.catalog.persisted(name, *frame).is_some())
}

/// The estimate that a metric persists under the name: the same measure, so that the run reads it once, and neither the
/// order of metrics nor a clock can come between (spec 7.6).
fn persisted(name: &str, time_frame: TimeFrame, context: &Context<'_>) -> Result<Measure, Failure> {
    let missing = || {
        let message = format!("no estimated metric persists {name:?} for {}", time_frame.as_str());
        Failure::new(Reason::NotPersisted, message)
    };
    let definition = context.catalog.persisted(name, time_frame).ok_or_else(missing)?;
    let class = super::class_of(definition).and_then(|class| context.registry.class(class, context.catalog));
    let class = class.ok_or_else(missing)?;
    match class.describe(&Request::of(definition), context)? {
        Measure::Database(measure) if is_estimate(&measure) => Ok(Measure::Database(measure)),
        _ => Err(invalid_options(format!(
            "{} persists {name:?} but estimates nothing",
            definition.key_path
        ))),
    }
}

fn is_estimate(measure: &DatabaseMeasure) -> bool {
    measure.operation == Operation::EstimateBatchDistinctCount
}
