//! `geo status`: from a secondary site to its primary.

use clap::Args;
use serde_json::{Value, json};

use super::super::message::note;
use super::super::output::{Format, print};
use super::super::setup::{hostname, load_config};
use super::super::submit::instance_uuid;
use super::super::{CliError, Global, exit};
use crate::config::{Config, GeoRole};
use crate::geo::NodeStatus;
use crate::source::facts::iso8601;
use crate::source::geo::{ACTIVE_FOR, Handed, hand};
use crate::state::StateStore;

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// How statuses are written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) async fn run(global: &Global, args: StatusArgs) -> Result<u8, CliError> {
    let config = load_config(global)?;
    let Some(role) = config.geo.role else {
        let message = "this site is the only one: [geo] role = \"primary\" or \"secondary\" says otherwise";
        return Err(CliError::Usage(message.to_owned()));
    };
    let state = StateStore::open(config.state.url.expose()).await?;
    let code = match role {
        GeoRole::Primary => list(global, &args, &state).await,
        GeoRole::Secondary => hand_over(&config, &args, &state).await,
    };
    state.close().await;
    code
}

async fn list(global: &Global, args: &StatusArgs, state: &StateStore) -> Result<u8, CliError> {
    let statuses = state.geo_statuses(global.now(), ACTIVE_FOR).await?;
    print(&shown(&statuses, args.format))?;
    if statuses.is_empty() {
        note("no secondary site is active: run service-ping geo status on one, while serve runs here");
    }
    Ok(exit::DONE)
}

async fn hand_over(config: &Config, args: &StatusArgs, state: &StateStore) -> Result<u8, CliError> {
    let lacks = |key: &str| {
        CliError::Usage(format!(
            "[geo] has no {key}: a secondary site needs it to reach its primary"
        ))
    };
    let primary = config.geo.primary_url.as_ref().ok_or_else(|| lacks("primary_url"))?;
    let secret = config.geo.secret.as_ref().ok_or_else(|| lacks("secret"))?;
    let Some(collected) = state.last_geo_usage().await? else {
        return Err(CliError::Other(
            "nothing was collected yet: service-ping geo update does it".to_owned(),
        ));
    };
    let status = NodeStatus {
        node: instance_uuid(config, state).await?,
        name: config.geo.name.clone().or_else(|| hostname(config)).unwrap_or_default(),
        version: config.instance.version.clone(),
        collected_at: collected.collected_at,
        usage: collected.usage,
    };
    print(&shown(std::slice::from_ref(&status), args.format))?;
    match hand(primary, secret, &status).await {
        Ok(Handed::Stored) => note(&format!("{primary} has it")),
        Ok(Handed::Known) => note(&format!("{primary} has it already, or a newer one")),
        Err(why) => {
            note(&format!(
                "{why}; what was collected stays for the next service-ping geo status"
            ));
            return Ok(exit::NOT_DELIVERED);
        }
    }
    Ok(exit::DONE)
}

fn shown(statuses: &[NodeStatus], format: Format) -> String {
    match format {
        Format::Json => {
            let entry = |status: &NodeStatus| {
                let mut entry = json!({"node": status.node.to_string(), "name": status.name});
                entry["status"] = status.listed();
                entry
            };
            format!("{:#}\n", Value::Array(statuses.iter().map(entry).collect()))
        }
        Format::Human => statuses.iter().map(in_lines).collect(),
    }
}

fn in_lines(status: &NodeStatus) -> String {
    let head = format!("{} ({}), {}\n", status.name, status.node, iso8601(status.collected_at));
    let lines = status.usage.entries().map(|(name, count)| {
        let count = count.map_or_else(|| "null".to_owned(), |count| count.to_string());
        format!("  {name:<40}  {count}\n")
    });
    std::iter::once(head).chain(lines).collect()
}
