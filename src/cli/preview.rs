//! `preview`: exactly what would leave now, also while sending is off.

use clap::Args;

use super::consented::{Held, consented};
use super::generate::collected;
use super::message::note;
use super::output::print;
use super::setup::{DefinitionArgs, OnlyArgs, Patience, Setup};
use super::{CliError, Global, exit};
use crate::config::ConsentMode;
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
    let mut setup = Setup::load(global, &args.definitions)?;
    // What keeps the product from answering keeps everything here, and nobody from looking at it.
    let unasked = setup.ask_permission(Patience::TryOnce).await.err();
    if args.last {
        let last = setup.state().await?.last_payload().await?;
        let text = last.unwrap_or_else(|| "{}".to_owned());
        print(&text)?;
        note(&where_it_goes(&setup, text.len(), unasked.as_ref()));
        return Ok(exit::DONE);
    }
    let plan = setup.plan(&OnlyArgs { only: Vec::new() })?;
    let (plan, held) = match setup.config.reporting.consent {
        ConsentMode::Implicit => (plan, Held::default()),
        ConsentMode::Explicit => {
            let consented = consented(&setup, &setup.state().await?, plan).await?;
            (consented.plan, consented.held)
        }
    };
    let (collection, _) = collected(&setup, &plan).await?;
    // The very words of `run`, so that its bytes are these.
    let text = payload(&collection.outcomes).to_string();
    print(&text)?;
    note(&where_it_goes(&setup, text.len(), unasked.as_ref()));
    if let Some(says) = held.says() {
        note(&format!("{says}; service-ping consent diff shows them"));
    }
    Ok(exit::DONE)
}

pub(super) fn where_it_goes(setup: &Setup, bytes: usize, unasked: Option<&CliError>) -> String {
    if let Some(error) = unasked {
        return format!("\n{bytes} bytes; {error}");
    }
    if let Some(refusal) = setup.permission.refusal {
        return format!("\n{bytes} bytes; nothing leaves: {}", refusal.says());
    }
    match &setup.config.versions.url {
        Some(url) => format!("\n{bytes} bytes, which run sends to {url}"),
        None => format!("\n{bytes} bytes; nothing leaves: [versions] has no url"),
    }
}
