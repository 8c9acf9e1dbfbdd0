//! `job drain`: tells of a job that is over, for as long as its spans may grow old.

use std::io::Read;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

use super::collectors::{Collector, Collectors};
use super::hand_over::HandOver;
use crate::cli::setup::load_config;
use crate::cli::{CliError, Global, exit};
use crate::emit::job_telemetry::Exporter;

/// A job has at most a thousand spans of 4 KiB.
const LONGEST: u64 = 16 * 1024 * 1024;

pub(super) async fn run(global: &Global) -> Result<u8, CliError> {
    // The end of the job's session is not ours.
    let hang_up = signal(SignalKind::hangup());
    let mut document = Vec::new();
    let read = std::io::stdin().lock().take(LONGEST).read_to_end(&mut document);
    let none = || CliError::Usage("job drain is for job exec alone: it is handed what is to be told".to_owned());
    read.map_err(|_| none())?;
    let handed: HandOver = serde_json::from_slice(&document).map_err(|_| none())?;
    let spans = Arc::new(handed.spans().ok_or_else(none)?);
    let collectors = Collectors::of(load_config(global)?.job_telemetry);
    let exporter = Exporter::new(collectors.options(), Handle::current());
    for endpoint in handed.endpoints() {
        if let Ok(Collector::Destination(destination)) = collectors.collector(&endpoint) {
            let added = exporter.add_aged(&destination, &spans, handed.age());
            added.map_err(|error| CliError::Other(format!("a collector is not told of the job: {error}")))?;
        }
    }
    let left = exporter.shutdown(collectors.options().max_age).await;
    drop(hang_up);
    let is_told = left
        .iter()
        .all(|lane| lane.counts.pending == 0 && lane.counts.dropped() == 0);
    Ok(if is_told { exit::DONE } else { exit::NOT_DELIVERED })
}
