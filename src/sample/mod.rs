//! The sample instance: a GitLab-shaped schema and a deterministic, realistic filling, for `demo` and for tests.
//!
//! Tables are data: a [`Table`] says its columns, keys, indexes and how each column's values come about, and
//! [`Filling`] turns it into rows that depend on nothing but the table, the instant and the scale. [`create`] writes them
//! into a SQLite file; a test can write the very same rows anywhere else.

mod activity;
mod create;
mod dice;
mod error;
mod filling;
mod generator;
mod schema;
mod tables;

pub use activity::{Act, activity};
pub use create::{SampleSummary, create};
pub use error::SampleError;
pub use filling::{Cell, Filling, Row};
pub use generator::{Generator, Skew};
pub use schema::{Column, ColumnType, Table};
pub use tables::tables;
