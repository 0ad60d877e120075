//! How a reading reaches the program: what was asked, when, how long it took, what came, and when it is asked next.

use std::time::Duration;

use super::cache::CacheReading;
use super::cause::Cause;
use super::database::DatabaseReading;
use super::health::HealthReading;
use super::moment::Moment;
use super::served::{Routed, Served};
use super::signal::SignalValue;
use super::source::SourceId;

/// What a source gave.
#[derive(Clone, Debug)]
pub enum Reading {
    /// A probe of a service; its own failure is inside.
    Health(Box<HealthReading>),
    /// A look at PostgreSQL.
    Database(Box<DatabaseReading>),
    /// A look at a cache.
    Cache(Box<CacheReading>),
    /// A signal with a source of its own.
    Signal(SignalValue),
    /// Rules and alerts of a server.
    Served(Box<Served>),
    /// Alerts and silences of an Alertmanager.
    Routed(Box<Routed>),
}

/// One finished attempt of one source.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Which source.
    pub source: SourceId,
    /// What came.
    pub outcome: Result<Reading, Cause>,
    /// How long the attempt took.
    pub took: Duration,
    /// When it was begun: it says nothing about what happened after that.
    pub begun: Moment,
    /// Pause until the next attempt, back-off included.
    pub next_in: Duration,
}
