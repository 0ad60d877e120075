//! Where everything of the sample is: the one line it prints, and the dashboard reads.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::{DemoError, Doing};

/// The addresses of a running sample. It carries passwords of throwaway servers, so it is not for logs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoAddresses {
    /// Origin of the API, such as `http://127.0.0.1:20123`.
    pub api_url: String,
    /// Origin of the worker's health server.
    pub worker_url: String,
    /// Origin of the gateway.
    pub gateway_url: String,
    /// The operator's DSN with its password; absent where PostgreSQL is not installed.
    pub database_url: Option<String>,
    /// The Redis URL with its password; absent where Redis is not installed.
    pub redis_url: Option<String>,
    /// The API's JSON log.
    pub log_path: PathBuf,
    /// The worker's JSON log.
    pub worker_log_path: PathBuf,
    /// The private folder that holds everything, removed at the end.
    pub folder: PathBuf,
    /// Packages whose part is absent: `postgresql`, `redis-server`.
    pub missing: Vec<String>,
    /// The incident that is to come.
    pub scenario: Option<String>,
    /// The program of the process manager and its first arguments; a verb (`status`, `start`, `stop`, `restart`) and
    /// a service (`api`, `worker`, `gateway`) complete it.
    pub manager: Vec<String>,
    /// Process id of the sample.
    pub pid: u32,
}

impl DemoAddresses {
    /// Reads the line that the sample printed.
    pub fn from_line(line: &str) -> Result<Self, DemoError> {
        serde_json::from_str(line).doing("read the sample's addresses")
    }

    /// The line to print, without its end.
    pub fn to_line(&self) -> Result<String, DemoError> {
        serde_json::to_string(self).doing("write the sample's addresses")
    }
}
