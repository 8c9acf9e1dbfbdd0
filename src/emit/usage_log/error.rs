//! Why there is no usage log, or why a writer could not keep a record.

use std::path::PathBuf;

use crate::emit::snowplow::{DestinationError, StorageError, TrackError};

/// Why a usage log cannot be opened. A writer that cannot be had is no such reason: it is left out, and said.
#[derive(Debug, thiserror::Error)]
pub enum UsageLogError {
    #[error("no thread can be started that writes the usage log: {0}")]
    Thread(std::io::Error),
}

/// Why a writer could not keep a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    #[error("{path} cannot be written: {reason}; check the disk and its permissions")]
    Io { path: PathBuf, reason: String },
    #[error("{folder} is written by another process: give each its own log_dir")]
    InUse { folder: PathBuf },
    #[error("the record has no form in JSON: {0}")]
    Json(String),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Track(#[from] TrackError),
    #[error(transparent)]
    Destination(#[from] DestinationError),
    #[error("{0}")]
    Other(String),
}

impl WriteError {
    pub(super) fn io(path: impl Into<PathBuf>, error: &std::io::Error) -> WriteError {
        WriteError::Io {
            path: path.into(),
            reason: error.to_string(),
        }
    }
}
