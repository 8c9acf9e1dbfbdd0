//! Event stores: where the product's events are counted. One trait over Redis and an embedded SQLite file, with the same
//! keys, the same bytes and the same answers.

mod embedded;
mod redis;

pub use embedded::{Clock, EmbeddedOptions, EmbeddedStore};
pub use redis::{RedisOptions, RedisStore};

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::keyspace::Write;
use crate::measure::Failure;
use crate::sketch::HyperLogLog;

/// How a store is reached.
#[derive(Clone)]
pub struct StoreOptions {
    /// Its address with its secrets, never printed: `sqlite://…`, `redis://…` and so on.
    pub url: String,
    /// The certificate authorities that a Redis over TLS is trusted by; the system's if it is `None`.
    pub ca_file: Option<PathBuf>,
    /// How long connecting may take, and each answer.
    pub timeout: Duration,
}

/// The store at an address; nothing is opened yet.
///
/// # Errors
/// The address is none of a store.
pub fn open(options: &StoreOptions) -> Result<Arc<dyn EventStore>, Failure> {
    if options.url.starts_with("sqlite:") {
        let file = EmbeddedOptions {
            timeout: options.timeout,
            ..EmbeddedOptions::new(embedded::path_of(&options.url)?)
        };
        return Ok(Arc::new(EmbeddedStore::new(file)));
    }
    let redis = RedisOptions {
        ca_file: options.ca_file.clone(),
        connect_timeout: options.timeout,
        response_timeout: options.timeout,
        ..RedisOptions::new(options.url.clone())
    };
    Ok(Arc::new(RedisStore::new(redis)?))
}

/// A store of counters, float sums, hashes of counters and sketches under text keys, as Redis holds them.
///
/// Every call ends within the store's timeouts. Failures name no value of the store and no secret. Answers stand in the
/// order of the questions; a failure of one key is that key's alone.
pub trait EventStore: Send + Sync + fmt::Debug {
    /// The store's address without its secrets.
    fn address(&self) -> String;

    /// Whether the store answers.
    fn ping(&self) -> BoxFuture<'_, Result<(), Failure>>;

    /// Applies a batch. The answer is each write's own, in order: a key of another kind fails its writes alone.
    ///
    /// A batch that is written again under the same id changes what a first, unanswered attempt left out, and nothing
    /// twice, so that a caller may try again until it is answered.
    ///
    /// # Errors
    /// The store could not be reached, or broke off: what of the batch was applied is not known.
    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Vec<Result<(), Failure>>, Failure>>;

    /// The values of counters and sums as text (`GET`); `None` for an absent key.
    fn values<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Vec<Result<Option<String>, Failure>>>;

    /// The fields of hashes of counters (`HGETALL`), empty for an absent key.
    fn hashes<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Vec<Result<BTreeMap<String, i64>, Failure>>>;

    /// Unions of sketches, each counted or fetched, as the question says (`PFCOUNT`, `PFMERGE`); absent keys are empty.
    fn unions<'a>(&'a self, ask: &'a Unions) -> BoxFuture<'a, Vec<Result<UnionAnswer, Failure>>>;

    /// Every key that may hold events, a page at a time, in no order; a key may come twice. `None` begins; the page's own
    /// cursor goes on, until there is none.
    fn page<'a>(&'a self, cursor: Option<String>) -> BoxFuture<'a, Result<Page, Failure>>;

    /// Takes in entries of another store: sketches are merged, of counters, sums and fields what `origin` has counted since
    /// it was last taken in is added. A second time it changes nothing, however often and wherever a copy was cut short.
    /// Keys live as long as the longer of both.
    fn absorb<'a>(&'a self, origin: &'a str, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), Failure>>;

    /// What tells this store from every other, for as long as it exists: the `origin` of what is copied from it.
    fn identity(&self) -> BoxFuture<'_, Result<String, Failure>>;
}

/// Writes that are applied together.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The same for every attempt.
    pub id: Uuid,
    pub writes: Vec<Write>,
}

impl Batch {
    pub fn new(writes: Vec<Write>) -> Batch {
        Batch {
            id: Uuid::now_v7(),
            writes,
        }
    }
}

/// Unions of sketches; keys that stand in several are read once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unions {
    /// Each key once.
    pub keys: Vec<String>,
    pub unions: Vec<Union>,
}

/// The union of some sketches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Union {
    /// Places in [`Unions::keys`].
    pub keys: Vec<usize>,
    /// Whether the sketch itself is wanted, for aggregates, or its count alone.
    pub wants_sketch: bool,
}

/// A union's size, or itself.
#[derive(Debug, Clone, PartialEq)]
pub enum UnionAnswer {
    Count(u64),
    Sketch(Box<HyperLogLog>),
}

/// Some entries of a store.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub entries: Vec<Entry>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

/// A key with all that it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: String,
    pub content: Content,
    /// How long it still lives; `None` for ever.
    pub lives: Option<Duration>,
}

/// What a key holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Counter(i64),
    Sum(f64),
    Fields(BTreeMap<String, i64>),
    Sketch(Box<HyperLogLog>),
}
