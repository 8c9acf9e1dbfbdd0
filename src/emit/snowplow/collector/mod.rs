//! A strict collector for local work and for tests: it answers as a collector does, 200 to nearly everything, and tells over
//! Micro's paths what the pipeline would have made of it.

mod event;
mod fields;
mod judge;
mod kept;
mod request;
mod routes;
mod server;

pub use event::{BadRow, GoodEvent};
pub use judge::Judge;
pub use kept::{Filter, Kept, Totals};
pub use request::Request;
pub use server::{Collector, CollectorError, RunningCollector};
