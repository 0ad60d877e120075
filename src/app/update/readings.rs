//! A source gave or failed: the reading goes to its place, and to the signals that it carries.

use std::sync::Arc;
use std::time::Duration;

use crate::app::event::Discovered;
use crate::app::job::Job;
use crate::app::table::Tone;
use crate::app::telemetry::cache::CacheState;
use crate::app::telemetry::metrics::TargetState;
use crate::app::telemetry::service::ServiceState;
use crate::app::{Effect, Model};
use crate::config::Resolved;
use crate::domain::arrival::Reading;
use crate::domain::database::DatabaseReading;
use crate::domain::signal::SignalValue;
use crate::domain::source::{SignalId, SourceId, SourceKind};
use crate::domain::{Arrival, Cause, Moment, Safe};

use super::{engines, say};

/// Puts a reading where it belongs.
pub fn arrived(model: &mut Model, arrival: Arrival) -> Vec<Effect> {
    let Arrival { source, outcome, next_in, begun, .. } = arrival;
    model.meters.attempts += 1;
    if outcome.is_ok() {
        model.live.begun.insert(source, begun);
    }
    match (source.kind, outcome) {
        (SourceKind::Service, Ok(Reading::Health(reading))) => {
            let now = model.now;
            let Some(service) = model.live.services.get_mut(source.at()) else { return Vec::new() };
            if let Some(version) = service.take(*reading, now, next_in) {
                let text = Safe::of(format!("{} is version {version} now", service.spec.name));
                say(model, text, Tone::Accent);
            }
        }
        (SourceKind::Service, Err(cause)) => {
            let now = model.now;
            if let Some(service) = model.live.services.get_mut(source.at()) {
                service.readout.fail(cause, now, next_in);
            }
        }
        (SourceKind::Database, Ok(Reading::Database(reading))) => {
            return database(model, source, *reading, begun, next_in);
        }
        (SourceKind::Database, Err(cause)) => fail_database(model, source, &cause, begun, next_in),
        (SourceKind::Cache, Ok(Reading::Cache(mut reading))) => {
            let scalars = std::mem::take(&mut reading.scalars);
            let now = model.now;
            if let Some(cache) = model.live.caches.get_mut(source.at()) {
                cache.take(Ok(*reading), now, next_in);
            }
            take_scalars(model, scalars, begun, next_in);
        }
        (SourceKind::Cache, Err(cause)) => {
            let now = model.now;
            if let Some(cache) = model.live.caches.get_mut(source.at()) {
                cache.take(Err(cause.clone()), now, next_in);
            }
            fail_carried(model, source, &cause, begun, next_in);
        }
        (SourceKind::Signal, Ok(Reading::Signal(value))) => {
            take_signal(model, SignalId(source.index), Ok(value), next_in);
        }
        (SourceKind::Signal, Err(cause)) => take_signal(model, SignalId(source.index), Err(cause), next_in),
        (SourceKind::Prometheus, Ok(Reading::Served(served))) => return engines::served(model, Ok(*served), next_in),
        (SourceKind::Prometheus, Err(cause)) => return engines::served(model, Err(cause), next_in),
        (SourceKind::Alertmanager, Ok(Reading::Routed(routed))) => engines::routed(model, Ok(*routed), next_in),
        (SourceKind::Alertmanager, Err(cause)) => engines::routed(model, Err(cause), next_in),
        // A source cannot give another kind's reading.
        (_, Ok(_)) => {}
    }
    Vec::new()
}

fn database(
    model: &mut Model,
    source: SourceId,
    mut reading: DatabaseReading,
    begun: Moment,
    next_in: Duration,
) -> Vec<Effect> {
    let now = model.now;
    let id = model.fresh_id();
    let scalars = std::mem::take(&mut reading.scalars);
    let Some(database) = model.live.databases.get_mut(source.at()) else { return Vec::new() };
    let pair = database.take(reading, begun, now, next_in);
    let effects = pair.map_or_else(Vec::new, |(earlier, later, elapsed)| {
        database.awaited_job = id;
        vec![Effect::Compute(Job::StatementDelta { id, database: source.at(), earlier, later, elapsed })]
    });
    take_scalars(model, scalars, begun, next_in);
    effects
}

fn fail_database(model: &mut Model, source: SourceId, cause: &Cause, begun: Moment, next_in: Duration) {
    let now = model.now;
    if let Some(database) = model.live.databases.get_mut(source.at()) {
        database.fail(cause, begun, now, next_in);
    }
    fail_carried(model, source, cause, begun, next_in);
}

/// Not every reading carries every signal: which one brought the newest value is kept with the signal.
fn take_scalars(
    model: &mut Model,
    scalars: Vec<(SignalId, Result<SignalValue, Cause>)>,
    begun: Moment,
    next_in: Duration,
) {
    for (id, outcome) in scalars {
        model.live.begun.insert(SourceId::new(SourceKind::Signal, usize::from(id.0)), begun);
        take_signal(model, id, outcome, next_in);
    }
}

fn take_signal(model: &mut Model, id: SignalId, outcome: Result<SignalValue, Cause>, next_in: Duration) {
    let now = model.now;
    if let Some(signal) = model.live.signals.get_mut(usize::from(id.0)) {
        signal.take(outcome, now, next_in);
    }
}

/// A connection that failed takes the signals that it carries with it.
fn fail_carried(model: &mut Model, source: SourceId, cause: &Cause, begun: Moment, next_in: Duration) {
    use crate::config::resolved::SignalSource;
    let now = model.now;
    for (at, signal) in model.live.signals.iter_mut().enumerate() {
        let carried = match signal.spec.source {
            SignalSource::Database { index } => source == SourceId::new(SourceKind::Database, index),
            SignalSource::Redis { index } => source == SourceId::new(SourceKind::Cache, index),
            _ => false,
        };
        if carried {
            model.live.begun.insert(SourceId::new(SourceKind::Signal, at), begun);
            signal.take(Err(cause.clone()), now, next_in);
        }
    }
}

/// A bare origin was looked at: what was found is watched from now on, and what was asked is told.
pub fn discovered(model: &mut Model, found: Discovered) -> Vec<Effect> {
    model.discovering = model.discovering.saturating_sub(1);
    let mut effects = Vec::new();
    let scraped = if found.metrics.is_empty() { "" } else { ", and metrics" };
    let summary = match (found.services.len(), found.caches.len()) {
        (0, 0) if found.metrics.is_empty() => Safe::of("discovery found nothing to watch; ! lists what was asked"),
        (services, caches) => Safe::of(format!(
            "found {services} health endpoint{} and {caches} cache{}{scraped}; ! lists what was asked",
            if services == 1 { "" } else { "s" },
            if caches == 1 { "" } else { "s" }
        )),
    };
    for spec in found.services {
        if model.live.services.len() >= Resolved::MAX_SOURCES {
            break;
        }
        let spec = Arc::new(spec);
        effects.push(Effect::WatchService(
            SourceId::new(SourceKind::Service, model.live.services.len()),
            Arc::clone(&spec),
        ));
        let count = model.live.services.len() + 1;
        model.live.services.push(ServiceState::new(spec, count, model.now));
    }
    for spec in found.caches {
        if model.live.caches.len() >= Resolved::MAX_SOURCES {
            break;
        }
        let spec = Arc::new(spec);
        effects.push(Effect::WatchCache(SourceId::new(SourceKind::Cache, model.live.caches.len()), Arc::clone(&spec)));
        model.live.caches.push(CacheState::new(spec, model.now));
    }
    for spec in found.metrics {
        let known = model.live.metrics.targets.iter().any(|target| target.spec.request.url == spec.request.url);
        if known || model.live.metrics.targets.len() >= Resolved::MAX_SOURCES {
            continue;
        }
        let spec = Arc::new(spec);
        effects.push(Effect::WatchMetrics(model.live.metrics.targets.len(), Arc::clone(&spec)));
        model.live.metrics.targets.push(TargetState::new(spec, model.now));
    }
    for line in found.told {
        model.note(line);
    }
    say(model, summary, Tone::Accent);
    effects
}
