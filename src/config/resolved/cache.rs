//! A cache to be watched: a Redis server, or a page that has its counters.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::domain::safe::Safe;
use crate::domain::secret::SecretRef;
use crate::domain::source::SignalId;
use crate::domain::target::Environment;
use crate::domain::target::Provenance;

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
