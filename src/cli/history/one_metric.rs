//! One metric over many runs.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::CliError;
use super::super::output::{Format, seconds};
use super::one_run::{advice, outcome_json};
use crate::source::facts::iso8601;
use crate::state::{PastOutcome, StateStore};

/// A value longer than this is cut for a person.
const LONGEST: usize = 40;

pub(super) async fn show(state: &StateStore, key_path: &str, limit: u32, format: Format) -> Result<String, CliError> {
    let past = state.past_outcomes(key_path, limit).await?;
    if past.is_empty() {
        let message =
            format!("no run has a metric {key_path:?}: history last --format json names those of the last run");
        return Err(CliError::Usage(message));
    }
    Ok(match format {
        Format::Json => {
            let past: Vec<Value> = past.iter().map(past_json).collect();
            format!("{:#}\n", json!({"key_path": key_path, "runs": past}))
        }
        Format::Human => text(&past),
    })
}

fn past_json(past: &PastOutcome) -> Value {
    let mut entry = outcome_json(&past.outcome);
    entry["run_id"] = past.run_id.to_string().into();
    entry["recorded_at"] = iso8601(past.recorded_at).into();
    entry
}

/// A line a run, newest first, and what the latest failure says below them.
fn text(past: &[PastOutcome]) -> String {
    let mut text: String = past
        .iter()
        .zip(0..)
        .map(|(one, index)| line(one, past.get(index + 1)))
        .collect();
    let failed = past
        .first()
        .and_then(|latest| Some((latest.outcome.reason.as_deref()?, latest)));
    if let Some((code, latest)) = failed {
        let message = latest.outcome.message.as_deref().unwrap_or_default();
        text += &format!("{code}: {message}\n");
        text += &advice(code).map(|advice| format!("    {advice}\n")).unwrap_or_default();
    }
    text
}

fn line(past: &PastOutcome, before: Option<&PastOutcome>) -> String {
    let outcome = &past.outcome;
    let time = Duration::try_from_secs_f64(outcome.elapsed_seconds).unwrap_or_default();
    let says = outcome
        .reason
        .clone()
        .or_else(|| before.and_then(|before| trend(&before.outcome.value, &outcome.value)))
        .unwrap_or_default();
    let line = format!(
        "{}  {:>9}  {}  {says}",
        iso8601(past.recorded_at),
        seconds(time),
        cut(&outcome.value.to_string())
    );
    format!("{}\n", line.trim_end())
}

/// By how much it grew since the run before, where both are numbers that are values.
fn trend(then: &Value, now: &Value) -> Option<String> {
    let (then, now) = (then.as_f64()?, now.as_f64()?);
    (then > 0.0 && now >= 0.0).then(|| format!("{:+.1} %", (now / then - 1.0) * 100.0))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
