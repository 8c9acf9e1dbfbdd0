//! Redis as the event store: one server, a cluster, or a primary behind Sentinels.
//!
//! Nothing is sent that would not bear being sent twice: sketches take an element twice as once, and all else goes through
//! scripts that the server runs as a whole and that know what they did. So a connection may break anywhere.

mod absorb;
mod address;
mod cluster;
mod counters;
mod counting;
mod identity;
mod link;
mod load;
mod page;
mod read;
mod refusal;
mod router;
mod sentinel;
mod slot;
mod slots;
mod unions;
mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use redis::cmd;

use super::{Batch, Entry, EventStore, Page, UnionAnswer, Unions};
use crate::emit::install_tls;
use crate::measure::{Failure, Reason};
use address::{Address, Place};
use cluster::Cluster;
use link::{Dialer, Link, Target};
use router::Router;

/// Where a Redis is and how long it may take.
#[derive(Clone)]
pub struct RedisOptions {
    /// `redis://`, `rediss://`, `redis+unix://`, `unix://`, `redis-cluster://`, `rediss-cluster://`, `redis-sentinel://`
    /// or `rediss-sentinel://`, with its secrets; never printed.
    pub url: String,
    /// PEM certificates of the authorities to believe instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// A server that does not answer a connection within this time cannot be reached.
    pub connect_timeout: Duration,
    /// A connection that does not answer a call's commands within this time is lost.
    pub response_timeout: Duration,
}

impl RedisOptions {
    /// Options with the usual timeouts.
    pub fn new(url: impl Into<String>) -> RedisOptions {
        RedisOptions {
            url: url.into(),
            ca_file: None,
            connect_timeout: Duration::from_secs(2),
            response_timeout: Duration::from_secs(15),
        }
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field(
                "url",
                &format_args!("{}:…", self.url.split(':').next().unwrap_or_default()),
            )
            .field("ca_file", &self.ca_file)
            .field("connect_timeout", &self.connect_timeout)
            .field("response_timeout", &self.response_timeout)
            .finish()
    }
}

/// A Redis that holds events.
pub struct RedisStore {
    address: String,
    router: Router,
    verified: write::Verified,
}

impl RedisStore {
    /// Nothing is opened yet; the first call connects.
    ///
    /// # Errors
    /// [`Reason::SourceUnavailable`] for a URL that cannot be read, or a `ca_file` that cannot.
    pub fn new(options: RedisOptions) -> Result<RedisStore, Failure> {
        let Address {
            shown,
            place,
            is_encrypted,
        } = Address::parse(&options.url)?;
        if is_encrypted {
            install_tls();
        }
        let dialer = Arc::new(Dialer {
            authorities: authorities(&options)?,
            connect_timeout: options.connect_timeout,
            response_timeout: options.response_timeout,
        });
        let router = match place {
            Place::Server(info) => Router::Single {
                link: Arc::new(Link::new(Target::Server(info), dialer)),
                follows_primary: false,
            },
            Place::Sentinels(sentinels) => Router::Single {
                link: Arc::new(Link::new(Target::Primary(sentinels), dialer)),
                follows_primary: true,
            },
            Place::Cluster { pattern, seeds } => Router::Cluster(Box::new(Cluster::new(pattern, seeds, dialer))),
        };
        Ok(RedisStore {
            address: shown,
            router,
            verified: write::Verified::default(),
        })
    }
}

fn authorities(options: &RedisOptions) -> Result<Option<Vec<u8>>, Failure> {
    let Some(file) = &options.ca_file else { return Ok(None) };
    std::fs::read(file).map(Some).map_err(|error| {
        Failure::new(
            Reason::SourceUnavailable,
            format!("ca_file {} cannot be read: {}", file.display(), error.kind()),
        )
    })
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("address", &self.address).finish()
    }
}

impl EventStore for RedisStore {
    fn address(&self) -> String {
        self.address.clone()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), Failure>> {
        async {
            for link in self.router.primaries().await? {
                let answers = router::send_to(&link, std::iter::once(cmd("PING"))).await;
                for answer in answers {
                    answer.map_err(|refusal| refusal.failure())?;
                }
            }
            Ok(())
        }
        .boxed()
    }

    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Vec<Result<(), Failure>>, Failure>> {
        write::write(&self.router, &self.verified, batch).boxed()
    }

    fn values<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Vec<Result<Option<String>, Failure>>> {
        read::values(&self.router, keys).boxed()
    }

    fn hashes<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Vec<Result<BTreeMap<String, i64>, Failure>>> {
        read::hashes(&self.router, keys).boxed()
    }

    fn unions<'a>(&'a self, ask: &'a Unions) -> BoxFuture<'a, Vec<Result<UnionAnswer, Failure>>> {
        unions::unions(&self.router, ask).boxed()
    }

    fn page<'a>(&'a self, cursor: Option<String>) -> BoxFuture<'a, Result<Page, Failure>> {
        page::page(&self.router, cursor).boxed()
    }

    fn absorb<'a>(&'a self, origin: &'a str, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), Failure>> {
        absorb::absorb(&self.router, origin, entries).boxed()
    }

    fn identity(&self) -> BoxFuture<'_, Result<String, Failure>> {
        identity::identity(&self.router, &self.address).boxed()
    }
}
