//! What `serve` answers over HTTP: health, readiness, and what OpenMetrics' collectors read. It shows what the rooms
//! below know, and decides nothing.

mod exposition;
mod geo;
mod listener;
mod metrics;
mod queue;
mod readiness;
mod routes;

use std::path::PathBuf;
use std::sync::Arc;

pub use listener::{Server, ServerError};

use crate::config::Secret;
use crate::event::Tracker;
use crate::schedule::Schedule;
use crate::state::StateStore;

/// What the answers are made of.
#[derive(Debug, Clone)]
pub struct Sight {
    pub state: StateStore,
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
}
