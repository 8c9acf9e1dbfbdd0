//! The receiving end's connections.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinHandle;

use super::routes::router;
use super::storage::ReceiverStore;

/// How long requests in progress may take after a shutdown began.
const GRACE: Duration = Duration::from_secs(10);
/// A pause after a connection could not be accepted, for want of file handles for instance.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the receiving end puts up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiverLimits {
    /// The longest body; what is longer gets 413.
    pub body_bytes: usize,
    /// For a request's head, and again for its body.
    pub read_timeout: Duration,
    pub connections: usize,
}

impl Default for ReceiverLimits {
    fn default() -> Self {
        ReceiverLimits {
            body_bytes: 16 * 1024 * 1024,
            read_timeout: Duration::from_secs(30),
            connections: 256,
        }
    }
}

/// Why the receiving end cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ReceiverError {
    #[error("the receiver cannot listen on {address}: choose a free address")]
    Bind {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
}

/// A receiving end that listens but does not serve yet.
#[derive(Debug)]
pub struct Receiver {
    listener: TcpListener,
    address: SocketAddr,
    store: ReceiverStore,
    limits: ReceiverLimits,
}

/// A receiving end that serves in the background. Dropped, it goes on; [`RunningReceiver::stop`] ends it.
#[derive(Debug)]
pub struct RunningReceiver {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Takes an address; port 0 is any free one.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn bind(address: SocketAddr, store: ReceiverStore) -> Result<Receiver, ReceiverError> {
        let failed = |source| ReceiverError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Receiver {
            listener,
            address,
            store,
            limits: ReceiverLimits::default(),
        })
    }

    /// Serves under other limits than the default ones.
    pub fn with_limits(self, limits: ReceiverLimits) -> Receiver {
        Receiver { limits, ..self }
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is done, then lets requests in progress end.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let service = TowerToHyperService::new(router(self.store, self.limits));
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let connections = GracefulShutdown::new();
        let mut server = http1::Builder::new();
        server
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.read_timeout);
        let mut shutdown = pin!(shutdown);
        loop {
            let (stream, place) = tokio::select! {
                accepted = accept(&self.listener, &places) => accepted,
                () = &mut shutdown => break,
            };
            let connection = server.serve_connection(TokioIo::new(stream), service.clone());
            let connection = connections.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection broke");
                }
                drop(place);
            });
        }
        drop(self.listener);
        if tokio::time::timeout(GRACE, connections.shutdown()).await.is_err() {
            tracing::warn!("some requests did not end in time");
        }
    }

    /// Serves in the background.
    pub fn start(self) -> RunningReceiver {
        let (stop, stopped) = oneshot::channel();
        let address = self.address;
        let task = tokio::spawn(self.serve(async {
            if stopped.await.is_err() {
                // Nobody is left who could stop it.
                std::future::pending::<()>().await;
            }
        }));
        RunningReceiver { address, stop, task }
    }
}

impl RunningReceiver {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of a client of it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets requests in progress end, then ends.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the receiver ended badly");
        }
    }
}

/// The next connection, once there is a place for it.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so there is always a permit.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
