//! What a run did, as a person and as a script reads it.

use serde_json::{Value, json};

use super::output::{counted, seconds};
use crate::report::{Delivered, Outcome, OutcomeState, RunReport};
use crate::source::facts::iso8601;
use crate::versions::{DeliveryOutcome, DeliveryReport};

/// The most fallbacks that are named in full.
const MOST_NAMED: usize = 20;
/// How many of the slowest metrics are named.
const SLOWEST: usize = 3;

pub(super) fn text(report: &RunReport) -> String {
    let outcomes = &report.collection.outcomes;
    let fallbacks: Vec<_> = report.collection.fallbacks().collect();
    let statements: u64 = outcomes.iter().map(|outcome| outcome.statements).sum();
    let deprecated = outcomes
        .iter()
        .filter(|outcome| outcome.state == OutcomeState::Deprecated)
        .count();
    let mut text = format!(
        "{} computed in {} with {}, recorded at {}\n",
        counted(outcomes.len() - fallbacks.len() - deprecated, "metric"),
        seconds(report.collection.elapsed),
        counted(statements as usize, "statement"),
        iso8601(report.recorded_at),
    );
    if deprecated > 0 {
        text += &format!("{deprecated} deprecated, kept at -1000\n");
    }
    text += &format!("{} fell back\n", fallbacks.len());
    for (outcome, failure) in fallbacks.iter().take(MOST_NAMED) {
        text += &format!(
            "  {} = {}\n    {failure}\n    {}\n",
            outcome.key_path,
            outcome.value,
            failure.reason.advice()
        );
    }
    if fallbacks.len() > MOST_NAMED {
        text += &format!("  and {} more: --format json names all\n", fallbacks.len() - MOST_NAMED);
    }
    text += &slowest(outcomes);
    text + &delivery(report)
}

fn slowest(outcomes: &[Outcome]) -> String {
    let mut by_time: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.statements > 0).collect();
    by_time.sort_by_key(|outcome| std::cmp::Reverse(outcome.elapsed));
    let line = |outcome: &&Outcome| format!("  {:>9}  {}\n", seconds(outcome.elapsed), outcome.key_path);
    let lines: String = by_time.iter().take(SLOWEST).map(line).collect();
    if lines.is_empty() {
        lines
    } else {
        format!("slowest\n{lines}")
    }
}

fn delivery(report: &RunReport) -> String {
    let bytes = report.payload.len();
    match &report.delivery {
        Delivered::Kept(why) => format!("kept, {bytes} bytes, nothing sent: {why}\n"),
        Delivered::Tried(tried) => tried_text(report, tried, bytes),
    }
}

fn tried_text(report: &RunReport, tried: &DeliveryReport, bytes: usize) -> String {
    let mut text = String::new();
    for summary in &tried.reports {
        let whose = if summary.run_id == report.run_id {
            format!("payload, {bytes} bytes")
        } else {
            format!("payload of {}, which waited", iso8601(summary.recorded_at))
        };
        text += &format!("{whose}: {}\n", outcome_text(&summary.outcome));
        if let Some(warning) = &summary.warning {
            text += &format!("  {warning}\n");
        }
    }
    for summary in &tried.metadata {
        text += &format!("metadata: {}\n", outcome_text(&summary.outcome));
    }
    text
}

fn outcome_text(outcome: &DeliveryOutcome) -> String {
    match outcome {
        DeliveryOutcome::Sent {
            usage_data_id: Some(id),
        } => format!("delivered, usage_data_id {id}"),
        DeliveryOutcome::Sent { usage_data_id: None } => "delivered".to_owned(),
        DeliveryOutcome::Waiting {
            reason,
            next_attempt_at,
        } => {
            let after = next_attempt_at
                .map(|at| format!(", not before {}", iso8601(at)))
                .unwrap_or_default();
            format!("not delivered, waits for the next run{after}: {reason}")
        }
        DeliveryOutcome::Unacknowledged { reason } => {
            format!("not acknowledged, goes again under the same key: {reason}")
        }
        DeliveryOutcome::Rejected { reason } => format!("refused for good, kept here: {reason}"),
        DeliveryOutcome::NotTried { reason, .. } => format!("not tried, waits for the next run: {reason}"),
        DeliveryOutcome::HeldElsewhere => "another process is delivering it".to_owned(),
        DeliveryOutcome::SettledElsewhere => "another process has delivered it".to_owned(),
    }
}

pub(super) fn json(report: &RunReport) -> Value {
    let outcomes = &report.collection.outcomes;
    let fallbacks = report.collection.fallbacks().count();
    let deprecated = outcomes
        .iter()
        .filter(|outcome| outcome.state == OutcomeState::Deprecated)
        .count();
    let delivery = match &report.delivery {
        Delivered::Kept(why) => json!({"status": "kept", "reason": why}),
        Delivered::Tried(tried) => {
            let status = if tried.is_delivered() { "delivered" } else { "waiting" };
            let of_run = tried.of_run(report.run_id).map(|summary| &summary.outcome);
            json!({"status": status, "payload": of_run, "reports": tried.reports, "metadata": tried.metadata})
        }
    };
    json!({
        "run_id": report.run_id.to_string(),
        "recorded_at": iso8601(report.recorded_at),
        "elapsed": report.elapsed.as_secs_f64(),
        "interrupted": report.interrupted,
        "metrics": outcomes.len(),
        "computed": outcomes.len() - fallbacks - deprecated,
        "fallbacks": fallbacks,
        "deprecated": deprecated,
        "statements": outcomes.iter().map(|outcome| outcome.statements).sum::<u64>(),
        "payload_bytes": report.payload.len(),
        "peak_memory_bytes": peak_memory(),
        "delivery": delivery,
        "outcomes": outcomes.iter().map(Outcome::to_json).collect::<Vec<Value>>(),
    })
}

/// The most memory that this process has held, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
