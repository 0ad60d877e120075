//! What the tripwire watches: the figures of every source as they come with its readings, those that an action itself gives to
//! watch, and what is seen of none of them.

use super::{Figure, Tripwires};
use crate::app::Model;
use crate::app::telemetry::Telemetry;
use crate::app::telemetry::cache::Basis;
use crate::config::resolved::SignalSource;
use crate::domain::database::Sessions;
use crate::domain::signal::SignalValue;
use crate::domain::source::{SourceId, SourceKind};
use crate::domain::threshold::Comparison;
use crate::domain::{Safe, Verdict, figure};
use crate::remediation::action::Action;
use crate::remediation::measure::{Expectation, Measure, Trial};
use crate::remediation::tripwire::{WATCHES, Wire};

/// Of fewer requests in its window a server's own figures are chance.
const FEWEST_REQUESTS: f64 = 20.0;
/// What a server says of its own requests.
const REQUESTS: [Wire; 2] = [Wire::Errors, Wire::Percentile];

/// Signals that come with the reading of another source.
fn signals(live: &Telemetry, are: impl Fn(&SignalSource) -> bool, good: bool) -> Vec<(Figure, Option<f64>)> {
    let with = live.signals.iter().enumerate().filter(|(_, signal)| are(&signal.spec.source));
    with.flat_map(|(at, _)| signal(live, at, good)).collect()
}

/// Both ways: which of them is worse the action says.
fn signal(live: &Telemetry, at: usize, good: bool) -> Vec<(Figure, Option<f64>)> {
    let Some(signal) = live.signals.get(at) else { return Vec::new() };
    let value = signal.readout.value().filter(|_| good && signal.readout.cause().is_none()).map(SignalValue::number);
    vec![((Wire::Rising, at), value), ((Wire::Falling, at), value)]
}

/// What an action itself gives to watch: the signals that are named for errors, and those that its own proof looks at.
#[must_use]
pub fn own(model: &Model, action: &Action) -> Vec<Figure> {
    let errors = model.actions.spec.beside.iter().filter_map(|beside| beside.errors).map(|at| (Wire::Rising, at));
    let trial = |trial: &Trial| match (&trial.measure, &trial.expect) {
        (Measure::Signal(at), Expectation::Fell) => Some((Wire::Rising, *at)),
        (Measure::Signal(at), Expectation::Rose) => Some((Wire::Falling, *at)),
        (Measure::Signal(at), Expectation::Meets(threshold)) => match threshold.comparison {
            Comparison::Below | Comparison::AtMost => Some((Wire::Rising, *at)),
            Comparison::Above | Comparison::AtLeast => Some((Wire::Falling, *at)),
            Comparison::Equal | Comparison::NotEqual | Comparison::OlderThan => None,
        },
        _ => None,
    };
    let mut all: Vec<Figure> = errors.chain(action.proof.trials.iter().filter_map(trial)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What is watched after an action, and what nothing here tells of: an error ratio of others' requests needs a signal.
#[must_use]
pub fn sees(model: &Model, action: &Action) -> Safe {
    let live = &model.live;
    let named = own(model, action).iter().any(|(wire, _)| *wire == Wire::Rising);
    let (services, databases) = (!live.services.is_empty(), !live.databases.is_empty());
    let told = |wire| (0..live.metrics.targets.len()).any(|at| model.actions.tripwires.has((wire, at)));
    let (errors, percentile) = (told(Wire::Errors), told(Wire::Percentile));
    let seen = [
        (services, "failed probes and latency"),
        (databases, "connections and blocked sessions"),
        (errors, "the servers' own error ratio"),
        (percentile, "the servers' own p95"),
        (named, "the signals that are named"),
    ];
    let unseen = [
        (services || percentile, "latency (no service is watched)"),
        (databases, "connections (no database is watched)"),
        (
            errors || named,
            "errors that only others' requests meet (no scraped server counts them, and no signal is named for them: errors \
             under [[action]])",
        ),
    ];
    let seen: Vec<&str> = seen.into_iter().filter(|(known, _)| *known).map(|(_, words)| words).collect();
    let unseen: Vec<&str> = unseen.into_iter().filter(|(known, _)| !*known).map(|(_, words)| words).collect();
    let time = figure::span(WATCHES);
    let seen = if seen.is_empty() { "nothing".to_owned() } else { seen.join(", ") };
    let unseen = if unseen.is_empty() { String::new() } else { format!("; NOT seen: {}", unseen.join(", ")) };
    Safe::of(format!("{seen}, for {time} (by quarterdeck run only with --watch){unseen}"))
}

/// Every figure that is watched, with the name of whose it is.
pub(super) fn everything(live: &Telemetry) -> impl Iterator<Item = (Figure, &Safe)> {
    let services = live.services.iter().enumerate();
    let databases = live.databases.iter().enumerate();
    let of = |wires: [Wire; 2], at: usize, name| wires.map(|wire| ((wire, at), name));
    services
        .flat_map(move |(at, s)| of([Wire::Failures, Wire::Latency], at, &s.spec.name))
        .chain(databases.flat_map(move |(at, d)| of([Wire::Connections, Wire::Blocked], at, &d.spec.name)))
        .chain(live.caches.iter().enumerate().map(|(at, c)| ((Wire::HitRatio, at), &c.spec.name)))
        .chain(live.metrics.targets.iter().enumerate().flat_map(move |(at, t)| of(REQUESTS, at, &t.name)))
}

/// What a server that has just been scraped says of its own requests, those of everybody: errors and a percentile over its
/// window. Nothing of what it never told.
pub fn scraped(wires: &Tripwires, live: &Telemetry, target: usize) -> Vec<(Figure, Option<f64>)> {
    let Some(told) = live.metrics.targets.get(target).and_then(|target| target.told.as_ref()) else {
        return Vec::new();
    };
    let requests = told.requests.as_ref().filter(|requests| told.page.is_ok() && requests.count >= FEWEST_REQUESTS);
    let errors = requests.and_then(|requests| requests.errors);
    let p95 = requests.and_then(|requests| requests.p95).map(|seconds| seconds * 1000.0);
    let all = [((Wire::Errors, target), errors), ((Wire::Percentile, target), p95)];
    all.into_iter().filter(|(figure, value)| value.is_some() || wires.has(*figure)).collect()
}

/// What a source that has just been read says; `None` for what could not be read.
pub fn figures(live: &Telemetry, source: SourceId, good: bool) -> Vec<(Figure, Option<f64>)> {
    let at = source.at();
    match source.kind {
        SourceKind::Service => {
            let Some(service) = live.services.get(at) else { return Vec::new() };
            let failed = match service.debounced.raw().filter(|_| good) {
                Some(Verdict::Down) => Some(1.0),
                Some(Verdict::Ok | Verdict::Degraded) => Some(0.0),
                Some(Verdict::Unknown) | None => None,
            };
            let latency = service.measured().filter(|_| good).map(|latency| latency.as_secs_f64() * 1000.0);
            vec![((Wire::Failures, at), failed), ((Wire::Latency, at), latency)]
        }
        SourceKind::Database => {
            let Some(database) = live.databases.get(at) else { return Vec::new() };
            let used = database.slots.value().filter(|_| good && database.slots.cause().is_none());
            let sessions = database.sessions.value().filter(|_| good && database.sessions.cause().is_none());
            let mut all =
                signals(live, |source| matches!(source, SignalSource::Database { index } if *index == at), good);
            all.extend([
                ((Wire::Connections, at), used.map(|slots| f64::from(slots.used))),
                ((Wire::Blocked, at), sessions.and_then(Sessions::blocked_as_known).map(f64::from)),
            ]);
            all
        }
        SourceKind::Cache => {
            let Some(cache) = live.caches.get(at) else { return Vec::new() };
            // Over too few look-ups, or since the start, it says nothing of now.
            let ratio = match cache.hit_ratio() {
                (ratio, Basis::Delta { .. }) if good && cache.readout.cause().is_none() => ratio,
                _ => None,
            };
            let mut all = signals(live, |source| matches!(source, SignalSource::Redis { index } if *index == at), good);
            all.push(((Wire::HitRatio, at), ratio));
            all
        }
        SourceKind::Signal => signal(live, at, good),
        SourceKind::Prometheus | SourceKind::Alertmanager => Vec::new(),
    }
}
