//! Whether a value fits the `value_json_schema` of its definition.

use serde_json::Value;

use super::setup::Setup;
use crate::definition::MetricDefinition;

/// What does not fit, or why it cannot be told; `None` where all is well or no schema is named.
pub(super) fn misfit(setup: &Setup, definition: &MetricDefinition, value: &Value) -> Option<String> {
    let path = definition.attributes.get("value_json_schema")?.as_str()?;
    let unusable = |error: String| Some(format!("value_json_schema {path} cannot be used: {error}"));
    let text = match std::fs::read_to_string(setup.root.join(path)) {
        Ok(text) => text,
        Err(error) => return unusable(error.to_string()),
    };
    let schema: Value = match serde_json::from_str(&text) {
        Ok(schema) => schema,
        Err(error) => return unusable(error.to_string()),
    };
    let validator = match jsonschema::validator_for(&schema) {
        Ok(validator) => validator,
        Err(error) => return unusable(error.to_string()),
    };
    let error = validator.iter_errors(value).next()?;
    let place = match error.instance_path().to_string() {
        root if root.is_empty() => String::new(),
        place => format!(" at {place}"),
    };
    Some(format!(
        "the value does not fit value_json_schema {path}{place}: {}",
        error.masked()
    ))
}
