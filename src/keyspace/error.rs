//! What can be wrong with an event that is tracked, or with a question about events.

use crate::measure::{Failure, Reason};

/// An event that cannot be tracked or read as was asked. Messages name no tracked value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Nothing declares the event.
    #[error("unknown event {name:?}{}", suggested(.suggestion))]
    UnknownEvent { name: String, suggestion: Option<String> },
    /// No counter has the name.
    #[error("cannot find a counter for the event {name:?}{}", suggested(.suggestion))]
    UnknownCounter { name: String, suggestion: Option<String> },
    /// The event has a name, slot or filter that makes no key (spec 6.2).
    #[error(
        "the event {name:?} has no valid key: {key:?} must hold one part in braces, of letters, digits and underscores, among such, colons and dashes"
    )]
    KeyFormat { name: String, key: String },
    /// The context is no plan.
    #[error("{0:?} is no context; contexts are the plans default, free, premium, ultimate and so on")]
    InvalidContext(String),
    /// Nothing to count was given.
    #[error("the event {0:?} was given no value to count")]
    NoValues(String),
    /// The event is tracked with identifiers, not with values.
    #[error(
        "the event {0:?} is an internal event: track it with a user, project, namespace and properties, not with values"
    )]
    WantsIdentifiers(String),
    /// The event's unique values are those that metrics select.
    #[error(
        "the event {0:?} is an internal event, counted as metrics select it: ask for such a metric by `metric KEY`"
    )]
    CountedByMetrics(String),
    /// The event is tracked with values, not with identifiers.
    #[error("the event {0:?} counts values once: track it with the values, not with identifiers or properties")]
    WantsValues(String),
    /// The event's definition does not have the property.
    #[error("the event {event:?} has no property {property:?}{}", suggested(.suggestion))]
    UnknownProperty {
        event: String,
        property: String,
        suggestion: Option<String>,
    },
    /// The property is not of the type that it has for every event.
    #[error("the property {property:?} of the event {event:?} must be {wanted}")]
    PropertyType {
        event: String,
        property: String,
        wanted: &'static str,
    },
    /// Events of different slots.
    #[error("the events are kept in different slots: {0}")]
    SlotMismatch(String),
    /// Events of different categories.
    #[error("the events are of different categories: {0}")]
    CategoryMismatch(String),
    /// Daily and weekly events.
    #[error("the events are of different aggregations: {0}")]
    AggregationMismatch(String),
    /// No day or whole week lies in the range.
    #[error("no complete {unit} lies from {from} to {to}")]
    NoPeriod {
        unit: &'static str,
        from: chrono::NaiveDate,
        to: chrono::NaiveDate,
    },
    /// A question about no event.
    #[error("no event was named")]
    NoEvent,
}

fn suggested(suggestion: &Option<String>) -> String {
    match suggestion {
        Some(name) => format!("; did you mean {name:?}?"),
        None => String::new(),
    }
}

impl From<EventError> for Failure {
    fn from(error: EventError) -> Failure {
        let reason = match &error {
            EventError::UnknownEvent { .. } | EventError::UnknownCounter { .. } => Reason::UnknownEvent,
            EventError::SlotMismatch(_) => Reason::SlotMismatch,
            EventError::CategoryMismatch(_) => Reason::CategoryMismatch,
            EventError::AggregationMismatch(_) => Reason::AggregationMismatch,
            EventError::NoPeriod { .. } => Reason::NoPeriod,
            _ => Reason::InvalidOptions,
        };
        Failure::new(reason, error.to_string())
    }
}
