//! The operator's Prometheus: found and looked at once a run, then only asked.

mod catalogue;
mod http;
mod query;
mod read;
mod server;

use std::fmt;

use chrono::{DateTime, Utc};
use prometheus_http_query::Client;
use tokio::sync::OnceCell;

pub use read::Read;

use crate::config;
use crate::measure::{Failure, Reason};

/// A server, not asked yet. Where it does not answer, it is not tried again: every metric of it has the same reason.
pub struct Prometheus {
    config: config::Prometheus,
    /// The instant that queries are about.
    at: DateTime<Utc>,
    connected: OnceCell<Result<Connection, Failure>>,
}

/// A server that is ready.
struct Connection {
    client: Client,
    /// Scheme, host and port.
    place: String,
}

impl Prometheus {
    /// Nothing is opened yet.
    pub fn new(config: &config::Prometheus, at: DateTime<Utc>) -> Prometheus {
        Prometheus {
            config: config.clone(),
            at,
            connected: OnceCell::new(),
        }
    }

    /// Queries that may be put at a time, at least one.
    pub fn connections(&self) -> usize {
        (self.config.connections as usize).max(1)
    }

    /// The server's version, and where it answers.
    ///
    /// # Errors
    /// `source_unavailable` where it is not found, not reached, not trusted, or refuses the credentials;
    /// `source_not_ready`.
    pub async fn version(&self) -> Result<(String, String), Failure> {
        let connection = self.connection().await?;
        let built = connection.client.build_information().await;
        let refused = |_| Failure::new(Reason::SourceUnavailable, "the server does not tell its version");
        Ok((built.map_err(refused)?.version().to_owned(), connection.place.clone()))
    }

    async fn connection(&self) -> Result<&Connection, Failure> {
        let connected = self.connected.get_or_init(|| server::ready(&self.config)).await;
        connected.as_ref().map_err(Clone::clone)
    }
}

impl fmt::Debug for Prometheus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prometheus")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
