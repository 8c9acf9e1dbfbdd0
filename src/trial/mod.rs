//! Tests of definitions: rows and events in, the value of the metric out, by the very plan, readings and outcomes of a run.
//!
//! Nothing is counted here. A test's rows stand in an empty SQLite database in memory, or in a transaction of a PostgreSQL
//! server that is rolled back; its events in a store of its own.

mod compare;
mod events;
mod fill;
mod ground;
mod literal;
mod run;
mod stage;
mod tables;
mod verdict;

pub use ground::Ground;
pub use run::{Bench, USUAL_NOW, run};
pub use verdict::{Sent, Verdict};
