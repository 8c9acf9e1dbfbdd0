//! The way to the maker: the client that delivers what waits in the outbox, and the receiving end.
//!
//! A payload goes to `/usage_data` under one key that it keeps over retries, restarts and processes; once it is taken,
//! its metadata follows to `/usage_ping_metadata`; what could not be delivered is told to `/usage_ping_errors`.

mod attempts;
mod backoff;
pub mod bundle;
mod client;
mod deliver;
mod endpoint;
mod error_report;
mod failure;
mod metadata;
mod outbox_pass;
pub mod receiver;
mod reply;
mod scrub;
mod summary;
mod webhook;

pub use crate::emit::install_tls;
pub use backoff::Backoff;
pub use client::{Client, ClientConfig};
pub use deliver::{DeliveryOptions, deliver};
pub use endpoint::ClientError;
pub use error_report::{ErrorReport, Sender};
pub use failure::AttemptFailure;
pub use metadata::{Metadata, MetricTiming};
pub use reply::{Acknowledgement, DevOpsReport};
pub use scrub::scrub;
pub use summary::{DeliveryOutcome, DeliveryReport, MetadataSummary, ReportSummary};
pub use webhook::post_webhook;
