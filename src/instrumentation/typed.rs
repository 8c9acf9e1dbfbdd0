//! A value as the definition's `value_type` wants it: sources that know texts and numbers alone are read by it, and what
//! is of another type does not leave.

use serde_json::Value;

use crate::definition::ValueType;
use crate::measure::{Failure, Reason};

/// The value as it is where it fits, read from its text where it does not; null is of every type.
///
/// # Errors
/// `wrong_type` where it cannot be read so.
pub(super) fn typed(value: Value, value_type: ValueType) -> Result<Value, Failure> {
    let read = match (value_type, &value) {
        (_, Value::Null) => Some(Value::Null),
        (ValueType::String, Value::String(_)) => Some(value),
        (ValueType::String, Value::Number(_) | Value::Bool(_)) => Some(Value::from(value.to_string())),
        (ValueType::Number, Value::Number(_)) => Some(value),
        (ValueType::Number, Value::String(text)) => number(text),
        (ValueType::Boolean, Value::Bool(_)) => Some(value),
        (ValueType::Boolean, Value::String(text)) => boolean(text),
        // SQLite knows no booleans.
        (ValueType::Boolean, Value::Number(number)) => boolean(&number.to_string()),
        (ValueType::Object, Value::Object(_) | Value::Array(_)) => Some(value),
        (ValueType::Object, Value::String(text)) => structure(text),
        _ => None,
    };
    read.ok_or_else(|| {
        let message = format!("the value is not a {}", value_type.as_str());
        Failure::new(Reason::WrongType, message)
    })
}

pub(super) fn number(text: &str) -> Option<Value> {
    match text.parse::<i64>() {
        Ok(integer) => Some(Value::from(integer)),
        Err(_) => {
            let float = text.parse::<f64>().ok().filter(|float| float.is_finite());
            float.map(Value::from)
        }
    }
}

/// PostgreSQL prints `t` and `f`, SQLite 1 and 0.
pub(super) fn boolean(text: &str) -> Option<Value> {
    match text {
        "t" | "true" | "1" => Some(Value::Bool(true)),
        "f" | "false" | "0" => Some(Value::Bool(false)),
        _ => None,
    }
}

fn structure(text: &str) -> Option<Value> {
    let value: Option<Value> = serde_json::from_str(text).ok();
    value.filter(|value| value.is_object() || value.is_array())
}
