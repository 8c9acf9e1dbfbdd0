//! `snowplow spool`: what waits, without touching it.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::setup::configured;
use crate::cli::output::{Format, counted, print, seconds};
use crate::cli::{CliError, Global};
use crate::emit::snowplow::spool::Look;

#[derive(Debug, Args)]
pub(super) struct SpoolArgs {
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) fn run(global: &Global, args: SpoolArgs) -> Result<u8, CliError> {
    let (_, snowplow) = configured(global)?;
    let look = Look::at(&snowplow.spool)?;
    let age = look.oldest.map(|oldest| {
        let now = u64::try_from(global.now().timestamp_millis()).unwrap_or_default();
        Duration::from_millis(now.saturating_sub(oldest))
    });
    match args.format {
        Format::Json => {
            let document = json!({
                "spool": snowplow.spool.display().to_string(),
                "pending": look.pending,
                "pending_billing": look.pending_billing,
                "bytes": look.bytes,
                "max_bytes": u64::from(snowplow.spool_mib) * 1024 * 1024,
                "segments": look.segments,
                "corrupt": look.corrupt,
                "oldest_age_seconds": age.map(|age| age.as_secs_f64()),
                "dead_letters": look.dead_letters,
                "in_use_by": look.in_use_by,
            });
            print(&format!("{document:#}\n"))?;
        }
        Format::Human => print(&human(&look, age))?,
    }
    Ok(crate::cli::exit::DONE)
}

fn human(look: &Look, age: Option<Duration>) -> String {
    let number = |number: u64, noun| counted(usize::try_from(number).unwrap_or(usize::MAX), noun);
    let mut text = format!(
        "{} waiting, {} for billing, in {} of {}\n",
        number(look.pending, "event"),
        look.pending_billing,
        number(look.segments, "segment"),
        number(look.bytes, "byte"),
    );
    if let Some(age) = age {
        text += &format!("the oldest for {}\n", seconds(age));
    }
    if look.corrupt > 0 {
        text += &format!("{} found spoilt\n", number(look.corrupt, "record"));
    }
    text += &format!("{}\n", number(look.dead_letters, "dead letter"));
    if let Some(holder) = &look.in_use_by {
        text += &format!("in use by {holder}\n");
    }
    text
}
