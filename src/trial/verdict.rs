//! How a test ended.

use std::time::Duration;

use serde_json::{Value, json};

use crate::definition::{Expected, MetricTest, MetricTests};
use crate::report::{Outcome, OutcomeState};

/// A statement that a test's metric sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub sql: String,
    pub error: Option<String>,
}

/// One test on one ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The key path or class.
    pub subject: String,
    /// The test's name.
    pub name: String,
    /// `sqlite` or `postgres`.
    pub ground: &'static str,
    /// `file:line` of the expected value.
    pub place: String,
    pub passed: bool,
    /// What was wanted and what came, as people read it.
    pub expected: String,
    pub actual: String,
    /// What came as the payload would carry it; null where the test could not be made.
    pub value: Value,
    /// Why there is no value: of the metric, or of the test.
    pub reason: Option<String>,
    pub message: Option<String>,
    pub sent: Vec<Sent>,
    pub elapsed: Duration,
}

impl Verdict {
    /// Before anything is known of how it went.
    pub(super) fn of(tests: &MetricTests, test: &MetricTest, ground: &'static str) -> Verdict {
        Verdict {
            subject: tests.subject.name().to_owned(),
            name: test.name.clone(),
            ground,
            place: format!("{}:{}", tests.file.display(), test.position.line),
            passed: false,
            expected: in_words(&test.expected),
            actual: String::new(),
            value: Value::Null,
            reason: None,
            message: None,
            sent: Vec::new(),
            elapsed: Duration::ZERO,
        }
    }

    /// The test could not be made at all.
    pub(super) fn not_made(self, why: String) -> Verdict {
        Verdict {
            actual: "the test could not be made".to_owned(),
            message: Some(why),
            ..self
        }
    }

    pub(super) fn ended(self, outcome: &Outcome, passed: bool) -> Verdict {
        let remark = outcome.remark();
        let actual = match (&outcome.state, remark) {
            (OutcomeState::Fallback(_), Some(failure)) => {
                format!("{}, the reason being {}", outcome.value, failure.reason.code())
            }
            _ => outcome.value.to_string(),
        };
        Verdict {
            passed,
            actual,
            value: outcome.value.clone(),
            reason: remark.map(|failure| failure.reason.code().to_owned()),
            message: remark.map(|failure| failure.message.clone()),
            ..self
        }
    }

    pub fn to_json(&self) -> Value {
        let sent: Vec<Value> = self
            .sent
            .iter()
            .map(|sent| json!({"sql": sent.sql, "error": sent.error}))
            .collect();
        json!({
            "subject": self.subject,
            "name": self.name,
            "database": self.ground,
            "place": self.place,
            "passed": self.passed,
            "expected": self.expected,
            "actual": self.actual,
            "value": self.value,
            "reason": self.reason,
            "message": self.message,
            "elapsed": self.elapsed.as_secs_f64(),
            "sent": sent,
        })
    }
}

fn in_words(expected: &Expected) -> String {
    match expected {
        Expected::Exactly(value) => value.to_string(),
        Expected::Approximately { value, within } => format!("{value} give or take {} %", within * 100.0),
        Expected::Reason(reason) => format!("a fallback, the reason being {reason}"),
    }
}
