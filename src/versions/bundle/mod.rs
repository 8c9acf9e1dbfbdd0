//! A report as one signed file, for networks that the maker's endpoint cannot be reached from.
//!
//! The file goes out on a stick, the maker imports it through the checks of `/usage_data`, and a receipt comes back that
//! closes the outbox. The payload is the text that a request would have carried, under the same idempotency key, so that
//! a report that went both ways is still kept once.

mod error;
mod file;
mod hex;
mod import;
mod key;
mod receipt;

pub use error::BundleError;
pub use file::Bundle;
pub use import::{ImportError, Imported, import};
pub use key::{InstanceKey, PublicKey};
pub use receipt::{Receipt, Receipts};
