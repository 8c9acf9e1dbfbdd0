//! `consent diff`: what is new, changed or gone since it was accepted.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::consented::standing;
use crate::cli::message::note;
use crate::cli::output::{Format, counted, print, wrapped};
use crate::cli::setup::{DefinitionArgs, Setup};
use crate::cli::{CliError, Global, exit};
use crate::report::{Stand, Standing, Subject};

/// Columns that descriptions keep to, and digits of a digest that people compare.
const WIDTH: usize = 76;
const DIGITS: usize = 12;
const STANDS: [Stand; 3] = [Stand::New, Stand::Changed, Stand::Gone];

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    #[command(flatten)]
    definitions: DefinitionArgs,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) async fn run(global: &Global, args: DiffArgs) -> Result<u8, CliError> {
    let setup = Setup::load(global, &args.definitions)?;
    let state = setup.state().await?;
    let standing = standing(&setup, &state).await?;
    state.close().await;
    match args.format {
        Format::Human => {
            print(&text(&standing))?;
            let counts = STANDS.map(|stand| format!("{} {}", standing.standing(stand).count(), stand.as_str()));
            note(&format!(
                "{}; the digest of all is {}",
                counts.join(", "),
                standing.digest
            ));
        }
        Format::Json => print(&format!("{:#}\n", json(&standing)))?,
    }
    Ok(exit::DONE)
}

fn text(standing: &Standing) -> String {
    let all = STANDS.into_iter().flat_map(|stand| standing.standing(stand));
    all.map(entry).collect()
}

fn entry(subject: &Subject) -> String {
    let mark = match subject.stand {
        Stand::New => '+',
        Stand::Changed => '~',
        Stand::Gone => '-',
        Stand::Accepted => ' ',
    };
    let digits = |digest: &str| digest.chars().take(DIGITS).collect::<String>();
    let before = subject.accepted.as_ref().map(|accepted| digits(&accepted.digest));
    let now = subject.now.as_ref().map(|now| digits(&now.digest));
    let digests = match (before, now) {
        (Some(before), Some(now)) => format!("{before} -> {now}"),
        (before, now) => before.or(now).unwrap_or_default(),
    };
    let mut text = format!("{mark} {}  ({}, {digests})\n", subject.key_path, subject.category);
    text += &indented(&subject.description);
    if subject.stand == Stand::Changed {
        for (field, before, now) in subject.changes() {
            text += &format!("    {field}\n      was {before}\n      is  {now}\n");
        }
    }
    text
}

fn indented(description: &str) -> String {
    let lines = wrapped(&description.replace('\n', " "), WIDTH);
    lines.lines().map(|line| format!("    {line}\n")).collect()
}

fn json(standing: &Standing) -> Value {
    let of = |stand: Stand| standing.standing(stand).map(subject_json).collect::<Vec<Value>>();
    json!({
        "digest": standing.digest,
        "new": of(Stand::New),
        "changed": of(Stand::Changed),
        "gone": of(Stand::Gone),
        "summary": counted(standing.held_back().len(), "metric") + " held back under explicit consent",
    })
}

fn subject_json(subject: &Subject) -> Value {
    let changes = subject
        .changes()
        .into_iter()
        .map(|(field, before, now)| json!({"field": field, "was": before, "is": now}));
    json!({
        "key_path": subject.key_path,
        "category": subject.category,
        "description": subject.description,
        "accepted_digest": subject.accepted.as_ref().map(|accepted| &accepted.digest),
        "digest": subject.now.as_ref().map(|now| &now.digest),
        "changes": changes.collect::<Vec<Value>>(),
    })
}
