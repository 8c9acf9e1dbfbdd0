//! A reading as bytes that another process reads back exactly: floats by their bits, sketches by their registers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::measure::{Failure, Number, Reading, Reason};
use crate::sketch::{Estimate, HyperLogLog};

/// The first byte of a sketch; everything else is JSON.
const SKETCH: u8 = b'H';

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Number(KeptNumber),
    Empty,
    Groups(BTreeMap<String, Option<KeptNumber>>),
    Estimate { value: u64, bound: u64 },
    Value(Value),
    TimedOut(String),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeptNumber {
    Integer(i64),
    /// The bits of a float.
    Float(u64),
}

impl From<Number> for KeptNumber {
    fn from(number: Number) -> KeptNumber {
        match number {
            Number::Integer(integer) => KeptNumber::Integer(integer),
            Number::Float(float) => KeptNumber::Float(float.to_bits()),
        }
    }
}

impl From<KeptNumber> for Number {
    fn from(number: KeptNumber) -> Number {
        match number {
            KeptNumber::Integer(integer) => Number::Integer(integer),
            KeptNumber::Float(bits) => Number::Float(f64::from_bits(bits)),
        }
    }
}

/// The result of a reading; `None` where it is better taken again. A failure costs little to find out once more, and may
/// be mended by then, but for the statement that was waited for to its timeout. A text may be a row's that no payload
/// would carry: it is one statement to read it again.
pub(super) fn to_bytes(result: &Result<Reading, Failure>) -> Option<Vec<u8>> {
    let kept = match result {
        Ok(Reading::Sketch(sketch)) => {
            let mut bytes = vec![SKETCH];
            bytes.extend(sketch.to_redis_compact_bytes());
            return Some(bytes);
        }
        Ok(Reading::Number(number)) => Kept::Number((*number).into()),
        Ok(Reading::Empty) => Kept::Empty,
        Ok(Reading::Groups(groups)) => {
            let kept = groups
                .iter()
                .map(|(key, number)| (key.clone(), number.map(KeptNumber::from)));
            Kept::Groups(kept.collect())
        }
        Ok(Reading::Estimate(estimate)) => Kept::Estimate {
            value: estimate.value.to_bits(),
            bound: estimate.bound.to_bits(),
        },
        Ok(Reading::Value(value)) if !holds_text(value) => Kept::Value(value.clone()),
        Ok(Reading::Value(_) | Reading::Answers(_)) => return None,
        Err(failure) if failure.reason == Reason::StatementTimeout => Kept::TimedOut(failure.message.clone()),
        Err(_) => return None,
    };
    serde_json::to_vec(&kept).ok()
}

fn holds_text(value: &Value) -> bool {
    match value {
        Value::String(_) | Value::Object(_) => true,
        Value::Array(values) => values.iter().any(holds_text),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// What [`to_bytes`] has written; `None` for anything else.
pub(super) fn from_bytes(bytes: &[u8]) -> Option<Result<Reading, Failure>> {
    if let Some((&SKETCH, bytes)) = bytes.split_first() {
        let sketch = HyperLogLog::from_redis_bytes(bytes).ok()?;
        return Some(Ok(Reading::Sketch(Box::new(sketch))));
    }
    let reading = match serde_json::from_slice(bytes).ok()? {
        Kept::Number(number) => Reading::Number(number.into()),
        Kept::Empty => Reading::Empty,
        Kept::Groups(groups) => {
            let read = groups.into_iter().map(|(key, number)| (key, number.map(Number::from)));
            Reading::Groups(read.collect())
        }
        Kept::Estimate { value, bound } => Reading::Estimate(Estimate {
            value: f64::from_bits(value),
            bound: f64::from_bits(bound),
        }),
        Kept::Value(value) => Reading::Value(value),
        Kept::TimedOut(message) => return Some(Err(Failure::new(Reason::StatementTimeout, message))),
    };
    Some(Ok(reading))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_read_back_exactly() {
        let mut sketch = HyperLogLog::default();
        (0..5_000).for_each(|integer| {
            sketch.add_integer(integer);
        });
        let groups = [
            ("a", Some(Number::Float(0.1 + 0.2))),
            ("", None),
            ("b", Some(Number::Integer(-7))),
        ];
        let readings = [
            Ok(Reading::Number(Number::Integer(i64::MIN))),
            Ok(Reading::Number(Number::Float(1e-310))),
            Ok(Reading::Empty),
            Ok(Reading::Groups(
                groups
                    .iter()
                    .map(|(key, number)| ((*key).to_owned(), *number))
                    .collect(),
            )),
            Ok(Reading::Sketch(Box::new(sketch))),
            Ok(Reading::Estimate(Estimate {
                value: 1.0 / 3.0,
                bound: 0.7,
            })),
            Ok(Reading::Value(serde_json::json!([1.1, null, true]))),
            Err(Failure::new(Reason::StatementTimeout, "it took too long")),
        ];
        for reading in readings {
            let bytes = to_bytes(&reading).unwrap();
            assert_eq!(from_bytes(&bytes), Some(reading));
        }
    }

    #[test]
    fn a_failure_that_may_be_mended_is_not_kept() {
        let failure = Failure::new(Reason::MissingTable, "there is no such table");
        assert_eq!(to_bytes(&Err(failure)), None);
        assert_eq!(from_bytes(b"{}"), None);
    }

    #[test]
    fn a_text_is_not_kept() {
        for value in [serde_json::json!("a row's"), serde_json::json!([1, "a row's"])] {
            assert_eq!(to_bytes(&Ok(Reading::Value(value))), None);
        }
    }
}
