//! How a metric ended: a value, or a fallback with its reason.

use std::time::Duration;

use serde_json::{Value, json};

use crate::definition::{DataCategory, KeyPath};
use crate::measure::{Failure, FailureKind, Reason};
use crate::relation::Window;
use crate::state::OutcomeRecord;

/// The value of a metric that is only kept for compatibility (spec 1.4).
const DEPRECATED: i64 = -1000;
/// The value of a general failure, and of an error in a counter (design 4).
const GENERAL_FAILURE: i64 = -1;
const COUNTER_ERROR: i64 = -2;

/// One metric's end.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub key_path: KeyPath,
    pub data_category: DataCategory,
    /// What the payload carries.
    pub value: Value,
    pub state: OutcomeState,
    /// The time that its readings took; a reading shared with other metrics counts for each.
    pub elapsed: Duration,
    pub statements: u64,
    /// Ranges that were cancelled and tried again smaller.
    pub retries: u32,
    /// The relative error that an estimate keeps to in at least 99 of 100 cases.
    pub error_bound: Option<f64>,
    pub window: Option<Window>,
}

/// Whether the value is the metric's own.
#[derive(Debug, Clone, PartialEq)]
pub enum OutcomeState {
    Ok,
    /// An intersection whose error bound exceeds half its value: the value is the metric's own, but says little.
    Unreliable(Failure),
    /// A number of the value was too small to be told: the least that is told stands for it.
    Binned(Failure),
    /// The definition is deprecated: the value is -1000, and nothing was computed.
    Deprecated,
    Fallback(Failure),
}

impl Outcome {
    /// An outcome as the state store has it; a metric that is defined no more counts as optional. `None` where its key is
    /// none.
    pub(super) fn restored(record: &OutcomeRecord, data_category: Option<DataCategory>) -> Option<Outcome> {
        let of_code = |code: &String| Reason::ALL.iter().find(|reason| reason.code() == code).copied();
        let failure = record.reason.as_ref().and_then(of_code).map(|reason| {
            let message = record.message.clone().unwrap_or_default();
            Failure::new(reason, message)
        });
        let state = match failure {
            Some(failure) if failure.reason == Reason::Unreliable => OutcomeState::Unreliable(failure),
            Some(failure) if failure.reason == Reason::Binned => OutcomeState::Binned(failure),
            Some(failure) => OutcomeState::Fallback(failure),
            None if record.value == deprecated_value() && record.statements == 0 => OutcomeState::Deprecated,
            None => OutcomeState::Ok,
        };
        Some(Outcome {
            key_path: KeyPath::new(&record.key_path)?,
            data_category: data_category.unwrap_or(DataCategory::Optional),
            value: record.value.clone(),
            state,
            elapsed: Duration::try_from_secs_f64(record.elapsed_seconds).unwrap_or_default(),
            statements: u64::from(record.statements),
            retries: record.retries,
            error_bound: record.error_bound,
            window: None,
        })
    }

    /// Why the metric has no value of its own.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.state {
            OutcomeState::Fallback(failure) => Some(failure),
            _ => None,
        }
    }

    /// What there is to say of the value: why it is a fallback, why it says little, or what it keeps.
    pub fn remark(&self) -> Option<&Failure> {
        match &self.state {
            OutcomeState::Fallback(failure) | OutcomeState::Unreliable(failure) | OutcomeState::Binned(failure) => {
                Some(failure)
            }
            _ => None,
        }
    }

    /// The outcome as a person or a script reads it.
    pub fn to_json(&self) -> Value {
        let mut object = json!({
            "key_path": self.key_path.as_str(),
            "value": self.value,
            "status": match &self.state {
                OutcomeState::Ok => "ok",
                OutcomeState::Unreliable(_) => "unreliable",
                OutcomeState::Binned(_) => "binned",
                OutcomeState::Deprecated => "deprecated",
                OutcomeState::Fallback(_) => "fallback",
            },
            "elapsed": self.elapsed.as_secs_f64(),
            "statements": self.statements,
            "retries": self.retries,
        });
        let mut add = |key: &str, value: Option<Value>| {
            if let (Some(map), Some(value)) = (object.as_object_mut(), value) {
                map.insert(key.to_owned(), value);
            }
        };
        add("reason", self.remark().map(|failure| failure.reason.code().into()));
        add("message", self.remark().map(|failure| failure.message.clone().into()));
        add("advice", self.remark().map(|failure| failure.reason.advice().into()));
        add("error_bound", self.error_bound.map(Value::from));
        add(
            "window",
            self.window.map(|window| json!({"from": window.from, "to": window.to})),
        );
        object
    }
}

/// What the payload carries for a deprecated metric.
pub(super) fn deprecated_value() -> Value {
    Value::from(DEPRECATED)
}

/// What the payload carries instead of a value (design 4); `declared` is the fallback of the definition or its class.
pub(super) fn fallback_value(failure: &Failure, histogram: bool, declared: Option<&Value>) -> Value {
    match (failure.reason.kind(), declared) {
        _ if histogram => json!({"-1": GENERAL_FAILURE}),
        (FailureKind::Counter, _) => Value::from(COUNTER_ERROR),
        (FailureKind::General, Some(declared)) => declared.clone(),
        (FailureKind::General, None) => Value::from(GENERAL_FAILURE),
    }
}
