//! `generate`: the payload on stdout, nothing stored or sent.

use std::path::PathBuf;

use clap::Args;
use uuid::Uuid;

use super::consented::to_leave;
use super::output::{DocumentFormat, print_document, written};
use super::setup::{DefinitionArgs, OnlyArgs, Patience, Setup, interrupt_on_signals};
use super::strategy::StrategyArgs;
use super::{CliError, Global, exit, progress};
use crate::report::{Collection, NoProgress, Plan, Progress, collect, metadata, payload};
use crate::source::database::{Interrupt, StatementLog};

#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    #[command(flatten)]
    definitions: DefinitionArgs,
    #[command(flatten)]
    only: OnlyArgs,
    #[command(flatten)]
    strategy: StrategyArgs,
    /// How the payload is written
    #[arg(long, value_enum, default_value_t = DocumentFormat::Json)]
    format: DocumentFormat,
    /// Also write the timing metadata to a file, as JSON
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,
}

pub(super) async fn run(global: &Global, args: GenerateArgs) -> Result<u8, CliError> {
    let setup = Setup::load(global, &args.definitions)?;
    let plan = setup.plan(&args.only)?.with(args.strategy.strategy());
    let plan = to_leave(&setup, plan).await?;
    let (collection, uuid) = collected(&setup, &plan).await?;
    print_document(&payload(&collection.outcomes), args.format)?;
    if let Some(path) = &args.metadata {
        let text = written(&metadata(uuid, &collection.outcomes), DocumentFormat::Json)?;
        std::fs::write(path, text).map_err(|error| CliError::file(path, error))?;
    }
    Ok(exit::DONE)
}

/// The readings of a plan, and the instance's uuid.
///
/// # Errors
/// [`CliError::Interrupted`] where a signal cut it short: what falls back for that is not a payload.
pub(super) async fn collected(setup: &Setup, plan: &Plan<'_>) -> Result<(Collection, Uuid), CliError> {
    let uuid = match setup.config.instance.uuid {
        Some(uuid) => uuid,
        None => setup.state().await?.instance_uuid().await?,
    };
    let shown = progress::progress();
    let collection = readings(setup, plan, uuid, interrupt_on_signals(), shown.as_ref()).await?;
    Ok((collection, uuid))
}

/// The readings of a plan for whoever looks on elsewhere: nothing is printed.
///
/// # Errors
/// As [`collected`].
pub(super) async fn collected_for(
    setup: &Setup,
    plan: &Plan<'_>,
    interrupt: Interrupt,
) -> Result<Collection, CliError> {
    let uuid = match setup.config.instance.uuid {
        Some(uuid) => uuid,
        None => setup.state().await?.instance_uuid().await?,
    };
    readings(setup, plan, uuid, interrupt, &NoProgress).await
}

async fn readings(
    setup: &Setup,
    plan: &Plan<'_>,
    uuid: Uuid,
    interrupt: Interrupt,
    shown: &dyn Progress,
) -> Result<Collection, CliError> {
    let sources = setup.sources(Some(uuid), interrupt, StatementLog::default(), Patience::Wait)?;
    let collection = collect(plan, &sources, shown).await;
    if sources.interrupt.is_raised() {
        return Err(CliError::Interrupted);
    }
    for (outcome, failure) in collection.fallbacks() {
        tracing::info!(key_path = %outcome.key_path, %failure, "A metric fell back.");
    }
    Ok(collection)
}
