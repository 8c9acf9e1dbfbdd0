//! Why a verb could not do its work, and the exit code that says so.

use super::exit;
use crate::config::ConfigErrors;
use crate::definition::LoadError;
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
    /// The diagnostics were printed already.
    #[error("the definitions have {0} error(s); correct them, or leave them out with --skip-invalid")]
    InvalidDefinitions(usize),
    #[error("{0}")]
    State(#[from] StateError),
    #[error("{0}")]
    Sample(#[from] SampleError),
    #[error("{0}")]
    Database(#[from] DatabaseError),
    /// What was collected until then is not a payload.
    #[error("interrupted: nothing is written")]
    Interrupted,
    #[error("{0}")]
    Usage(String),
    #[error("{path}: {source}")]
    File { path: String, source: std::io::Error },
    #[error("{0}")]
    Other(String),
}

impl CliError {
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            CliError::Config(_) | CliError::Load(_) | CliError::InvalidDefinitions(_) => exit::INVALID,
            CliError::Usage(_) => exit::USAGE,
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
