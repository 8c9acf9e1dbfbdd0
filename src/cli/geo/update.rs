//! `geo update`: what a secondary site collects of its week.

use clap::Args;
use serde_json::Value;

use super::super::message::note;
use super::super::output::{Format, print};
use super::super::setup::load_config;
use super::super::{CliError, Global, exit};
use crate::config::GeoRole;
use crate::geo::Usage;
use crate::source::facts::iso8601;
use crate::source::geo;
use crate::source::prometheus::Prometheus;
use crate::state::{CollectedUsage, StateStore};

#[derive(Debug, Args)]
pub(super) struct UpdateArgs {
    /// How the numbers are written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) async fn run(global: &Global, args: UpdateArgs) -> Result<u8, CliError> {
    let config = load_config(global)?;
    if config.geo.role != Some(GeoRole::Secondary) {
        let message = "this site is no secondary: [geo] role = \"secondary\" makes it one";
        return Err(CliError::Usage(message.to_owned()));
    }
    let now = global.now();
    let state = StateStore::open(config.state.url.expose()).await?;
    if let Err(until) = state.take_geo_lease(now).await? {
        note(&format!(
            "collected within a day already: the next collection is from {} on",
            iso8601(until)
        ));
        state.close().await;
        return Ok(exit::LEASE_HELD);
    }
    let usage = match &config.prometheus {
        Some(prometheus) => geo::usage(&Prometheus::new(prometheus, now)).await,
        None => {
            note("no [prometheus] is configured: all numbers are null");
            Usage::default()
        }
    };
    let collected = CollectedUsage {
        collected_at: now,
        usage,
    };
    state.keep_geo_usage(&collected).await?;
    state.close().await;
    print(&shown(&collected, args.format))?;
    note("next: service-ping geo status hands it to the primary");
    Ok(exit::DONE)
}

fn shown(collected: &CollectedUsage, format: Format) -> String {
    match format {
        Format::Json => format!("{:#}\n", Value::Object(collected.usage.to_json())),
        Format::Human => {
            let line = |(name, count): (&str, Option<i64>)| {
                let count = count.map_or_else(|| "null".to_owned(), |count| count.to_string());
                format!("{name:<40}  {count}\n")
            };
            collected.usage.entries().map(line).collect()
        }
    }
}
