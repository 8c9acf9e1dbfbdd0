//! `usage-log`: what a configuration of the usage log means.

mod check;

use clap::{Args, Subcommand};

use super::{CliError, Global};

#[derive(Debug, Args)]
pub(super) struct UsageLogArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Explain a configuration: which writers there are, and all that they are told
    Check(check::CheckArgs),
}

pub(super) fn run(global: &Global, args: UsageLogArgs) -> Result<u8, CliError> {
    match args.what {
        What::Check(args) => check::run(global, args),
    }
}
