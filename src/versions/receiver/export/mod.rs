//! Exports for a warehouse: what was received in a month, as files in a folder or a bucket.
//!
//! A month is that of `received_at`, in UTC: what a receiver has written down does not change afterwards, so that the file of
//! a month that has ended is always the same. Rows go from the store through an encoder to the file, a few bodies at a time.

mod csv;
mod encoder;
mod error;
mod file;
mod jsonl;
mod kind;
mod month;
mod parquet;
mod run;
mod table;
mod target;

pub use encoder::ExportFormat;
pub use error::ExportError;
pub use month::Month;
pub use run::{ExportedFile, export};
pub use target::ExportTarget;
