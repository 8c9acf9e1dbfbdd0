//! `history`: past runs, what failed in one and why, one metric over many.

mod one_metric;
mod one_run;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};
use uuid::Uuid;

use super::output::{Format, counted, print, seconds, wrapped};
use super::setup::load_config;
use super::{CliError, Global, exit};
use crate::source::facts::iso8601;
use crate::state::{Delivery, Run, RunStatus, RunSummary, StateStore};

/// How many letters of a run's id tell it from others to a person: its instant, and some that are drawn.
const SHORT: usize = 18;
/// Columns that the text keeps to.
const WIDTH: usize = 80;
/// What is said of the outcomes of a run that was beyond the store's bound.
pub(super) const LET_GO: &str = "values let go of";

#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// One run, by its id, the beginning of it, or `last`: what failed and why, what was slow
    #[arg(value_name = "RUN", conflicts_with = "metric")]
    run: Option<String>,
    /// One metric over the runs: value, reason and time [default: all of each run]
    #[arg(long, value_name = "KEY")]
    metric: Option<String>,
    /// How many runs are looked at, newest first
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// How the history is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) async fn run(global: &Global, args: HistoryArgs) -> Result<u8, CliError> {
    let config = load_config(global)?;
    let state = StateStore::open(config.state.url.expose()).await?;
    let text = match (&args.run, &args.metric) {
        (Some(name), _) => one_run::show(&state, name, args.format).await?,
        (None, Some(key_path)) => one_metric::show(&state, key_path, args.limit, args.format).await?,
        (None, None) => all(&state.run_summaries(args.limit).await?, args.format),
    };
    state.close().await;
    print(&text)?;
    Ok(exit::DONE)
}

fn all(runs: &[RunSummary], format: Format) -> String {
    match format {
        Format::Json => format!(
            "{:#}\n",
            json!({"runs": runs.iter().map(summary_json).collect::<Vec<Value>>()})
        ),
        Format::Human if runs.is_empty() => "no run yet: service-ping run makes the first\n".to_owned(),
        Format::Human => runs.iter().map(summary_text).collect(),
    }
}

/// Two lines a run, so that none is wider than a terminal, and why its payload was not taken.
fn summary_text(summary: &RunSummary) -> String {
    let run = &summary.run;
    let time = match run.finished_at {
        Some(finished) => format!(
            ", {}",
            seconds((finished - run.started_at).to_std().unwrap_or_default())
        ),
        None => String::new(),
    };
    let mut says = vec![match summary.metrics {
        0 if run.status == RunStatus::Completed => LET_GO.to_owned(),
        metrics => counted(usize::try_from(metrics).unwrap_or(usize::MAX), "metric"),
    }];
    if summary.with_reason > 0 {
        says.push(format!("{} with a reason", summary.with_reason));
    }
    says.push(delivery_text(summary.delivery).to_owned());
    let why = summary.delivery_error.as_deref();
    format!(
        "{}  {}{time}, by {}\n    {}  {}\n{}",
        iso8601(run.recorded_at),
        status_text(run),
        run.trigger,
        short(run.id),
        says.join(", "),
        why.map(|why| indented(why, "    ")).unwrap_or_default()
    )
}

/// A sentence under what it explains, no wider than a terminal.
pub(super) fn indented(text: &str, margin: &str) -> String {
    let lines = wrapped(text, WIDTH - margin.len());
    lines.lines().map(|line| format!("{margin}{line}\n")).collect()
}

fn status_text(run: &Run) -> &'static str {
    match run.status {
        RunStatus::Running => "running, or killed",
        status => status.as_str(),
    }
}

pub(super) fn delivery_text(delivery: Option<Delivery>) -> &'static str {
    match delivery {
        None => "no payload",
        Some(Delivery::Waiting) => "payload waits",
        Some(Delivery::Sent) => "payload sent",
        Some(Delivery::Rejected) => "payload refused",
        Some(Delivery::Withheld) => "payload kept here",
    }
}

fn summary_json(summary: &RunSummary) -> Value {
    let mut run = run_json(&summary.run);
    run["metrics"] = summary.metrics.into();
    run["with_reason"] = summary.with_reason.into();
    run["delivery"] = summary.delivery.map(Delivery::as_str).into();
    run["delivery_error"] = summary.delivery_error.as_deref().into();
    run
}

/// A run as scripts read it.
pub(super) fn run_json(run: &Run) -> Value {
    let instant = |at: DateTime<Utc>| iso8601(at);
    json!({
        "run_id": run.id.to_string(),
        "recorded_at": instant(run.recorded_at),
        "started_at": instant(run.started_at),
        "finished_at": run.finished_at.map(instant),
        "definitions_digest": run.definitions_digest,
        "trigger": run.trigger,
        "status": run.status.as_str(),
        "message": run.message,
    })
}

/// A run's id, as far as a person needs it.
pub(super) fn short(id: Uuid) -> String {
    id.to_string().chars().take(SHORT).collect()
}

/// The run of that name: an id, the beginning of one, `last`, or `previous`, the one before it that was completed.
///
/// # Errors
/// No run has that name, or several have it.
pub(super) async fn named(state: &StateStore, name: &str) -> Result<Run, CliError> {
    let runs = state.runs(u32::MAX).await?;
    let completed = |run: &&Run| run.status == RunStatus::Completed;
    let found: Vec<&Run> = match name {
        "last" => runs.iter().filter(completed).take(1).collect(),
        "previous" => runs.iter().filter(completed).skip(1).take(1).collect(),
        name => runs.iter().filter(|run| run.id.to_string().starts_with(name)).collect(),
    };
    match found.as_slice() {
        [run] => Ok((*run).clone()),
        [] => Err(CliError::Usage(format!(
            "there is no run {name:?}: service-ping history shows all"
        ))),
        several => Err(CliError::Usage(format!(
            "{} runs begin with {name:?}: give more of the id",
            several.len()
        ))),
    }
}
