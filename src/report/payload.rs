//! The payload and its timing metadata, made of outcomes alone.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::Outcome;
use crate::definition::KeyPath;
use crate::versions::{Metadata, MetricTiming};

/// One JSON object, each value at its key path (spec 2.3).
pub fn payload(outcomes: &[Outcome]) -> Value {
    nested(
        outcomes
            .iter()
            .map(|outcome| (outcome.key_path.clone(), outcome.value.clone())),
    )
}

/// Values at their key paths, in the nesting of a payload.
pub fn nested(entries: impl IntoIterator<Item = (KeyPath, Value)>) -> Value {
    let mut root = Map::new();
    for (key_path, value) in entries {
        if !insert(&mut root, &key_path, value) {
            tracing::warn!(%key_path, "A value stands where other keys need an object.");
        }
    }
    Value::Object(root)
}

fn insert(root: &mut Map<String, Value>, key_path: &KeyPath, value: Value) -> bool {
    let mut parts: Vec<&str> = key_path.parts().collect();
    let Some(last) = parts.pop() else { return false };
    let mut node = root;
    for part in parts {
        let child = node.entry(part).or_insert_with(|| Value::Object(Map::new()));
        match child.as_object_mut() {
            Some(object) => node = object,
            None => return false,
        }
    }
    node.insert(last.to_owned(), value);
    true
}

/// Seconds for each metric, why it fell back, how far an estimate may be off.
pub fn metadata(uuid: Uuid, outcomes: &[Outcome]) -> Metadata {
    Metadata {
        uuid,
        metrics: outcomes.iter().map(timing).collect(),
    }
}

fn timing(outcome: &Outcome) -> MetricTiming {
    let error = outcome.remark().map(ToString::to_string);
    MetricTiming::new(
        outcome.key_path.to_string(),
        outcome.elapsed,
        error.as_deref(),
        outcome.error_bound,
    )
}
