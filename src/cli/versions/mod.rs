//! `versions`: the receiving end, its tokens and its export.

mod export;
mod receive;
mod token;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{CliError, Global};
use crate::versions::receiver::ReceiverStore;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct VersionsArgs {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    receive: receive::ReceiveArgs,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write what was received in a month as files for a warehouse
    Export(export::ExportArgs),
    /// Tokens of those who may send or look: add, list, revoke
    Token(token::TokenArgs),
}

/// Where the receiver's store is.
#[derive(Debug, Args)]
struct StoreArgs {
    /// What holds what is received: a SQLite file, or sqlite://… or postgres://…
    #[arg(
        long,
        value_name = "STORE",
        env = "SERVICE_PING_VERSIONS_STORE",
        hide_env_values = true,
        default_value = "versions.db"
    )]
    store: PathBuf,
}

impl StoreArgs {
    async fn open(&self) -> Result<ReceiverStore, CliError> {
        open_store(&self.store).await
    }

    /// The store as it may be shown.
    fn shown(&self, store: &ReceiverStore) -> String {
        match url(&self.store) {
            Some(_) => store.location().to_owned(),
            None => self.store.display().to_string(),
        }
    }
}

pub(super) async fn run(global: &Global, args: VersionsArgs) -> Result<u8, CliError> {
    match args.what {
        None => receive::run(args.receive).await,
        Some(What::Export(args)) => export::run(global, args).await,
        Some(What::Token(args)) => token::run(args).await,
    }
}

/// The store's text, if it is a URL.
fn url(store: &Path) -> Option<&str> {
    let schemes = ["sqlite:", "postgres://", "postgresql://"];
    let text = store.to_str()?;
    schemes.iter().any(|scheme| text.starts_with(scheme)).then_some(text)
}

/// Opens the receiver's store, a file or a URL; what the path of a file holds is not read as parts of a URL.
pub(super) async fn open_store(store: &Path) -> Result<ReceiverStore, CliError> {
    if let Some(url) = url(store) {
        return Ok(ReceiverStore::open(url).await?);
    }
    let Some(path) = store.to_str() else {
        return Err(CliError::Usage(format!("the path {} is not UTF-8", store.display())));
    };
    let folder = store.parent().filter(|folder| *folder != Path::new(""));
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        let message = format!(
            "the folder {} does not exist: create it, or name another file",
            folder.display()
        );
        return Err(CliError::Other(message));
    }
    let encoded = path.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    Ok(ReceiverStore::open(&format!("sqlite://{encoded}")).await?)
}
