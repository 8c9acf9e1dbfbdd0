//! The engine's own store: the instance's uuid, runs and their outcomes, the outbox of reports, and
//! what the scheduler remembers.
//!
//! It is SQLite beside the configuration by default, PostgreSQL by URL, and is brought up to date whenever it is opened.
//! Both give the same answers: instants are kept to the microsecond, lists have one order. Records are plain values of
//! this room; nothing here knows what a metric or a payload means.

mod acceptance;
mod checkpoints;
mod dev_ops;
mod error;
mod facts;
mod geo;
mod history;
mod holder;
mod lease;
mod location;
mod outbox;
mod outcomes;
pub(crate) mod postgres;
mod reports;
mod retention;
mod run_lease;
mod runs;
mod schedule;
mod sources;
pub(crate) mod sqlite;
mod store;
mod stored;
mod time;
mod tokens;
mod totals;
mod trouble;

pub use acceptance::{Acceptance, AcceptedDefinition, Answerer, ConsentAnswer};
pub use checkpoints::{Checkpoint, KeptPart, KeptReading, KeptScan, Progress, ScanStep};
pub use dev_ops::DevOpsRecord;
pub use error::{OpenError, StateError};
pub use geo::CollectedUsage;
pub use history::{PastOutcome, RunSummary};
pub use holder::Holder;
pub use lease::{ClaimedMetadata, ClaimedReport, Lease};
pub(crate) use location::redacted;
pub use outcomes::OutcomeRecord;
pub use reports::{Delivery, MetadataDelivery, NewReport, Report};
pub use retention::{Released, Retention};
pub use run_lease::{HeldLease, LeaseAnswer, RunLease};
pub use runs::{NewRun, Run, RunEnd, RunStatus};
pub use schedule::KeptSchedule;
pub use sources::SourceRecord;
pub use store::StateStore;
pub use stored::StoredReport;
pub use tokens::ApiToken;
pub use totals::OutboxTotals;
pub use trouble::Trouble;
