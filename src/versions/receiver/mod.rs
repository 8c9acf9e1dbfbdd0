//! The receiving end: a Versions endpoint over SQLite or PostgreSQL, with the fleet's pages and its export.

mod access;
mod dev_ops;
pub mod export;
mod intake;
mod leaves;
mod license_hook;
mod pages;
mod reading;
mod routes;
mod server;
mod store;
mod tls;

pub use access::Access;
pub(in crate::versions) use intake::{Intake, Refusal};
pub use license_hook::LicenseHook;
pub use server::{Receiver, ReceiverError, ReceiverLimits, RunningReceiver};
pub use store::{
    Instance, InstanceOrder, ReceivedError, ReceivedMetadata, ReceivedPayload, ReceiverCounts, ReceiverStore,
    ReceiverStoreError, Token, TokenRole,
};
pub use tls::{TlsError, TlsFiles};
