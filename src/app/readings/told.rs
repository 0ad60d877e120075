//! What scraped targets, logs and engines tell.

use super::{Asked, Known};
use crate::alerts::lifecycle::Basis;
use crate::app::telemetry::cache::FEWEST_LOOKUPS;
use crate::app::telemetry::log_pace::LogPace;
use crate::app::telemetry::metrics::TargetState;
use crate::domain::source::SourceKind;
use crate::domain::{PaneState, Safe, Verdict, figure};
use crate::metrics::last_minute::MINUTE;
use crate::remediation::measure::Told;

pub(super) fn known(asked: Asked<'_>, told: Told) -> Known {
    let (live, now) = (asked.live, asked.now);
    let target = told.target().and_then(|at| live.metrics.targets.get(at));
    match told {
        Told::Requests(_) | Told::Errors(_) | Told::Percentile(..) => requests(asked, target, told),
        Told::CacheHits(_) | Told::Samples(_) | Told::RefusedSamples(_) | Told::PageBytes(_) | Told::ScrapeTime(_) => {
            page(asked, target, told)
        }
        Told::Scrape(_) => target.map_or_else(|| asked.missing(), |target| answers(asked, &target.state(now))),
        Told::ScrapeAge(_) => asked.since(target.and_then(|target| target.page.last()).map(|(_, at)| at)),
        Told::LogLines(at) => rate(asked, at),
        Told::LogErrors(at) => of_minute(asked, at, |pace| pace.errors(now) as f64),
        Told::LogWarnings(at) => of_minute(asked, at, |pace| pace.warnings(now) as f64),
        Told::Log(at) => match live.logs.states.get(at) {
            Some(state) if state.cause().is_some() => Known::value_of(Verdict::Down as u8),
            Some(state) if state.value().is_some() => Known::value_of(Verdict::Ok as u8),
            _ => asked.missing(),
        },
        Told::Engine(kind) => engine(asked, kind).map_or_else(|| asked.missing(), |of| answers(asked, &of.state(now))),
        Told::EngineAge(kind) => asked.since(engine(asked, kind).and_then(|of| of.readout.last()).map(|(_, at)| at)),
    }
}

fn engine(asked: Asked<'_>, kind: SourceKind) -> Option<&crate::app::telemetry::engines::EngineState> {
    match kind {
        SourceKind::Prometheus => asked.live.prometheus.as_ref(),
        _ => asked.live.alertmanager.as_ref(),
    }
}

fn requests(asked: Asked<'_>, target: Option<&TargetState>, told: Told) -> Known {
    let Some(target) = target else { return asked.missing() };
    if let Some(known) = asked.without(&target.state(asked.now)) {
        return known;
    }
    let nothing = |why: &str| asked.nothing(why);
    let Some(found) = target.requests(asked.now) else {
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
        None if found.count <= 0.0 => Known::no_traffic("no traffic: no request"),
        None => nothing("its requests are counted without that"),
    }
}

/// What the newest page is.
fn page(asked: Asked<'_>, target: Option<&TargetState>, told: Told) -> Known {
    let Some(target) = target else { return asked.missing() };
    if let Some(known) = asked.without(&target.state(asked.now)) {
        return known;
    }
    let page = target.page.value();
    let count = |count: Option<usize>| count.map_or_else(|| asked.missing(), |count| Known::Value(count as f64));
    match told {
        Told::CacheHits(_) => match target.cache(asked.now) {
            Some((ratio, looks)) if looks >= FEWEST_LOOKUPS as f64 => Known::Value(ratio),
            Some((_, looks)) => Known::no_traffic(format!("only {looks:.0} look-ups")),
            None => asked.nothing("there are no counters of hits and misses, or of one page alone"),
        },
        Told::Samples(_) => count(page.map(|page| page.samples)),
        Told::RefusedSamples(_) => count(page.map(|page| page.refused)),
        Told::PageBytes(_) => count(page.map(|page| page.bytes)),
        _ => target.told.as_ref().map_or_else(|| asked.missing(), |told| Known::Value(told.took.as_secs_f64())),
    }
}

/// That it does not answer is what asking found out: a reading too. That it refuses us says nothing of it.
fn answers(asked: Asked<'_>, state: &PaneState) -> Known {
    asked.state_of(state).unwrap_or_else(|| Known::value_of(Verdict::Ok as u8))
}

/// Of a log that cannot be read, or is not read yet, nobody knows how much more there is.
fn log(asked: Asked<'_>, at: Option<usize>, count: impl Fn(&LogPace) -> f64) -> Known {
    let logs = &asked.live.logs;
    let places = at.map_or(0..logs.states.len(), |at| at..at.saturating_add(1));
    let (mut read, mut doubt) = (false, None);
    for state in places.filter_map(|at| logs.states.get(at)) {
        match (state.cause(), state.value()) {
            (Some(cause), _) => doubt = Some(Known::Failed(cause.short())),
            (None, Some(())) => read = true,
            (None, None) => doubt = doubt.or_else(|| Some(asked.nothing("not every log is read yet"))),
        }
    }
    match (logs.pace_of(at).map(count), doubt) {
        (Some(least), Some(why @ Known::Failed(_))) => why.at_least(least),
        (Some(least), Some(why)) if read => why.at_least(least),
        (Some(count), None) if read => Known::Value(count),
        _ => asked.missing(),
    }
}

/// Where something was missed just now it is a least one.
fn rate(asked: Asked<'_>, at: Option<usize>) -> Known {
    let known = log(asked, at, |pace| pace.per_second(asked.now));
    let is_least = asked.live.logs.pace_of(at).is_some_and(|pace| pace.is_rate_least(asked.now));
    match known {
        Known::Value(least) if is_least => Known::failed("lines were missed just now").at_least(least),
        known => known,
    }
}

/// In less than a minute there are too few; too many there may be already.
fn of_minute(asked: Asked<'_>, at: Option<usize>, count: impl Fn(&LogPace) -> f64) -> Known {
    let known = log(asked, at, count);
    let Known::Value(least) = known else { return known };
    let have = asked.live.logs.pace_of(at).map_or(std::time::Duration::ZERO, |pace| pace.watched(asked.now));
    if have >= MINUTE {
        return known;
    }
    let why = Safe::of(format!("watched for {} of a minute", figure::age(have)));
    Known::Nothing(Basis::Warming { have, need: MINUTE }, why).at_least(least)
}
