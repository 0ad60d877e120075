//! A signal: one figure or state, by whatever brings it.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::safe::Safe;
use crate::domain::signal::Unit;
use crate::domain::threshold::Threshold;

use super::EndpointSpec;

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
