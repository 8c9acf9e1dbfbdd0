//! Whether an outcome is the expected one.

use serde_json::Value;

use crate::definition::Expected;
use crate::report::{Outcome, OutcomeState};

/// Binary fractions print and add up with an error of this size; nothing that is counted differs by it.
const ROUNDING: f64 = 1e-9;

pub(super) fn is_as_expected(expected: &Expected, outcome: &Outcome) -> bool {
    let has_value = !matches!(outcome.state, OutcomeState::Fallback(_));
    match expected {
        Expected::Exactly(value) => has_value && is_equal(value, &outcome.value),
        Expected::Approximately { value, within } => {
            let actual = outcome.value.as_f64();
            has_value && actual.is_some_and(|actual| (actual - value).abs() <= within * value.abs())
        }
        Expected::Reason(reason) => outcome.remark().is_some_and(|failure| failure.reason.code() == reason),
    }
}

/// `1` and `1.0` are the same number.
fn is_equal(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Number(left), Value::Number(right)) if left.is_f64() || right.is_f64() => {
            let (left, right) = (left.as_f64().unwrap_or(f64::NAN), right.as_f64().unwrap_or(f64::NAN));
            (left - right).abs() <= ROUNDING * left.abs().max(1.0)
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(key, value): (&String, &Value)| right.get(key).is_some_and(|other| is_equal(value, other));
            left.len() == right.len() && left.iter().all(same)
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_equal(left, right))
        }
        (left, right) => left == right,
    }
}
