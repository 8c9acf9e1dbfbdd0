//! `explain`: what a metric would cost, before it runs.

mod human;
mod in_run;
mod markdown;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use self::in_run::{InRun, placed};
use super::output::print;
use super::setup::{DefinitionArgs, OnlyArgs, Patience, Setup, interrupt_on_signals};
use super::wanted::WantedArgs;
use super::{CliError, Global, exit};
use crate::definition::{MetricDefinition, TimeFrame};
use crate::explain::{Explainer, Explanation};
use crate::measure::{Failure, Measure};
use crate::report::{Plan, plan_one};
use crate::source::Sources;
use crate::source::database::StatementLog;

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    wanted: Option<WantedArgs>,
    /// Every metric, instead of one
    #[arg(long, conflicts_with_all = ["name", "time_frame", "option"])]
    all: bool,
    #[command(flatten)]
    only: OnlyArgs,
    #[command(flatten)]
    definitions: DefinitionArgs,
    /// Also run the slowest batch of each statement, read-only and under the statement timeout
    #[arg(long)]
    analyze: bool,
    /// Also show the scan that each metric would stand in at a run of all definitions, and why
    #[arg(long)]
    plan: bool,
    /// markdown is text for a merge request
    #[arg(long, value_enum, default_value_t = ExplainFormat::Human)]
    format: ExplainFormat,
}

/// How an explanation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExplainFormat {
    Human,
    Json,
    Markdown,
}

/// A measure with its name and its time frame, as they are shown.
struct Asked {
    label: String,
    frame: Option<TimeFrame>,
    measure: Result<Option<Measure>, Failure>,
}

/// What an asked measure would cost.
pub(super) struct Answered {
    label: String,
    frame: Option<TimeFrame>,
    /// The failure of what cannot be described.
    explanation: Result<Explanation, Failure>,
    /// Where its readings stand in a run; `None` unless it was asked for.
    in_run: Option<Vec<InRun>>,
}

pub(super) async fn run(global: &Global, args: ExplainArgs) -> Result<u8, CliError> {
    let setup = Setup::load(global, &args.definitions)?;
    let asked = match &args.wanted {
        Some(wanted) => one(&setup, wanted)?,
        None if args.all => all(&setup, &args.only)?,
        None => return Err(CliError::Usage("name a metric or a class, or say --all".to_owned())),
    };
    let sources = setup.sources(None, interrupt_on_signals(), StatementLog::default(), Patience::TryOnce)?;
    let in_run = match args.plan {
        true => placed(&setup, &sources, &asked).await?.into_iter().map(Some).collect(),
        false => Vec::new(),
    };
    let mut answered = answered(asked, &sources, args.analyze).await?;
    for (answered, in_run) in answered.iter_mut().zip(in_run) {
        answered.in_run = in_run;
    }
    print(&written(&answered, args.format))?;
    all_reached(&setup, &answered)?;
    Ok(exit::DONE)
}

/// What a definition would cost, in its own window, as text and as JSON; for the console.
///
/// # Errors
/// A database that cannot be reached; [`CliError::Interrupted`] where a signal cut it short.
pub(super) async fn explained(
    setup: &Setup,
    sources: &Sources,
    definition: &MetricDefinition,
) -> Result<(String, Value), CliError> {
    let asked = of_definition(setup, definition, definition.time_frame);
    let answered = answered(asked, sources, false).await?;
    all_reached(setup, &answered)?;
    Ok((human::text(&answered), document(&answered)))
}

/// # Errors
/// The first database that could not be reached, with its address and the key that names it.
fn all_reached(setup: &Setup, answered: &[Answered]) -> Result<(), CliError> {
    let explanations = answered
        .iter()
        .filter_map(|answered| answered.explanation.as_ref().ok());
    let mut away = explanations.filter_map(Explanation::unreachable);
    match away.next() {
        Some((database, failure)) => Err(CliError::unreachable(&setup.config, database, &failure.message)),
        None => Ok(()),
    }
}

fn written(answered: &[Answered], format: ExplainFormat) -> String {
    match format {
        ExplainFormat::Human => human::text(answered),
        ExplainFormat::Json => format!("{:#}\n", document(answered)),
        ExplainFormat::Markdown => markdown::text(answered),
    }
}

fn document(answered: &[Answered]) -> Value {
    json!({"explained": answered.iter().map(to_json).collect::<Vec<_>>()})
}

fn to_json(answered: &Answered) -> Value {
    let mut json = match &answered.explanation {
        Ok(explanation) => explanation.to_json(),
        Err(failure) => json!({"error": {"reason": failure.reason.code(), "message": failure.message}}),
    };
    if let Some(object) = json.as_object_mut() {
        if let Some(in_run) = &answered.in_run {
            object.insert("in_run".to_owned(), in_run.iter().map(InRun::to_json).collect());
        }
        object.insert("name".to_owned(), Value::from(answered.label.as_str()));
        object.insert(
            "time_frame".to_owned(),
            Value::from(answered.frame.map(TimeFrame::as_str)),
        );
    }
    json
}

fn all(setup: &Setup, only: &OnlyArgs) -> Result<Vec<Asked>, CliError> {
    let plan = setup.plan(only)?;
    let asked = plan.metrics.iter().map(|metric| Asked {
        label: metric.key_path.to_string(),
        frame: metric.definition.map(|definition| definition.time_frame),
        measure: metric.measure.clone(),
    });
    Ok(asked.collect())
}

/// Reviewers want both variants of a windowed metric (spec 15): the window, and all time.
fn one(setup: &Setup, wanted: &WantedArgs) -> Result<Vec<Asked>, CliError> {
    let definition = wanted.definition(setup)?;
    let mut asked = of_definition(setup, &definition, definition.time_frame);
    let windowed = asked
        .iter()
        .any(|asked| matches!(&asked.measure, Ok(Some(measure)) if has_window(measure)));
    if windowed && !wanted.says_time_frame() {
        asked.extend(of_definition(setup, &definition, TimeFrame::All));
    }
    if asked.is_empty() {
        let message = format!("metric {:?} is removed: nothing is computed for it", wanted.name);
        return Err(CliError::Usage(message));
    }
    Ok(asked)
}

fn of_definition(setup: &Setup, definition: &MetricDefinition, frame: TimeFrame) -> Vec<Asked> {
    let mut definition = definition.clone();
    definition.time_frame = frame;
    let plan: Plan<'_> = plan_one(&definition, &setup.registry, &setup.context());
    let asked = plan.metrics.iter().map(|metric| Asked {
        label: metric.key_path.to_string(),
        frame: Some(frame),
        measure: metric.measure.clone(),
    });
    asked.collect()
}

fn has_window(measure: &Measure) -> bool {
    measure
        .leaves()
        .iter()
        .any(|leaf| matches!(leaf, Measure::Database(measure) if measure.window.is_some()))
}

async fn answered(asked: Vec<Asked>, sources: &Sources, analyze: bool) -> Result<Vec<Answered>, CliError> {
    let mut explainer = Explainer::new(sources, analyze);
    let mut answered = Vec::with_capacity(asked.len());
    for asked in asked {
        let explanation = match &asked.measure {
            Ok(Some(measure)) => Ok(explainer.explain(measure).await),
            Ok(None) => Ok(Explanation::of_deprecated()),
            Err(failure) => Err(failure.clone()),
        };
        if sources.interrupt.is_raised() {
            return Err(CliError::Interrupted);
        }
        answered.push(Answered {
            label: asked.label,
            frame: asked.frame,
            explanation,
            in_run: None,
        });
    }
    explainer.close().await;
    Ok(answered)
}
