//! Single events to a Snowplow collector: a tracker that refuses what would become a bad row, and an emitter that loses
//! nothing it accepted.
//!
//! The way of an event: `accepted -> spooled -> in flight -> delivered`, or dead-lettered, or expired. A tracker makes its
//! fields once, with the id that it keeps over all attempts; a storage keeps it, first in, first out; one worker sends it,
//! at least once.

mod adopt;
mod base64_form;
mod batch;
mod billing;
mod burial;
mod clock;
pub mod collector;
mod conclusion;
mod custom;
mod dead_letter;
mod emitter;
mod endpoint;
mod envelope;
mod event;
mod hunt;
mod iglu;
mod metrics;
mod options;
mod outcome;
mod retry;
mod ring;
mod schema;
mod shared;
pub mod spool;
mod storage;
mod text;
pub mod token;
mod tracker;
mod transport;
mod trouble;
mod usage_event;
mod usage_rules;
mod worker;

pub use base64_form::Base64;
pub(super) use base64_form::decode as decode_base64;
pub use billing::{BillingOptional, BillingRequired, BillingShape, BillingStamp, Realm, SchemaVersion, idempotent_id};
pub use clock::{Boxed, Clock, SystemClock};
pub use dead_letter::{DeadLetter, DeadLetters};
pub use emitter::{Emitter, StartError};
pub(super) use endpoint::is_private;
pub use event::{EventKind, QueuedEvent};
pub use iglu::{SchemaError, Schemas};
pub use metrics::{BUCKETS, BatchResult, Metrics, Rejection, is_dead};
pub use options::EmitterOptions;
pub use outcome::{BatchOutcome, BatchReport, Callback, FailureReason};
pub use retry::{Backoff, RetryCause};
pub use ring::Ring;
pub use schema::SelfDescribing;
pub use shared::{AddError, DrainReport};
pub use storage::{Added, BatchLimit, Sizes, Storage, StorageError};
pub use tracker::{TrackError, Tracker, TrackerOptions};
pub use transport::{Destination, DestinationError};
