//! `submit`: what waits in the outbox.

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;
use uuid::Uuid;

use super::message::note;
use super::output::{Format, print};
use super::permission::Permission;
use super::setup::{hostname, load_config};
use super::summary::delivery_text;
use super::{CliError, Global, exit, run};
use crate::config::Config;
use crate::state::StateStore;
use crate::versions::{DeliveryOptions, DeliveryReport, Sender, deliver};

#[derive(Debug, Args)]
pub(super) struct SubmitArgs {
    /// How what was delivered is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) async fn run(global: &Global, args: SubmitArgs) -> Result<u8, CliError> {
    let config = load_config(global)?;
    if let Some(refusal) = Permission::ask_once(&config, global.now()).await?.refusal {
        note(&format!("reporting is off: {}; nothing was sent", refusal.says()));
        refusal.note_next();
        return Ok(exit::REPORTING_OFF);
    }
    let state = StateStore::open(config.state.url.expose()).await?;
    let uuid = instance_uuid(&config, &state).await?;
    let report = deliver_waiting(&config, &state, uuid, global.now).await?;
    let waiting = waiting(&state).await?;
    state.close().await;
    match args.format {
        Format::Human => print(&delivery_text(&report))?,
        Format::Json => print(&format!("{:#}\n", document(&report, waiting)))?,
    }
    if waiting == 0 && report.is_delivered() {
        return Ok(exit::DONE);
    }
    if config.versions.sealed {
        note("nothing was sent: [versions] sealed is true; service-ping bundle export takes what waits");
    } else if config.versions.url.is_none() {
        note("nothing was sent: [versions] has no url");
    }
    Ok(exit::NOT_DELIVERED)
}

/// Delivers what waits, at the instant that the clock is frozen at, if it is; nothing, where no address is configured or the
/// network is sealed.
pub(super) async fn deliver_waiting(
    config: &Config,
    state: &StateStore,
    uuid: Uuid,
    frozen_at: Option<DateTime<Utc>>,
) -> Result<DeliveryReport, CliError> {
    let client = run::client(config)?;
    let Some(client) = client.filter(|_| !config.versions.sealed) else {
        return Ok(DeliveryReport::default());
    };
    let sender = Sender {
        uuid,
        hostname: hostname(config).unwrap_or_default(),
        version: config.instance.version.clone().unwrap_or_default(),
    };
    let options = DeliveryOptions {
        now: frozen_at,
        ..DeliveryOptions::new(sender)
    };
    Ok(deliver(state, &client, &options).await?)
}

/// The configured uuid, or the one that the state store keeps.
pub(super) async fn instance_uuid(config: &Config, state: &StateStore) -> Result<Uuid, CliError> {
    match config.instance.uuid {
        Some(uuid) => Ok(uuid),
        None => Ok(state.instance_uuid().await?),
    }
}

/// Payloads and documents of metadata that wait still.
pub(super) async fn waiting(state: &StateStore) -> Result<i64, CliError> {
    let totals = state.outbox_totals().await?;
    Ok(totals.waiting + totals.unsent_metadata)
}

fn document(report: &DeliveryReport, waiting: i64) -> serde_json::Value {
    let status = match (report.is_delivered(), waiting) {
        (true, 0) => "delivered",
        (false, 0) => "rejected",
        _ => "waiting",
    };
    json!({"status": status, "waiting": waiting, "reports": report.reports, "metadata": report.metadata})
}
