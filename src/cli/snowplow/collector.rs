//! `snowplow collector`: a strict collector for local work.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::cli::message::note;
use crate::cli::setup::terminate_signal;
use crate::cli::{CliError, exit};
use crate::emit::snowplow::Schemas;
use crate::emit::snowplow::collector::{Collector, Judge, Kept};

#[derive(Debug, Args)]
pub(super) struct CollectorArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
    listen: SocketAddr,
    /// Schemas in iglu's layout, VENDOR/NAME/jsonschema/1-0-0 [default: rules of our own]
    #[arg(long, value_name = "FOLDER")]
    schemas: Option<PathBuf>,
    /// What vendors whose name ends in .auth ask for; others get 403 [default: nothing]
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// The newest events, and bad rows, that are kept in memory; all are counted
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000)]
    keep: usize,
}

pub(super) async fn run(args: CollectorArgs) -> Result<u8, CliError> {
    if let Some(folder) = args.schemas.as_deref().filter(|folder| !folder.is_dir()) {
        let message = format!("--schemas: the folder {} does not exist", folder.display());
        return Err(CliError::Usage(message));
    }
    let schemas = args.schemas.as_deref().map_or_else(Schemas::built_in, Schemas::of);
    let collector = Collector::bind(args.listen, Judge::new(schemas), Kept::new(args.keep), args.token).await;
    let collector = collector.map_err(|error| CliError::Other(error.to_string()))?;
    let address = collector.local_addr();
    let asked_to_end = terminate_signal();
    note(&format!("listening on http://{address}"));
    note(&format!(
        "next: set [snowplow] collector = \"http://{address}\"; http://{address}/micro/all counts events"
    ));
    collector
        .serve(asked_to_end)
        .await
        .map_err(|error| CliError::Other(error.to_string()))?;
    note("stopped: every request that had begun was answered");
    Ok(exit::DONE)
}
