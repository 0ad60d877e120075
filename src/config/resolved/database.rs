//! A database to be watched: where it is, how it is reached and what it is asked beside its own figures.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::safe::Safe;
use crate::domain::secret::SecretRef;
use crate::domain::source::SignalId;
use crate::domain::target::Environment;
use crate::domain::target::Provenance;

use super::ClientCertificate;

/// One PostgreSQL server.
#[derive(Clone, Debug)]
pub struct DatabaseSpec {
    /// Name on screen.
    pub name: Safe,
    /// How to reach it.
    pub target: DatabaseTarget,
    /// Pause between readings.
    pub interval: Duration,
    /// Deadline of one reading, connection included.
    pub deadline: Duration,
    /// Pause between readings of the statements; grows by itself where they are costly.
    pub statements_interval: Duration,
    /// Signals read over the same connection.
    pub scalars: Vec<ScalarQuery>,
    /// Hit ratio below which the cache of the server is degraded, if wanted.
    pub hit_target: Option<f64>,
    /// Environment.
    pub environment: Environment,
    /// How we know of it.
    pub provenance: Provenance,
}

/// A connection in libpq's meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseTarget {
    /// Hosts in the order of trial.
    pub hosts: Vec<DatabaseHost>,
    /// `user`
    pub user: String,
    /// `dbname`
    pub database: String,
    /// `password`
    pub password: Option<SecretRef>,
    /// `passfile`, consulted when no password is given.
    pub passfile: Option<PathBuf>,
    /// `sslmode`
    pub ssl_mode: SslMode,
    /// `sslrootcert`
    pub ssl_root_certificate: Option<PathBuf>,
    /// `sslcert` and `sslkey`
    pub ssl_client: Option<ClientCertificate>,
    /// `target_session_attrs`
    pub session_attributes: SessionAttributes,
    /// `search_path`, from `options` or Prisma's `schema`.
    pub search_path: Option<String>,
    /// `pgbouncer=true` or the like: the DSN itself says that a pooler answers.
    pub pooler: bool,
}

/// One host of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseHost {
    /// A name or address.
    Tcp {
        /// Name, for the certificate too.
        host: String,
        /// `hostaddr`: used instead of resolving the name.
        address: Option<std::net::IpAddr>,
        /// Port.
        port: u16,
    },
    /// A folder with a socket.
    Unix {
        /// Folder.
        folder: PathBuf,
        /// Port, part of the socket's name.
        port: u16,
    },
}

/// `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SslMode {
    /// Never.
    Disable,
    /// Without, unless the server insists.
    Allow,
    /// With, unless the server offers none.
    #[default]
    Prefer,
    /// With; nobody is verified (a root certificate, if given, is).
    Require,
    /// With; the chain is verified.
    VerifyCa,
    /// With; chain and name are verified.
    VerifyFull,
}

/// `target_session_attrs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SessionAttributes {
    /// Whoever answers first.
    #[default]
    Any,
    /// Accepts writes.
    ReadWrite,
    /// Does not.
    ReadOnly,
    /// Not in recovery.
    Primary,
    /// In recovery.
    Standby,
    /// In recovery if possible.
    PreferStandby,
}

/// A read-only query whose single value is a signal.
#[derive(Clone, Debug)]
pub struct ScalarQuery {
    /// Which signal it feeds.
    pub signal: SignalId,
    /// One statement.
    pub sql: String,
    /// Pause between readings.
    pub interval: Duration,
}
