//! The receiving end: a small Versions endpoint for the demo, for tests, and for a maker who wants no more.

mod intake;
mod routes;
mod server;
mod storage;

pub(in crate::versions) use intake::{Intake, Refusal};
pub use server::{Receiver, ReceiverError, ReceiverLimits, RunningReceiver};
pub use storage::{ReceivedError, ReceivedMetadata, ReceivedPayload, ReceiverCounts, ReceiverStore};
