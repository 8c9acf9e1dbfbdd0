//! `dump`: the statements of all metrics, or the values that need none, nested as the payload is.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::message::note;
use super::output::{DocumentFormat, print_document};
use super::setup::{DefinitionArgs, OnlyArgs, Patience, Setup, interrupt_on_signals};
use super::{CliError, Global, exit, generate};
use crate::definition::KeyPath;
use crate::report::{Collection, Plan, PlannedMetric, nested, statements};
use crate::source::database::{Interrupt, StatementLog};

#[derive(Debug, Args)]
pub(super) struct DumpArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// One runnable statement for each metric that one statement of a database gives
    ///
    /// The live schema is looked at where it can be reached, because a table without an `id` is counted by its rows.
    Sql(DumpOptions),
    /// The values of all other metrics, also of aggregates that put sets of a database together
    NonSql(DumpOptions),
}

#[derive(Debug, Args)]
struct DumpOptions {
    #[command(flatten)]
    definitions: DefinitionArgs,
    #[command(flatten)]
    only: OnlyArgs,
    /// How the dump is written
    #[arg(long, value_enum, default_value_t = DocumentFormat::Yaml)]
    format: DocumentFormat,
}

pub(super) async fn run(global: &Global, args: DumpArgs) -> Result<u8, CliError> {
    let (options, sql) = match args.what {
        What::Sql(options) => (options, true),
        What::NonSql(options) => (options, false),
    };
    let setup = Setup::load(global, &options.definitions)?;
    let entries = if sql {
        written(&setup, &options.only, interrupt_on_signals()).await?
    } else {
        let plan = without_statement(&setup, &options.only)?;
        by_key_path(generate::collected(&setup, &plan).await?.0)
    };
    print_document(&nested(entries), options.format)?;
    Ok(exit::DONE)
}

/// The statement of each metric that one gives.
///
/// # Errors
/// There is no such metric, or the interrupt was raised.
pub(super) async fn written(
    setup: &Setup,
    only: &OnlyArgs,
    interrupt: Interrupt,
) -> Result<Vec<(KeyPath, Value)>, CliError> {
    let plan = setup.plan(only)?;
    let sources = setup.sources(None, interrupt, StatementLog::default(), Patience::TryOnce)?;
    let statements = statements(&plan, &sources, &|database| setup.dialect(database)).await;
    if sources.interrupt.is_raised() {
        return Err(CliError::Interrupted);
    }
    for (database, why) in &statements.assumed {
        note(&format!(
            "tables of [database.{database}] are taken to have an id, as nobody could look: {why}"
        ));
    }
    let mut entries = Vec::with_capacity(statements.entries.len());
    for (key_path, statement) in statements.entries {
        match statement {
            Ok(sql) => entries.push((key_path, Value::from(sql))),
            Err(error) => note(&format!("{key_path}: no statement: {error}")),
        }
    }
    Ok(entries)
}

/// Whatever one statement does not give, so that each metric is in one of the two dumps.
///
/// # Errors
/// There is no such metric.
pub(super) fn without_statement<'a>(setup: &'a Setup, only: &OnlyArgs) -> Result<Plan<'a>, CliError> {
    let has_no_statement = |metric: &PlannedMetric<'_>| match &metric.measure {
        Ok(Some(measure)) => measure.statement(&|database| setup.dialect(database)).is_none(),
        _ => true,
    };
    Ok(setup.plan(only)?.keep(has_no_statement))
}

/// The values of a collection.
pub(super) fn by_key_path(collection: Collection) -> Vec<(KeyPath, Value)> {
    let outcomes = collection.outcomes.into_iter();
    outcomes.map(|outcome| (outcome.key_path, outcome.value)).collect()
}
