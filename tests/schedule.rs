//! The schedule, held against an oracle that walks the calendar minute by minute instead of computing.

#[path = "schedule/histories.rs"]
mod histories;
#[path = "schedule/simulation.rs"]
mod simulation;
#[path = "schedule/slots.rs"]
mod slots;

use std::time::Duration;

use chrono::{DateTime, Utc};
use service_ping::schedule::Schedule;

pub const ZERO: &str = "00000000-0000-0000-0000-000000000000";

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The schedule as it is configured where nothing is said.
pub fn usual(uuid: &str) -> Schedule {
    let retries = [8, 16, 24].map(|hours| Duration::from_secs(hours * 3600));
    Schedule::new(uuid, Duration::from_secs(60), retries.to_vec())
}
