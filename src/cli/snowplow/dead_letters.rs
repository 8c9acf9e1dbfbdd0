//! `snowplow dead-letters`: events that were refused for good.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::setup::{configured, drained, duration, is_permitted, open_spool, open_tracker};
use crate::cli::message::note;
use crate::cli::output::{Format, counted, print};
use crate::cli::{CliError, Global, exit};
use crate::emit::snowplow::{DeadLetter, DeadLetters, Storage};

#[derive(Debug, Args)]
pub(super) struct DeadLettersArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Each with its id, why it was refused, and when
    List(ListArgs),
    /// Send them again, under the same ids
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    /// How the result is written; json gives a document a line, with the event itself
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Args)]
struct ReplayArgs {
    /// The events' ids [default: all of them]
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// How long sending may take; what is left waits in the spool
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    deadline: Duration,
}

pub(super) async fn run(global: &Global, args: DeadLettersArgs) -> Result<u8, CliError> {
    match args.what {
        What::List(args) => list(global, &args),
        What::Replay(args) => replay(global, args).await,
    }
}

fn list(global: &Global, args: &ListArgs) -> Result<u8, CliError> {
    let (_, snowplow) = configured(global)?;
    let letters = read(&DeadLetters::of(&snowplow.spool))?;
    let lines = letters.iter().map(|letter| match args.format {
        Format::Json => serde_json::to_string(letter).unwrap_or_default(),
        Format::Human => format!(
            "{}  {}  {}  status {}  {}",
            letter.id, letter.kind, letter.reason, letter.status, letter.last_attempt
        ),
    });
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    print(&text)?;
    Ok(exit::DONE)
}

fn read(letters: &DeadLetters) -> Result<Vec<DeadLetter>, CliError> {
    let (letters, spoilt) = letters.read()?;
    if spoilt > 0 {
        note(&format!(
            "{} no dead letter, and stay as they are",
            counted(spoilt, "line")
        ));
    }
    Ok(letters)
}

async fn replay(global: &Global, args: ReplayArgs) -> Result<u8, CliError> {
    let (config, snowplow) = configured(global)?;
    if !is_permitted(&config).await? {
        return Ok(exit::REPORTING_OFF);
    }
    let spool = Arc::new(open_spool(&snowplow).await?);
    let letters = spool.letters();
    let wanted: Vec<DeadLetter> = read(letters)?
        .into_iter()
        .filter(|letter| args.ids.is_empty() || args.ids.contains(&letter.id))
        .collect();
    let known = |id: &String| wanted.iter().any(|letter| letter.id == *id);
    if let Some(unknown) = args.ids.iter().find(|id| !known(id)) {
        return Err(CliError::Usage(format!("{unknown} is the id of no dead letter")));
    }
    let events: Vec<_> = wanted.iter().filter_map(DeadLetter::revived).collect();
    let revived: BTreeSet<String> = events.iter().map(|event| event.id.to_string()).collect();
    note(&format!("{} sent again", counted(events.len(), "event")));
    if !events.is_empty() {
        // They are in the spool before they leave the file: what ends the process between the two sends them twice, never
        // not at all. Nothing is sent, and refused again, before both are done.
        spool.add(events)?;
        letters.retain(|letter| !revived.contains(&letter.id))?;
    }
    drained(open_tracker(&snowplow, spool)?, args.deadline).await
}
