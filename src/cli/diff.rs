//! `diff`: what changed between two runs.

use clap::Args;
use serde_json::{Value, json};

use super::history::{named, run_json, short};
use super::output::{Format, counted, print};
use super::setup::load_config;
use super::{CliError, Global, exit};
use crate::report::{Change, Difference, difference};
use crate::source::facts::iso8601;
use crate::state::{OutcomeRecord, Run, StateStore};

/// How many metrics each part names to a person.
const MOST: usize = 20;

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The earlier run: its id, the beginning of it, `last` or `previous`
    #[arg(value_name = "A", default_value = "previous")]
    before: String,
    /// The later run
    #[arg(value_name = "B", default_value = "last")]
    after: String,
    /// A number has changed where one is more than so many times the other
    #[arg(long, value_name = "NUMBER", default_value_t = 2.0, value_parser = factor)]
    factor: f64,
    /// How the difference is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

fn factor(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    if number.is_finite() && number >= 1.0 {
        Ok(number)
    } else {
        Err("choose a number from 1 on; 1 names every change".to_owned())
    }
}

pub(super) async fn run(global: &Global, args: DiffArgs) -> Result<u8, CliError> {
    let config = load_config(global)?;
    let state = StateStore::open(config.state.url.expose()).await?;
    let (before, after) = (named(&state, &args.before).await?, named(&state, &args.after).await?);
    let outcomes = (state.outcomes(before.id).await?, state.outcomes(after.id).await?);
    state.close().await;
    let difference = difference(&outcomes.0, &outcomes.1, args.factor);
    print(&match args.format {
        Format::Json => format!("{:#}\n", as_json(&before, &after, &difference)),
        Format::Human => as_text(&before, &after, &difference),
    })?;
    Ok(exit::DONE)
}

fn as_text(before: &Run, after: &Run, difference: &Difference) -> String {
    let head = |run: &Run| format!("{}  {}\n", iso8601(run.recorded_at), short(run.id));
    let mut text = format!("from  {}to    {}", head(before), head(after));
    if before.definitions_digest != after.definitions_digest {
        text += "the definitions changed between them\n";
    }
    let pair = |(then, now): &(OutcomeRecord, OutcomeRecord)| {
        let reason = now.reason.as_deref().or(then.reason.as_deref()).unwrap_or_default();
        format!("    {}: {} -> {}, {reason}\n", then.key_path, then.value, now.value)
    };
    text += &part("newly failing", &difference.failing, pair);
    text += &part("has a value again", &difference.recovered, pair);
    text += &part("changed", &difference.changed, changed);
    text += &part("new", &difference.new, single);
    text += &part("gone", &difference.gone, single);
    if difference.is_empty() {
        text += "nothing changed by more than the factor\n";
    }
    text + &format!(
        "alike {}, without a value in both {}\n",
        difference.alike, difference.still_failing
    )
}

fn single(outcome: &OutcomeRecord) -> String {
    format!("    {} = {}\n", outcome.key_path, outcome.value)
}

fn changed(change: &Change) -> String {
    let place = match change.within.as_str() {
        "" => change.key_path.clone(),
        within => format!("{} [{within}]", change.key_path),
    };
    let by = if change.factor.is_finite() {
        format!(", {:.1} times", change.factor)
    } else {
        String::new()
    };
    format!("    {place}: {} -> {}{by}\n", change.before, change.after)
}

/// A heading and a line for each; nothing where there is none.
fn part<T>(heading: &str, all: &[T], line: impl Fn(&T) -> String) -> String {
    if all.is_empty() {
        return String::new();
    }
    let lines: String = all.iter().take(MOST).map(line).collect();
    let more = match all.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!("    and {more} more: --format json names all\n"),
    };
    format!("{heading}: {}\n{lines}{more}", counted(all.len(), "metric"))
}

fn as_json(before: &Run, after: &Run, difference: &Difference) -> Value {
    let single = |outcome: &OutcomeRecord| json!({"key_path": outcome.key_path, "value": outcome.value});
    let pair = |(then, now): &(OutcomeRecord, OutcomeRecord)| {
        json!({
            "key_path": now.key_path,
            "before": then.value,
            "after": now.value,
            "reason": now.reason.as_deref().or(then.reason.as_deref()),
            "message": now.message.as_deref().or(then.message.as_deref()),
        })
    };
    let change = |change: &Change| {
        json!({
            "key_path": change.key_path,
            "within": change.within,
            "before": change.before,
            "after": change.after,
            "factor": change.factor.is_finite().then_some(change.factor),
        })
    };
    json!({
        "from": run_json(before),
        "to": run_json(after),
        "newly_failing": difference.failing.iter().map(pair).collect::<Vec<Value>>(),
        "recovered": difference.recovered.iter().map(pair).collect::<Vec<Value>>(),
        "changed": difference.changed.iter().map(change).collect::<Vec<Value>>(),
        "new": difference.new.iter().map(single).collect::<Vec<Value>>(),
        "gone": difference.gone.iter().map(single).collect::<Vec<Value>>(),
        "alike": difference.alike,
        "still_failing": difference.still_failing,
    })
}
