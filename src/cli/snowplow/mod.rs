//! `snowplow`: single events from the shell, what waits of them, and a collector for local work.

mod billing;
mod collector;
mod dead_letters;
mod drain;
mod lines;
mod setup;
mod spool;
mod told;
mod track;

pub(super) use setup::{drained, open_tracker, spool_options};
pub(super) use told::tell;

use clap::{Args, Subcommand};

use super::{CliError, Global};

#[derive(Debug, Args)]
pub(super) struct SnowplowArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Send a custom event: a name, properties, what is attached
    Track(track::TrackArgs),
    /// Send usage that is to be billed: one event, or a file of them
    Billing(billing::BillingArgs),
    /// Send what waits in the spool
    Drain(drain::DrainArgs),
    /// What waits in the spool, and since when
    Spool(spool::SpoolArgs),
    /// Events that were refused for good: list them, or send them again
    DeadLetters(dead_letters::DeadLettersArgs),
    /// A strict collector for local work, with Micro's paths
    Collector(collector::CollectorArgs),
}

pub(super) async fn run(global: &Global, args: SnowplowArgs) -> Result<u8, CliError> {
    match args.what {
        What::Track(args) => track::run(global, args).await,
        What::Billing(args) => billing::run(global, args).await,
        What::Drain(args) => drain::run(global, args).await,
        What::Spool(args) => spool::run(global, args),
        What::DeadLetters(args) => dead_letters::run(global, args).await,
        What::Collector(args) => collector::run(args).await,
    }
}
