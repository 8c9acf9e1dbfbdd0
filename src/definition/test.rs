//! Tests of metrics as the rest of the house sees them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{Diagnostic, Position, TimeFrame};

/// The tests of one file: of one metric or class.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricTests {
    pub subject: Tested,
    /// Instead of the metric's own.
    pub time_frame: Option<TimeFrame>,
    /// Types of columns, by table and column.
    pub tables: BTreeMap<String, BTreeMap<String, String>>,
    pub tests: Vec<MetricTest>,
    /// As a person can open it.
    pub file: PathBuf,
}

/// What is tested.
#[derive(Debug, Clone, PartialEq)]
pub enum Tested {
    /// A metric by its key path.
    Metric(String),
    Class {
        name: String,
        options: Map<String, Value>,
    },
}

impl Tested {
    /// The key path, or the class's name.
    pub fn name(&self) -> &str {
        match self {
            Tested::Metric(name) | Tested::Class { name, .. } => name,
        }
    }
}

/// Rows and events in, value out.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricTest {
    pub name: String,
    /// The moment of the run; `None` where any will do.
    pub now: Option<DateTime<Utc>>,
    /// By table.
    pub rows: BTreeMap<String, Vec<Map<String, Value>>>,
    pub events: Vec<TestEvent>,
    pub expected: Expected,
    /// Where the expected value stands.
    pub position: Position,
}

/// An event of a test.
#[derive(Debug, Clone, PartialEq)]
pub struct TestEvent {
    pub name: String,
    pub values: Vec<String>,
    pub identifiers: BTreeMap<String, String>,
    pub properties: BTreeMap<String, Value>,
    /// How far a plain counter rises.
    pub by: Option<i64>,
    /// `None` where any time within the windows will do.
    pub at: Option<DateTime<Utc>>,
}

/// The end that a test wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    Exactly(Value),
    /// A number with a relative error of at most `within`.
    Approximately {
        value: f64,
        within: f64,
    },
    /// A fallback, by the code of its reason.
    Reason(String),
}

/// What the test files of a folder gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadedTests {
    /// The usable ones, by file.
    pub files: Vec<MetricTests>,
    pub problems: Vec<Diagnostic>,
}
