//! The receiving end's connections.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::access::Access;
use super::license_hook::LicenseHook;
use super::routes::router;
use super::store::ReceiverStore;
use super::tls::{Tls, TlsError, TlsFiles};
use crate::http::{self, Bounds};

/// How long requests in progress may take after a shutdown began.
const GRACE: Duration = Duration::from_secs(10);

/// What the receiving end puts up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiverLimits {
    /// The longest body; what is longer gets 413.
    pub body_bytes: usize,
    /// For a request's head, and again for its body.
    pub read_timeout: Duration,
    pub connections: usize,
    /// Bytes of bodies that are held at once; a request beyond them waits, and gets 503 after `read_timeout`. At least one body
    /// is always taken.
    pub body_memory: usize,
    /// Payloads, metadata and error reports that one instance may send a day; more get 429.
    pub pings_a_day: Option<u32>,
    /// Bytes that one instance may send a day; more get 429.
    pub bytes_a_day: Option<u64>,
    /// How long the leaders of the DevOps score are taken as they are.
    pub leaders_for: Duration,
}

impl Default for ReceiverLimits {
    fn default() -> Self {
        ReceiverLimits {
            body_bytes: 16 * 1024 * 1024,
            read_timeout: Duration::from_secs(30),
            connections: 256,
            body_memory: 64 * 1024 * 1024,
            pings_a_day: None,
            bytes_a_day: None,
            leaders_for: Duration::from_secs(60),
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
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A receiving end that listens but does not serve yet.
#[derive(Debug)]
pub struct Receiver {
    listener: TcpListener,
    address: SocketAddr,
    store: ReceiverStore,
    limits: ReceiverLimits,
    access: Access,
    tls: Option<Tls>,
    license_hook: Option<LicenseHook>,
}

/// A receiving end that serves in the background. Dropped, it goes on; [`RunningReceiver::stop`] ends it.
#[derive(Debug)]
pub struct RunningReceiver {
    address: SocketAddr,
    scheme: &'static str,
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
            access: Access::default(),
            tls: None,
            license_hook: None,
        })
    }

    /// Serves under other limits than the default ones.
    pub fn with_limits(self, limits: ReceiverLimits) -> Receiver {
        Receiver { limits, ..self }
    }

    /// Demands more of whoever asks than nothing.
    pub fn with_access(self, access: Access) -> Receiver {
        Receiver { access, ..self }
    }

    /// Speaks TLS, and with an authority of clients only to those that it knows.
    ///
    /// # Errors
    /// A file cannot be read, or is not what it should be.
    pub fn with_tls(self, files: &TlsFiles) -> Result<Receiver, ReceiverError> {
        let tls = Some(Tls::new(files)?);
        Ok(Receiver { tls, ..self })
    }

    /// Tells the licence application of licence pings.
    pub fn with_license_hook(self, hook: LicenseHook) -> Receiver {
        Receiver {
            license_hook: Some(hook),
            ..self
        }
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Serves until `shutdown` is done, then lets requests in progress end.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let teller = self
            .license_hook
            .map(|hook| tokio::spawn(hook.tell_all(self.store.clone())));
        let bounds = Bounds {
            connections: self.limits.connections,
            head_timeout: self.limits.read_timeout,
            grace: GRACE,
        };
        let router = router(self.store, self.limits, self.access);
        http::serve(self.listener, bounds, self.tls.map(Tls::acceptor), router, shutdown).await;
        if let Some(teller) = teller {
            // What it has not told yet is told after the next start.
            teller.abort();
        }
    }

    /// Serves in the background.
    pub fn start(self) -> RunningReceiver {
        let (stop, stopped) = oneshot::channel();
        let (address, scheme) = (self.address, self.scheme());
        let task = tokio::spawn(self.serve(async {
            if stopped.await.is_err() {
                // Nobody is left who could stop it.
                std::future::pending::<()>().await;
            }
        }));
        RunningReceiver {
            address,
            scheme,
            stop,
            task,
        }
    }
}

impl RunningReceiver {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of a client of it.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Lets requests in progress end, then ends.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the receiver ended badly");
        }
    }
}
