//! What scraped targets and logs tell, as readings of thresholds.

use std::time::Duration;

use super::thresholds::{Known, missing, without};
use crate::alerts::lifecycle::Basis;
use crate::app::telemetry::Telemetry;
use crate::app::telemetry::log_pace::LogPace;
use crate::app::telemetry::metrics::TargetState;
use crate::config::resolved::OwnAlert;
use crate::domain::threshold::Comparison;
use crate::domain::{Moment, PaneState, Safe, Verdict, figure};
use crate::remediation::measure::{Expectation, Told};

pub(super) fn value(live: &Telemetry, told: Told, own: &OwnAlert, now: Moment) -> Known {
    match told {
        Told::Requests(at) | Told::Errors(at) | Told::Percentile(at, _) => requests(live, told, at, own, now),
        Told::Scrape(at) => scrape(live.metrics.targets.get(at), own, now),
        Told::ScrapeAge(at) => {
            let last = live.metrics.targets.get(at).and_then(|target| target.page.last());
            last.map_or_else(|| missing(own), |(_, at)| Known::Value(now.since(at).as_secs_f64()))
        }
        Told::LogLines(at) => log(live, at, own, |pace| pace.per_second(now)),
        Told::LogErrors(at) => errors(live, at, own, now),
    }
}

fn requests(live: &Telemetry, told: Told, at: usize, own: &OwnAlert, now: Moment) -> Known {
    let Some(target) = live.metrics.targets.get(at) else { return missing(own) };
    if let Some(known) = without(&target.state(now), own) {
        return known;
    }
    let nothing = |why: &str| Known::Nothing(Basis::Missing(vec![own.what.clone()]), Safe::of(why));
    let Some(found) = target.requests(now) else {
        return nothing("there is no histogram or counter of requests, or of one page alone");
    };
    let value = match told {
        Told::Errors(_) => found.errors,
        Told::Percentile(_, rank) => match rank {
            50 => found.p50,
            95 => found.p95,
            _ => found.p99,
        }
        .map(|seconds| seconds * 1000.0),
        _ => Some(found.per_second),
    };
    match value {
        Some(value) => Known::Value(value),
        None if found.count <= 0.0 => Known::Nothing(Basis::NoTraffic, Safe::of("no traffic: no request")),
        None => nothing("its requests are counted without that"),
    }
}

/// That it does not answer is what a scrape found out: a reading too.
fn scrape(target: Option<&TargetState>, own: &OwnAlert, now: Moment) -> Known {
    let Some(target) = target else { return missing(own) };
    let as_value = |verdict: Verdict| Known::Value(f64::from(verdict as u8));
    match target.state(now) {
        PaneState::Error { .. } | PaneState::Denied { .. } => as_value(Verdict::Down),
        state => without(&state, own).unwrap_or_else(|| as_value(Verdict::Ok)),
    }
}

/// A log that cannot be read has no rate: it could be any.
fn log(live: &Telemetry, at: Option<usize>, own: &OwnAlert, rate: impl Fn(&LogPace) -> f64) -> Known {
    let places = at.map_or(0..live.logs.states.len(), |at| at..at.saturating_add(1));
    let mut read = false;
    for state in places.filter_map(|at| live.logs.states.get(at)) {
        match state.cause() {
            Some(cause) => return Known::Failed(cause.short()),
            None => read |= state.value().is_some(),
        }
    }
    let pace = live.logs.pace_of(at).filter(|_| read);
    pace.map_or_else(|| missing(own), |pace| Known::Value(rate(pace)))
}

/// Over how long errors are counted.
const MINUTE: Duration = Duration::from_secs(60);

/// In less than a minute there are too few; too many there may be already.
fn errors(live: &Telemetry, at: Option<usize>, own: &OwnAlert, now: Moment) -> Known {
    let known = log(live, at, own, |pace| pace.errors(now) as f64);
    let Known::Value(value) = known else { return known };
    let have = live.logs.pace_of(at).map_or(Duration::ZERO, |pace| pace.watched(now));
    let is_above = |expect: &Expectation| matches!(expect, Expectation::Meets(of) if matches!(of.comparison, Comparison::Above | Comparison::AtLeast));
    if have >= MINUTE || is_above(&own.bad) && own.bad.holds(value, None, now) == Some(true) {
        return Known::Value(value);
    }
    let why = format!("watched for {} of a minute", figure::age(have));
    Known::Nothing(Basis::Warming { have, need: MINUTE }, Safe::of(why))
}
