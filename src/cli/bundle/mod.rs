//! `bundle`: reports as signed files, for networks that the maker's endpoint cannot be reached from.

mod export;
mod import;
mod receipt;
mod verify;

use std::path::Path;

use clap::{Args, Subcommand};

use super::{CliError, Global};
use crate::versions::bundle::{BundleError, PublicKey};

/// No file that is read is longer: the receiver's longest payload and metadata, in their longest spelling, fit.
const LONGEST: u64 = 256 * 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct BundleArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write a report that waits into one signed file
    Export(export::ExportArgs),
    /// Check that a file is whole, unaltered and signed
    Verify(verify::VerifyArgs),
    /// At the maker's: take files into the receiver's database
    Import(import::ImportArgs),
    /// Back at the instance: mark what arrived as sent
    Receipt(receipt::ReceiptArgs),
}

pub(super) async fn run(global: &Global, args: BundleArgs) -> Result<u8, CliError> {
    match args.what {
        What::Export(args) => export::run(global, args).await,
        What::Verify(args) => verify::run(&args),
        What::Import(args) => import::run(&args).await,
        What::Receipt(args) => receipt::run(global, &args).await,
    }
}

/// The text of a file; what is no text was never a file of ours.
fn text_of(file: &Path) -> Result<String, CliError> {
    let metadata = std::fs::metadata(file).map_err(|error| CliError::file(file, error))?;
    if metadata.len() > LONGEST {
        return Err(CliError::Other(format!("{} is too long for a bundle", file.display())));
    }
    let bytes = std::fs::read(file).map_err(|error| CliError::file(file, error))?;
    String::from_utf8(bytes).map_err(|_| not_sound(file, &BundleError::Altered))
}

fn not_sound(file: &Path, error: &BundleError) -> CliError {
    CliError::Other(format!("{}: {error}", file.display()))
}

/// A public key on the command line.
fn public_key(text: &str) -> Result<PublicKey, String> {
    PublicKey::parse(text).map_err(|error| error.to_string())
}
