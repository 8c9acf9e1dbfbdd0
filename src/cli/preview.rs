//! `preview`: exactly what would leave now, also while sending is off.

use clap::Args;

use super::generate::collected;
use super::message::note;
use super::output::print;
use super::setup::{DefinitionArgs, OnlyArgs, Setup, why_not};
use super::{CliError, Global, exit};
use crate::report::payload;

#[derive(Debug, Args)]
pub(super) struct PreviewArgs {
    #[command(flatten)]
    definitions: DefinitionArgs,
    /// The payload of the last run, as it was stored, instead of a fresh one
    #[arg(long)]
    last: bool,
}

pub(super) async fn run(global: &Global, args: PreviewArgs) -> Result<u8, CliError> {
    let setup = Setup::load(global, &args.definitions)?;
    let text = match args.last {
        true => setup
            .state()
            .await?
            .last_payload()
            .await?
            .unwrap_or_else(|| "{}".to_owned()),
        false => {
            let plan = setup.plan(&OnlyArgs { only: Vec::new() })?;
            let (collection, _) = collected(&setup, &plan).await?;
            payload(&collection.outcomes).to_string()
        }
    };
    print(&text)?;
    note(&where_it_goes(&setup, text.len()));
    Ok(exit::DONE)
}

fn where_it_goes(setup: &Setup, bytes: usize) -> String {
    let config = &setup.config;
    if !config.reporting.sending_allowed() {
        return format!(
            "\n{bytes} bytes; nothing leaves: {}",
            why_not(&config.reporting).unwrap_or_default()
        );
    }
    match &config.versions.url {
        Some(url) => format!("\n{bytes} bytes, which run sends to {url}"),
        None => format!("\n{bytes} bytes; nothing leaves: [versions] has no url"),
    }
}
