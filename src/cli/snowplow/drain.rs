//! `snowplow drain`: what waits in the spool.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::setup::{configured, drained, duration, is_permitted, open_spool, open_tracker};
use crate::cli::{CliError, Global, exit};

#[derive(Debug, Args)]
pub(super) struct DrainArgs {
    /// How long sending may take; what is left waits in the spool
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    deadline: Duration,
}

pub(super) async fn run(global: &Global, args: DrainArgs) -> Result<u8, CliError> {
    let (config, snowplow) = configured(global)?;
    if !is_permitted(&config).await? {
        return Ok(exit::REPORTING_OFF);
    }
    let tracker = open_tracker(&snowplow, Arc::new(open_spool(&snowplow).await?))?;
    drained(tracker, args.deadline).await
}
