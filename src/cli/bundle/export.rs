//! `bundle export`: a report that waits, as one signed file.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::message::note;
use crate::cli::permission::Permission;
use crate::cli::setup::load_config;
use crate::cli::{CliError, Global, exit};
use crate::source::facts::iso8601;
use crate::state::{Delivery, StateStore, StoredReport};
use crate::versions::bundle::{Bundle, InstanceKey};

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The report of this id [default: the oldest that waits]
    #[arg(long, value_name = "ID", conflicts_with = "last")]
    report: Option<i64>,
    /// The latest report that waits
    #[arg(long)]
    last: bool,
    /// Where to write it [default: service-ping-ID.json, for the report's id]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A file leaves as a request does: not while reporting is off.
pub(super) async fn run(global: &Global, args: ExportArgs) -> Result<u8, CliError> {
    let config = load_config(global)?;
    if let Some(refusal) = Permission::ask_once(&config, global.now()).await?.refusal {
        note(&format!(
            "nothing was written, because nothing leaves: {}",
            refusal.says()
        ));
        refusal.note_next();
        return Ok(exit::REPORTING_OFF);
    }
    let state = StateStore::open(config.state.url.expose()).await?;
    let stored = chosen(&state, &args).await?;
    let id = stored.report.id;
    let recorded_at = iso8601(stored.report.recorded_at);
    let uuid = match config.instance.uuid {
        Some(uuid) => uuid,
        None => state.instance_uuid().await?,
    };
    let key = InstanceKey::of(&state).await?;
    let bundle = Bundle::new(stored, uuid.to_string(), &key);
    let text = bundle.to_text().map_err(|error| CliError::Other(error.to_string()))?;
    let file = args
        .output
        .unwrap_or_else(|| PathBuf::from(format!("service-ping-{id}.json")));
    write(&file, &text).map_err(|error| CliError::file(&file, error))?;
    state.close().await;
    note(&format!(
        "wrote report {id}, recorded at {recorded_at}, to {}",
        file.display()
    ));
    note(&format!("signed by {}", key.public()));
    note("next: service-ping bundle import at the maker's; its receipt back here: service-ping bundle receipt FILE");
    Ok(exit::DONE)
}

async fn chosen(state: &StateStore, args: &ExportArgs) -> Result<StoredReport, CliError> {
    let waiting = state.waiting_reports().await?;
    let id = match (args.report, args.last) {
        (Some(id), _) => Some(id),
        (None, true) => waiting.last().map(|report| report.id),
        (None, false) => waiting.first().map(|report| report.id),
    };
    let nothing = || {
        let message = "no report waits: set [versions] sealed = true, then service-ping run leaves one here";
        CliError::Usage(message.to_owned())
    };
    let id = id.ok_or_else(nothing)?;
    let unknown = || CliError::Usage(format!("there is no report {id}"));
    let stored = state.stored_report(id).await?.ok_or_else(unknown)?;
    match stored.report.delivery {
        Delivery::Waiting | Delivery::Sent => Ok(stored),
        Delivery::Rejected => Err(CliError::Usage(format!(
            "report {id} was refused for good by the endpoint"
        ))),
        Delivery::Withheld => Err(CliError::Usage(format!(
            "report {id} was kept for this instance alone, and never leaves"
        ))),
    }
}

/// For its owner alone, as the store that it came from is. A file that is there is replaced, its mode stays.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(file)?;
    opened.write_all(text.as_bytes())?;
    opened.sync_all()
}
