//! Events and aggregates as the rest of the house sees them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::TimeFrame;

/// An event of `known_events/*.yml` (spec 6.1). Its unique values stand in the payload by themselves, weekly and monthly,
/// under `redis_hll_counters.<category>` (spec 6.5), if it has a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEvent {
    pub name: String,
    /// `None` in lists of 2023, which no longer say it.
    pub category: Option<String>,
    /// The part of the name that stands in braces in its keys; the whole name if it is not said.
    pub redis_slot: Option<String>,
    pub aggregation: Aggregation,
    /// Days that its keys live after the last write; 29 for daily and 42 for weekly ones if it is not said.
    pub expiry: Option<u32>,
    /// Tracked only while this flag and `redis_hll_tracking` are on.
    pub feature_flag: Option<String>,
    /// The file it came from, relative to the definitions' root.
    pub file: PathBuf,
}

/// How an event's time becomes part of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// A key for each day.
    Daily,
    /// A key for each ISO week.
    Weekly,
}

impl Aggregation {
    /// As definitions spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Aggregation::Daily => "daily",
            Aggregation::Weekly => "weekly",
        }
    }
}

/// An event of `events/*.yml`, GitLab's current form: one mapping a file.
#[derive(Debug, Clone, PartialEq)]
pub struct EventDefinition {
    /// The event's name.
    pub action: String,
    pub description: String,
    pub category: Option<String>,
    /// Whether it is tracked with identifiers and properties, and feeds the metrics that select it.
    pub internal_events: bool,
    /// `user`, `project`, `namespace`: what it may be tracked with.
    pub identifiers: Vec<String>,
    /// The properties beside them, by name: `label`, `property`, `value` and names of its own.
    pub additional_properties: BTreeMap<String, Option<String>>,
    /// Whether it was removed: it is known no more.
    pub removed: bool,
    pub file: PathBuf,
}

/// How a metric selects the occurrences of one event (spec 1.6, 16).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventSelection {
    pub name: String,
    /// What is counted once: `user.id`, `project.id`, `namespace.id` or a property, as written. `None` counts occurrences.
    pub unique: Option<String>,
    /// Only occurrences with these properties count; values as text, by the property's name.
    pub filter: BTreeMap<String, String>,
    pub operator: Option<EventOperator>,
}

impl EventSelection {
    /// A selection as definitions write it; `None` for what is none.
    pub fn of_value(value: &Value) -> Option<EventSelection> {
        let text = |field: &str| value[field].as_str().map(str::to_owned);
        let filter = value["filter"].as_object().into_iter().flatten();
        Some(EventSelection {
            name: text("name")?,
            unique: text("unique"),
            filter: filter
                .map(|(property, value)| (property.clone(), EventSelection::filter_text(value)))
                .collect(),
            operator: EventOperator::deserialize(&value["operator"]).ok(),
        })
    }

    /// What stands before the first dot of `unique`: `user` of `user.id`.
    pub fn identifier(&self) -> Option<&str> {
        self.unique.as_deref().and_then(|unique| unique.split('.').next())
    }

    /// A filter's value as keys spell it.
    pub fn filter_text(value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// How the occurrences of an event are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum EventOperator {
    /// How often each value of `unique` occurred.
    #[serde(rename = "total")]
    Total,
    /// The sum of the property `value`.
    #[serde(rename = "sum(value)")]
    SumOfValues,
}

impl EventOperator {
    /// As definitions and keys spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            EventOperator::Total => "total",
            EventOperator::SumOfValues => "sum(value)",
        }
    }
}

/// An aggregate of `aggregated_metrics/*.yml` (spec 7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AggregateDefinition {
    pub name: String,
    /// What it says, for dictionaries.
    pub description: Option<String>,
    pub operator: AggregateOperator,
    pub source: AggregateSource,
    /// As listed; each gives one value in the payload (spec 7.2).
    pub time_frames: Vec<TimeFrame>,
    /// Names of events, or of what estimated metrics persist, as listed.
    pub events: Vec<String>,
    /// Not in the payload while this flag is off.
    pub feature_flag: Option<String>,
    /// The file it came from, relative to the definitions' root.
    pub file: PathBuf,
}

/// How the sets of an aggregate are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum AggregateOperator {
    /// Who did any of it.
    #[serde(rename = "OR")]
    Or,
    /// Who did all of it.
    #[serde(rename = "AND")]
    And,
}

impl AggregateOperator {
    /// As definitions spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            AggregateOperator::Or => "OR",
            AggregateOperator::And => "AND",
        }
    }
}

/// Where the sets of an aggregate come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(transform = with_later_name)]
pub enum AggregateSource {
    /// Known events of the event store; `redis_hll` is its later name.
    #[serde(alias = "redis_hll")]
    Redis,
    /// What estimated metrics persist in the run (`persist_as`).
    Database,
    /// Either, name by name.
    Mixed,
}

impl AggregateSource {
    /// As definitions spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            AggregateSource::Redis => "redis",
            AggregateSource::Database => "database",
            AggregateSource::Mixed => "mixed",
        }
    }
}

/// Lists of 2022 and later say `redis_hll` for `redis`; the schema takes both, as the reader does.
fn with_later_name(schema: &mut Schema) {
    if let Some(Value::Array(choices)) = schema.get_mut("oneOf") {
        choices.push(json!({ "type": "string", "const": "redis_hll", "description": "The same as `redis`." }));
    }
}

/// The most sets of an `AND`: beyond, its estimate would take minutes and say nothing.
pub const MOST_INTERSECTED: usize = 12;

/// The spelling of known events' keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KeyFormat {
    /// Until GitLab 15.9: `g_{analytics}_contribution-2022-23`, daily and weekly.
    #[default]
    Slots,
    /// From GitLab 15.10 on: `{hll_counters}_g_analytics_contribution-2022-23`, weekly.
    HllCounters,
}
