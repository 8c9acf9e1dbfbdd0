//! `events copy`: one store's events into another.

use clap::Args;
use serde_json::json;

use super::super::message::note;
use super::super::output::{Format, counted, print};
use super::super::setup::load_config;
use super::super::{CliError, Global, event_setup, exit};
use crate::event::copy;

#[derive(Debug, Args)]
pub(super) struct CopyArgs {
    /// The store that is read: its URL, or embedded
    #[arg(long, value_name = "URL")]
    from: String,
    /// The store that takes it in
    #[arg(long, value_name = "URL")]
    to: String,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// Entries between two lines of progress.
const TOLD_EVERY: u64 = 10_000;

pub(super) async fn run(global: &Global, args: CopyArgs) -> Result<u8, CliError> {
    let config = load_config(global)?;
    let from = event_setup::store_at(&config, &args.from, "--from")?;
    let to = event_setup::store_at(&config, &args.to, "--to")?;
    let mut told = 0;
    let report = copy(from.as_ref(), to.as_ref(), &mut |entries| {
        if entries >= told + TOLD_EVERY {
            told = entries;
            note(&format!("copied {}", counted(entries as usize, "key")));
        }
    })
    .await?;
    match args.format {
        Format::Json => {
            let document = json!({
                "from": from.address(),
                "to": to.address(),
                "keys": report.entries,
                "counters": report.counters,
                "sums": report.sums,
                "hashes": report.hashes,
                "sketches": report.sketches,
            });
            print(&format!("{document:#}\n"))?;
        }
        Format::Human => print(&format!(
            "{} from {} to {}: {}, {}, {}, {}\n",
            counted(report.entries as usize, "key"),
            from.address(),
            to.address(),
            counted(report.sketches as usize, "sketch"),
            counted(report.counters as usize, "counter"),
            counted(report.sums as usize, "sum"),
            counted(report.hashes as usize, "hash"),
        ))?,
    }
    Ok(exit::DONE)
}
