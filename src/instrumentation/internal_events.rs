//! The classes of internal events: occurrences, unique values, occurrences by value, sums (spec 16).

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::Value;

use super::{Context, InstrumentationClass, Request, invalid_options, period, take_only};
use crate::definition::{DataSource, EventOperator, EventSelection, MetricDefinition, TimeFrame, nearest};

use crate::keyspace::SelectionRule;
use crate::measure::{EventMeasure, EventRead, Failure, Measure};
use crate::relation::Window;

/// The class of a definition: the one that it names, or that its data source chooses.
pub fn class_of(definition: &MetricDefinition) -> Option<&str> {
    if definition.data_source != DataSource::InternalEvents {
        return definition.instrumentation_class.as_deref();
    }
    let first = definition.events.first();
    Some(
        match (
            first.and_then(|event| event.operator),
            first.and_then(|event| event.identifier()),
        ) {
            (Some(EventOperator::SumOfValues), _) => Kind::Sum.name(),
            (Some(EventOperator::Total), Some(_)) => Kind::UniqueTotals.name(),
            (_, Some(_)) => Kind::Unique.name(),
            (_, None) => Kind::Total.name(),
        },
    )
}

/// One of the four classes.
pub(super) struct InternalEventsMetric(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Total,
    Unique,
    UniqueTotals,
    Sum,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Total => "TotalCountMetric",
            Kind::Unique => "UniqueCountMetric",
            Kind::UniqueTotals => "UniqueTotalsMetric",
            Kind::Sum => "TotalSumMetric",
        }
    }

    /// The events that the definition selects; where somebody asks for the class by its name, those of the option `events`.
    fn events<'a>(self, request: &Request<'a>, context: &Context<'_>) -> Result<Cow<'a, [EventSelection]>, Failure> {
        if !request.events.is_empty() {
            take_only(request.options, &[])?;
            return Ok(Cow::Borrowed(request.events));
        }
        take_only(request.options, &["events"])?;
        let listed = request.options.get("events").and_then(Value::as_array);
        let listed = listed
            .filter(|listed| !listed.is_empty())
            .ok_or_else(|| invalid_options("the definition selects no event"))?;
        let selections = listed
            .iter()
            .map(|event| self.selection(event, request.time_frame, context));
        Ok(Cow::Owned(selections.collect::<Result<_, _>>()?))
    }

    /// A name alone selects what the class counts most often: users, for unique values.
    fn selection(self, event: &Value, time_frame: TimeFrame, context: &Context<'_>) -> Result<EventSelection, Failure> {
        let selection = match event {
            Value::String(name) => EventSelection {
                name: name.clone(),
                unique: (self == Kind::Unique).then(|| "user.id".to_owned()),
                filter: BTreeMap::new(),
                operator: None,
            },
            other => EventSelection::of_value(other)
                .ok_or_else(|| invalid_options("option \"events\" lists names, or mappings with a `name`"))?,
        };
        if !context.catalog.names_event(&selection.name) {
            let known = context.catalog.events.iter().map(|event| event.action.as_str());
            let near = nearest(&selection.name, known).join(", ");
            let near = if near.is_empty() {
                near
            } else {
                format!("; near it are {near}")
            };
            return Err(invalid_options(format!("there is no event {:?}{near}", selection.name)));
        }
        let operator = match self {
            Kind::Total | Kind::Unique => None,
            Kind::UniqueTotals => Some(EventOperator::Total),
            Kind::Sum => Some(EventOperator::SumOfValues),
        };
        let selection = EventSelection {
            operator: selection.operator.or(operator),
            ..selection
        };
        let rule = SelectionRule::new(&selection, time_frame);
        if !context.keyspace.counts(&selection.name, &rule) {
            let message = format!(
                "nothing counts {:?} in this way: tracking writes what definitions select, and none selects this",
                selection.name
            );
            return Err(invalid_options(message));
        }
        Ok(selection)
    }

    /// Whether the selection is one that the class can count.
    fn takes(self, selection: &EventSelection) -> bool {
        let unique = selection.unique.is_some();
        match self {
            Kind::Total => !unique && selection.operator.is_none(),
            Kind::Unique => unique && selection.operator.is_none(),
            Kind::UniqueTotals => unique && selection.operator == Some(EventOperator::Total),
            Kind::Sum => !unique && selection.operator == Some(EventOperator::SumOfValues),
        }
    }
}

pub(super) fn classes() -> Vec<InternalEventsMetric> {
    [Kind::Total, Kind::Unique, Kind::UniqueTotals, Kind::Sum]
        .into_iter()
        .map(InternalEventsMetric)
        .collect()
}

impl InstrumentationClass for InternalEventsMetric {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn time_frame(&self) -> TimeFrame {
        TimeFrame::TwentyEightDays
    }

    fn describe(&self, request: &Request<'_>, context: &Context<'_>) -> Result<Measure, Failure> {
        let events = self.0.events(request, context)?;
        if let Some(odd) = events.iter().find(|selection| !self.0.takes(selection)) {
            let message = format!("the selection of {:?} is not one of {}", odd.name, self.0.name());
            return Err(invalid_options(message));
        }
        let days = Days::of(request, context)?;
        let keys = |selection: &EventSelection| days.keys(selection, request.time_frame, context);
        let all = || events.iter().flat_map(keys).collect();
        let read = match self.0 {
            Kind::Total => EventRead::Total(all()),
            Kind::Sum => EventRead::Sum(all()),
            Kind::Unique => EventRead::Unique(each_once(all())),
            Kind::UniqueTotals => EventRead::Fields(by_identifier(&events, keys)),
        };
        Ok(Measure::Event(Box::new(EventMeasure {
            read,
            window: days.window,
        })))
    }
}

/// One day of each period that is covered.
struct Days {
    days: Vec<NaiveDate>,
    window: Option<Window>,
}

impl Days {
    fn of(request: &Request<'_>, context: &Context<'_>) -> Result<Days, Failure> {
        if request.time_frame == TimeFrame::All {
            return Ok(Days {
                days: vec![context.now.date_naive()],
                window: None,
            });
        }
        let period = period(request, context)?;
        let (days, window) = period.whole_weeks()?;
        Ok(Days {
            days,
            window: Some(window),
        })
    }

    fn keys(&self, selection: &EventSelection, time_frame: TimeFrame, context: &Context<'_>) -> Vec<String> {
        let rule = SelectionRule::new(selection, time_frame);
        let rules = context.keyspace.rules();
        self.days.iter().map(|day| rule.key(rules, *day)).collect()
    }
}

fn each_once(keys: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    keys.into_iter().filter(|key| seen.insert(key.clone())).collect()
}

/// Selections of one identifier belong to one object of the value.
fn by_identifier(
    events: &[EventSelection],
    keys: impl Fn(&EventSelection) -> Vec<String>,
) -> Vec<(String, Vec<String>)> {
    let mut parts: Vec<(String, Vec<String>)> = Vec::new();
    for event in events {
        let identifier = event.identifier().unwrap_or_default();
        match parts.iter_mut().find(|(name, _)| name == identifier) {
            Some((_, all)) => all.extend(keys(event)),
            None => parts.push((identifier.to_owned(), keys(event))),
        }
    }
    parts
}
