//! What a run did, as a person and as a script reads it.

use std::time::Duration;

use serde_json::{Value, json};

use super::output::{counted, seconds};
use crate::measure::Failure;
use crate::report::{Delivered, Outcome, OutcomeState, RunReport, Waited};
use crate::source::facts::iso8601;
use crate::versions::{DeliveryOutcome, DeliveryReport};

/// The most reasons that are named.
const MOST_REASONS: usize = 8;
/// The most metrics that are named with a reason.
const MOST_KEYS: usize = 3;
/// How many of the slowest metrics are named.
const SLOWEST: usize = 3;

/// A line a fact, and the metrics without a value by their reason: short enough for a screen.
pub(super) fn text(report: &RunReport) -> String {
    let outcomes = &report.collection.outcomes;
    let fallbacks: Vec<_> = report.collection.fallbacks().collect();
    let deprecated = deprecated(outcomes);
    let computed = format!(
        "{} in {}, {}",
        counted(outcomes.len() - fallbacks.len() - deprecated, "metric"),
        seconds(report.collection.elapsed),
        counted(report.collection.statements as usize, "statement"),
    );
    let mut text = line("recorded at", &iso8601(report.recorded_at)) + &line("computed", &computed);
    text += &resumed_text(report);
    if deprecated > 0 {
        text += &line(
            "deprecated",
            &format!("{}, kept at -1000", counted(deprecated, "metric")),
        );
    }
    text += &unreliable_text(outcomes);
    text += &waited_text(&report.collection.waited);
    if let Some(budget) = report.budget_over {
        text += &line("budget", &format!("{budget:?}, over before every metric was read"));
    }
    text += &line("fell back", &counted(fallbacks.len(), "metric"));
    text += &reasons(&fallbacks);
    text += &slowest(outcomes);
    text + &delivery(report)
}

/// Nothing where the run was begun here.
fn resumed_text(report: &RunReport) -> String {
    report.resumed.map_or_else(String::new, |resumed| {
        let says = format!(
            "{} of {} were there already",
            resumed.kept,
            counted(resumed.readings, "reading")
        );
        line("resumed", &says)
    })
}

fn line(name: &str, says: &str) -> String {
    format!("{name:<13}{says}\n")
}

fn deprecated(outcomes: &[Outcome]) -> usize {
    let is_deprecated = |outcome: &&Outcome| outcome.state == OutcomeState::Deprecated;
    outcomes.iter().filter(is_deprecated).count()
}

fn is_unreliable(outcome: &&Outcome) -> bool {
    matches!(outcome.state, OutcomeState::Unreliable(_))
}

/// Nothing where every value is worth its digits.
fn unreliable_text(outcomes: &[Outcome]) -> String {
    let unreliable: Vec<&Outcome> = outcomes.iter().filter(is_unreliable).collect();
    if unreliable.is_empty() {
        return String::new();
    }
    let says = format!(
        "{}, whose error is more than half the value",
        counted(unreliable.len(), "intersection")
    );
    let keys = unreliable.iter().take(MOST_KEYS);
    let keys: String = keys
        .map(|outcome| format!("    {} = {}\n", outcome.key_path, outcome.value))
        .collect();
    line("unreliable", &says) + &keys
}

/// Nothing where no throttle held the run back.
fn waited_text(waited: &[Waited]) -> String {
    let shown = |waited: &Waited| {
        let says = format!(
            "{:>9}  for {}, database {}",
            seconds(waited.time),
            waited.cause,
            waited.database
        );
        line("waited", &says)
    };
    waited.iter().map(shown).collect()
}

/// Each failure once, with the first of its metrics and what to do.
fn reasons(fallbacks: &[(&Outcome, &Failure)]) -> String {
    let mut groups: Vec<(&Failure, Vec<&Outcome>)> = Vec::new();
    for (outcome, failure) in fallbacks {
        match groups.iter_mut().find(|(known, _)| known == failure) {
            Some((_, outcomes)) => outcomes.push(outcome),
            None => groups.push((failure, vec![outcome])),
        }
    }
    groups.sort_by_key(|(_, outcomes)| std::cmp::Reverse(outcomes.len()));
    let mut text: String = groups.iter().take(MOST_REASONS).map(reason).collect();
    if groups.len() > MOST_REASONS {
        let more = counted(groups.len() - MOST_REASONS, "more reason");
        text += &format!("  and {more}: --format json names all\n");
    }
    text
}

fn reason((failure, outcomes): &(&Failure, Vec<&Outcome>)) -> String {
    let keys: Vec<String> = outcomes
        .iter()
        .take(MOST_KEYS)
        .map(|outcome| format!("    {} = {}\n", outcome.key_path, outcome.value))
        .collect();
    let more = match outcomes.len().saturating_sub(MOST_KEYS) {
        0 => String::new(),
        more => format!("    and {more} more\n"),
    };
    format!("  {failure}\n{}{more}    {}\n", keys.concat(), failure.reason.advice())
}

fn slowest(outcomes: &[Outcome]) -> String {
    let mut by_time: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.statements > 0).collect();
    by_time.sort_by_key(|outcome| std::cmp::Reverse(outcome.elapsed));
    let names = std::iter::once("slowest").chain(std::iter::repeat(""));
    let shown = |(outcome, name): (&&Outcome, &str)| {
        line(name, &format!("{:>9}  {}", seconds(outcome.elapsed), outcome.key_path))
    };
    by_time.iter().take(SLOWEST).zip(names).map(shown).collect()
}

fn delivery(report: &RunReport) -> String {
    let bytes = report.payload.len();
    match &report.delivery {
        Delivered::Kept(why) => line("payload", &format!("{bytes} bytes, kept here; nothing sent: {why}")),
        Delivered::Tried(tried) => tried_text(report, tried, bytes),
    }
}

/// What became of all that waited.
pub(super) fn delivery_text(tried: &DeliveryReport) -> String {
    if tried.reports.is_empty() && tried.metadata.is_empty() {
        return line("outbox", "nothing was sent");
    }
    let mut text = String::new();
    for summary in &tried.reports {
        let of = iso8601(summary.recorded_at);
        text += &line("payload", &format!("of {of}: {}", outcome_text(&summary.outcome)));
        if let Some(warning) = &summary.warning {
            text += &line("", warning);
        }
    }
    for summary in &tried.metadata {
        text += &line("metadata", &outcome_text(&summary.outcome));
    }
    text
}

fn tried_text(report: &RunReport, tried: &DeliveryReport, bytes: usize) -> String {
    let mut text = String::new();
    for summary in &tried.reports {
        let whose = if summary.run_id == report.run_id {
            format!("{bytes} bytes")
        } else {
            format!("of {}, which waited", iso8601(summary.recorded_at))
        };
        text += &line("payload", &format!("{whose}: {}", outcome_text(&summary.outcome)));
        if let Some(warning) = &summary.warning {
            text += &line("", warning);
        }
    }
    for summary in &tried.metadata {
        text += &line("metadata", &outcome_text(&summary.outcome));
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
    let deprecated = deprecated(outcomes);
    let waited = &report.collection.waited;
    let delivery = delivery_json(report);
    json!({
        "run_id": report.run_id.to_string(),
        "recorded_at": iso8601(report.recorded_at),
        "elapsed": report.elapsed.as_secs_f64(),
        "resumed": report.resumed.map(|resumed| json!({"kept": resumed.kept, "readings": resumed.readings})),
        "interrupted": report.interrupted,
        "budget_over": report.budget_over.is_some(),
        "waited": waited.iter().map(|waited| waited.time).sum::<Duration>().as_secs_f64(),
        "waited_for": waited.iter().map(waited_json).collect::<Vec<Value>>(),
        "metrics": outcomes.len(),
        "computed": outcomes.len() - fallbacks - deprecated,
        "fallbacks": fallbacks,
        "deprecated": deprecated,
        "unreliable": outcomes.iter().filter(is_unreliable).count(),
        "statements": report.collection.statements,
        "payload_bytes": report.payload.len(),
        "peak_memory_bytes": peak_memory(),
        "cpu_seconds": cpu_seconds(),
        "delivery": delivery,
        "outcomes": outcomes.iter().map(Outcome::to_json).collect::<Vec<Value>>(),
    })
}

/// Where the payload went, as scripts read it.
pub(super) fn delivery_json(report: &RunReport) -> Value {
    match &report.delivery {
        Delivered::Kept(why) => json!({"status": "kept", "reason": why}),
        Delivered::Tried(tried) => {
            let status = match (tried.is_delivered(), tried.is_waiting()) {
                (true, _) => "delivered",
                (false, true) => "waiting",
                (false, false) => "rejected",
            };
            let of_run = tried.of_run(report.run_id).map(|summary| &summary.outcome);
            json!({"status": status, "payload": of_run, "reports": tried.reports, "metadata": tried.metadata})
        }
    }
}

fn waited_json(waited: &Waited) -> Value {
    json!({"database": waited.database, "cause": waited.cause.code(), "seconds": waited.time.as_secs_f64()})
}

/// The most memory that this process has held, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// The processor time that all threads of this process have taken, ended ones too, where the system tells.
fn cpu_seconds() -> Option<f64> {
    /// What Linux counts it in, on every processor that we are built for (USER_HZ).
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // After the program's name, which may hold anything: user and system time are the 12th and the 13th field.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) as f64 / TICKS_A_SECOND)
}
