//! Why a verb could not do its work, and the exit code that says so.

use std::path::PathBuf;

use super::exit;
use super::output::counted;
use crate::config::{Config, ConfigErrors};
use crate::definition::LoadError;
use crate::emit::snowplow::{StorageError, TrackError};
use crate::keyspace::EventError;
use crate::measure::{Failure, Reason};
use crate::repository::RepositoryError;
use crate::sample::SampleError;
use crate::source::database::DatabaseError;
use crate::source::facts::iso8601;
use crate::state::{HeldLease, StateError};
use crate::versions::receiver::ReceiverStoreError;

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
    #[error(transparent)]
    Receiver(#[from] ReceiverStoreError),
    /// Another process runs the job.
    #[error("{}", held(.0))]
    LeaseHeld(Box<HeldLease>),
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
    /// The name that `[reporting] database` gives.
    #[error("[reporting] database: the configuration has no [database.{0}]")]
    NoProductDatabase(String),
    /// A query of `[reporting]` was not answered.
    #[error("nothing leaves, because [reporting] {key} has no answer: {message}; correct it, or leave it empty")]
    NoProductWord {
        key: &'static str,
        /// Whether the query itself is at fault.
        is_refused: bool,
        message: String,
    },
    #[error("the configuration has no [snowplow]: collector = \"https://…\" says where single events are sent")]
    NoCollector,
    /// A single event was not accepted.
    #[error("{0}")]
    Track(#[from] TrackError),
    /// The spool of single events.
    #[error("{0}")]
    Spool(#[from] StorageError),
    #[error("no database is configured: name one as [database.main] with its url")]
    NoDatabase,
    /// The URL without its password.
    #[error("{key} = {url:?}: {message}; start the server, or correct the key")]
    Unreachable { key: String, url: String, message: String },
    /// The repository that a baseline was to come from.
    #[error("--baseline: {0}; it takes a ref of the repository, or a folder of definitions")]
    Repository(#[from] RepositoryError),
    /// Under explicit consent, nothing that was accepted is left to send; how much is held back.
    #[error(
        "nothing leaves without consent: {0}\n  service-ping consent diff shows what would leave, \
         service-ping consent accept --all accepts it"
    )]
    NotConsented(String),
    /// The digest that all that may leave has now.
    #[error("what may leave has changed: its digest is {0}; look at service-ping consent diff again")]
    ChangedSinceShown(String),
    #[error("{0}")]
    Usage(String),
    #[error("nothing was written: what was read by then is not the whole")]
    Interrupted,
    #[error("{path} cannot be read or written")]
    File { path: String, source: std::io::Error },
    #[error("{0}")]
    Other(String),
}

/// Who runs, since when, and what to do about it.
fn held(lease: &HeldLease) -> String {
    let holder = match &lease.holder {
        Some(holder) => holder.to_string(),
        None => "another process".to_owned(),
    };
    format!(
        "{holder} runs the job since {}: wait until it is done; should it have died on another machine, its lease is over \
         at {}",
        iso8601(lease.taken_at),
        iso8601(lease.expires_at)
    )
}

impl CliError {
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            CliError::Config(_)
            | CliError::Load(_)
            | CliError::NoDefinitions(_)
            | CliError::InvalidDefinitions(_)
            | CliError::NoEventStore
            | CliError::NoDatabase
            | CliError::NoCollector
            | CliError::NoProductDatabase(_)
            | CliError::NoProductWord { is_refused: true, .. }
            | CliError::KeyList { .. } => exit::INVALID,
            CliError::Usage(_)
            | CliError::Repository(_)
            | CliError::Event(_)
            | CliError::Sample(SampleError::Scale(_) | SampleError::Instant) => exit::USAGE,
            CliError::Track(error) if error.is_of_the_event() => exit::USAGE,
            CliError::Spool(StorageError::InUse { .. }) => exit::LEASE_HELD,
            CliError::NotConsented(_) => exit::REPORTING_OFF,
            CliError::LeaseHeld(_) | CliError::State(StateError::LeaseLost) => exit::LEASE_HELD,
            CliError::Interrupted => exit::INTERRUPTED,
            _ => exit::UNEXPECTED,
        }
    }

    /// A database that cannot be asked: the key of the configuration that names it, and where it is.
    pub(super) fn unreachable(config: &Config, name: &str, message: &str) -> CliError {
        let database = config.databases.get(name);
        let replica = database.and_then(|database| database.replicas.first());
        let key = if replica.is_some() { "replicas" } else { "url" };
        let url = replica.or(database.map(|database| &database.url));
        CliError::Unreachable {
            key: format!("[database.{name}] {key}"),
            // Displayed without its password.
            url: url.map(ToString::to_string).unwrap_or_default(),
            message: message.to_owned(),
        }
    }

    /// A failure of the event store; of one that is away, with its address and the key that names it.
    pub(super) fn of_store(config: &Config, failure: Failure) -> CliError {
        let away = [
            Reason::SourceUnavailable,
            Reason::SourceNotReady,
            Reason::ConnectionLost,
        ];
        match &config.event_store {
            Some(store) if away.contains(&failure.reason) => CliError::Unreachable {
                key: "[event_store] url".to_owned(),
                url: store.url.to_string(),
                message: failure.message,
            },
            _ => CliError::Store(failure),
        }
    }

    pub(super) fn file(path: &std::path::Path, source: std::io::Error) -> CliError {
        CliError::File {
            path: path.display().to_string(),
            source,
        }
    }
}
