//! `versions`: the receiving end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;

use super::message::note;
use super::setup::terminate_signal;
use super::{CliError, exit};
use crate::versions::receiver::{Receiver, ReceiverStore};

#[derive(Debug, Args)]
pub(super) struct VersionsArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The SQLite file that holds what is received
    #[arg(long, value_name = "FILE", default_value = "versions.db")]
    store: PathBuf,
}

pub(super) async fn run(args: VersionsArgs) -> Result<u8, CliError> {
    let store = open_store(&args.store).await?;
    let receiver = Receiver::bind(args.listen, store)
        .await
        .map_err(|error| CliError::Other(error.to_string()))?;
    let address = receiver.local_addr();
    let asked_to_end = terminate_signal();
    note(&format!(
        "listening on http://{address}, storing in {}",
        args.store.display()
    ));
    note(&format!(
        "next: set [versions] url = \"http://{address}\" where the weekly job runs"
    ));
    receiver.serve(asked_to_end).await;
    note("stopped: every request that had begun was answered");
    Ok(exit::DONE)
}

/// Opens the receiver's file; what its path holds is not read as parts of a URL.
pub(super) async fn open_store(file: &Path) -> Result<ReceiverStore, CliError> {
    let Some(path) = file.to_str() else {
        return Err(CliError::Usage(format!("the path {} is not UTF-8", file.display())));
    };
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
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
