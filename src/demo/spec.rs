//! What a service of the sample is told by its first line of standard input (so that no password stands in a process
//! list), and what it may be told later.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The first line: all that a service needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServiceSpec {
    /// Process id of the manager: who must live.
    pub manager: i32,
    /// Where the service listens on 127.0.0.1.
    pub port: u16,
    /// Where the gateway listens.
    pub gateway_port: u16,
    /// The service's own DSN.
    pub database_url: Option<String>,
    /// The Redis URL.
    pub redis_url: Option<String>,
    /// The service's log file.
    pub log_path: PathBuf,
}

/// A later line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// The gateway is said to listen here from now on (which may be a lie).
    GatewayAt(u16),
}
