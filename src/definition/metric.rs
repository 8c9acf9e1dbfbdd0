//! A metric definition as the rest of the house sees it: one key path, one time frame.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::KeyPath;

/// The kind of value a metric has in the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    String,
    Number,
    Boolean,
    Object,
}

/// A definition's state of life; both eras of GitLab's names are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    Active,
    Broken,
    DataAvailable,
    Implemented,
    NotUsed,
    /// Kept for compatibility: the payload carries -1000.
    Deprecated,
    /// Not in the payload.
    Removed,
}

/// The time a metric looks back over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimeFrame {
    SevenDays,
    TwentyEightDays,
    All,
    None,
}

/// Where a metric's data lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataSource {
    Database,
    Redis,
    RedisHll,
    Prometheus,
    System,
    License,
    Ruby,
    InternalEvents,
}

/// What an operator consents to, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DataCategory {
    Standard,
    Subscription,
    Operational,
    Optional,
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
    /// The events that an internal-events metric selects, as written.
    pub events: Vec<Value>,
    /// What the payload carries instead of -1 when the metric fails in the general way.
    pub fallback: Option<Value>,
    /// The file it came from, relative to the definitions' root.
    pub file: PathBuf,
    /// Everything the file said, in its order, for dictionaries.
    pub attributes: Map<String, Value>,
}
