//! Events: what is done with them over the stores that count them.

mod copy;

pub use copy::{CopyReport, copy};
