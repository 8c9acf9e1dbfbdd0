//! Single events inside `serve`: an emitter of its own, and what commands have left in theirs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;

use crate::cli::CliError;
use crate::cli::message::note;
use crate::cli::permission::Permission;
use crate::cli::snowplow::{drained, open_tracker, spool_options};
use crate::config::Config;
use crate::emit::snowplow::spool::{Look, Spool};
use crate::emit::snowplow::{StorageError, Tracker};
use crate::server::Forwarding;
use crate::source::database::Interrupt;

/// How often the spool of commands is looked at.
const LOOK: Duration = Duration::from_secs(30);
/// How long sending may go on at the end.
const DEADLINE: Duration = Duration::from_secs(5);

/// The emitter, where a collector is configured and nothing forbids sending. Its spool lies within the one of commands, so
/// that they are not kept waiting.
pub(super) fn start(config: &Config) -> Result<Option<Tracker>, CliError> {
    let Some(snowplow) = &config.snowplow else {
        return Ok(None);
    };
    if let Some(refusal) = Permission::of_config(&config.reporting).refusal {
        note(&format!("single events are not sent: {}", refusal.says()));
        return Ok(None);
    }
    let spool = Spool::open(&snowplow.spool.join("serve"), spool_options(snowplow))?;
    Ok(Some(open_tracker(snowplow, Arc::new(spool))?))
}

/// Whether single events may leave.
pub(super) async fn is_allowed(config: &Config) -> Result<bool, CliError> {
    Ok(Permission::ask_once(config, Utc::now()).await?.refusal.is_none())
}

/// Asks whether events may be forwarded and takes over what commands leave, again and again, until `stop` is raised.
pub(super) async fn keep(config: Config, tracker: Tracker, forwarding: Forwarding, mut stop: Interrupt) {
    while !stop.is_raised() {
        let asked = is_allowed(&config).await;
        forwarding.allow(matches!(asked, Ok(true)));
        let kept = match asked {
            Ok(true) => adopt(&config, &tracker).await,
            asked => asked.map(drop),
        };
        if let Err(error) = kept {
            note(&format!(
                "single events that wait cannot be taken over for now: {error}"
            ));
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.raised() => {}
        }
    }
}

/// Sends what it can before the process ends; what is left waits in the spool.
pub(super) async fn closed(tracker: Tracker) {
    if let Err(error) = drained(tracker, DEADLINE).await {
        note(&error.to_string());
    }
}

async fn adopt(config: &Config, tracker: &Tracker) -> Result<(), CliError> {
    let Some(snowplow) = &config.snowplow else {
        return Ok(());
    };
    if !waits(&snowplow.spool)? {
        return Ok(());
    }
    let spool = match Spool::open(&snowplow.spool, spool_options(snowplow)) {
        // A command is at work: the next look is soon enough.
        Err(StorageError::InUse { .. }) => return Ok(()),
        opened => opened?,
    };
    let tracker = tracker.clone();
    let adopted = tokio::task::spawn_blocking(move || tracker.adopt(&spool)).await;
    adopted.map_err(|error| CliError::Other(error.to_string()))??;
    Ok(())
}

/// Whether anything waits that nobody is at work with.
fn waits(folder: &Path) -> Result<bool, CliError> {
    let look = Look::at(folder)?;
    Ok(look.pending > 0 && look.in_use_by.is_none())
}
