//! Every source that is watched, with the state it is in: for whoever lists what is wrong.

use std::time::Duration;

use crate::app::telemetry::Telemetry;
use crate::config::resolved::SignalSource;
use crate::domain::{Moment, PaneState, Safe};

/// Logs say nothing while nothing is written.
const LOGS: Duration = Duration::from_secs(86_400);

/// What is watched: each by its kind and name. Where a source fails as a whole, its parts are not told beside it.
#[must_use]
pub fn states(telemetry: &Telemetry, now: Moment) -> Vec<(Safe, PaneState)> {
    let mut all = Vec::new();
    let mut tell = |kind: &str, name: &Safe, part: &str, state: PaneState| {
        all.push((Safe::of(format!("{kind} {name}{part}")), state));
    };
    for service in &telemetry.services {
        tell("service", &service.spec.name, "", service.state(now));
    }
    for database in &telemetry.databases {
        let (name, interval) = (&database.spec.name, database.spec.interval);
        tell("database", name, "", database.server.state(now, interval));
        if database.server.cause().is_none() {
            tell("database", name, " connections", database.slots.state(now, interval));
            tell("database", name, " sessions", database.sessions.state(now, interval));
            tell("database", name, " counters", database.counters.state(now, interval));
            tell("database", name, " statements", database.statements_state(now));
        }
    }
    for cache in &telemetry.caches {
        tell("cache", &cache.spec.name, "", cache.state(now));
    }
    for signal in telemetry.signals.iter().filter(|signal| !is_carried(telemetry, &signal.spec.source)) {
        tell("signal", &signal.spec.name, "", signal.state(now));
    }
    for target in &telemetry.metrics.targets {
        tell("metrics", &target.name, "", target.state(now));
    }
    for (kind, engine) in [("prometheus", &telemetry.prometheus), ("alertmanager", &telemetry.alertmanager)] {
        if let Some(engine) = engine {
            tell(kind, &engine.address, "", engine.state(now));
        }
    }
    for (name, state) in telemetry.logs.names.iter().zip(&telemetry.logs.states) {
        tell("log", name, "", state.state(now, LOGS));
    }
    all
}

/// Whether it comes over a connection that fails itself.
fn is_carried(telemetry: &Telemetry, source: &SignalSource) -> bool {
    match source {
        SignalSource::Database { index } => {
            telemetry.databases.get(*index).is_some_and(|database| database.server.cause().is_some())
        }
        SignalSource::Redis { index } => {
            telemetry.caches.get(*index).is_some_and(|cache| cache.readout.cause().is_some())
        }
        _ => false,
    }
}
