//! A YAML text as a JSON value, aliases expanded and merge keys applied.

use serde_json::{Map, Value};

use super::tree::SyntaxError;

/// Reads `text`; of a key that stands twice the last value is taken, because the tree has reported it.
///
/// Scalars follow YAML 1.2's core schema as serde_yaml reads it: `yes` and `012` are texts. An alias bomb ends in an
/// error: serde_yaml limits how often aliases may repeat.
pub(super) fn read(text: &str) -> Result<Value, SyntaxError> {
    serde_yaml::from_str(text).map(merged).map_err(|error| {
        let at = error.location().map_or(0, |location| location.index());
        let message = format!("not valid YAML: {}", without_place(&error));
        let help = message
            .contains("repetition")
            .then(|| "aliases repeat too much: write the values out".to_owned());
        SyntaxError {
            message,
            help,
            span: at..at + 1,
        }
    })
}

/// serde_yaml ends its sentences with " at line 1 column 2", which the diagnostic says itself.
fn without_place(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Applies merge keys (`<<: *defaults`): own keys win over merged ones, and of several merged mappings the first.
fn merged(value: Value) -> Value {
    match value {
        Value::Object(map) => merged_map(map),
        Value::Array(items) => Value::Array(items.into_iter().map(merged).collect()),
        scalar => scalar,
    }
}

fn merged_map(map: Map<String, Value>) -> Value {
    let mut result = Map::new();
    let mut defaults = Vec::new();
    for (key, value) in map {
        match (key.as_str(), merged(value)) {
            ("<<", Value::Object(map)) => defaults.push(map),
            ("<<", Value::Array(items)) if items.iter().all(Value::is_object) => {
                defaults.extend(items.into_iter().filter_map(|item| match item {
                    Value::Object(map) => Some(map),
                    _ => None,
                }));
            }
            (_, value) => {
                result.insert(key, value);
            }
        }
    }
    for (key, value) in defaults.into_iter().flatten() {
        result.entry(key).or_insert(value);
    }
    Value::Object(result)
}
