//! What probes know of a service: verdict, latency and its percentiles, failures, status, certificate, children.

use super::{Asked, Known};
use crate::alerts::lifecycle::Basis;
use crate::app::report::status_of;
use crate::app::telemetry::service::ServiceState;
use crate::domain::health::{FEWEST, probes_for};
use crate::domain::{Cause, PaneState, Safe, Verdict};
use crate::remediation::measure::Measure;
use crate::remediation::shown::Shown;

pub(super) fn known(asked: Asked<'_>, measure: &Measure) -> Option<Known> {
    let (_, at) = measure.source()?;
    let service = asked.live.services.get(at)?;
    let state = service.state(asked.now);
    if let Measure::Service(_) = measure {
        return Some(verdict(asked, service, &state));
    }
    // That a probe failed is known; that none was made is not.
    if matches!(state, PaneState::Loading { .. } | PaneState::Stale { .. } | PaneState::Off { .. }) {
        return asked.without(&state);
    }
    Some(match measure {
        Measure::Latency(_) => latency(asked, service, &state),
        Measure::Child(_, name) => child(asked, service, name),
        Measure::Shown(Shown::ProbePercentile(rank), _) => percentile(asked, service, *rank),
        Measure::Shown(Shown::FailedProbes, _) => {
            let failed = service.failed(asked.now).0 as f64;
            denied(service).map_or(Known::Value(failed), |denied| denied.at_least(failed))
        }
        Measure::Shown(Shown::FailedShare | Shown::FailuresInARow, _) if denied(service).is_some() => denied(service)?,
        Measure::Shown(Shown::FailedShare, _) => match service.failed(asked.now) {
            (_, count) if count < FEWEST => warming(service, count, FEWEST),
            (failed, count) => Known::Value(failed as f64 / count as f64),
        },
        Measure::Shown(Shown::FailuresInARow, _) => Known::value_of(service.debounced.failures()),
        Measure::Shown(Shown::Status, _) => status(asked, service),
        Measure::Shown(Shown::CertificateDays, _) => certificate(asked, service),
        _ => return None,
    })
}

/// Why the newest probe says nothing of how the service is; none where it does.
fn denied(service: &ServiceState) -> Option<Known> {
    let is_denied = service.debounced.raw() == Some(Verdict::Unknown);
    let why = || service.readout.cause().map_or_else(|| Safe::of("the newest probe does not tell"), Cause::short);
    is_denied.then(|| Known::Failed(why()))
}

fn verdict(asked: Asked<'_>, service: &ServiceState, state: &PaneState) -> Known {
    match (service.raw_verdict(asked.now), state) {
        (Verdict::Unknown, PaneState::Loading { .. }) => asked.missing(),
        (Verdict::Unknown, PaneState::Error { cause, .. }) => Known::Failed(cause.short()),
        (Verdict::Unknown, state) => Known::Failed(state.words()),
        (verdict, _) => Known::value_of(verdict as u8),
    }
}

fn latency(asked: Asked<'_>, service: &ServiceState, state: &PaneState) -> Known {
    match service.measured() {
        Some(took) => Known::Value(took.as_secs_f64() * 1000.0),
        None => asked.without(state).unwrap_or_else(|| Known::failed(UNANSWERED)),
    }
}

const UNANSWERED: &str = "the newest probe was not answered";

/// They are of the probes that were answered: where the newest was not, they are of before.
fn percentile(asked: Asked<'_>, service: &ServiceState, rank: u8) -> Known {
    let needs = probes_for(rank);
    match service.percentiles(asked.now) {
        None => asked.missing(),
        Some((_, Some(_))) => Known::failed(UNANSWERED),
        Some((all, None)) if all.count < needs => warming(service, all.count, needs),
        Some((all, None)) => Known::Value(match rank {
            50 => all.p50,
            95 => all.p95,
            _ => all.p99,
        }),
    }
}

/// So many probes of as many as are needed, as the time that they take.
fn warming(service: &ServiceState, have: usize, need: usize) -> Known {
    let time = |count: usize| service.spec.interval.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX));
    let why = Safe::of(format!("only {have} of {need} probes"));
    Known::Nothing(Basis::Warming { have: time(have), need: time(need) }, why)
}

fn status(asked: Asked<'_>, service: &ServiceState) -> Known {
    match service.readout.cause() {
        Some(cause) => status_of(cause).map_or_else(|| Known::Failed(cause.short()), Known::value_of),
        None => asked.told(service.readout.value().map(|report| report.status)),
    }
}

/// Seen by the newest handshake, also by one that failed for it. What was seen before the server went away may have been
/// replaced since.
fn certificate(asked: Asked<'_>, service: &ServiceState) -> Known {
    match (service.readout.cause(), &service.certificate) {
        (Some(cause), _) if !cause.is_of_certificate() => Known::Failed(cause.short()),
        (_, None) => asked.nothing("no certificate was shown"),
        (_, Some(certificate)) => {
            let left = certificate.not_after - asked.now.wall;
            Known::Value(left.num_seconds() as f64 / 86_400.0)
        }
    }
}

fn child(asked: Asked<'_>, service: &ServiceState, name: &Safe) -> Known {
    if let Some(cause) = service.readout.cause() {
        return Known::Failed(cause.short());
    }
    let Some(report) = service.readout.value() else { return asked.missing() };
    match report.checks.iter().find(|check| check.name == *name).map(|check| (check.verdict, &check.detail)) {
        Some((Verdict::Unknown, detail)) => Known::failed(format!("nobody knows what it says: {detail}")),
        Some((verdict, _)) => Known::value_of(verdict as u8),
        None => asked.nothing("its body tells of no such child"),
    }
}
