//! `events list`: every event that can be tracked.

use clap::Args;
use serde_json::{Value, json};

use super::super::output::{Format, print};
use super::super::setup::DefinitionArgs;
use super::super::{CliError, Global, exit};
use super::setup;
use crate::keyspace::{Event, Keyspace};

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    definitions: DefinitionArgs,
    /// How the list is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) fn run(global: &Global, args: ListArgs) -> Result<u8, CliError> {
    let setup = setup(global, &args.definitions)?;
    match args.format {
        Format::Json => print(&format!("{:#}\n", json!({"events": entries(&setup.keyspace)})))?,
        Format::Human => print(&table(&setup.keyspace))?,
    }
    Ok(exit::DONE)
}

fn entries(keyspace: &Keyspace) -> Vec<Value> {
    let unique = keyspace.events().into_iter().map(|event| {
        json!({
            "name": event.name,
            "tracked_with": "values",
            "category": event.category,
            "redis_slot": event.slot,
            "aggregation": event.aggregation.as_str(),
            "lives_days": days(event),
            "feature_flag": event.feature_flag,
            "counted": event.feature_flag.as_deref().is_none_or(|flag| keyspace.flags().is_on(flag)),
        })
    });
    let internal = keyspace
        .internal_events()
        .into_iter()
        .map(|(name, properties)| json!({"name": name, "tracked_with": "identifiers", "properties": properties}));
    let counters = keyspace
        .counters()
        .map(|counter| json!({"name": counter.name, "tracked_with": "increment", "key": counter.key}));
    unique.chain(internal).chain(counters).collect()
}

fn days(event: &Event) -> u64 {
    event.life.as_secs() / (24 * 60 * 60)
}

/// A block for each way of tracking, so that no line is wider than a terminal.
fn table(keyspace: &Keyspace) -> String {
    let mut text = String::new();
    let events = keyspace.events();
    if !events.is_empty() {
        text += "Tracked with values: events track NAME VALUE…\n";
        text += &events.iter().map(|event| line(event, keyspace)).collect::<String>();
    }
    let internal = keyspace.internal_events();
    if !internal.is_empty() {
        text += "Internal events: events track NAME --user ID --project ID --property NAME=VALUE\n";
        let lines = internal.iter().map(|(name, properties)| match properties.as_slice() {
            [] => format!("  {name}\n"),
            properties => format!("  {name}\n      {}\n", properties.join(", ")),
        });
        text += &lines.collect::<String>();
    }
    let counters: Vec<String> = keyspace
        .counters()
        .map(|counter| format!("  {}\n", counter.name))
        .collect();
    if !counters.is_empty() {
        text += "Counters: events increment NAME\n";
        text += &counters.concat();
    }
    if text.is_empty() {
        text += "no definition names an event: add known_events/*.yml or events/*.yml\n";
    }
    text
}

fn line(event: &Event, keyspace: &Keyspace) -> String {
    let mut says = vec![event.aggregation.as_str().to_owned()];
    says.extend(event.category.as_ref().map(|category| format!("category {category}")));
    says.extend(event.slot.as_ref().map(|slot| format!("slot {slot}")));
    says.push(format!("{} days", days(event)));
    if let Some(flag) = &event.feature_flag {
        let state = if keyspace.flags().is_on(flag) { "on" } else { "off" };
        says.push(format!("flag {flag} ({state})"));
    }
    format!("  {}\n      {}\n", event.name, says.join(", "))
}
