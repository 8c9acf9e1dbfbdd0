//! `metric`: one metric or class, as a console shows it.

use clap::Args;

use super::message::note;
use super::output::{Format, print};
use super::setup::{DefinitionArgs, Setup, interrupt_on_signals};
use super::trace::{Trace, traced};
use super::wanted::WantedArgs;
use super::{CliError, Global, exit};

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

pub(super) async fn run(global: &Global, args: MetricArgs) -> Result<u8, CliError> {
    let setup = Setup::load(global, &args.definitions)?;
    let definition = args.wanted.definition(&setup)?;
    let Some(trace) = traced(&setup, &definition, interrupt_on_signals()).await? else {
        return Err(CliError::Usage(format!(
            "metric {:?} is removed: nothing is computed for it",
            args.wanted.name
        )));
    };
    match args.format {
        Format::Human => show(&trace)?,
        Format::Json => print(&format!("{:#}\n", trace.to_json()))?,
    }
    Ok(exit::DONE)
}

fn show(trace: &Trace) -> Result<(), CliError> {
    let outcome = &trace.outcome;
    print(&format!(
        "{}{} => {}\n{}",
        trace.statements(),
        outcome.key_path,
        outcome.value,
        trace.details()
    ))?;
    if trace.is_well() {
        note("try changes of it at a prompt: service-ping console");
    }
    Ok(())
}
