//! What can go wrong while a sample instance is made.

use std::path::PathBuf;

/// A sample instance that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The file is there already; a sample never overwrites what may be somebody's data.
    #[error("{} exists already: remove it, or choose another folder", .0.display())]
    Exists(PathBuf),
    /// A scale that no table can be sized by.
    #[error("a scale of {0} makes no sample: give a number above 0 and up to {max}", max = super::filling::MAX_SCALE)]
    Scale(f64),
    /// An instant that the calendar cannot hold together with the sample's years of history.
    #[error("the instant is too far from ours to hold a sample's history: choose a year between 1000 and 9000")]
    Instant,
    /// A statement of ours failed.
    #[error(
        "the sample database could not be written while {doing}: is there space left, and may the folder be written to?"
    )]
    Database {
        doing: String,
        #[source]
        source: sqlx::Error,
    },
}

impl SampleError {
    /// For `map_err`: what was being done when the database failed.
    pub(super) fn database(doing: impl Into<String>) -> impl FnOnce(sqlx::Error) -> SampleError {
        let doing = doing.into();
        move |source| SampleError::Database { doing, source }
    }
}
