//! The file of a new aggregate.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::super::{AggregateOperator, AggregateSource, TimeFrame};
use super::{Draft, fields, with_modeline};

/// A new aggregate, in a list file of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AggregateDraft {
    pub name: String,
    pub description: Option<String>,
    pub operator: AggregateOperator,
    pub source: AggregateSource,
    pub time_frames: Vec<TimeFrame>,
    pub events: Vec<String>,
}

impl AggregateDraft {
    /// The file under `folder` (`aggregated_metrics`).
    pub fn file(&self, folder: &str) -> Draft {
        let frames: Vec<&str> = self.time_frames.iter().map(|frame| frame.as_str()).collect();
        let entry = fields([
            ("name", json!(self.name)),
            ("description", json!(self.description)),
            ("operator", json!(self.operator)),
            ("source", json!(self.source)),
            ("time_frame", json!(frames)),
            ("events", json!(self.events)),
        ]);
        Draft {
            name: PathBuf::from(format!("{folder}/{}.yml", self.name)),
            text: with_modeline(
                "../metrics/schema/aggregated_metrics.json",
                &Value::Array(vec![Value::Object(entry)]),
            ),
        }
    }
}
