//! Rules for metrics that count events: over several fields, and of the options of their classes.

use serde_json::Value;

use super::aggregate_reading::too_many_sets;
use super::check::check;
use super::code::Code;
use super::complaint::{At, Complaint, Segment};
use super::event_options::{AGGREGATED_METRIC, REDIS_HLL_METRIC, REDIS_METRIC};
use super::metric_reading::frames_of;
use super::schema::{Shapes, shapes};
use super::shape::Shape;
use super::{AggregateOperator, EventOperator, TimeFrame};

/// What is wrong with a metric of the data source `internal_events`.
pub(super) fn internal_events(value: &Value) -> Vec<Complaint> {
    let events = value["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    if events.is_empty() && (value["events"].is_null() || value["events"].is_array()) {
        let complaint = Complaint::error(Code::MissingField, &["events".into()], "`events` names no event");
        return vec![
            complaint
                .at(At::Key)
                .with_help("a metric of `internal_events` counts at least one event"),
        ];
    }
    let mut complaints: Vec<Complaint> = unlike_the_first(events).collect();
    let unique = events.iter().any(|event| event["unique"].is_string());
    let whole_life = frames_of(&value["time_frame"])
        .iter()
        .any(|frame| is_whole_life(*frame));
    if unique && whole_life {
        let message = "events that are counted once are kept for 7d and 28d only";
        let complaint = Complaint::error(Code::BadValue, &["time_frame".into()], message);
        complaints.push(complaint.with_help("take `all` and `none` out, or count every occurrence (no `unique`)"));
    }
    complaints
}

/// One value comes of all of a metric's events: they are counted in one way.
fn unlike_the_first(events: &[Value]) -> impl Iterator<Item = Complaint> {
    let way = |event: &Value| {
        (
            event["unique"].is_string(),
            event["operator"].as_str().map(str::to_owned),
        )
    };
    let first = events.first().map(way);
    let others = events.iter().enumerate().skip(1);
    others.filter_map(move |(index, event)| {
        let first = first.as_ref()?;
        let (field, message) = match way(event) {
            (unique, _) if unique != first.0 => ("unique", "some events are counted once, others every time"),
            (_, operator) if operator != first.1 => ("operator", "the events are put together by different operators"),
            _ => return None,
        };
        let path: [Segment; 3] = ["events".into(), Segment::Index(index), field.into()];
        let complaint = Complaint::error(Code::BadValue, &path, message);
        Some(complaint.with_help("count all events of a metric in one way, or make two metrics of them"))
    })
}

/// What is wrong with each selection by itself, whatever the data source.
pub(super) fn selections(value: &Value) -> Vec<Complaint> {
    let events = value["events"].as_array().into_iter().flatten().enumerate();
    events.filter_map(|(index, event)| operator(index, event)).collect()
}

fn operator(index: usize, event: &Value) -> Option<Complaint> {
    let unique = event["unique"].is_string();
    let operator = event["operator"].as_str()?;
    let (message, help) = match (operator, unique) {
        (name, true) if name == EventOperator::SumOfValues.as_str() => (
            "a sum of values counts every occurrence: it takes no `unique`",
            "take one of `operator` and `unique` out",
        ),
        (name, false) if name == EventOperator::Total.as_str() => (
            "`total` says how often each value occurred: it needs `unique`",
            "name the property under `unique`, or take `operator` out to count all occurrences",
        ),
        _ => return None,
    };
    let path: [Segment; 3] = ["events".into(), Segment::Index(index), "operator".into()];
    Some(Complaint::error(Code::BadValue, &path, message).with_help(help))
}

/// What is wrong with the options of `class`, if it is one that counts events.
pub(super) fn options(class: &str, value: &Value) -> Vec<Complaint> {
    match class {
        REDIS_METRIC => redis_metric(value),
        REDIS_HLL_METRIC => redis_hll_metric(value),
        AGGREGATED_METRIC => aggregated_metric(value),
        _ => Vec::new(),
    }
}

fn redis_metric(value: &Value) -> Vec<Complaint> {
    let mut complaints = of_shape(value, |shapes| &shapes.redis_options);
    let Some(options) = value["options"].as_object() else {
        complaints.extend(no_options(
            value,
            REDIS_METRIC,
            "say which counter it is: `event` and `prefix`",
        ));
        return complaints;
    };
    if !options.contains_key("prefix") && !options.contains_key("counter_class") {
        let complaint = Complaint::error(
            Code::MissingField,
            &["options".into(), "prefix".into()],
            "`options.prefix` is missing: it is required",
        );
        complaints.push(
            complaint
                .at(At::Key)
                .with_help("write `prefix: null` where the key has none"),
        );
    }
    complaints
}

fn redis_hll_metric(value: &Value) -> Vec<Complaint> {
    let mut complaints = of_shape(value, |shapes| &shapes.redis_hll_options);
    let nothing = |events: &Value| events.is_null() || events.as_array().is_some_and(Vec::is_empty);
    if value["options"]["events"].is_null() && nothing(&value["events"]) {
        let complaint = Complaint::error(
            Code::MissingField,
            &["options".into(), "events".into()],
            "no event is named",
        );
        complaints.push(
            complaint
                .at(At::Key)
                .with_help("list the events under `options.events`"),
        );
    }
    if frames_of(&value["time_frame"])
        .iter()
        .any(|frame| is_whole_life(*frame))
    {
        let message = "unique values of events are kept for 7d and 28d only";
        let complaint = Complaint::error(Code::BadValue, &["time_frame".into()], message);
        complaints.push(complaint.with_help("write `7d`, `28d`, or a list of the two"));
    }
    complaints
}

fn aggregated_metric(value: &Value) -> Vec<Complaint> {
    let mut complaints = of_shape(value, |shapes| &shapes.aggregated_options);
    if !value["options"].is_object() {
        let help = "say what is put together: `aggregate: {operator: OR}` and `events`";
        complaints.extend(no_options(value, AGGREGATED_METRIC, help));
    }
    if value["options"]["aggregate"]["operator"] == AggregateOperator::And.as_str() {
        let complaint = too_many_sets(&value["options"]["events"]);
        complaints.extend(complaint.map(|complaint| complaint.under(&["options".into()])));
    }
    complaints
}

/// The complaint about options that are not there; that they are no mapping was said already.
fn no_options(value: &Value, class: &str, help: &str) -> Option<Complaint> {
    value["options"].is_null().then(|| {
        Complaint::error(
            Code::MissingField,
            &["options".into()],
            format!("`{class}` needs `options`"),
        )
        .at(At::Key)
        .with_help(help)
    })
}

fn of_shape(value: &Value, shape: impl Fn(&Shapes) -> &Shape) -> Vec<Complaint> {
    let Ok(shapes) = shapes() else { return Vec::new() };
    if !value["options"].is_object() {
        return Vec::new();
    }
    let complaints = check(shape(shapes), &value["options"]);
    complaints
        .into_iter()
        .map(|complaint| complaint.under(&["options".into()]))
        .collect()
}

fn is_whole_life(frame: TimeFrame) -> bool {
    frame.suffix().is_empty()
}
