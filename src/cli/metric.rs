//! `metric`: one metric or class, as a console shows it.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::output::{Format, print, seconds};
use super::setup::{DefinitionArgs, Patience, Setup, interrupt_on_signals};
use super::{CliError, Global, exit};
use crate::definition::{DataCategory, DataSource, KeyPath, MetricDefinition, Status, TimeFrame, ValueType};
use crate::report::{NoProgress, Outcome, OutcomeState, collect, plan_one};
use crate::source::database::StatementLog;

#[derive(Debug, Args)]
pub(super) struct MetricArgs {
    /// A key path such as counts.issues, or the name of an instrumentation class
    #[arg(value_name = "KEY_OR_CLASS")]
    name: String,
    #[command(flatten)]
    definitions: DefinitionArgs,
    /// The time to look back over, instead of the definition's [default for a class: all]
    #[arg(long, value_enum)]
    time_frame: Option<Frame>,
    /// An option of the class, such as type=jira; values are read as YAML
    #[arg(long, value_name = "K=V")]
    option: Vec<String>,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Frame {
    #[value(name = "7d")]
    SevenDays,
    #[value(name = "28d")]
    TwentyEightDays,
    All,
    None,
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
    let definition = wanted(&setup, &args)?;
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
            args.name
        )));
    };
    match args.format {
        Format::Human => show(outcome, &sent)?,
        Format::Json => print(&format!("{:#}\n", with_statements(outcome, &sent)))?,
    }
    Ok(exit::DONE)
}

/// The definition of a key path, or one made up for a class.
fn wanted(setup: &Setup, args: &MetricArgs) -> Result<MetricDefinition, CliError> {
    let mut definition = match setup.loaded.catalog.metric(&args.name) {
        Some(definition) => definition.clone(),
        None => of_class(setup, &args.name)?,
    };
    if let Some(frame) = args.time_frame {
        definition.time_frame = frame.into();
    }
    for option in &args.option {
        let usage = || CliError::Usage(format!("--option {option:?} is not of the form key=value"));
        let (key, value) = option.split_once('=').ok_or_else(usage)?;
        let value: Value = serde_yaml::from_str(value).map_err(|_| usage())?;
        definition.options.insert(key.to_owned(), value);
    }
    Ok(definition)
}

fn of_class(setup: &Setup, name: &str) -> Result<MetricDefinition, CliError> {
    if setup.registry.class(name, &setup.loaded.catalog).is_none() {
        return Err(CliError::Usage(unknown(setup, name)));
    }
    let key_path = KeyPath::new(name).ok_or_else(|| CliError::Usage("the name is empty".to_owned()))?;
    Ok(MetricDefinition {
        key_path,
        description: String::new(),
        value_type: ValueType::Number,
        status: Status::Active,
        time_frame: TimeFrame::All,
        data_source: DataSource::Database,
        data_category: DataCategory::Optional,
        instrumentation_class: Some(name.to_owned()),
        options: Map::new(),
        events: Vec::new(),
        fallback: None,
        file: Default::default(),
        attributes: Map::new(),
    })
}

fn unknown(setup: &Setup, name: &str) -> String {
    let catalog = &setup.loaded.catalog;
    let metrics = catalog.metrics.iter().map(|metric| metric.key_path.as_str());
    let names = metrics
        .chain(catalog.classes.keys().map(String::as_str))
        .chain(setup.registry.names());
    let nearest = names
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((likeness, known)) if likeness > 0.8 => {
            format!("there is no metric or class {name:?}; did you mean {known:?}?")
        }
        _ => format!("there is no metric or class {name:?}"),
    }
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

impl From<Frame> for TimeFrame {
    fn from(frame: Frame) -> TimeFrame {
        match frame {
            Frame::SevenDays => TimeFrame::SevenDays,
            Frame::TwentyEightDays => TimeFrame::TwentyEightDays,
            Frame::All => TimeFrame::All,
            Frame::None => TimeFrame::None,
        }
    }
}
