//! Records in files that are turned over by age and size.
//!
//! ```text
//! usage-log/usage-log.lock                            held by the one process that writes here
//! usage-log/usage-log-2026-11-19-00-00-00.000.json    a record a line, named by when it was made, in UTC
//! ```

mod current;
mod folder;
mod line;
mod name;
mod writer;

pub(super) use writer::LogrotateWriter;
