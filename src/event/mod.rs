//! Events over the store: reading what metrics ask for, unique values over a range, tracking in the background.

mod copy;
mod reading;
mod tracker;
mod unique;

pub use copy::{CopyReport, copy};
pub use reading::read;
pub use tracker::{Queued, SpoolError, Tracker, TrackerCounts, TrackerOptions};
pub use unique::{UniqueCount, UniqueError, unique_events};
