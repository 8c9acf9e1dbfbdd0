//! `metric`: one metric or class, as a console shows it.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::output::{Format, print, seconds};
use super::setup::{DefinitionArgs, Patience, Setup, interrupt_on_signals};
use super::wanted::WantedArgs;
use super::{CliError, Global, exit};
use crate::report::{NoProgress, Outcome, OutcomeState, collect, plan_one};
use crate::source::database::StatementLog;

#[derive(Debug, Args)]
pub(super) struct MetricArgs {
    #[command(flatten)]
    wanted: WantedArgs,
    #[command(flatten)]
    definitions: DefinitionArgs,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// A statement that was sent, as it is shown.
#[derive(Clone)]
struct Sent {
    sql: String,
    elapsed: Duration,
    error: Option<String>,
}

pub(super) async fn run(global: &Global, args: MetricArgs) -> Result<u8, CliError> {
    let setup = Setup::load(global, &args.definitions)?;
    let definition = args.wanted.definition(&setup)?;
    let sent: Arc<Mutex<Vec<Sent>>> = Arc::default();
    let listener = sent.clone();
    let log = StatementLog::new(move |statement| {
        let sent = Sent {
            sql: statement.sql.to_owned(),
            elapsed: statement.elapsed,
            error: statement.error.clone(),
        };
        if let Ok(mut list) = listener.lock() {
            list.push(sent);
        }
    });
    let uuid = setup.uuid(&setup.state().await?).await?;
    let sources = setup.sources(Some(uuid), interrupt_on_signals(), log, Patience::TryOnce)?;
    let plan = plan_one(&definition, &setup.registry, &setup.context());
    let collection = collect(&plan, &sources, &NoProgress).await;
    if sources.interrupt.is_raised() {
        return Err(CliError::Interrupted);
    }
    let sent = sent.lock().map(|list| list.clone()).unwrap_or_default();
    let Some(outcome) = collection.outcomes.first() else {
        return Err(CliError::Usage(format!(
            "metric {:?} is removed: nothing is computed for it",
            args.wanted.name
        )));
    };
    match args.format {
        Format::Human => show(outcome, &sent)?,
        Format::Json => print(&format!("{:#}\n", with_statements(outcome, &sent)))?,
    }
    Ok(exit::DONE)
}

fn show(outcome: &Outcome, sent: &[Sent]) -> Result<(), CliError> {
    let mut text = String::new();
    for statement in sent {
        let milliseconds = statement.elapsed.as_secs_f64() * 1000.0;
        text += &format!("  ({milliseconds:.1}ms)  {}\n", statement.sql);
        if let Some(error) = &statement.error {
            text += &format!("    failed: {error}\n");
        }
    }
    text += &format!("{} => {}\n", outcome.key_path, outcome.value);
    if let Some(bound) = outcome.error_bound {
        text += &format!("  estimated, within {:.1} % in 99 of 100 cases\n", bound * 100.0);
    }
    if let Some(window) = outcome.window {
        text += &format!("  from {} to {}\n", window.from.to_rfc3339(), window.to.to_rfc3339());
    }
    match &outcome.state {
        OutcomeState::Ok => {}
        OutcomeState::Unreliable(failure) => {
            text += &format!("  unreliable: {}\n  {}\n", failure.message, failure.reason.advice());
        }
        OutcomeState::Deprecated => text += "  deprecated: kept for compatibility, nothing is computed\n",
        OutcomeState::Fallback(failure) => {
            text += &format!(
                "  fell back: {}: {}\n  {}\n",
                failure.reason,
                failure.message,
                failure.reason.advice()
            );
        }
    }
    let statements = super::output::counted(sent.len(), "statement");
    text += &format!(
        "  {statements}, {}, {}\n",
        super::output::counted(outcome.retries as usize, "retry"),
        seconds(outcome.elapsed)
    );
    print(&text)
}

fn with_statements(outcome: &Outcome, sent: &[Sent]) -> Value {
    let mut json = outcome.to_json();
    let list: Vec<Value> = sent
        .iter()
        .map(|sent| json!({"sql": sent.sql, "elapsed": sent.elapsed.as_secs_f64(), "error": sent.error}))
        .collect();
    if let Some(object) = json.as_object_mut() {
        object.insert("sent".to_owned(), Value::from(list));
    }
    json
}
