//! `bundle verify`: whether a file is whole, unaltered and signed.

use std::path::PathBuf;

use clap::Args;

use super::{not_sound, public_key, text_of};
use crate::cli::message::note;
use crate::cli::output::print;
use crate::cli::{CliError, exit};
use crate::versions::bundle::{Bundle, PublicKey};

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The key that must have signed it; may be given several times
    #[arg(long, value_name = "HEX", value_parser = public_key)]
    key: Vec<PublicKey>,
}

pub(super) fn run(args: &VerifyArgs) -> Result<u8, CliError> {
    let text = text_of(&args.file)?;
    let bundle = Bundle::read(&text, &args.key).map_err(|error| not_sound(&args.file, &error))?;
    let lines = [
        ("instance", bundle.instance_uuid.as_str()),
        ("recorded at", &bundle.recorded_at),
        ("key", &bundle.idempotency_key),
        ("definitions", &bundle.definitions_digest),
        ("signed by", bundle.public_key()),
    ];
    print(&lines.map(|(name, says)| format!("{name:<13}{says}\n")).concat())?;
    if args.key.is_empty() {
        note("the file is as it was signed; who signed it only --key tells");
    }
    Ok(exit::DONE)
}
