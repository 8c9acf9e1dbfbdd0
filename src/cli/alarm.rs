//! The alarm: what the operator's own command and webhook are told when a run went wrong.

use serde_json::{Value, json};

use super::message::note;
use super::summary::delivery_json;
use super::{CliError, exit};
use crate::config::Hooks;
use crate::emit::run_command;
use crate::measure::Failure;
use crate::report::{Outcome, RunReport, has_fallen_back};
use crate::source::facts::iso8601;
use crate::state::{RunStatus, StateStore};
use crate::versions::post_webhook;

/// Calls the hooks where a run was not delivered, or where metrics failed that had a value in the run before.
///
/// A hook that fails is noted and ends nothing.
pub(super) async fn sound(hooks: &Hooks, state: &StateStore, report: &RunReport, code: u8) -> Result<(), CliError> {
    if hooks.is_empty() || report.interrupted {
        return Ok(());
    }
    let failing = newly_failing(state, report).await?;
    if failing.is_empty() && code != exit::NOT_DELIVERED {
        return Ok(());
    }
    let document = document(report, code, &failing).to_string();
    if let Some(program) = hooks.on_failure.first() {
        let arguments = hooks.on_failure.get(1..).unwrap_or_default();
        if let Err(why) = run_command(program, arguments, document.clone(), hooks.timeout).await {
            note(&format!("the hook {program:?} of [hooks] on_failure failed: {why}"));
        }
    }
    if let Some(url) = &hooks.webhook
        && let Err(why) = post_webhook(url.expose(), document, hooks.timeout).await
    {
        // Its path is often its secret.
        note(&format!("the webhook of [hooks] was not taken: {why}"));
    }
    Ok(())
}

/// What fell back now and had a value of its own in the completed run before; all that fell back, where this is the first.
async fn newly_failing<'a>(
    state: &StateStore,
    report: &'a RunReport,
) -> Result<Vec<(&'a Outcome, &'a Failure)>, CliError> {
    let runs = state.runs(u32::MAX).await?;
    let before = runs
        .iter()
        .find(|run| run.id != report.run_id && run.status == RunStatus::Completed);
    let known = match before {
        Some(run) => state.outcomes(run.id).await?,
        None => Vec::new(),
    };
    let failed_before: Vec<&str> = known
        .iter()
        .filter(|outcome| has_fallen_back(outcome))
        .map(|outcome| outcome.key_path.as_str())
        .collect();
    let is_new = |(outcome, _): &(&Outcome, &Failure)| !failed_before.contains(&outcome.key_path.as_str());
    Ok(report.collection.fallbacks().filter(is_new).collect())
}

fn document(report: &RunReport, code: u8, failing: &[(&Outcome, &Failure)]) -> Value {
    let event = match code {
        exit::NOT_DELIVERED => "not_delivered",
        _ => "metrics_failing",
    };
    let metric = |(outcome, failure): &(&Outcome, &Failure)| {
        json!({
            "key_path": outcome.key_path.as_str(),
            "reason": failure.reason.code(),
            "message": failure.message,
            "advice": failure.reason.advice(),
        })
    };
    json!({
        "event": event,
        "run_id": report.run_id.to_string(),
        "recorded_at": iso8601(report.recorded_at),
        "exit_code": code,
        "metrics": report.collection.outcomes.len(),
        "fallbacks": report.collection.fallbacks().count(),
        "newly_failing": failing.iter().map(metric).collect::<Vec<Value>>(),
        "delivery": delivery_json(report),
    })
}
