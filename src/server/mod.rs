//! What `serve` answers over HTTP: the usage-data API, pages for people, health, readiness, and what OpenMetrics' collectors
//! read. It shows what the rooms below know, and decides nothing but who may see it.

mod access;
mod answer;
mod api;
mod assets;
mod complaints;
mod engine;
mod exposition;
mod forwarding;
mod geo;
mod hosts;
mod listener;
mod live;
mod metrics;
mod pages;
mod probes;
mod queue;
mod readiness;
mod routes;
mod session;
mod shared;
mod single_events;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use api::openapi;
pub use engine::{Answer, ConsentView, Engine, EngineError, MeasuredNow, Preview};
pub use forwarding::Forwarding;
pub use listener::{Server, ServerError};

use crate::access::SessionKey;
use crate::config::Secret;
use crate::event::Tracker;
use crate::schedule::Schedule;
use crate::state::StateStore;

/// What the answers are made of.
#[derive(Debug, Clone)]
pub struct Sight {
    pub state: StateStore,
    /// The ways of the verbs.
    pub engine: Arc<dyn Engine>,
    /// The folder of the definitions.
    pub definitions: PathBuf,
    /// Whether a run leaves invalid definitions out, so that they stand in nobody's way.
    pub skip_invalid: bool,
    /// On a primary site, what its secondaries sign their statuses with.
    pub geo: Option<Secret>,
    /// The schedule, where this process keeps one.
    pub schedule: Option<Schedule>,
    /// The tracker, where this process tracks events.
    pub tracker: Option<Arc<Tracker>>,
    /// The way of internal events to Snowplow, where this process has one.
    pub snowplow: Option<Forwarding>,
    pub access: AccessRules,
}

/// Who is let in.
#[derive(Debug, Clone)]
pub struct AccessRules {
    /// What the sessions of browsers are signed with.
    pub session_key: SessionKey,
    /// What a trusted proxy signs its users with.
    pub proxy_secret: Option<Secret>,
    /// Requests a second of one token, user or address; 0 for any number.
    pub rate_limit: u32,
    /// Names of this server beside `localhost` and addresses.
    pub hosts: Vec<String>,
    /// Whether browsers reach it over HTTPS.
    pub https: bool,
    /// The feature flags that somebody set.
    pub flags: BTreeMap<String, bool>,
}
