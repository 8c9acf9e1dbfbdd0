//! The embedded event store: one SQLite file that any number of processes write and read at once.
//!
//! It answers as Redis would: a key is of one kind, is absent from the instant of its expiry on, and holds its sketch in
//! Redis' own bytes. A batch is one transaction, so that whoever batches its writes pays for one commit; what was answered
//! survives the death of any process. It is written ahead and synchronised at checkpoints only (`synchronous = NORMAL`): a
//! power cut may cost the batches since the last checkpoint, a few megabytes of them, and never the file.

mod clock;
mod copying;
mod fault;
mod file;
mod ledger;
mod number;
mod read;
mod rows;
mod slot;
mod slots;
mod write;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::sqlite::SqliteConnectOptions;

pub use clock::Clock;

use super::{Batch, Entry, EventStore, Page, UnionAnswer, Unions};
use crate::measure::{Failure, Reason};
use file::File;

/// Where the file is, and how it is used.
#[derive(Debug, Clone)]
pub struct EmbeddedOptions {
    pub path: PathBuf,
    /// How long a call waits for another process that writes.
    pub timeout: Duration,
    /// Entries in a page of a copy, at least one.
    pub page: u32,
    /// Bytes beyond which the file does not grow; writes that would need more fail.
    pub largest: Option<u64>,
    pub clock: Clock,
}

impl EmbeddedOptions {
    /// The usual options for the file under this path.
    pub fn new(path: impl Into<PathBuf>) -> EmbeddedOptions {
        EmbeddedOptions {
            path: path.into(),
            timeout: Duration::from_secs(30),
            page: 500,
            largest: None,
            clock: Clock::default(),
        }
    }
}

/// The file of a `sqlite:` address.
pub(super) fn path_of(url: &str) -> Result<PathBuf, Failure> {
    let unusable = |_| Failure::new(Reason::SourceUnavailable, "the event store's url names no file");
    let options: SqliteConnectOptions = url.parse().map_err(unusable)?;
    Ok(options.get_filename().to_owned())
}

/// An event store in a file.
#[derive(Debug)]
pub struct EmbeddedStore {
    file: File,
}

impl EmbeddedStore {
    /// Opens nothing: the first write makes the file, for its owner alone; until then all is empty.
    pub fn new(options: EmbeddedOptions) -> EmbeddedStore {
        EmbeddedStore {
            file: File::new(options),
        }
    }

    /// Ends all connections; the last process to do so folds the write-ahead log into the file.
    pub async fn close(self) {
        self.file.close().await;
    }
}

impl EventStore for EmbeddedStore {
    fn address(&self) -> String {
        format!("embedded: {}", self.file.options.path.display())
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.file.ping())
    }

    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Vec<Result<(), Failure>>, Failure>> {
        Box::pin(write::write(&self.file, batch))
    }

    fn values<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Vec<Result<Option<String>, Failure>>> {
        Box::pin(read::values(&self.file, keys))
    }

    fn hashes<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Vec<Result<BTreeMap<String, i64>, Failure>>> {
        Box::pin(read::hashes(&self.file, keys))
    }

    fn unions<'a>(&'a self, ask: &'a Unions) -> BoxFuture<'a, Vec<Result<UnionAnswer, Failure>>> {
        Box::pin(read::unions(&self.file, ask))
    }

    fn page<'a>(&'a self, cursor: Option<String>) -> BoxFuture<'a, Result<Page, Failure>> {
        Box::pin(copying::page(&self.file, cursor))
    }

    fn absorb<'a>(&'a self, origin: &'a str, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(copying::absorb(&self.file, origin, entries))
    }

    fn identity(&self) -> BoxFuture<'_, Result<String, Failure>> {
        Box::pin(copying::identity(&self.file))
    }
}
