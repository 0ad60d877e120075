//! A service to be probed: its request and what its answer means.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::domain::safe::Safe;
use crate::domain::secret::SecretRef;
use crate::domain::target::Environment;
use crate::domain::target::Provenance;

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
