//! The payload and its timing metadata, made of outcomes alone.

use serde_json::{Map, Value, json};

use super::Outcome;
use crate::definition::KeyPath;

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

/// `{"uuid", "metrics": [{"name", "time_elapsed", "error"?, "error_bound"?}]}`: seconds for each metric, why it fell back,
/// how far an estimate may be off.
pub fn metadata(uuid: &Value, outcomes: &[Outcome]) -> Value {
    let metrics: Vec<Value> = outcomes.iter().map(timing).collect();
    json!({"uuid": uuid, "metrics": metrics})
}

fn timing(outcome: &Outcome) -> Value {
    let mut entry = Map::new();
    entry.insert("name".into(), outcome.key_path.as_str().into());
    entry.insert("time_elapsed".into(), outcome.elapsed.as_secs_f64().into());
    if let Some(failure) = outcome.failure() {
        entry.insert("error".into(), failure.to_string().into());
    }
    if let Some(bound) = outcome.error_bound {
        entry.insert("error_bound".into(), bound.into());
    }
    Value::Object(entry)
}
