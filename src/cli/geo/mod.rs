//! `geo`: the secondary site's part, and what the primary was told.

mod status;
mod update;

use clap::{Args, Subcommand};

use super::{CliError, Global};

#[derive(Debug, Args)]
pub(super) struct GeoArgs {
    #[command(subcommand)]
    verb: GeoVerb,
}

#[derive(Debug, Subcommand)]
enum GeoVerb {
    /// Collect this secondary site's week out of Prometheus, once a day at the most
    Update(update::UpdateArgs),
    /// Hand what was collected to the primary; on the primary, list what it was told
    Status(status::StatusArgs),
}

pub(super) async fn run(global: &Global, args: GeoArgs) -> Result<u8, CliError> {
    match args.verb {
        GeoVerb::Update(args) => update::run(global, args).await,
        GeoVerb::Status(args) => status::run(global, args).await,
    }
}
