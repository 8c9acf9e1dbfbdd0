//! The connections of `serve`.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;

use super::Sight;
use super::routes::router;
use super::shared::Shared;
use crate::http::{self, Bounds};

/// How long requests in progress may take after a shutdown began: a service manager waits for us.
const GRACE: Duration = Duration::from_millis(500);
/// For a request's head. Whoever reads a body has a timeout of its own.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Whoever comes beyond waits. One that says nothing holds its place for as long as a head may take.
const CONNECTIONS: usize = 4_096;

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
        let bounds = Bounds {
            connections: CONNECTIONS,
            head_timeout: HEAD_TIMEOUT,
            grace: GRACE,
        };
        let router = router(Shared::new(self.sight, self.address));
        http::serve(self.listener, bounds, None, router, shutdown).await;
    }
}
