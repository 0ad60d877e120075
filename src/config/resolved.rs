//! What is watched and how, after all layers were merged and checked. Adapters, `app` and `check` work from this alone.

mod actions;
mod alerts;
pub mod metrics;

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::domain::safe::Safe;
use crate::domain::secret::SecretRef;
use crate::domain::signal::Unit;
use crate::domain::source::SignalId;
use crate::domain::target::{Environment, Provenance};
use crate::domain::threshold::Threshold;

pub use actions::{ActionsSpec, Beside, Receivers};
pub use alerts::{AlertsSpec, OwnAlert};
pub use metrics::{DoctorSpec, EngineSpec, KnowSpec, MetricsSpec};

/// Everything, ready to run. Lists hold at most [`Resolved::MAX_SOURCES`] entries each.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// Name in the header: the profile, the configuration's `name`, or the first host.
    pub name: Safe,
    /// Services, in the order of the configuration.
    pub services: Vec<ServiceSpec>,
    /// Databases.
    pub databases: Vec<DatabaseSpec>,
    /// Caches.
    pub caches: Vec<CacheSpec>,
    /// Signals.
    pub signals: Vec<SignalSpec>,
    /// Logs.
    pub logs: Vec<LogSpec>,
    /// Origins still to be discovered when the program starts.
    pub origins: Vec<OriginSpec>,
    /// What a profile or configuration names but cannot be watched as it stands, with the line that turns it on.
    pub off: Vec<OffSpec>,
    /// What is scraped.
    pub metrics: Vec<MetricsSpec>,
    /// Rules over it, and bounds.
    pub know: KnowSpec,
    /// Guarded actions.
    pub actions: ActionsSpec,
    /// How alerts are told, and thresholds on readings.
    pub alerts: AlertsSpec,
    /// How the screen looks and behaves.
    pub screen: ScreenSpec,
    /// What was assumed, ignored or found while resolving; said on screen and in `config show`.
    pub notes: Vec<Safe>,
}

impl Resolved {
    /// Most entries in any list.
    pub const MAX_SOURCES: usize = 2000;

    /// Whether there is nothing to look at, and nothing to look around at.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
            && self.databases.is_empty()
            && self.caches.is_empty()
            && self.signals.is_empty()
            && self.logs.is_empty()
            && self.origins.is_empty()
            && self.metrics.is_empty()
            && self.know.prometheus.is_none()
            && self.know.alertmanager.is_none()
    }
}

/// One HTTP service.
#[derive(Clone, Debug)]
pub struct ServiceSpec {
    /// Name on screen.
    pub name: Safe,
    /// What is asked; user-info was moved into `headers`.
    pub url: Url,
    /// `GET`, `HEAD` or `POST`.
    pub method: Method,
    /// Extra headers.
    pub headers: Vec<(String, SecretRef)>,
    /// `Authorization: Bearer …`.
    pub bearer: Option<SecretRef>,
    /// Certificates trusted beside the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate and key, PEM.
    pub client_certificate: Option<ClientCertificate>,
    /// Statuses that count as success; empty is 200–299.
    pub expected_status: Vec<u16>,
    /// Children that count in full.
    pub required: Vec<String>,
    /// A 503 whose body says *degraded* is degraded, not down.
    pub body_decides: bool,
    /// JSON was promised by configuration, whatever the server declares.
    pub expect_json: bool,
    /// Pause between probes.
    pub interval: Duration,
    /// Deadline over resolve, connect, TLS, headers and body.
    pub deadline: Duration,
    /// Failures in a row until it is down.
    pub down_after: u32,
    /// Successes in a row until it is up again.
    pub up_after: u32,
    /// Environment.
    pub environment: Environment,
    /// How we know of it.
    pub provenance: Provenance,
}

/// Request methods of a probe. A probe never writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Method {
    /// GET
    #[default]
    Get,
    /// HEAD
    Head,
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Chain, PEM.
    pub certificate: PathBuf,
    /// Key, PEM.
    pub key: PathBuf,
}

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

/// One cache.
#[derive(Clone, Debug)]
pub struct CacheSpec {
    /// Name on screen.
    pub name: Safe,
    /// Where its figures come from.
    pub source: CacheSource,
    /// Pause between readings.
    pub interval: Duration,
    /// Deadline of one reading.
    pub deadline: Duration,
    /// Hit ratio 0..1 below which it is degraded.
    pub target_ratio: f64,
    /// Environment.
    pub environment: Environment,
    /// How we know of it.
    pub provenance: Provenance,
}

/// Where the figures of a cache come from.
#[derive(Clone, Debug)]
pub enum CacheSource {
    /// JSON pointers (RFC 6901) into an endpoint.
    Endpoint {
        /// How it is asked.
        request: EndpointSpec,
        /// Counter of hits.
        hits: Option<String>,
        /// Counter of misses.
        misses: Option<String>,
        /// A bare ratio, shown as "lifetime".
        ratio: Option<String>,
    },
    /// Redis' `INFO`.
    Redis {
        /// Server.
        target: RedisTarget,
        /// Signals read over the same connection.
        scalars: Vec<RedisCommand>,
    },
}

/// A JSON endpoint that is read for figures.
#[derive(Clone, Debug)]
pub struct EndpointSpec {
    /// What is asked.
    pub url: Url,
    /// Extra headers.
    pub headers: Vec<(String, SecretRef)>,
    /// `Authorization: Bearer …`.
    pub bearer: Option<SecretRef>,
    /// Certificates trusted beside the system's, PEM.
    pub ca_file: Option<PathBuf>,
}

/// A Redis server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisTarget {
    /// Host; a path when `unix` is set.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Socket, instead of host and port.
    pub unix: Option<PathBuf>,
    /// Database index.
    pub database: u16,
    /// ACL user.
    pub user: Option<String>,
    /// Password.
    pub password: Option<SecretRef>,
    /// `rediss:`.
    pub tls: bool,
    /// Certificates trusted beside the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// Where it may be flushed beside a primary of its own.
    pub flush_on: FlushOn,
}

/// What a flush is refused on unless it was declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlushOn {
    /// A replica, where that takes writes.
    pub replica: bool,
    /// A node of a cluster: its part of the keys.
    pub cluster: bool,
}

/// A read-only Redis command whose integer answer is a signal.
#[derive(Clone, Debug)]
pub struct RedisCommand {
    /// Which signal it feeds.
    pub signal: SignalId,
    /// Command and arguments; the command is one of the read-only ones that answer with a number.
    pub argv: Vec<String>,
    /// Pause between readings.
    pub interval: Duration,
}

/// One signal.
#[derive(Clone, Debug)]
pub struct SignalSpec {
    /// Name on screen.
    pub name: Safe,
    /// Where it comes from.
    pub source: SignalSource,
    /// Unit.
    pub unit: Unit,
    /// What is read is a total: the signal is its growth per second.
    pub counter: bool,
    /// When it is degraded.
    pub threshold: Option<Threshold>,
    /// Pause between readings.
    pub interval: Duration,
    /// Deadline of one reading.
    pub deadline: Duration,
}

/// Where a signal comes from.
#[derive(Clone, Debug)]
pub enum SignalSource {
    /// Over the kept connection of `databases[index]`.
    Database { index: usize },
    /// Over the connection of `caches[index]`.
    Redis { index: usize },
    /// JSON pointer into an endpoint.
    Endpoint {
        /// How it is asked.
        request: EndpointSpec,
        /// RFC 6901 pointer to a number, a numeric string, or an RFC 3339 instant.
        pointer: String,
    },
    /// A program that prints a number.
    Command {
        /// Program and arguments; never a shell.
        argv: Vec<String>,
    },
    /// Used part of the file system that holds `path`, a ratio.
    Disk { path: PathBuf },
    /// Used part of this host's memory (1 − available / total), a ratio.
    Memory,
    /// One-minute load average divided by cores.
    Load,
}

/// One log.
#[derive(Clone, Debug)]
pub struct LogSpec {
    /// Name on screen.
    pub name: Safe,
    /// Where the lines come from.
    pub source: LogSource,
}

/// Where log lines come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogSource {
    /// A file, or a glob of files (`*`, `?`, `[…]` in the last part and in folders).
    Files { pattern: String },
    /// Output of a program: argv, never a shell.
    Command { argv: Vec<String> },
}

/// A bare origin to be discovered.
#[derive(Clone, Debug)]
pub struct OriginSpec {
    /// Scheme, host and port.
    pub url: Url,
    /// Environment.
    pub environment: Environment,
}

/// Which list something that is off belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffKind {
    /// A service.
    Service,
    /// A database.
    Database,
    /// A cache.
    Cache,
    /// A signal.
    Signal,
    /// A log.
    Log,
    /// A guarded action.
    Action,
    /// A scraped endpoint.
    Metrics,
    /// An alert of its own.
    Alert,
}

/// Something that is named but cannot be watched as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffSpec {
    /// Which list.
    pub kind: OffKind,
    /// Name on screen.
    pub name: Safe,
    /// Why, such as "set its URL".
    pub why: Safe,
    /// The line that turns it on.
    pub turn_on: Safe,
}

/// How the screen looks and behaves.
#[derive(Clone, Debug)]
pub struct ScreenSpec {
    /// Name of the theme.
    pub theme: String,
    /// Only ASCII characters.
    pub ascii: bool,
    /// Colours: none, 16, or whatever the theme asks for.
    pub colours: Colours,
    /// Pause between telemetry frames.
    pub every: Duration,
    /// Hide literals in queries, and what looks like a secret.
    pub redact: bool,
    /// Bytes of log lines kept in memory.
    pub log_bytes: usize,
    /// Copy to the clipboard by OSC 52: off over SSH unless asked for.
    pub clipboard: bool,
}

/// How many colours the terminal is trusted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// `NO_COLOR`, `TERM=dumb`.
    None,
    /// The sixteen that every terminal has.
    Sixteen,
    /// 256 and true colour.
    Full,
}

impl Default for ScreenSpec {
    fn default() -> ScreenSpec {
        ScreenSpec {
            theme: "dark".to_owned(),
            ascii: false,
            colours: Colours::Sixteen,
            every: Duration::from_secs(1),
            redact: false,
            log_bytes: 8 * 1024 * 1024,
            clipboard: true,
        }
    }
}
