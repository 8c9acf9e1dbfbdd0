//! An internal event that was tracked, told to the collector as well.

use std::sync::Arc;
use std::time::Duration;

use super::setup::{drained, open_spool, open_tracker};
use crate::cli::CliError;
use crate::cli::permission::Permission;
use crate::cli::setup::Setup;
use crate::config;
use crate::emit::snowplow::Tracker;
use crate::keyspace::Occurrence;

/// How long a command of one event goes on sending; what is left waits in the spool.
const DEADLINE: Duration = Duration::from_secs(2);

/// Sends the event, where a collector is configured and something may leave. What was not sent waits in the spool, which is
/// no failure of the tracking.
pub(in crate::cli) async fn tell(setup: &Setup, name: &str, occurrence: &Occurrence) -> Result<(), CliError> {
    let Some(snowplow) = &setup.config.snowplow else {
        return Ok(());
    };
    if Permission::ask_once(&setup.config, setup.now).await?.refusal.is_some() {
        return Ok(());
    }
    let kept = keep(snowplow, name, occurrence).await.map_err(|error| {
        // Whoever reads no more than that it failed would count it twice.
        CliError::Other(format!(
            "the event was counted, but is not kept for the collector: {error}"
        ))
    })?;
    drained(kept, DEADLINE).await.map(drop)
}

async fn keep(snowplow: &config::Snowplow, name: &str, occurrence: &Occurrence) -> Result<Tracker, CliError> {
    let tracker = open_tracker(snowplow, Arc::new(open_spool(snowplow).await?))?;
    let props = occurrence.described();
    tracker.track_event(name, Some(&props).filter(|props| !props.is_empty()), &[])?;
    Ok(tracker)
}
