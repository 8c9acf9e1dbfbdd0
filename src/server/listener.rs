//! The connections of `serve`.

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
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Sight;
use super::routes::router;

/// How long requests in progress may take after a shutdown began: a service manager waits for us.
const GRACE: Duration = Duration::from_millis(500);
/// A pause after a connection could not be accepted, for want of file handles for instance.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// For a request's head. Whoever reads a body has a timeout of its own.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Collectors and probes are few; whoever comes beyond waits.
const CONNECTIONS: usize = 64;

/// Why `serve` cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("serve cannot listen on {address}: choose a free address with --listen, or none")]
pub struct ServerError {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

/// A server that listens but does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    sight: Sight,
}

impl Server {
    /// Takes an address; port 0 is any free one.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn bind(address: SocketAddr, sight: Sight) -> Result<Server, ServerError> {
        let failed = |source| ServerError { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Server {
            listener,
            address,
            sight,
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `shutdown` is done, then lets requests in progress end.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let service = TowerToHyperService::new(router(self.sight));
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let connections = GracefulShutdown::new();
        let mut server = http1::Builder::new();
        server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
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
            tracing::debug!("some requests did not end in time");
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
