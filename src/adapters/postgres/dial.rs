//! From a host of the target to open connections: resolves the name, tries address after address, and tells in
//! words why none could be had.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use super::wire::{Allowance, Stream, Wire};
use crate::config::resolved::DatabaseHost;
use crate::domain::cause::Phase;
use crate::domain::{Cause, Safe};

/// Most addresses of one name that are tried.
const MOST_ADDRESSES: usize = 8;

/// One place to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Over the network.
    Tcp(SocketAddr),
    /// A socket's path.
    Unix(PathBuf),
}

/// The addresses of a host.
pub async fn resolve(host: &DatabaseHost, until: Instant) -> Result<Vec<Address>, Cause> {
    match host {
        DatabaseHost::Unix { folder, port } => Ok(vec![Address::Unix(socket_path(folder, *port))]),
        DatabaseHost::Tcp { address: Some(ip), port, .. } => Ok(vec![Address::Tcp(SocketAddr::new(*ip, *port))]),
        DatabaseHost::Tcp { host, port, .. } => match host.parse::<IpAddr>() {
            Ok(ip) => Ok(vec![Address::Tcp(SocketAddr::new(ip, *port))]),
            Err(_a_name) => look_up(host, *port, until).await,
        },
    }
}

async fn look_up(host: &str, port: u16, until: Instant) -> Result<Vec<Address>, Cause> {
    let started = Instant::now();
    let found = timeout_at(until, lookup_host((host, port)))
        .await
        .map_err(|_late| Cause::Timeout { phase: Phase::Resolve, after: started.elapsed() })?
        .map_err(|e| name_cause(host, &e))?;
    let addresses: Vec<Address> = found.take(MOST_ADDRESSES).map(Address::Tcp).collect();
    if addresses.is_empty() { Err(Cause::NameNotFound(Safe::of(host))) } else { Ok(addresses) }
}

fn name_cause(host: &str, error: &io::Error) -> Cause {
    let text = error.to_string();
    let missing = ["not known", "No address associated", "nodename nor servname", "No such host"];
    if missing.iter().any(|words| text.contains(words)) {
        return Cause::NameNotFound(Safe::of(host));
    }
    Cause::NameLookupFailed(Safe::of(format!("{host}: {text}")))
}

/// `FOLDER/.s.PGSQL.PORT`; a leading `@` is Linux' abstract name space, written as a leading NUL.
fn socket_path(folder: &Path, port: u16) -> PathBuf {
    let path = folder.join(format!(".s.PGSQL.{port}"));
    match path.to_str().and_then(|text| text.strip_prefix('@')) {
        Some(name) => PathBuf::from(format!("\0{name}")),
        None => path,
    }
}

/// Opens one connection.
pub async fn open(address: &Address, allowance: &Allowance, until: Instant) -> Result<Wire, Cause> {
    let started = Instant::now();
    let stream = timeout_at(until, connect(address))
        .await
        .map_err(|_late| Cause::Timeout { phase: Phase::Connect, after: started.elapsed() })?
        .map_err(|e| connect_cause(address, &e))?;
    allowance.renew();
    Ok(Wire::new(stream, allowance.clone()))
}

async fn connect(address: &Address) -> io::Result<Stream> {
    match address {
        Address::Tcp(at) => {
            let stream = TcpStream::connect(at).await?;
            stream.set_nodelay(true)?;
            Ok(Stream::Tcp(stream))
        }
        Address::Unix(path) => UnixStream::connect(path).await.map(Stream::Unix),
    }
}

fn connect_cause(address: &Address, error: &io::Error) -> Cause {
    match (error.kind(), address) {
        (io::ErrorKind::ConnectionRefused, Address::Tcp(at)) => {
            Cause::Refused { family: if at.is_ipv4() { "IPv4" } else { "IPv6" } }
        }
        (io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound, Address::Unix(_)) => {
            Cause::Refused { family: "socket" }
        }
        (io::ErrorKind::PermissionDenied, Address::Unix(path)) => {
            Cause::PermissionDenied(Safe::of(path.display().to_string()))
        }
        (io::ErrorKind::ConnectionReset, _) => Cause::ConnectionLost(Safe::of(error.to_string())),
        _ => Cause::Unreachable(Safe::of(error.to_string())),
    }
}

/// Of two failures of one host the one to tell: both families of a refusal, else the later.
pub fn joined(earlier: Option<&Cause>, later: Cause) -> Cause {
    match (earlier, &later) {
        (Some(Cause::Refused { family: a }), Cause::Refused { family: b }) if a != b => match (*a, *b) {
            ("socket", other) => Cause::Refused { family: other },
            _ => Cause::Refused { family: "IPv4 and IPv6" },
        },
        _ => later,
    }
}
