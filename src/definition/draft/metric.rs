//! The file of a new metric.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::event_options::{REDIS_HLL_METRIC, REDIS_METRIC};
use super::super::metric_reading::DATABASE_METRIC;
use super::super::{DataSource, DatabaseBody, KeyPath, TimeFrame, ValueType};
use super::{Draft, Section, fields, with_modeline};
use crate::relation::Operation;

/// What a new metric is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// A class by its name, and its options.
    Class {
        name: String,
        options: Value,
        data_source: DataSource,
    },
    /// An operation over a relation, declared in place: the options of a `DatabaseMetric`.
    Database { options: Value },
    /// A plain counter.
    Counter { prefix: Option<String>, event: String },
    /// Unique values of known events.
    UniqueValues { events: Vec<String> },
    /// Internal events: every occurrence, or what `unique` names once.
    Events {
        events: Vec<String>,
        unique: Option<String>,
    },
    /// The sum of other metrics.
    Sum { metrics: Vec<String> },
    /// A key of the configuration's `[settings]`.
    Setting { name: String },
}

/// A new metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricDraft {
    pub key_path: KeyPath,
    /// `None` is said from what is measured.
    pub description: Option<String>,
    pub owner: Option<String>,
    /// The release that it comes with.
    pub milestone: Option<String>,
    pub section: Section,
    pub subject: Subject,
}

impl MetricDraft {
    /// The file under `folder` (`metrics`, or `config/metrics`), named by an instant of its own.
    pub fn file(&self, folder: &str, instant: DateTime<Utc>) -> Draft {
        let last = self.key_path.parts().last().unwrap_or_default();
        let stamp = instant.format("%Y%m%d%H%M%S");
        let name = format!("{folder}/{}/{stamp}_{last}.yml", self.section.folder());
        Draft {
            name: PathBuf::from(name),
            text: self.text(),
        }
    }

    fn text(&self) -> String {
        let (class, options, events) = self.subject.fields();
        let description = self.description.clone().unwrap_or_else(|| self.said());
        let document = fields([
            ("key_path", json!(self.key_path.as_str())),
            ("description", json!(description)),
            ("product_group", json!(self.owner)),
            ("value_type", json!(self.value_type().as_str())),
            ("status", json!("active")),
            ("milestone", json!(self.milestone)),
            ("time_frame", json!(self.section.time_frame().as_str())),
            ("data_source", json!(self.data_source().as_str())),
            ("data_category", json!("optional")),
            ("instrumentation_class", json!(class)),
            ("options", options),
            ("events", events),
        ]);
        with_modeline("../schema/metric.json", &Value::Object(document))
    }

    fn value_type(&self) -> ValueType {
        let of_counts = self.section.value_type();
        match &self.subject {
            Subject::Database { options } => match body(options) {
                Some(body) if body.relation.is_grouped() => ValueType::Object,
                Some(body) if matches!(body.operation, Operation::Histogram { .. }) => ValueType::Object,
                _ => ValueType::Number,
            },
            Subject::Counter { .. } | Subject::UniqueValues { .. } | Subject::Events { .. } | Subject::Sum { .. } => {
                ValueType::Number
            }
            Subject::Class { .. } | Subject::Setting { .. } => of_counts,
        }
    }

    fn data_source(&self) -> DataSource {
        match (&self.subject, self.section) {
            (Subject::Class { data_source, .. }, _) => *data_source,
            (Subject::Database { .. } | Subject::Sum { .. }, _) => DataSource::Database,
            (Subject::Counter { .. }, _) => DataSource::Redis,
            (Subject::UniqueValues { .. }, _) => DataSource::RedisHll,
            (Subject::Events { .. }, _) => DataSource::InternalEvents,
            (Subject::Setting { .. }, Section::License) => DataSource::License,
            (Subject::Setting { .. }, _) => DataSource::System,
        }
    }

    /// A sentence for a reviewer to mend.
    fn said(&self) -> String {
        let window = match self.section.time_frame() {
            TimeFrame::SevenDays => ", 7-day window",
            TimeFrame::TwentyEightDays => ", 28-day window",
            TimeFrame::All | TimeFrame::None => "",
        };
        format!("{}{window}", self.subject.said())
    }
}

fn body(options: &Value) -> Option<DatabaseBody> {
    DatabaseBody::from_options(options.as_object()?).ok()
}

impl Subject {
    /// The class, its options, and the events beside them.
    fn fields(&self) -> (Option<String>, Value, Value) {
        let class = |name: &str| Some(name.to_owned());
        match self {
            Subject::Class { name, options, .. } => (class(name), options.clone(), Value::Null),
            Subject::Database { options } => (class(DATABASE_METRIC), options.clone(), Value::Null),
            Subject::Counter { prefix, event } => {
                let options = json!({"prefix": prefix, "event": event});
                (class(REDIS_METRIC), options, Value::Null)
            }
            Subject::UniqueValues { events } => (class(REDIS_HLL_METRIC), json!({"events": events}), Value::Null),
            Subject::Events { events, unique } => {
                let selection =
                    |name: &String| Value::Object(fields([("name", json!(name)), ("unique", json!(unique))]));
                (None, Value::Null, events.iter().map(selection).collect())
            }
            Subject::Sum { metrics } => {
                let options = json!({"operation": "add", "metrics": metrics});
                (class("NumbersMetric"), options, Value::Null)
            }
            Subject::Setting { name } => (class("SettingMetric"), json!({"setting": name}), Value::Null),
        }
    }

    fn said(&self) -> String {
        let text = |options: &Value, name: &str| options[name].as_str().unwrap_or_default().to_owned();
        match self {
            Subject::Class { name, .. } => format!("What {name} measures"),
            Subject::Database { options } => {
                let (operation, relation) = (text(options, "operation"), text(options, "relation"));
                match options["column"].as_str() {
                    Some(column) => format!("The {} of {column} over {relation}", operation.replace('_', " ")),
                    None => format!("The {} of {relation}", operation.replace('_', " ")),
                }
            }
            Subject::Counter { event, .. } => format!("How often {event} happened"),
            Subject::UniqueValues { events } => format!("Unique values of {}", events.join(", ")),
            Subject::Events { events, unique: None } => format!("How often {} happened", events.join(" or ")),
            Subject::Events {
                events,
                unique: Some(unique),
            } => format!("Different {unique} of {}", events.join(" or ")),
            Subject::Sum { metrics } => format!("The sum of {}", metrics.join(", ")),
            Subject::Setting { name } => format!("The setting {name}"),
        }
    }
}
