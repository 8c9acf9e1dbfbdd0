//! `job`: a job that is told of and recorded, whose result is its own.

mod child;
mod collectors;
mod drain;
mod exec;
mod hand_over;
mod signals;
mod telemetry;
mod usage;

use clap::{Args, Subcommand};

use super::{CliError, Global};

#[derive(Debug, Args)]
pub(super) struct JobArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Run a command as a job: its exit code is the command's
    Exec(exec::ExecArgs),
    /// What `exec` leaves to be told of, from standard input
    #[command(hide = true)]
    Drain,
}

pub(super) async fn run(global: &Global, args: JobArgs) -> Result<u8, CliError> {
    match args.what {
        What::Exec(args) => Ok(exec::run(global, args).await),
        What::Drain => drain::run(global).await,
    }
}
