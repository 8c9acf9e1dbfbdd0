//! `serve`: stays, runs the weekly job when it is due, and shows how it goes over HTTP.

mod snowplow;
mod tracking;
mod verbs;
mod weekly;

use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use clap::Args;

use super::message::note;
use super::setup::{DefinitionArgs, load_config, terminate_signal};
use super::{CliError, Global, exit, submit};
use crate::access::SessionKey;
use crate::config::{Config, GeoRole, Secret};
use crate::schedule::Schedule;
use crate::server::{AccessRules, Forwarding, Server, Sight};
use crate::source::database::{Interrupt, Stop};
use crate::state::StateStore;
use verbs::Verbs;
use weekly::Weekly;

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    definitions: DefinitionArgs,
    /// Run the weekly job at the instance's minute of the week; [schedule] says how often a failed one is tried again
    #[arg(long)]
    schedule: bool,
    /// Where the API, pages, /health, /ready and /metrics are answered; `none` for nowhere, port 0 takes a free one
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
    let tracker = match args.listen {
        Listen::At(_) => tracking::tracker(&config, &args.definitions)?.map(Arc::new),
        Listen::Nowhere => None,
    };
    let snowplow = snowplow::start(&config)?;
    let forwarding = snowplow.clone().map(Forwarding::new);
    if let Some(forwarding) = &forwarding {
        // Before the first event comes; the keeper says what stands in its way.
        forwarding.allow(matches!(snowplow::is_allowed(&config).await, Ok(true)));
    }
    let events = snowplow.clone().zip(forwarding.clone()).map(|(tracker, forwarding)| {
        let events = snowplow::keep(config.clone(), tracker, forwarding, stop.clone());
        tokio::spawn(events)
    });
    let sight = Sight {
        state: state.clone(),
        geo: geo_secret(&config),
        engine: Arc::new(Verbs::new(global, &args.definitions, stop.clone())),
        definitions: args
            .definitions
            .definitions
            .clone()
            .unwrap_or_else(|| config.definitions.clone()),
        skip_invalid: args.definitions.skip_invalid,
        schedule: schedule.clone(),
        tracker: tracker.clone(),
        snowplow: forwarding,
        access: access(&config, &state).await?,
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
    if let Some(events) = events {
        let _ = events.await;
    }
    if let Some(tracker) = snowplow {
        snowplow::closed(tracker).await;
    }
    // Whoever has it still is cut off: what it has taken is in the spool.
    if let Some(tracker) = tracker.and_then(Arc::into_inner) {
        tracking::closed(tracker).await;
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

/// Who is let in.
async fn access(config: &Config, state: &StateStore) -> Result<AccessRules, CliError> {
    let server = &config.server;
    Ok(AccessRules {
        session_key: SessionKey::new(state.session_secret().await?),
        proxy_secret: server.proxy_secret.clone(),
        rate_limit: server.rate_limit,
        hosts: server.hosts.clone(),
        https: server.https,
        flags: config.feature_flags.clone(),
    })
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
