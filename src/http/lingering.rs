//! A connection that takes in what still comes before it closes.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::body::Unread;

/// How long a connection takes in what nobody reads, so that its last answer is read. It holds its place meanwhile.
pub const LINGER: Duration = Duration::from_secs(2);
/// What is taken in at once.
const CHUNK: usize = 8 * 1024;

/// A stream that, where a body was left unread, ends its own side and waits for the client to end its.
pub(super) struct Lingering<S> {
    stream: S,
    unread: Unread,
    stage: Stage,
}

enum Stage {
    Open,
    /// Our side has ended.
    Waiting(Pin<Box<Sleep>>),
}

impl<S> Lingering<S> {
    pub(super) fn new(stream: S, unread: Unread) -> Lingering<S> {
        Lingering {
            stream,
            unread,
            stage: Stage::Open,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            match &mut this.stage {
                Stage::Open => {
                    ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
                    if !this.unread.is_so() {
                        return Poll::Ready(Ok(()));
                    }
                    this.stage = Stage::Waiting(Box::pin(sleep(LINGER)));
                }
                Stage::Waiting(end) => {
                    return match end.as_mut().poll(context) {
                        Poll::Ready(()) => Poll::Ready(Ok(())),
                        Poll::Pending => take_in(&mut this.stream, context).map(Ok),
                    };
                }
            }
        }
    }
}

/// Reads until the client has ended its side, and keeps nothing.
fn take_in(stream: &mut (impl AsyncRead + Unpin), context: &mut Context<'_>) -> Poll<()> {
    let mut chunk = [0; CHUNK];
    loop {
        let mut into = ReadBuf::new(&mut chunk);
        match ready!(Pin::new(&mut *stream).poll_read(context, &mut into)) {
            Ok(()) if !into.filled().is_empty() => {}
            Ok(()) | Err(_) => return Poll::Ready(()),
        }
    }
}
