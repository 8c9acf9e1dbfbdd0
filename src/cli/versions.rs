//! `versions`: the receiving end.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

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
    let store = ReceiverStore::open(&format!("sqlite://{}", args.store.display())).await?;
    let receiver = Receiver::bind(args.listen, store)
        .await
        .map_err(|error| CliError::Other(error.to_string()))?;
    eprintln!(
        "listening on http://{}, storing in {}",
        receiver.local_addr(),
        args.store.display()
    );
    eprintln!(
        "next: set [versions] url = \"http://{}\" where the weekly job runs",
        receiver.local_addr()
    );
    receiver.serve(terminate_signal()).await;
    Ok(exit::DONE)
}
