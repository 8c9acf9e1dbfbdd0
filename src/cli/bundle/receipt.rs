//! `bundle receipt`: what arrived is marked as sent.

use std::path::PathBuf;

use chrono::Utc;
use clap::Args;
use uuid::Uuid;

use super::{not_sound, text_of};
use crate::cli::output::print;
use crate::cli::setup::load_config;
use crate::cli::{CliError, Global, exit};
use crate::source::facts::iso8601;
use crate::state::{Delivery, MetadataDelivery, StateStore};
use crate::versions::bundle::{BundleError, Receipt, Receipts};

#[derive(Debug, Args)]
pub(super) struct ReceiptArgs {
    /// The file that bundle import wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Receipts of other instances may be in the same file: they are passed over.
pub(super) async fn run(global: &Global, args: &ReceiptArgs) -> Result<u8, CliError> {
    let text = text_of(&args.file)?;
    let receipts = Receipts::read(&text).map_err(|error| not_sound(&args.file, &error))?;
    let config = load_config(global)?;
    let state = StateStore::open(config.state.url.expose()).await?;
    let mut closed = 0;
    for receipt in &receipts.receipts {
        if let Some(line) = close(&state, receipt).await? {
            print(&line)?;
            closed += 1;
        }
    }
    state.close().await;
    match closed {
        0 => Err(CliError::Other(format!(
            "{} holds no receipt of a report of this instance",
            args.file.display()
        ))),
        _ => Ok(exit::DONE),
    }
}

/// Marks the report of a receipt as sent, and says so; `None` where it is none of ours.
async fn close(state: &StateStore, receipt: &Receipt) -> Result<Option<String>, CliError> {
    let Ok(key) = Uuid::parse_str(&receipt.idempotency_key) else {
        return Ok(None);
    };
    let Some(report) = state.report_of_key(key).await? else {
        return Ok(None);
    };
    let payload = state.payload(report.id).await?.unwrap_or_default();
    if !receipt.is_of(&payload) {
        return Err(CliError::Other(format!(
            "report {}: {}",
            report.id,
            BundleError::Altered
        )));
    }
    let recorded_at = iso8601(report.recorded_at);
    let id = receipt.usage_data_id;
    if report.delivery == Delivery::Sent {
        return Ok(Some(format!("report of {recorded_at}: was marked as sent before\n")));
    }
    let now = Utc::now();
    state.mark_sent(report.id, now, id).await?;
    // It went in the same file.
    if report.metadata_delivery == MetadataDelivery::Waiting {
        state.mark_metadata_sent(report.id, now).await?;
    }
    Ok(Some(format!("report of {recorded_at}: sent, usage_data_id {id}\n")))
}
