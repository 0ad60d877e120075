//! From an open connection to a session: asks for TLS as `sslmode` wants it, logs in, and knows the cancel key.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio_postgres::config::{SslMode as Encrypt, SslNegotiation};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, NoTls, TlsConnect, TlsStream};
use tokio_postgres::{CancelToken, Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::link::Driver;
use super::wire::Wire;
use crate::adapters::tls;
use crate::domain::cause::Phase;
use crate::domain::{Cause, Safe};

/// `SSLRequest` of the protocol.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A connection with TLS on.
pub type Encrypted = <MakeRustlsConnect as MakeTlsConnect<Wire>>::Stream;

/// What the server said to the wish for TLS.
pub enum Offer {
    /// It speaks TLS from now on.
    Encrypted(Box<Encrypted>),
    /// It has none; the connection stays as it is.
    Plain(Wire),
}

/// Asks for TLS and shakes hands. `phase` follows: a server that does not even answer the question hangs before TLS.
pub async fn negotiate(mut wire: Wire, tls: &tls::Client, name: &str, phase: &mut Phase) -> Result<Offer, Cause> {
    *phase = Phase::Answer;
    let lost = |e: &io::Error| Cause::ConnectionLost(Safe::of(e.to_string()));
    wire.write_all(&SSL_REQUEST).await.map_err(|e| lost(&e))?;
    let mut answer = [0u8];
    wire.read_exact(&mut answer).await.map_err(|e| lost(&e))?;
    *phase = Phase::Tls;
    match &answer {
        b"S" => handshake(wire, tls, name)
            .await
            .map(|stream| Offer::Encrypted(Box::new(stream)))
            .map_err(|e| tls.cause(&e, name)),
        b"N" => Ok(Offer::Plain(wire)),
        _ => Err(Cause::Protocol(Safe::of("this is not a PostgreSQL server"))),
    }
}

async fn handshake(wire: Wire, tls: &tls::Client, name: &str) -> io::Result<Encrypted> {
    let mut maker = MakeRustlsConnect::new(tls.config().as_ref().clone());
    let connector = match MakeTlsConnect::<Wire>::make_tls_connect(&mut maker, name) {
        Ok(connector) => connector,
        Err(never) => match never {},
    };
    connector.connect(wire).await
}

/// Logs in over an encrypted connection.
pub async fn encrypted(stream: Encrypted, config: &mut Config) -> Result<(Client, Driver), Error> {
    // TLS is on already; said this way the login can still bind itself to the certificate (SCRAM-SHA-256-PLUS).
    config.ssl_mode(Encrypt::Require).ssl_negotiation(SslNegotiation::Direct);
    let (client, connection) = config.connect_raw(stream, AlreadyOn).await?;
    Ok((client, Box::pin(connection)))
}

/// Logs in over a bare connection.
pub async fn plain(wire: Wire, config: &mut Config) -> Result<(Client, Driver), Error> {
    config.ssl_mode(Encrypt::Disable);
    let (client, connection) = config.connect_raw(wire, NoTls).await?;
    Ok((client, Box::pin(connection)))
}

/// Sends a cancel request over a new connection.
pub async fn send_cancel(token: &CancelToken, wire: Wire, tls: Option<&(tls::Client, String)>) {
    // Failures are not told: cancelling is best effort.
    match tls {
        None => drop(token.cancel_query_raw(wire, NoTls).await),
        Some((tls, name)) => {
            if let Ok(Offer::Encrypted(stream)) = negotiate(wire, tls, name, &mut Phase::Whole).await {
                drop(token.cancel_query_raw(*stream, AlreadyOn).await);
            }
        }
    }
}

/// The process id that the server (or pooler) told at login, read from the cancel request that the driver would send.
pub async fn told_pid(token: &CancelToken) -> Option<i32> {
    let (mut ours, theirs) = tokio::io::duplex(64);
    token.cancel_query_raw(Tap(theirs), AlreadyOn).await.ok()?;
    let mut request = [0u8; 16];
    ours.read_exact(&mut request).await.ok()?;
    request.get(8..12).and_then(|pid| pid.try_into().ok()).map(i32::from_be_bytes)
}

/// Hands on a stream that speaks TLS already.
struct AlreadyOn;

impl<S: TlsStream + Unpin> TlsConnect<S> for AlreadyOn {
    type Stream = S;
    type Error = Infallible;
    type Future = Ready<Result<S, Infallible>>;

    fn connect(self, stream: S) -> Self::Future {
        ready(Ok(stream))
    }
}

/// A pipe in memory that passes for a server.
struct Tap(DuplexStream);

impl TlsStream for Tap {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Tap {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Tap {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
