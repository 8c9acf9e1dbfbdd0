//! The collector's connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::judge::Judge;
use super::kept::Kept;
use super::routes::{Site, router};

/// Why a collector cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    #[error("the collector cannot listen on {address}: choose a free address")]
    Bind {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("the collector's connections broke down")]
    Serve(#[source] io::Error),
}

/// A collector that listens but does not serve yet.
#[derive(Debug)]
pub struct Collector {
    listener: TcpListener,
    address: SocketAddr,
    site: Arc<Site>,
}

/// A collector that serves in the background.
#[derive(Debug)]
pub struct RunningCollector {
    address: SocketAddr,
    kept: Arc<Kept>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), CollectorError>>,
}

impl Collector {
    /// Takes an address; port 0 is any free one. With a token, vendors whose name ends in `.auth` ask for it.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn bind(
        address: SocketAddr,
        judge: Judge,
        kept: Kept,
        token: Option<String>,
    ) -> Result<Collector, CollectorError> {
        let failed = |source| CollectorError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        Ok(Collector {
            address: listener.local_addr().map_err(failed)?,
            listener,
            site: Arc::new(Site {
                judge,
                kept: Arc::new(kept),
                token,
            }),
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is done, then lets requests in progress end.
    ///
    /// # Errors
    /// No connection can be taken any more.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<(), CollectorError> {
        let served = axum::serve(self.listener, router(self.site)).with_graceful_shutdown(shutdown);
        served.await.map_err(CollectorError::Serve)
    }

    /// Serves in the background.
    pub fn start(self) -> RunningCollector {
        let (stop, stopped) = oneshot::channel();
        let (address, kept) = (self.address, Arc::clone(&self.site.kept));
        let task = tokio::spawn(self.serve(async {
            // Nobody is left who could stop it, or somebody has.
            let _ = stopped.await;
        }));
        RunningCollector {
            address,
            kept,
            stop,
            task,
        }
    }
}

impl RunningCollector {
    /// Its address, as senders are told it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it has kept.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Lets requests in progress end, then ends.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}
