//! Tracking from within a program: bounded, never blocking, and honest about what it lost.

mod support;

#[path = "tracking/outage.rs"]
mod outage;
#[path = "tracking/queue.rs"]
mod queue;
#[path = "tracking/spool.rs"]
mod spool;
