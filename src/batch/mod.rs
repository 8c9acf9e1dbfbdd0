//! Database measures: a table's rows in ranges, counted one range at a time, merged exactly.
//!
//! A range is a statement of bounded cost; a cancelled one is halved and tried again from the same place. What is
//! counted twice or missed in no range is the contract of `ranges`, and is tested as a property.

mod bounds;
mod counter;
mod number;
mod partition;
mod parts;
mod preview;
mod ranges;
mod row_estimate;
mod strategy;
mod tally;

pub use counter::{BatchReading, read};
pub use partition::Partition;
pub use preview::{Preview, ends, preview, with_known_key};
pub use strategy::{RangeKind, Sharing, Strategy};
