//! One run: what has no value and why, what was slow.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::CliError;
use super::super::output::{Format, counted, seconds};
use super::{LET_GO, delivery_text, indented, named, run_json, status_text};
use crate::measure::Reason;
use crate::source::facts::iso8601;
use crate::state::{Delivery, OutcomeRecord, Report, RunStatus, StateStore};

/// How many metrics are named with a reason, and as the slowest.
const MOST: usize = 10;
/// Where what is said of a run begins.
const MARGIN: &str = "             ";

pub(super) async fn show(state: &StateStore, name: &str, format: Format) -> Result<String, CliError> {
    let run = named(state, name).await?;
    let outcomes = state.outcomes(run.id).await?;
    let report = state.delivery_of_run(run.id).await?;
    if format == Format::Json {
        let mut document = run_json(&run);
        document["report"] = report.as_ref().map(report_json).into();
        document["outcomes"] = outcomes.iter().map(outcome_json).collect();
        return Ok(format!("{document:#}\n"));
    }
    let mut text = format!(
        "recorded at  {}\nrun          {}\nended        {}\n",
        iso8601(run.recorded_at),
        run.id,
        status_text(&run)
    );
    if let Some(message) = &run.message {
        text += &format!("             {message}\n");
    }
    text += &report_text(report.as_ref());
    text += &match outcomes.len() {
        0 if run.status == RunStatus::Completed => {
            format!("metrics      {LET_GO}: runs took more than [state] history_mib allows\n")
        }
        metrics => format!("metrics      {}\n", counted(metrics, "metric")),
    };
    text += &reasons(&outcomes);
    Ok(text + &slowest(&outcomes))
}

/// Where payload and metadata stand, and why there.
fn report_text(report: Option<&Report>) -> String {
    let says = delivery_text(report.map(|report| report.delivery));
    let Some(report) = report else {
        return format!("payload      {says}\n");
    };
    let attempts = match report.attempts {
        0 => String::new(),
        attempts => format!(" after {}", counted(attempts as usize, "request")),
    };
    let sent = report
        .sent_at
        .map(|at| format!(", {}", iso8601(at)))
        .unwrap_or_default();
    let id = report
        .usage_data_id
        .map(|id| format!(", usage_data_id {id}"))
        .unwrap_or_default();
    let mut text = format!("payload      {says}{attempts}{sent}{id}\n");
    text += &why(report.last_error.as_deref());
    if report.delivery == Delivery::Sent {
        text += &format!("metadata     {}\n", report.metadata_delivery.as_str());
        text += &why(report.metadata_last_error.as_deref());
    }
    text
}

fn why(error: Option<&str>) -> String {
    error.map(|error| indented(error, MARGIN)).unwrap_or_default()
}

/// A report as scripts read it.
fn report_json(report: &Report) -> Value {
    json!({
        "report_id": report.id,
        "idempotency_key": report.idempotency_key.to_string(),
        "delivery": report.delivery.as_str(),
        "attempts": report.attempts,
        "last_error": report.last_error,
        "next_attempt_at": report.next_attempt_at.map(iso8601),
        "sent_at": report.sent_at.map(iso8601),
        "usage_data_id": report.usage_data_id,
        "metadata_delivery": report.metadata_delivery.as_str(),
        "metadata_attempts": report.metadata_attempts,
        "metadata_last_error": report.metadata_last_error,
    })
}

/// An outcome as scripts read it.
pub(in crate::cli) fn outcome_json(outcome: &OutcomeRecord) -> Value {
    json!({
        "key_path": outcome.key_path,
        "value": outcome.value,
        "reason": outcome.reason,
        "message": outcome.message,
        "advice": outcome.reason.as_deref().and_then(advice),
        "elapsed": outcome.elapsed_seconds,
        "statements": outcome.statements,
        "retries": outcome.retries,
        "error_bound": outcome.error_bound,
    })
}

/// What to do about a reason; `None` for a code that this version does not know.
pub(in crate::cli) fn advice(code: &str) -> Option<&'static str> {
    let reason = Reason::ALL.iter().find(|reason| reason.code() == code)?;
    Some(reason.advice())
}

/// Each reason once, the most frequent first: its metrics, what was seen, what to do.
fn reasons(outcomes: &[OutcomeRecord]) -> String {
    let mut by_reason: BTreeMap<&str, Vec<&OutcomeRecord>> = BTreeMap::new();
    for outcome in outcomes {
        if let Some(code) = &outcome.reason {
            by_reason.entry(code).or_default().push(outcome);
        }
    }
    let mut groups: Vec<_> = by_reason.into_iter().collect();
    groups.sort_by_key(|(_, outcomes)| std::cmp::Reverse(outcomes.len()));
    groups.iter().map(|(code, outcomes)| reason(code, outcomes)).collect()
}

fn reason(code: &str, outcomes: &[&OutcomeRecord]) -> String {
    let mut text = format!("{code}: {}\n", counted(outcomes.len(), "metric"));
    for outcome in outcomes.iter().take(MOST) {
        let message = outcome.message.as_deref().unwrap_or_default();
        text += &format!("    {} = {}\n        {message}\n", outcome.key_path, outcome.value);
    }
    if let Some(more) = outcomes.len().checked_sub(MOST).filter(|more| *more > 0) {
        text += &format!("    and {more} more: --format json names all\n");
    }
    match advice(code) {
        Some(advice) => text + &format!("    {advice}\n"),
        None => text,
    }
}

fn slowest(outcomes: &[OutcomeRecord]) -> String {
    let mut by_time: Vec<&OutcomeRecord> = outcomes.iter().filter(|outcome| outcome.statements > 0).collect();
    by_time.sort_by(|one, other| other.elapsed_seconds.total_cmp(&one.elapsed_seconds));
    let names = std::iter::once("slowest").chain(std::iter::repeat(""));
    let shown = |(outcome, name): (&&OutcomeRecord, &str)| {
        let time = std::time::Duration::try_from_secs_f64(outcome.elapsed_seconds).unwrap_or_default();
        format!("{name:<13}{:>9}  {}\n", seconds(time), outcome.key_path)
    };
    by_time.iter().take(MOST).zip(names).map(shown).collect()
}
