//! The connection to one server: made when it is first needed, and again when it was lost.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, Pipeline, RedisError, TlsCertificates, Value};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::address::{Sentinels, host_and_port};
use super::refusal::of_connection;
use super::sentinel;
use crate::measure::Failure;

/// For how long a server that said nothing at all is taken for silent: each attempt costs a whole timeout.
const SILENCE_HOLDS: Duration = Duration::from_secs(5);

/// How connections are made.
pub(super) struct Dialer {
    /// Certificates of authorities, beside or instead of the system's.
    pub(super) authorities: Option<Vec<u8>>,
    pub(super) connect_timeout: Duration,
    pub(super) response_timeout: Duration,
}

impl Dialer {
    pub(super) async fn open(&self, info: ConnectionInfo) -> Result<MultiplexedConnection, RedisError> {
        let client = match &self.authorities {
            Some(authorities) => Client::build_with_tls(
                info,
                TlsCertificates {
                    client_tls: None,
                    root_cert: Some(authorities.clone()),
                },
            )?,
            None => Client::open(info)?,
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(Some(self.response_timeout));
        client.get_multiplexed_async_connection_with_config(&config).await
    }
}

/// Whom a link leads to.
pub(super) enum Target {
    Server(ConnectionInfo),
    /// Whoever is the primary when the connection is made.
    Primary(Sentinels),
}

/// A connection that comes and goes.
pub(super) struct Link {
    target: Target,
    dialer: Arc<Dialer>,
    /// The server's address without secrets, as messages name it.
    pub(super) name: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connection: Option<MultiplexedConnection>,
    /// Counts connections, so that a late loser does not close its successor.
    generation: u64,
    silent: Option<(Instant, Failure)>,
}

/// A connection for one call.
struct Borrowed {
    connection: MultiplexedConnection,
    generation: u64,
    /// Whether it served before: then it may have gone stale meanwhile.
    is_old: bool,
}

impl Link {
    pub(super) fn new(target: Target, dialer: Arc<Dialer>) -> Link {
        let name = match &target {
            Target::Server(info) => match host_and_port(info) {
                (path, 0) => path,
                (host, port) => format!("{host}:{port}"),
            },
            Target::Primary(sentinels) => sentinels.primary.clone(),
        };
        Link {
            target,
            dialer,
            name,
            state: Mutex::default(),
        }
    }

    /// Sends commands in one go; the answers stand in their order, errors of the server among them.
    ///
    /// A connection that turns out to be gone is replaced once: every command of this store may be sent twice.
    ///
    /// # Errors
    /// The server cannot be reached, or broke off.
    pub(super) async fn send(&self, commands: &Pipeline) -> Result<Vec<Value>, Failure> {
        let borrowed = self.borrow().await?;
        let (is_old, generation) = (borrowed.is_old, borrowed.generation);
        match self.send_over(borrowed, commands).await {
            Err(error) if is_old && error.is_connection_dropped() && !error.is_timeout() => {
                self.forget(generation).await;
            }
            Err(error) => return Err(self.lost(generation, &error).await),
            Ok(answers) => return Ok(answers),
        }
        let fresh = self.borrow().await?;
        let generation = fresh.generation;
        match self.send_over(fresh, commands).await {
            Ok(answers) => Ok(answers),
            Err(error) => Err(self.lost(generation, &error).await),
        }
    }

    async fn send_over(&self, mut borrowed: Borrowed, commands: &Pipeline) -> Result<Vec<Value>, RedisError> {
        borrowed
            .connection
            .send_packed_commands(commands, 0, commands.len())
            .await
    }

    async fn lost(&self, generation: u64, error: &RedisError) -> Failure {
        self.forget(generation).await;
        of_connection(error, &self.name, true)
    }

    /// The next call looks for the primary anew.
    pub(super) async fn drop_connection(&self) {
        self.state.lock().await.connection = None;
    }

    async fn forget(&self, generation: u64) {
        let mut state = self.state.lock().await;
        if state.generation == generation {
            state.connection = None;
        }
    }

    async fn borrow(&self) -> Result<Borrowed, Failure> {
        let mut state = self.state.lock().await;
        if let Some(connection) = &state.connection {
            return Ok(Borrowed {
                connection: connection.clone(),
                generation: state.generation,
                is_old: true,
            });
        }
        if let Some((since, failure)) = &state.silent
            && since.elapsed() < SILENCE_HOLDS
        {
            return Err(failure.clone());
        }
        match self.dial().await {
            Ok(connection) => {
                state.silent = None;
                state.generation += 1;
                state.connection = Some(connection.clone());
                Ok(Borrowed {
                    connection,
                    generation: state.generation,
                    is_old: false,
                })
            }
            Err((failure, was_silent)) => {
                state.silent = was_silent.then(|| (Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }

    /// The second part of an error is whether nothing was heard at all.
    async fn dial(&self) -> Result<MultiplexedConnection, (Failure, bool)> {
        match &self.target {
            Target::Server(info) => {
                let opened = self.dialer.open(info.clone()).await;
                opened.map_err(|error| (of_connection(&error, &self.name, false), error.is_timeout()))
            }
            Target::Primary(sentinels) => sentinel::open_primary(sentinels, &self.dialer)
                .await
                .map_err(|failure| (failure, false)),
        }
    }
}
