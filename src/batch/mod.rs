//! Database measures: a table's rows in ranges, counted one range at a time, merged exactly.
//!
//! A range is a statement of bounded cost; a cancelled one is halved and tried again from the same place. What is
//! counted twice or missed in no range is the contract of `ranges`, and is tested as a property.

mod added;
mod bitmap;
mod board;
mod bounds;
mod choice;
mod journal;
mod keys;
mod lanes;
mod member;
mod number;
mod observer;
mod pace;
mod partition;
mod parts;
mod piece;
mod prepare;
mod preview;
mod price;
mod ranges;
mod reading;
mod row_estimate;
mod scan;
mod split;
mod strategy;
mod survey;
mod tally;
mod value;
mod why;

pub use journal::{Journal, NoJournal, Step, Unfinished};
pub use observer::{NoObserver, Observer, RangeRead, ScanSeen, StatementSent, TablePlanned};
pub use partition::Partition;
pub use preview::{Preview, ends, preview, with_known_key};
pub use reading::{BatchReading, Taken, Work, read, read_all};
pub use split::{Split, SplitKind};
pub use strategy::{RangeKind, Sharing, Strategy};
pub use survey::{PlannedScan, Survey, statements_apart, survey};
pub use why::{Obstacle, Why};
