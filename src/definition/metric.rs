//! A metric definition as the rest of the house sees it: one key path, one time frame.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{EventSelection, KeyPath};

/// The kind of value a metric has in the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValueType {
    String,
    Number,
    Boolean,
    Object,
}

impl ValueType {
    /// As definitions spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            ValueType::String => "string",
            ValueType::Number => "number",
            ValueType::Boolean => "boolean",
            ValueType::Object => "object",
        }
    }
}

/// A definition's state of life; both eras of GitLab's names are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In use.
    Active,
    /// In use, and known to be wrong; `repair_issue_url` says where it is being mended.
    Broken,
    /// 2021's `active`.
    DataAvailable,
    /// 2021's `active`, before its data was first seen.
    Implemented,
    /// 2021: collected, and read by nobody.
    NotUsed,
    /// Kept for compatibility: the payload carries -1000.
    Deprecated,
    /// Not in the payload.
    Removed,
}

impl Status {
    /// As definitions spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Broken => "broken",
            Status::DataAvailable => "data_available",
            Status::Implemented => "implemented",
            Status::NotUsed => "not_used",
            Status::Deprecated => "deprecated",
            Status::Removed => "removed",
        }
    }
}

/// The time a metric looks back over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeFrame {
    #[serde(rename = "7d")]
    SevenDays,
    #[serde(rename = "28d")]
    TwentyEightDays,
    /// Since the instance began.
    All,
    /// The present state: a setting, a version.
    None,
}

impl TimeFrame {
    /// As definitions spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            TimeFrame::SevenDays => "7d",
            TimeFrame::TwentyEightDays => "28d",
            TimeFrame::All => "all",
            TimeFrame::None => "none",
        }
    }

    /// What a list of time frames appends to the key path for this one (spec 1.1).
    pub fn suffix(self) -> &'static str {
        match self {
            TimeFrame::SevenDays => "_weekly",
            TimeFrame::TwentyEightDays => "_monthly",
            TimeFrame::All | TimeFrame::None => "",
        }
    }
}

/// Where a metric's data lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataSource {
    Database,
    Redis,
    RedisHll,
    Prometheus,
    /// What the instance knows of itself: settings, versions.
    System,
    License,
    /// Early 2021's name for `system`.
    Ruby,
    /// Events as GitLab tracks them from 2023 on.
    InternalEvents,
}

impl DataSource {
    /// As definitions spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            DataSource::Database => "database",
            DataSource::Redis => "redis",
            DataSource::RedisHll => "redis_hll",
            DataSource::Prometheus => "prometheus",
            DataSource::System => "system",
            DataSource::License => "license",
            DataSource::Ruby => "ruby",
            DataSource::InternalEvents => "internal_events",
        }
    }
}

/// What an operator consents to, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(transform = with_capitals)]
pub enum DataCategory {
    #[serde(alias = "Standard")]
    Standard,
    #[serde(alias = "Subscription")]
    Subscription,
    #[serde(alias = "Operational")]
    Operational,
    #[serde(alias = "Optional")]
    Optional,
}

impl DataCategory {
    /// As definitions spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            DataCategory::Standard => "standard",
            DataCategory::Subscription => "subscription",
            DataCategory::Operational => "operational",
            DataCategory::Optional => "optional",
        }
    }
}

/// Definitions of 2021 write the categories with a capital; the schema takes both, as the reader does.
fn with_capitals(schema: &mut schemars::Schema) {
    if let Some(Value::Array(names)) = schema.get_mut("enum") {
        let capitals: Vec<Value> = names
            .iter()
            .filter_map(|name| capitalised(name.as_str()?))
            .map(Value::from)
            .collect();
        names.extend(capitals);
    }
}

fn capitalised(name: &str) -> Option<String> {
    let first = name.chars().next()?;
    Some(first.to_uppercase().chain(name.chars().skip(1)).collect())
}

/// One metric: a file whose `time_frame` is a list gives one of these for each frame (spec 1.1).
#[derive(Debug, Clone, PartialEq)]
pub struct MetricDefinition {
    pub key_path: KeyPath,
    pub description: String,
    pub value_type: ValueType,
    pub status: Status,
    pub time_frame: TimeFrame,
    pub data_source: DataSource,
    pub data_category: DataCategory,
    /// The class's short name: namespaces of early definitions (`Gitlab::Usage::…::CountIssuesMetric`) are dropped.
    pub instrumentation_class: Option<String>,
    pub options: Map<String, Value>,
    /// The events that the metric selects.
    pub events: Vec<EventSelection>,
    /// What the payload carries instead of -1 when the metric fails in the general way.
    pub fallback: Option<Value>,
    /// The file it came from, relative to the definitions' root.
    pub file: PathBuf,
    /// Everything the file said, in its order, for dictionaries.
    pub attributes: Map<String, Value>,
}
