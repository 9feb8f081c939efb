//! How many connections are held at once, and how long one is held whose client does not take its answer.

use axum_server::accept::Accept;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;

/// Takes connections, no more at once than there are places.
#[derive(Clone)]
pub struct Bounds {
    places: Arc<Semaphore>,
    slow: Duration,
}

impl Bounds {
    /// Bounds for so many connections; one waits at most `slow` for a place, and its client as long to take the next part of an
    /// answer.
    pub fn new(connections: usize, slow: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(connections.clamp(1, Semaphore::MAX_PERMITS))), slow }
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for Bounds {
    type Stream = Bounded;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Bounded, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let (places, slow) = (Arc::clone(&self.places), self.slow);
        Box::pin(async move {
            let place = timeout(slow, places.acquire_owned())
                .await
                .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no place for another connection"))?
                .map_err(io::Error::other)?;
            // Answers are written whole: nothing is gained by waiting for more to send.
            stream.set_nodelay(true)?;
            let mut stream = TimeoutStream::new(stream);
            stream.set_write_timeout(Some(slow));
            Ok((Bounded { stream: Box::pin(stream), _place: place }, service))
        })
    }
}

/// A connection that has its place.
pub struct Bounded {
    stream: Pin<Box<TimeoutStream<TcpStream>>>,
    _place: OwnedSemaphorePermit,
}

impl AsyncRead for Bounded {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, read: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_read(context, read)
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    async fn pair(bounds: &Bounds) -> (TcpStream, io::Result<(Bounded, ())>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        (client, bounds.accept(stream, ()).await)
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_left_and_its_place_is_free_again() {
        let bounds = Bounds::new(1, Duration::from_millis(200));
        let (_client, taken) = pair(&bounds).await;
        let (mut connection, ()) = taken.unwrap();
        let refused = pair(&bounds).await.1.err().unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);
        // More than the system takes on behalf of a client that reads nothing.
        let error = connection.write_all(&vec![0; 64 << 20]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(connection);
        assert!(pair(&bounds).await.1.is_ok());
    }
}
