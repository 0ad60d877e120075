//! The bare connection to a server, TCP or socket. It counts what comes in: an answer that grows past every bound
//! breaks the connection instead of filling the memory.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// Most bytes that one reading may bring.
pub const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// How many bytes may still come; shared with the one who starts a reading.
#[derive(Clone, Default)]
pub struct Allowance(Arc<AtomicU64>);

impl Allowance {
    /// Allows another reading's worth.
    pub fn renew(&self) {
        self.0.store(MOST_BYTES, Ordering::Relaxed);
    }

    fn spend(&self, bytes: u64) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).is_ok()
    }
}

/// An open connection.
pub struct Wire {
    stream: Stream,
    allowance: Allowance,
}

/// Its two kinds.
pub enum Stream {
    /// Over the network.
    Tcp(TcpStream),
    /// On this machine.
    Unix(UnixStream),
}

impl Wire {
    /// Wraps an open stream.
    pub fn new(stream: Stream, allowance: Allowance) -> Wire {
        Wire { stream, allowance }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = match &mut self.stream {
            Stream::Tcp(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Stream::Unix(unix) => Pin::new(unix).poll_read(cx, buf),
        };
        let came = (buf.filled().len() - before) as u64;
        if !self.allowance.spend(came) {
            return Poll::Ready(Err(io::Error::other("the answer is larger than 64 MiB")));
        }
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Tcp(tcp) => Pin::new(tcp).poll_write(cx, data),
            Stream::Unix(unix) => Pin::new(unix).poll_write(cx, data),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Tcp(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Unix(unix) => Pin::new(unix).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Tcp(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Unix(unix) => Pin::new(unix).poll_shutdown(cx),
        }
    }
}
