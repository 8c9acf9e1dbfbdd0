//! The git repository that definitions stand in: read through `git`, never written to, no checkout touched.

mod git;
mod log;
mod snapshot;

pub use git::RepositoryError;
pub use log::{Change, changes};
pub use snapshot::snapshot;
