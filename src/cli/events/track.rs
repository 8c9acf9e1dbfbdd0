//! `events track` and `events increment`: one event, written before the command ends.

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::Value;

use super::super::message::note;
use super::super::setup::{DefinitionArgs, Setup};
use super::super::snowplow::tell;
use super::super::{CliError, Global, exit, instant};
use super::{setup, store_of};
use crate::keyspace::{EventError, Keyspace, Occurrence, Tracked};
use crate::source::event_store::Batch;

#[derive(Debug, Args)]
pub(super) struct TrackArgs {
    /// The event, such as users_creating_epics; `events list` names all
    #[arg(value_name = "NAME")]
    name: String,
    /// What is counted once, such as the id of a user; none for an internal event
    #[arg(value_name = "VALUE")]
    values: Vec<String>,
    /// The plan that the values belong to, such as premium [default: none]
    #[arg(long, value_name = "PLAN")]
    context: Option<String>,
    /// The user's id, of an internal event [default: none]
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// The project's id, of an internal event [default: none]
    #[arg(long, value_name = "ID")]
    project: Option<String>,
    /// The namespace's id, of an internal event [default: none]
    #[arg(long, value_name = "ID")]
    namespace: Option<String>,
    /// A property of an internal event, such as label=npm or value=12; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = property)]
    property: Vec<(String, Value)>,
    /// When it happened [default: now]
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    at: Option<DateTime<Utc>>,
    #[command(flatten)]
    definitions: DefinitionArgs,
}

#[derive(Debug, Args)]
pub(super) struct IncrementArgs {
    /// The counter, as <prefix>_<event>: source_code_pushes
    #[arg(value_name = "NAME")]
    name: String,
    /// How far it rises
    #[arg(long, value_name = "NUMBER", default_value_t = 1, allow_negative_numbers = true)]
    by: i64,
    #[command(flatten)]
    definitions: DefinitionArgs,
}

pub(super) async fn track(global: &Global, args: TrackArgs) -> Result<u8, CliError> {
    let setup = setup(global, &args.definitions)?;
    let time = args.at.unwrap_or(setup.now);
    let name = args.name.clone();
    let (tracked, internal) = tracked(&setup.keyspace, args, time)?;
    let is_held_back = tracked.writes.is_empty();
    let code = written(&setup, tracked).await?;
    if let Some(occurrence) = internal.filter(|_| !is_held_back && setup.config.reporting.enabled) {
        tell(&setup, &name, &occurrence).await?;
    }
    Ok(code)
}

/// What is written, and of an internal event what it says.
fn tracked(
    keyspace: &Keyspace,
    args: TrackArgs,
    time: DateTime<Utc>,
) -> Result<(Tracked, Option<Occurrence>), CliError> {
    let identifiers = [
        ("user", args.user),
        ("project", args.project),
        ("namespace", args.namespace),
    ];
    let occurrence = Occurrence {
        identifiers: identifiers
            .into_iter()
            .filter_map(|(name, id)| Some((name.to_owned(), id?)))
            .collect(),
        properties: args.property.into_iter().collect(),
    };
    let counts_values = !args.values.is_empty() || args.context.is_some() || !keyspace.is_internal(&args.name);
    if counts_values && occurrence.is_bare() {
        let values = args.values.into_iter().map(String::into_bytes).collect();
        let context = args.context.as_deref().unwrap_or_default();
        return Ok((keyspace.track(&args.name, values, context, time)?, None));
    }
    if !args.values.is_empty() || args.context.is_some() {
        let message = "values and a context belong to one kind of event, identifiers and properties to the other";
        return Err(CliError::Usage(message.to_owned()));
    }
    let tracked = keyspace.track_internal(&args.name, &occurrence, time)?;
    Ok((tracked, Some(occurrence)))
}

/// What tracking `values` writes; a counter rises by one where none is given.
pub(in crate::cli) fn tracked_values(setup: &Setup, name: &str, values: Vec<String>) -> Result<Tracked, EventError> {
    if values.is_empty() && setup.keyspace.counter(name).is_ok() {
        return setup.keyspace.increment(name, 1);
    }
    let values = values.into_iter().map(String::into_bytes).collect();
    setup.keyspace.track(name, values, "", setup.now)
}

pub(super) async fn increment(global: &Global, args: IncrementArgs) -> Result<u8, CliError> {
    let setup = setup(global, &args.definitions)?;
    let tracked = setup.keyspace.increment(&args.name, args.by)?;
    written(&setup, tracked).await
}

/// Writes what was tracked; what a flag holds back is said, and is no error.
pub(in crate::cli) async fn written(setup: &Setup, tracked: Tracked) -> Result<u8, CliError> {
    if !setup.config.reporting.enabled {
        note("nothing was tracked: reporting.enabled is false");
        return Ok(exit::DONE);
    }
    if let Some(flag) = &tracked.held_back {
        let what = if tracked.writes.is_empty() { "nothing" } else { "a part" };
        note(&format!(
            "{what} was tracked: the feature flag {flag} is off; switch it on under [feature_flags]"
        ));
    }
    let store = store_of(setup)?;
    let written = match store.write(&Batch::new(tracked.writes)).await {
        Ok(results) => results.into_iter().collect::<Result<Vec<()>, _>>(),
        Err(failure) => Err(failure),
    };
    written.map_err(|failure| CliError::of_store(&setup.config, failure))?;
    Ok(exit::DONE)
}

/// `label=npm`: a text, or for `value` a number; other values are read as YAML reads them.
fn property(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    let value = match name {
        "label" | "property" => Value::from(value),
        _ => match serde_yaml::from_str(value).map_err(|error| error.to_string())? {
            value @ (Value::Number(_) | Value::Bool(_)) => value,
            _ => Value::from(value),
        },
    };
    Ok((name.to_owned(), value))
}
