//! Instrumentation classes: from a definition to a measure, from readings to a value. They describe, they do not run.
//!
//! Pure: no class knows a server, a statement that was sent, or a payload. A new class is one file here and one line in
//! `registry`.

mod aggregated;
mod database;
mod database_info;
mod geo;
mod http_value;
mod identity;
mod internal_events;
mod license;
mod meaning;
mod numbers;
mod prometheus;
mod redis_counter;
mod redis_hll;
mod registry;
mod setting;
mod sql_value;
mod static_value;
mod topology;
mod typed;
mod version_parts;
mod window;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

pub use internal_events::class_of;
pub use meaning::meaning;
pub use registry::{Class, Registry};
pub use window::window;

use crate::definition::{Catalog, DataSource, EventSelection, MetricDefinition, TimeFrame, ValueType};
use crate::keyspace::{Keyspace, Period};
use crate::measure::{Failure, Measure, Reading, Reason};

/// What a definition, or a sum that holds the class, says to a class.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub options: &'a Map<String, Value>,
    pub time_frame: TimeFrame,
    pub data_source: DataSource,
    /// The events that the definition selects beside its options.
    pub events: &'a [EventSelection],
}

impl<'a> Request<'a> {
    /// What a definition says.
    pub fn of(definition: &'a MetricDefinition) -> Request<'a> {
        Request {
            options: &definition.options,
            time_frame: definition.time_frame,
            data_source: definition.data_source,
            events: &definition.events,
        }
    }
}

/// What a class may look at beside its request.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub catalog: &'a Catalog,
    pub registry: &'a Registry,
    /// The keys of events.
    pub keyspace: &'a Keyspace,
    /// The run's one instant.
    pub now: DateTime<Utc>,
    /// How many sums the class stands in.
    pub depth: usize,
}

/// A way to measure.
pub trait InstrumentationClass: Send + Sync {
    /// The name that definitions use.
    fn name(&self) -> &str;

    /// What the metric asks for.
    ///
    /// # Errors
    /// `invalid_options` where the options do not fit; any other reason where it is known beforehand.
    fn describe(&self, request: &Request<'_>, context: &Context<'_>) -> Result<Measure, Failure>;

    /// The metric's value, from what was read.
    ///
    /// # Errors
    /// `wrong_type` where the reading cannot be the value that is wanted.
    fn shape(&self, reading: Reading, _value_type: ValueType) -> Result<Value, Failure> {
        Ok(reading.to_json())
    }

    /// Where its data lives, for a definition that says no more than the class's name.
    fn data_source(&self) -> DataSource {
        DataSource::Database
    }

    /// The time that such a definition looks back over.
    fn time_frame(&self) -> TimeFrame {
        TimeFrame::All
    }

    /// The value in place of -1, if the class declares one.
    fn fallback(&self, _options: &Map<String, Value>) -> Option<Value> {
        None
    }
}

/// A failure of the options, with what is wrong in them.
fn invalid_options(message: impl Into<String>) -> Failure {
    Failure::new(Reason::InvalidOptions, message)
}

/// The options, refused where they hold a key that the class does not take.
fn take_only(options: &Map<String, Value>, known: &[&str]) -> Result<(), Failure> {
    match options.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) if known.is_empty() => Err(invalid_options(format!(
            "there is no option {key:?}; the class takes none"
        ))),
        Some(key) => Err(invalid_options(format!(
            "there is no option {key:?}; the class takes {}",
            known.join(", ")
        ))),
        None => Ok(()),
    }
}

/// An option that is text.
fn text_option<'a>(options: &'a Map<String, Value>, name: &str) -> Result<&'a str, Failure> {
    let value = options.get(name).and_then(Value::as_str);
    value.ok_or_else(|| invalid_options(format!("option {name:?} is missing or is not text")))
}

/// The events under `options`: a list of names.
fn event_names(options: &Map<String, Value>) -> Result<Vec<&str>, Failure> {
    let names: Option<Vec<&str>> = match options.get("events") {
        Some(Value::Array(names)) => names.iter().map(Value::as_str).collect(),
        _ => None,
    };
    names
        .filter(|names| !names.is_empty())
        .ok_or_else(|| invalid_options("option \"events\" is missing or is no list of names"))
}

/// The days that a metric of events covers.
fn period(request: &Request<'_>, context: &Context<'_>) -> Result<Period, Failure> {
    let outside = || {
        invalid_options(format!(
            "the time frame {} is none of events: they are kept for 7d and 28d",
            request.time_frame.as_str()
        ))
    };
    Period::of(request.time_frame, context.now).ok_or_else(outside)
}
