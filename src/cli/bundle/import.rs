//! `bundle import`: files into the receiver's database, at the maker's.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{not_sound, public_key, text_of};
use crate::cli::message::note;
use crate::cli::output::{counted, print};
use crate::cli::versions::open_store;
use crate::cli::{CliError, exit};
use crate::versions::bundle::{Bundle, PublicKey, Receipt, Receipts, import};
use crate::versions::receiver::ReceiverStore;

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Files that bundle export wrote
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// What holds what is received: a SQLite file, or sqlite://… or postgres://…
    #[arg(long, value_name = "STORE", default_value = "versions.db")]
    database: PathBuf,
    /// Keys of instances that are taken; may be given several times, without it all are
    #[arg(long, value_name = "HEX", value_parser = public_key)]
    key: Vec<PublicKey>,
    /// Where to write the receipts [default: receipts.json]
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

/// A file that is not taken does not keep the others out.
pub(super) async fn run(args: &ImportArgs) -> Result<u8, CliError> {
    let store = open_store(&args.database).await?;
    let mut receipts = Vec::new();
    for file in &args.files {
        match take(&store, file, &args.key).await {
            Ok((receipt, is_new)) => {
                let said = if is_new { "new" } else { "known already" };
                print(&format!(
                    "{}: usage_data_id {}, {said}\n",
                    file.display(),
                    receipt.usage_data_id
                ))?;
                receipts.push(receipt);
            }
            Err(error) => note(&format!("not taken: {error}")),
        }
    }
    store.close().await;
    let refused = args.files.len() - receipts.len();
    if !receipts.is_empty() {
        write(args, receipts)?;
    }
    match refused {
        0 => Ok(exit::DONE),
        refused => Err(CliError::Other(format!("{} not taken", counted(refused, "file")))),
    }
}

async fn take(store: &ReceiverStore, file: &Path, keys: &[PublicKey]) -> Result<(Receipt, bool), CliError> {
    let text = text_of(file)?;
    let bundle = Bundle::read(&text, keys).map_err(|error| not_sound(file, &error))?;
    let imported = import(store, &bundle).await;
    let imported = imported.map_err(|error| CliError::Other(format!("{}: {error}", file.display())))?;
    Ok((Receipt::of(&bundle, imported.usage_data_id), imported.is_new))
}

fn write(args: &ImportArgs, receipts: Vec<Receipt>) -> Result<(), CliError> {
    let file = args.receipt.clone().unwrap_or_else(|| PathBuf::from("receipts.json"));
    let text = Receipts::new(receipts).to_text();
    let text = text.map_err(|error| CliError::Other(error.to_string()))?;
    std::fs::write(&file, text).map_err(|error| CliError::file(&file, error))?;
    note(&format!(
        "next: take {} back; service-ping bundle receipt closes the outbox",
        file.display()
    ));
    Ok(())
}
