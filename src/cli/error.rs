//! Why a verb could not do its work, and the exit code that says so.

use std::path::PathBuf;

use super::exit;
use super::output::counted;
use crate::config::ConfigErrors;
use crate::definition::LoadError;
use crate::keyspace::EventError;
use crate::measure::Failure;
use crate::repository::RepositoryError;
use crate::sample::SampleError;
use crate::source::database::DatabaseError;
use crate::state::StateError;

/// An error that ends a verb.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("{0}")]
    Config(#[from] ConfigErrors),
    #[error("{0}")]
    Load(#[from] LoadError),
    #[error("{} holds no metric definition: `service-ping init` makes three", .0.display())]
    NoDefinitions(PathBuf),
    /// The diagnostics were printed already.
    #[error("the definitions have {}; correct them, or leave them out with --skip-invalid", counted(*.0, "error"))]
    InvalidDefinitions(usize),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("{0}")]
    Sample(#[from] SampleError),
    #[error("{0}")]
    Database(#[from] DatabaseError),
    /// One of GitLab's lists of keys, named by `[event_store]`.
    #[error("{path} is not the list of keys that it should be: {message}")]
    KeyList { path: String, message: String },
    #[error("the configuration has no [event_store]: url = \"embedded\" counts events in a file beside it")]
    NoEventStore,
    /// The event cannot be tracked, or read, as was asked.
    #[error("{0}")]
    Event(#[from] EventError),
    /// The event store did not do its part.
    #[error("{}; {}", .0.message, .0.reason.advice())]
    Store(#[from] Failure),
    /// The repository that a baseline was to come from.
    #[error("--baseline: {0}")]
    Repository(#[from] RepositoryError),
    #[error("{0}")]
    Usage(String),
    #[error("nothing was written: what was read by then is not the whole")]
    Interrupted,
    #[error("{path} cannot be read or written")]
    File { path: String, source: std::io::Error },
    #[error("{0}")]
    Other(String),
}

impl CliError {
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            CliError::Config(_)
            | CliError::Load(_)
            | CliError::NoDefinitions(_)
            | CliError::InvalidDefinitions(_)
            | CliError::NoEventStore
            | CliError::KeyList { .. } => exit::INVALID,
            CliError::Usage(_)
            | CliError::Repository(_)
            | CliError::Event(_)
            | CliError::Sample(SampleError::Scale(_) | SampleError::Instant) => exit::USAGE,
            CliError::Interrupted => exit::INTERRUPTED,
            _ => exit::UNEXPECTED,
        }
    }

    pub(super) fn file(path: &std::path::Path, source: std::io::Error) -> CliError {
        CliError::File {
            path: path.display().to_string(),
            source,
        }
    }
}
