//! What a job's payload says, read from whatever it is.

use serde_json::Value;

/// A payload of a job, as GitLab hands it to its runners. Nothing in it is relied on: what is missing, or of another type than
/// it should be, is as if it were not there.
#[derive(Debug, Clone, Default)]
pub struct JobPayload(Value);

impl JobPayload {
    /// Reads a payload; what is no JSON says nothing.
    ///
    /// # Errors
    /// Where it is no JSON, in words that quote nothing of it.
    pub fn read(bytes: &[u8]) -> Result<JobPayload, String> {
        // A message of the parser names a place, and may quote a string.
        let place = |error: serde_json::Error| format!("line {}, column {}", error.line(), error.column());
        serde_json::from_slice(bytes).map(JobPayload).map_err(place)
    }

    /// What stands at a path of keys, where it is there and not null.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Value> {
        let found = path.iter().try_fold(&self.0, |value, key| value.get(key))?;
        (!found.is_null()).then_some(found)
    }

    /// A text that is not empty.
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str().filter(|text| !text.is_empty())
    }

    /// A number that is an id: greater than 0, also where it is spelt as a text.
    pub fn id(&self, path: &[&str]) -> Option<i64> {
        let value = self.at(path)?;
        let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
        number.filter(|number| *number > 0)
    }

    /// The value of one of the job's variables; the last one counts, as in the job's shell.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let variables = self.at(&["variables"])?.as_array()?;
        let of_name = variables
            .iter()
            .rev()
            .find(|variable| variable.get("key").and_then(Value::as_str) == Some(name))?;
        of_name.get("value")?.as_str().filter(|text| !text.is_empty())
    }

    /// As [`variable`](Self::variable), of an id.
    pub fn variable_id(&self, name: &str) -> Option<i64> {
        self.variable(name)?.parse().ok().filter(|number| *number > 0)
    }

    /// Whether the job has a step of that name.
    pub fn has_step(&self, name: &str) -> bool {
        let steps = self.at(&["steps"]).and_then(Value::as_array);
        let is_it = |step: &Value| step.get("name").and_then(Value::as_str) == Some(name);
        steps.is_some_and(|steps| steps.iter().any(is_it))
    }
}
