//! `dump`: the statements of all metrics, or the values that need none, nested as the payload is.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::message::note;
use super::output::{DocumentFormat, print_document};
use super::setup::{DefinitionArgs, OnlyArgs, Setup};
use super::{CliError, Global, exit, generate};
use crate::definition::KeyPath;
use crate::measure::Measure;
use crate::report::{PlannedMetric, nested};

#[derive(Debug, Args)]
pub(super) struct DumpArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// One runnable statement for each metric that a database answers
    Sql(DumpOptions),
    /// The values of all other metrics
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
        statements(&setup, &options.only)?
    } else {
        values(&setup, &options.only).await?
    };
    print_document(&nested(entries), options.format)?;
    Ok(exit::DONE)
}

fn statements(setup: &Setup, only: &OnlyArgs) -> Result<Vec<(KeyPath, Value)>, CliError> {
    let plan = setup.plan(only)?;
    let statement = |metric: &PlannedMetric<'_>| {
        let Ok(Some(measure)) = &metric.measure else {
            return None;
        };
        let sql = match measure.statement(&|database| setup.dialect(database))? {
            Ok(sql) => Value::from(sql),
            Err(error) => {
                note(&format!("{}: no statement: {error}", metric.key_path));
                return None;
            }
        };
        Some((metric.key_path.clone(), sql))
    };
    Ok(plan.metrics.iter().filter_map(statement).collect())
}

async fn values(setup: &Setup, only: &OnlyArgs) -> Result<Vec<(KeyPath, Value)>, CliError> {
    let needs_no_database =
        |metric: &PlannedMetric<'_>| !matches!(&metric.measure, Ok(Some(asked)) if asks_database(asked));
    let plan = setup.plan(only)?.keep(needs_no_database);
    let (collection, _) = generate::collected(setup, &plan).await?;
    Ok(collection
        .outcomes
        .into_iter()
        .map(|outcome| (outcome.key_path, outcome.value))
        .collect())
}

fn asks_database(measure: &Measure) -> bool {
    measure
        .leaves()
        .iter()
        .any(|leaf| matches!(leaf, Measure::Database(_) | Measure::SqlValue(_)))
}
