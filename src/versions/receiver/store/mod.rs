//! What the receiving end keeps, in SQLite or PostgreSQL.

mod chunks;
mod failures;
mod instances;
mod keep;
mod licenses;
mod months;
mod names;
mod open;
mod quota;
mod received;
mod tokens;
mod turn;

pub(super) use chunks::MetricNumber;
pub use instances::{Instance, InstanceOrder};
pub(super) use keep::{Incoming, Kept, Twins};
pub(super) use licenses::LicensePing;
pub(super) use months::{Place, Span};
pub use open::{ReceiverStore, ReceiverStoreError};
pub(super) use quota::Quota;
pub use received::{ReceivedError, ReceivedMetadata, ReceivedPayload, ReceiverCounts};
pub use tokens::{Token, TokenRole};
