//! How values, times and outcomes read on pages.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde_json::Value;

use crate::measure::Reason;
use crate::report::has_fallen_back;
use crate::source::facts::iso8601;
use crate::state::{Delivery, OutcomeRecord, Run, RunStatus};

/// A value longer than this is cut in lists.
const LONGEST: usize = 80;

pub(super) fn time(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(iso8601(at)) { (at.format("%Y-%m-%d %H:%M")) " UTC" } }
}

pub(super) fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

pub(super) fn seconds(seconds: f64) -> String {
    match seconds {
        _ if seconds >= 3_600.0 => format!("{:.1} h", seconds / 3_600.0),
        _ if seconds >= 60.0 => format!("{:.1} min", seconds / 60.0),
        _ if seconds >= 1.0 => format!("{seconds:.2} s"),
        _ => format!("{:.1} ms", seconds * 1_000.0),
    }
}

/// Since or until when, roughly.
pub(super) fn distance(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let seconds = (to - from).num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

pub(super) fn status(run: &Run) -> Markup {
    let (class, says) = match run.status {
        RunStatus::Completed => ("tag good", "completed"),
        RunStatus::Running => ("tag", "running, or killed"),
        RunStatus::Failed => ("tag bad", "failed"),
        RunStatus::Interrupted => ("tag warn", "interrupted"),
    };
    html! { span class=(class) { (says) } }
}

pub(super) fn delivery(delivery: Option<Delivery>) -> Markup {
    let (class, says) = match delivery {
        None => ("tag", "no payload"),
        Some(Delivery::Waiting) => ("tag warn", "waits"),
        Some(Delivery::Sent) => ("tag good", "sent"),
        Some(Delivery::Rejected) => ("tag bad", "refused"),
        Some(Delivery::Withheld) => ("tag", "kept here"),
    };
    html! { span class=(class) { (says) } }
}

/// A value in a list.
pub(super) fn value(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// What to do about a reason.
pub(super) fn advice(reason: &str) -> Option<&'static str> {
    let reason = Reason::ALL.iter().find(|known| known.code() == reason)?;
    Some(reason.advice())
}

/// Why a metric has no value of its own; nothing where it has one.
pub(super) fn reason(outcome: &OutcomeRecord) -> Markup {
    html! {
        @if let Some(code) = &outcome.reason {
            span class=(if has_fallen_back(outcome) { "tag bad" } else { "tag" }) { (code) }
            @if let Some(message) = &outcome.message { p.note { (message) } }
            @if let Some(advice) = advice(code) { p.note { (advice) } }
        }
    }
}
