//! One connection to Redis: resolve, connect, TLS, log in, send and receive, all under one total deadline.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::answer::{Answer, Reading};
use super::resp::{self, Reply};
use super::{acl_user, refusal};
use crate::adapters::mask::Mask;
use crate::adapters::secret;
use crate::adapters::tls::Client;
use crate::config::resolved::RedisTarget;
use crate::domain::cause::Phase;
use crate::domain::{Cause, Safe};

/// Most addresses of one name that are tried.
const ADDRESSES: usize = 8;
/// Read in pieces of this size.
const PIECE: usize = 8 * 1024;

/// The total deadline that every step of a reading shares.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    until: Instant,
    total: Duration,
}

impl Limit {
    pub fn new(total: Duration) -> Limit {
        Limit { until: Instant::now() + total, total }
    }

    async fn hold<T>(self, phase: Phase, step: impl Future<Output = T>) -> Result<T, Cause> {
        timeout_at(self.until, step).await.map_err(|_elapsed| self.passed(phase))
    }

    fn passed(self, phase: Phase) -> Cause {
        Cause::Timeout { phase, after: self.total }
    }
}

trait Wire: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Wire for T {}

/// A connection that is logged in.
pub struct Connection {
    wire: Box<dyn Wire>,
    received: Vec<u8>,
}

impl Connection {
    /// Opens a connection and logs in. `tls` is built at its first use and kept by the caller.
    pub async fn open(target: &RedisTarget, tls: &mut Option<Client>, limit: Limit) -> Result<Connection, Cause> {
        let wire: Box<dyn Wire> = match &target.unix {
            Some(path) => Box::new(socket(path, limit).await?),
            None if target.tls => Box::new(encrypted(target, tls, limit).await?),
            None => Box::new(tcp(target, limit).await?),
        };
        let mut connection = Connection { wire, received: Vec::new() };
        connection.log_in(target, limit).await?;
        Ok(connection)
    }

    /// Sends commands, one after the other without waiting.
    pub async fn send<A: AsRef<[u8]>>(&mut self, commands: &[&[A]], limit: Limit) -> Result<(), Cause> {
        let mut out = Vec::new();
        for argv in commands {
            resp::encode(&mut out, argv);
        }
        // A server that refuses us says why and closes. Writing fails then, but the reason can still be read.
        let _written: io::Result<()> = limit.hold(Phase::Answer, self.wire.write_all(&out)).await?;
        let _flushed: io::Result<()> = limit.hold(Phase::Answer, self.wire.flush()).await?;
        Ok(())
    }

    /// The next reply.
    pub async fn receive(&mut self, limit: Limit) -> Result<Reply, Cause> {
        loop {
            if let Some((reply, taken)) = resp::decode(&self.received)? {
                self.received.drain(..taken);
                return Ok(reply);
            }
            self.more(limit).await?;
        }
    }

    /// Waits for more bytes.
    async fn more(&mut self, limit: Limit) -> Result<(), Cause> {
        let phase = if self.received.is_empty() { Phase::Answer } else { Phase::Body };
        self.received.reserve(PIECE);
        match limit.hold(phase, self.wire.read_buf(&mut self.received)).await? {
            Ok(0) => Err(Cause::ConnectionLost(Safe::of("the server closed it"))),
            Ok(_) => Ok(()),
            Err(e) => Err(Cause::ConnectionLost(Safe::of(e.to_string()))),
        }
    }

    /// The next reply, of whatever shape.
    pub async fn receive_any(&mut self, limit: Limit) -> Result<Answer, Cause> {
        let mut reading = Reading::default();
        loop {
            if let Some(answer) = reading.take(&mut self.received)? {
                return Ok(answer);
            }
            self.more(limit).await?;
        }
    }

    /// All replies were taken: gives the memory back. Bytes that are left over belong to no question.
    pub fn settle(&mut self) -> Result<(), Cause> {
        if !self.received.is_empty() {
            return Err(Cause::Protocol(Safe::of("more answers than questions")));
        }
        self.received = Vec::new();
        Ok(())
    }

    async fn log_in(&mut self, target: &RedisTarget, limit: Limit) -> Result<(), Cause> {
        let mut steps: Vec<Vec<String>> = Vec::new();
        let mut mask = Mask::default();
        if let Some(reference) = &target.password {
            let password = secret::read(reference)?.expose().to_owned();
            mask = Mask::of([password.as_str()]);
            let user = target.user.clone();
            steps.push([Some("AUTH".to_owned()), user, Some(password)].into_iter().flatten().collect());
        }
        if target.database != 0 {
            steps.push(vec!["SELECT".to_owned(), target.database.to_string()]);
        }
        let needed = steps.len();
        steps.push(["CLIENT", "SETNAME", "quarterdeck"].map(str::to_owned).to_vec());
        let commands: Vec<&[String]> = steps.iter().map(Vec::as_slice).collect();
        self.send(&commands, limit).await?;
        for (at, argv) in steps.iter().enumerate() {
            let reply = self.receive(limit).await.map_err(|cause| match cause {
                Cause::Timeout { after, .. } => Cause::Timeout { phase: Phase::Login, after },
                other => other,
            })?;
            // The name is a courtesy: a server that does not take it (an old one, or an ACL) is read all the same.
            // But a server that is full or protected answers whatever comes first with the reason, and closes.
            if let Reply::Error(said) = reply {
                // A server that does not know a command repeats it, with what was in it.
                let cause = refusal::cause(&mask.hide(said), argv, acl_user(target));
                if at < needed || matches!(cause, Cause::TooManyConnections(_) | Cause::Denied { .. }) {
                    return Err(cause);
                }
            }
        }
        Ok(())
    }
}

async fn socket(path: &Path, limit: Limit) -> Result<UnixStream, Cause> {
    limit.hold(Phase::Connect, UnixStream::connect(path)).await?.map_err(|e| match e.kind() {
        // A server that stopped takes its socket along.
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => Cause::Refused { family: "socket" },
        io::ErrorKind::PermissionDenied => Cause::PermissionDenied(Safe::of(path.display().to_string())),
        _ => Cause::Unreachable(Safe::of(e.to_string())),
    })
}

async fn encrypted(target: &RedisTarget, tls: &mut Option<Client>, limit: Limit) -> Result<impl Wire + use<>, Cause> {
    let stream = tcp(target, limit).await?;
    let ready = match tls.take() {
        Some(tls) => tls,
        None => Client::trusting(target.ca_file.as_deref())?,
    };
    let stream = limit.hold(Phase::Tls, shake_hands(&ready, &target.host, stream)).await??;
    // Kept only when it served: after a failure the certificate files are read anew.
    *tls = Some(ready);
    Ok(stream)
}

async fn shake_hands(tls: &Client, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, Cause> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_not_a_name| Cause::Misconfigured(Safe::of(format!("{host} is not a name that TLS can verify"))))?;
    TlsConnector::from(Arc::clone(tls.config())).connect(name, stream).await.map_err(|e| tls.cause(&e, host))
}

async fn tcp(target: &RedisTarget, limit: Limit) -> Result<TcpStream, Cause> {
    let addresses = resolve(target, limit).await?;
    let mut refused = Refused::default();
    let mut failure = None;
    for (at, address) in addresses.iter().enumerate() {
        // Each address gets its share of what is left, so that a dead one does not take the turn of a live one.
        let left = limit.until.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - at).unwrap_or(1);
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let _unsupported: io::Result<()> = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(e)) if e.kind() == io::ErrorKind::ConnectionRefused => refused.by(*address),
            Ok(Err(e)) => failure = Some(Cause::Unreachable(Safe::of(e.to_string()))),
            Err(_elapsed) => failure = Some(limit.passed(Phase::Connect)),
        }
    }
    Err(failure.unwrap_or(Cause::Refused { family: refused.family() }))
}

async fn resolve(target: &RedisTarget, limit: Limit) -> Result<Vec<SocketAddr>, Cause> {
    if let Ok(address) = target.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, target.port)]);
    }
    let found = limit.hold(Phase::Resolve, lookup_host((target.host.as_str(), target.port))).await?;
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found.map_err(|e| lookup_failure(&target.host, &e))? {
        if addresses.len() < ADDRESSES && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(Cause::NameNotFound(Safe::of(&target.host))) } else { Ok(addresses) }
}

/// The standard library tells "no such name" from other failures only in its words.
fn lookup_failure(host: &str, error: &io::Error) -> Cause {
    let words = error.to_string();
    let unknown = ["not known", "does not resolve", "No address associated", "nodename nor servname"];
    if unknown.iter().any(|w| words.contains(w)) {
        Cause::NameNotFound(Safe::of(host))
    } else {
        Cause::NameLookupFailed(Safe::of(words))
    }
}

#[derive(Default)]
struct Refused {
    v4: bool,
    v6: bool,
}

impl Refused {
    fn by(&mut self, address: SocketAddr) {
        if address.is_ipv4() {
            self.v4 = true;
        } else {
            self.v6 = true;
        }
    }

    fn family(&self) -> &'static str {
        match (self.v4, self.v6) {
            (true, true) => "IPv4 and IPv6",
            (false, true) => "IPv6",
            _ => "IPv4",
        }
    }
}
