//! Connections that are accepted, bounded, secured and answered.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower_service::Service;

use super::body::{Unread, WatchedBody};
use super::lingering::Lingering;

/// A pause after a connection could not be accepted, for want of file handles for instance.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a server's connections may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Whoever comes beyond waits. One that says nothing holds its place for as long as a head may take.
    pub connections: usize,
    /// For a request's head, and before it for a handshake. Whoever reads a body has a timeout of its own.
    pub head_timeout: Duration,
    /// How long requests in progress may take after a shutdown began.
    pub grace: Duration,
}

/// The other end of a connection: an extension of each of its requests.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Answers until `shutdown` is done, then lets requests in progress end. With an acceptor it speaks TLS alone.
pub async fn serve(
    listener: TcpListener,
    bounds: Bounds,
    tls: Option<TlsAcceptor>,
    router: Router,
    shutdown: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(bounds.connections));
    let connections = GracefulShutdown::new();
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head_timeout);
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer, place) = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut shutdown => break,
        };
        let answers = Answers {
            protocol: protocol.clone(),
            router: router.clone(),
            peer: Peer(peer),
            watcher: connections.watcher(),
        };
        let tls = tls.clone();
        tokio::spawn(async move {
            match tls {
                None => answers.over(stream).await,
                Some(tls) => {
                    if let Some(stream) = secured(&tls, stream, bounds.head_timeout).await {
                        answers.over(stream).await;
                    }
                }
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(bounds.grace, connections.shutdown())
        .await
        .is_err()
    {
        tracing::debug!("some requests did not end in time");
    }
}

/// What answers one connection.
struct Answers {
    protocol: http1::Builder,
    router: Router,
    peer: Peer,
    watcher: Watcher,
}

impl Answers {
    async fn over(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let unread = Unread::default();
        let stream = TokioIo::new(Lingering::new(stream, unread.clone()));
        let (router, peer) = (self.router, self.peer);
        let service = service_fn(move |request| answer(router.clone(), peer, unread.clone(), request));
        let connection = self.watcher.watch(self.protocol.serve_connection(stream, service));
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection broke");
        }
    }
}

async fn answer(
    mut router: Router,
    peer: Peer,
    unread: Unread,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let mut request = request.map(|incoming| Body::new(WatchedBody::new(incoming, unread.clone())));
    request.extensions_mut().insert(peer);
    let mut response = router.call(request).await?;
    if unread.is_so() {
        // Said, so that the client sends nothing more into a connection that ends.
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so there is always a permit.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small: each is on its way at once.
                let _ = stream.set_nodelay(true);
                return (stream, peer, place);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The connection once hands are shaken.
async fn secured(tls: &TlsAcceptor, stream: TcpStream, timeout: Duration) -> Option<TlsStream<TcpStream>> {
    match tokio::time::timeout(timeout, tls.accept(stream)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a connection was not secured");
            None
        }
        Err(_) => None,
    }
}
