//! SIGHUP: the configuration is read again.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::log::UsageLog;
use crate::config::{Environment, UsageLogSettings};

/// Reads the file again whenever the process is sent SIGHUP, and has the log go over to what it says. A file that has
/// problems changes nothing, and they are logged. Does not end; drop it to stop following.
///
/// # Errors
/// The signal cannot be waited for.
pub async fn follow_hangups(log: Arc<UsageLog>, file: &Path, environment: &Environment) -> io::Result<()> {
    let mut hangups = signal(SignalKind::hangup())?;
    while hangups.recv().await.is_some() {
        let settings = match UsageLogSettings::load(file, environment) {
            Ok(settings) => settings,
            Err(errors) => {
                for problem in errors.problems() {
                    tracing::error!(place = %problem.place, "The usage log stays as it was: {}", problem.kind);
                }
                continue;
            }
        };
        let log = Arc::clone(&log);
        // A reload may wait for a writer that ends.
        let reloaded = tokio::task::spawn_blocking(move || log.reload(&settings)).await;
        match reloaded {
            Ok(Ok(())) => tracing::info!("The usage log's configuration was read again."),
            Ok(Err(error)) => tracing::error!(%error, "The usage log stays as it was."),
            Err(error) => tracing::error!(%error, "The usage log's reload broke off."),
        }
    }
    Ok(())
}
