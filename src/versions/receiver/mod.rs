//! The receiving end: a small Versions endpoint for the demo, for tests, and for a maker who wants no more.

mod routes;
mod server;
mod storage;

pub use server::{Receiver, ReceiverError, ReceiverLimits, RunningReceiver};
pub use storage::{ReceivedError, ReceivedMetadata, ReceivedPayload, ReceiverCounts, ReceiverStore};
