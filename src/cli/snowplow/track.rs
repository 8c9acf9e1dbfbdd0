//! `snowplow track`: a custom event.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value};

use super::setup::{configured, drained, duration, is_permitted, open_spool, open_tracker};
use crate::cli::output::print;
use crate::cli::{CliError, Global, exit};
use crate::emit::snowplow::SelfDescribing;

#[derive(Debug, Args)]
pub(super) struct TrackArgs {
    /// The event, such as artifact_registry_push
    #[arg(value_name = "NAME")]
    name: String,
    /// Its properties, as a JSON object [default: none]
    #[arg(long, value_name = "JSON", value_parser = object)]
    props: Option<Map<String, Value>>,
    /// What is attached, as iglu:VENDOR/NAME/jsonschema/VERSION=JSON; may be given several times
    #[arg(long, value_name = "SCHEMA=JSON", value_parser = context)]
    context: Vec<SelfDescribing>,
    /// How long sending may take; what is left waits in the spool
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    deadline: Duration,
}

pub(super) async fn run(global: &Global, args: TrackArgs) -> Result<u8, CliError> {
    let (config, snowplow) = configured(global)?;
    if !is_permitted(&config).await? {
        return Ok(exit::REPORTING_OFF);
    }
    let tracker = open_tracker(&snowplow, Arc::new(open_spool(&snowplow).await?))?;
    let id = tracker.track_event(&args.name, args.props.as_ref(), &args.context)?;
    print(&format!("{id}\n"))?;
    drained(tracker, args.deadline).await
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("it must be a JSON object: {error}"))
}

fn context(text: &str) -> Result<SelfDescribing, String> {
    let (schema, data) = text.split_once('=').ok_or("write it as SCHEMA=JSON")?;
    let data = serde_json::from_str(data).map_err(|error| format!("its data is no JSON: {error}"))?;
    Ok(SelfDescribing {
        schema: schema.to_owned(),
        data,
    })
}
