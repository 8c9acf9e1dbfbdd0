//! The tracker of `serve`: events that come over HTTP are in its spool before they are answered.

use std::sync::Arc;
use std::time::Duration;

use crate::cli::message::note;
use crate::cli::output::counted;
use crate::cli::setup::DefinitionArgs;
use crate::cli::{CliError, event_setup};
use crate::config::Config;
use crate::definition;
use crate::event::{Tracker, TrackerOptions};

/// How long the last events may take to be written; what is not stays in the spool.
const PATIENCE: Duration = Duration::from_secs(5);

/// The tracker, where events are counted. Invalid definitions are left out: what they name is not known.
///
/// # Errors
/// The definitions cannot be read, or the spool cannot be used.
pub(super) fn tracker(config: &Config, args: &DefinitionArgs) -> Result<Option<Tracker>, CliError> {
    let Some(store) = &config.event_store else {
        return Ok(None);
    };
    let store = event_setup::store(store)?;
    let root = args.definitions.clone().unwrap_or_else(|| config.definitions.clone());
    let loaded = definition::load(&root)?;
    let keyspace = event_setup::keyspace(config, &root, &loaded.catalog)?;
    let spool = &config.server.event_spool;
    let tracker = Tracker::start_durable(store, Arc::new(keyspace), TrackerOptions::default(), spool);
    let tracker = tracker.map_err(|error| CliError::Other(format!("{error} ([server] event_spool)")))?;
    let left = tracker.counts().accepted;
    if left > 0 {
        let events = counted(usize::try_from(left).unwrap_or(usize::MAX), "event");
        note(&format!("{events} of before are in the spool, and are written first"));
    }
    Ok(Some(tracker))
}

/// Writes what waits.
pub(super) async fn closed(tracker: Tracker) {
    let counts = tracker.close(PATIENCE).await;
    if counts.kept > 0 {
        let events = counted(usize::try_from(counts.kept).unwrap_or(usize::MAX), "event");
        note(&format!(
            "{events} wait in the spool for the next process: the event store does not answer"
        ));
    }
}
