//! `serve`: stays, runs the weekly job when it is due, and shows how it goes over HTTP.

mod weekly;

use std::net::SocketAddr;
use std::str::FromStr;

use clap::Args;

use super::message::note;
use super::setup::{DefinitionArgs, load_config, terminate_signal};
use super::{CliError, Global, exit, submit};
use crate::config::{Config, GeoRole, Secret};
use crate::schedule::Schedule;
use crate::server::{Server, Sight};
use crate::source::database::{Interrupt, Stop};
use crate::state::StateStore;
use weekly::Weekly;

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    definitions: DefinitionArgs,
    /// Run the weekly job at the instance's minute of the week; [schedule] says how often a failed one is tried again
    #[arg(long)]
    schedule: bool,
    /// Where /health, /ready and /metrics are answered; `none` for nowhere, port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9092")]
    listen: Listen,
}

/// An address to listen at, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listen {
    At(SocketAddr),
    Nowhere,
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Listen, String> {
        match text {
            "none" => Ok(Listen::Nowhere),
            address => address
                .parse()
                .map(Listen::At)
                .map_err(|_| "an address is an IP and a port, such as 127.0.0.1:9092; or none".to_owned()),
        }
    }
}

pub(super) async fn run(global: &Global, args: ServeArgs) -> Result<u8, CliError> {
    refuse_nonsense(global, &args)?;
    let stop = stop_on_signals();
    let config = load_config(global)?;
    let state = StateStore::open(config.state.url.expose()).await?;
    let schedule = match args.schedule {
        true => Some(schedule(&config, &state).await?),
        false => None,
    };
    let sight = Sight {
        state: state.clone(),
        geo: geo_secret(&config),
        definitions: args.definitions.definitions.clone().unwrap_or(config.definitions),
        skip_invalid: args.definitions.skip_invalid,
        schedule: schedule.clone(),
        // Events are tracked by other processes so far.
        tracker: None,
    };
    let server = listen(args.listen, sight, &stop).await?;
    match schedule {
        Some(schedule) => {
            let weekly = Weekly::new(global, &args.definitions, state.clone(), schedule, stop);
            weekly.keep().await;
        }
        None => stopped(stop).await,
    }
    if let Some(server) = server {
        // Whether its task ended well is of no interest any more.
        let _ = server.await;
    }
    state.close().await;
    note("stopped");
    Ok(exit::DONE)
}

fn refuse_nonsense(global: &Global, args: &ServeArgs) -> Result<(), CliError> {
    if global.now.is_some() {
        let message = "serve goes by the clock as it is: leave --now out";
        return Err(CliError::Usage(message.to_owned()));
    }
    if !args.schedule && args.listen == Listen::Nowhere {
        let message = "there is nothing to do: give --schedule, an address to --listen at, or both";
        return Err(CliError::Usage(message.to_owned()));
    }
    Ok(())
}

/// A primary without a secret takes nothing: anybody could tell it anything.
fn geo_secret(config: &Config) -> Option<Secret> {
    let is_primary = config.geo.role == Some(GeoRole::Primary);
    let secret = config.geo.secret.as_ref().filter(|_| is_primary);
    if is_primary && secret.is_none() {
        note("[geo] has no secret: the statuses of secondary sites are not taken");
    }
    secret.cloned()
}

async fn schedule(config: &Config, state: &StateStore) -> Result<Schedule, CliError> {
    let uuid = submit::instance_uuid(config, state).await?;
    let settings = &config.schedule;
    Ok(Schedule::new(
        &uuid.to_string(),
        settings.splay,
        settings.retries.clone(),
    ))
}

/// Raised by the first SIGTERM or Ctrl-C; the second ends the process at once.
fn stop_on_signals() -> Interrupt {
    let (switch, stop) = Interrupt::channel();
    let asked_to_end = terminate_signal();
    tokio::spawn(async move {
        asked_to_end.await;
        let again = terminate_signal();
        switch.throw(Stop::Asked);
        again.await;
        std::process::exit(i32::from(exit::INTERRUPTED));
    });
    stop
}

/// Answers in the background until `stop` is raised.
async fn listen(
    listen: Listen,
    sight: Sight,
    stop: &Interrupt,
) -> Result<Option<tokio::task::JoinHandle<()>>, CliError> {
    let Listen::At(address) = listen else { return Ok(None) };
    let server = Server::bind(address, sight).await;
    let server = server.map_err(|error| CliError::Other(error.to_string()))?;
    note(&format!("listening on http://{}", server.local_addr()));
    Ok(Some(tokio::spawn(server.serve(stopped(stop.clone())))))
}

async fn stopped(mut stop: Interrupt) {
    stop.raised().await;
}
