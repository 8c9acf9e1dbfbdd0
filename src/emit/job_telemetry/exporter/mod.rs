//! The exporter: a queue and a worker for each destination, and what an answer of it means (spec 5.3).

mod body;
mod counts;
mod destination;
mod guard;
mod lanes;
mod options;
mod queue;
mod reply;
mod rpc_status;
mod transport;
mod verdict;
mod worker;

pub(super) use body::protobuf;
pub use counts::{Counts, DropReason};
pub use destination::{Auth, Destination, Header};
pub use lanes::{Exporter, Left};
pub use options::ExporterOptions;
pub use transport::DestinationError;
pub use verdict::ErrorClass;
