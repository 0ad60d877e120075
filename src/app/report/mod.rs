//! What `check` says: the model after one look, as data, as JSON (schema 1) and in words. Raw results, not debounced.

mod alerts;
mod words;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::app::Model;
use crate::app::panes::{basis_words, requests_basis, words_of};
use crate::app::telemetry::cache::CacheState;
use crate::app::telemetry::database::DatabaseState;
use crate::app::telemetry::metrics::TargetState;
use crate::app::telemetry::service::{CERTIFICATE_DAYS, ServiceState};
use crate::app::telemetry::signal::SignalState;
use crate::config::resolved::CacheSource;
use crate::domain::threshold::Crossing;
use crate::domain::{Cause, Moment, PaneState, Safe, Verdict, ascii_json, figure, hidden};

/// Statements that are listed.
const SLOW_QUERIES: usize = 10;

/// One look.
#[derive(Clone, Debug)]
pub struct Report {
    /// Worst of everything that was looked at; unknown when that is nothing.
    pub verdict: Verdict,
    value: Map<String, Value>,
    /// The figures of the signals as the screen writes them.
    figures: Vec<Safe>,
    /// Those of the alerts; empty where there is none.
    of_alerts: Vec<Safe>,
    /// Rules that are ok, and what is wrong with their files.
    rules: Vec<Safe>,
}

impl Report {
    /// Of what the model knows now.
    #[must_use]
    pub fn of(model: &Model) -> Report {
        let (live, now) = (&model.live, model.now);
        let mut verdicts: Vec<Verdict> = Vec::new();
        let mut value = Map::new();
        let mut list = |key: &str, items: Vec<(Option<Verdict>, Value)>| {
            if !items.is_empty() {
                verdicts.extend(items.iter().filter_map(|(verdict, _)| *verdict));
                value.insert(key.to_owned(), items.into_iter().map(|(_, item)| item).collect());
            }
        };
        list("services", live.services.iter().map(|s| service(s, now)).collect());
        list("databases", live.databases.iter().map(|d| database(d, now)).collect());
        list("caches", live.caches.iter().map(|c| cache(c, now)).collect());
        list("signals", live.signals.iter().map(|s| signal(s, now)).collect());
        list("metrics", live.metrics.targets.iter().map(|t| metrics(t, now)).collect());
        list("logs", (0..live.logs.names.len()).map(|at| (None, log(model, at))).collect());
        let (listed, of_alerts) = alerts::listed(model);
        list("alerts", listed);
        let left_out = alerts::left_out(model);
        verdicts.extend(alerts::beside(model));
        let verdict = verdicts.iter().copied().max().unwrap_or(Verdict::Unknown);
        let checked_at = now.wall.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        value.insert("schema".to_owned(), json!(1));
        if left_out > 0 {
            value.insert("alerts_left_out".to_owned(), json!(left_out));
        }
        value.insert("verdict".to_owned(), json!(verdict.word()));
        value.insert("checked_at".to_owned(), json!(checked_at));
        let figure = |s: &SignalState| match s.readout.value().filter(|_| s.readout.cause().is_none()) {
            Some(value) => words_of(value, s.spec.unit.0.as_str(), now),
            None => Safe::of("-"),
        };
        Report {
            verdict,
            value,
            figures: live.signals.iter().map(figure).collect(),
            of_alerts,
            rules: alerts::lines(model),
        }
    }

    /// As one line of JSON in ASCII.
    #[must_use]
    pub fn json(&self) -> String {
        ascii_json::line(&self.value)
    }

    /// As lines for people.
    #[must_use]
    pub fn words(&self) -> Vec<Safe> {
        let mut lines = words::lines(self.verdict, &self.value, &self.figures, &self.of_alerts);
        lines.extend(self.rules.iter().cloned());
        lines
    }
}

fn to_value(of: impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or(Value::Null)
}

fn finite(figure: Option<f64>) -> Value {
    figure.filter(|f| f.is_finite()).map_or(Value::Null, |f| json!((f * 1e4).round() / 1e4))
}

/// What failed, with the lines that mend it where a right or a password is missing or wrong.
fn cause_words(cause: &Cause) -> Safe {
    let lines = match cause {
        Cause::Denied { .. } | Cause::NoPermission { .. } | Cause::NoAuth | Cause::HttpDenied { .. } => cause.advice(),
        // How often it is tried again is nothing to one look.
        Cause::AuthenticationFailed(_) => cause.advice().into_iter().take(1).collect(),
        _ => Vec::new(),
    };
    lines.into_iter().fold(Safe::of(cause.to_string()), |words, line| Safe::of(format!("{words}; {line}")))
}

/// Why there is no fresh figure: the cause, or that none came in time.
fn why_not(state: &PaneState, cause: Option<&Cause>) -> Option<Safe> {
    match (cause, state) {
        (Some(cause), _) => Some(cause_words(cause)),
        (None, PaneState::Loading { waiting }) => Some(Safe::of(format!("no answer within {}", figure::age(*waiting)))),
        (None, state) if !state.is_fresh() => Some(state.words()),
        _ => None,
    }
}

fn service(service: &ServiceState, now: Moment) -> (Option<Verdict>, Value) {
    let verdict = service.raw_verdict(now);
    let report = service.readout.value().filter(|_| service.readout.cause().is_none());
    let detail = match (service.readout.cause(), report) {
        (Some(cause), _) => cause_words(cause),
        (None, Some(report)) => report.detail.clone(),
        (None, None) => why_not(&service.state(now), None).unwrap_or_default(),
    };
    let detail = match service.certificate_days_left(now).filter(|days| *days < CERTIFICATE_DAYS) {
        Some(days) if service.readout.cause().is_none() => {
            let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
            let stop = if detail.as_str().is_empty() { "" } else { "; " };
            Safe::of(format!("{detail}{stop}certificate: {days} left"))
        }
        _ => detail,
    };
    let checks: Vec<Value> = report
        .map(|r| {
            let check = |c: &crate::domain::health::Check| {
                json!({ "name": to_value(&c.name), "verdict": c.verdict.word(), "detail": to_value(&c.detail) })
            };
            r.checks.iter().map(check).collect()
        })
        .unwrap_or_default();
    let latency = service.last_latency.filter(|_| report.is_some()).map(|d| d.as_secs_f64() * 1000.0);
    let value = json!({
        "name": to_value(&service.spec.name),
        "url": to_value(Safe::of(service.spec.url.as_str())),
        "verdict": verdict.word(),
        "status": report.map(|r| r.status).or_else(|| service.readout.cause().and_then(status_of)),
        "latency_ms": finite(latency),
        "detail": to_value(&detail),
        "checks": checks,
        "certificate_days_left": service.certificate_days_left(now),
    });
    (Some(verdict), value)
}

/// The status of an answer that was no report.
#[must_use]
pub fn status_of(cause: &Cause) -> Option<u16> {
    match cause {
        Cause::RateLimited { .. } => Some(429),
        Cause::HttpDenied { status } | Cause::HttpStatus { status } => Some(*status),
        _ => None,
    }
}

fn database(database: &DatabaseState, now: Moment) -> (Option<Verdict>, Value) {
    let verdict = database.verdict(now);
    let fresh = database.server.cause().is_none();
    let server = database.server.value().filter(|_| fresh);
    let connections = database.slots.value().filter(|_| database.slots.cause().is_none()).map(|slots| {
        let mut by_state = Map::new();
        for (state, count) in database.sessions.value().map(|s| s.by_state.as_slice()).unwrap_or_default() {
            by_state.insert(state.word().to_owned(), json!(count));
        }
        json!({ "used": slots.used, "usable": slots.usable(), "max": slots.max, "by_state": by_state })
    });
    let slow = database.statements.value().filter(|_| database.statements.cause().is_none()).map(|delta| {
        let row = |s: &crate::domain::statement::StatementDelta| {
            let query = database.text_of(s.id).map(|text| text.whole.one_line());
            json!({
                "query": query.map(to_value),
                "calls": s.calls,
                "mean_ms": finite(s.mean_ms()),
                "total_ms": finite(Some(s.total_ms)),
            })
        };
        delta.rows.iter().take(SLOW_QUERIES).map(row).collect::<Vec<_>>()
    });
    let mut problems: Vec<Value> = database.problems.iter().map(|p| to_value(&p.words)).collect();
    for cause in [database.server.cause(), database.statements.cause()].into_iter().flatten() {
        let words = to_value(cause_words(cause));
        if !problems.contains(&words) {
            problems.push(words);
        }
    }
    let rates = database.rates.as_ref();
    let ratio = rates.and_then(|r| r.hit_ratio);
    let basis = match rates {
        None => match database.server.cause().or(database.counters.cause()) {
            Some(cause) => cause.to_string(),
            None => "needs two readings".to_owned(),
        },
        Some(r) if r.hit_ratio.is_none() => "no traffic".to_owned(),
        Some(r) => format!("delta {}", figure::duration(r.elapsed)),
    };
    let value = json!({
        "name": to_value(&database.spec.name),
        "verdict": verdict.word(),
        "server_version": server.map(|s| to_value(&s.version)),
        "role": server.map(|s| if s.replica { "replica" } else { "primary" }),
        "connections": connections,
        "slow_queries": slow,
        "cache_hit_ratio": finite(ratio),
        "basis": basis,
        "problems": problems,
    });
    (Some(verdict), value)
}

fn cache(cache: &CacheState, now: Moment) -> (Option<Verdict>, Value) {
    let verdict = cache.verdict(now);
    let (ratio, basis) = cache.hit_ratio();
    let basis = match cache.readout.cause() {
        Some(cause) => cause_words(cause),
        None => Safe::of(basis_words(basis)),
    };
    let source = match &cache.spec.source {
        CacheSource::Endpoint { request, .. } => Safe::of(request.url.as_str()),
        CacheSource::Redis { target, .. } => Safe::of(format!("redis {}:{}", target.host, target.port)),
    };
    let value = json!({
        "name": to_value(&cache.spec.name),
        "verdict": verdict.word(),
        "hit_ratio": finite(ratio.filter(|_| cache.readout.cause().is_none())),
        "basis": to_value(&basis),
        "source": to_value(&source),
    });
    (Some(verdict), value)
}

fn signal(signal: &SignalState, now: Moment) -> (Option<Verdict>, Value) {
    // One look cannot see how long it holds: a figure past its threshold counts at once.
    let verdict = match signal.crossing {
        Crossing::Pending { .. } => signal.verdict(now).max(Verdict::Degraded),
        _ => signal.verdict(now),
    };
    let value = signal.readout.value().filter(|_| signal.readout.cause().is_none());
    let told = value.map(|value| value.told(&signal.spec.unit, now));
    let detail = match (why_not(&signal.state(now), signal.readout.cause()), &signal.spec.threshold) {
        (Some(why), _) => Some(why),
        (None, Some(threshold)) if verdict == Verdict::Degraded => {
            Some(Safe::of(format!("past its threshold ({threshold})")))
        }
        (None, Some(threshold)) if verdict == Verdict::Unknown => {
            Some(Safe::of(format!("cannot be held against {threshold}")))
        }
        _ => None,
    };
    let (number, unit) = told.map_or_else(|| (None, signal.spec.unit.0.clone()), |(n, unit)| (Some(n), unit));
    let value = json!({
        "name": to_value(&signal.spec.name),
        "verdict": verdict.word(),
        "value": finite(number),
        "unit": to_value(&unit),
        "detail": detail.map(to_value),
    });
    (Some(verdict), value)
}

fn metrics(target: &TargetState, now: Moment) -> (Option<Verdict>, Value) {
    let verdict = target.verdict(now);
    let page = target.page.value().filter(|_| target.page.cause().is_none());
    let told = target.requests(now);
    let milliseconds = |seconds: Option<f64>| finite(seconds.map(|s| s * 1000.0));
    let basis = told.map(|told| to_value(Safe::of(format!("{}: {}", requests_basis(told), told.from))));
    let value = json!({
        "name": to_value(&target.name),
        "url": to_value(Safe::of(hidden::url_without_secrets(&target.spec.request.url))),
        "verdict": verdict.word(),
        "samples": page.map(|page| page.samples),
        "bytes": page.map(|page| page.bytes),
        "refused": page.map(|page| page.refused),
        "requests_per_second": finite(told.map(|told| told.per_second)),
        "error_ratio": finite(told.and_then(|told| told.errors)),
        "p50_ms": milliseconds(told.and_then(|told| told.p50)),
        "p95_ms": milliseconds(told.and_then(|told| told.p95)),
        "p99_ms": milliseconds(told.and_then(|told| told.p99)),
        "cache_hit_ratio": finite(target.cache(now).map(|(ratio, _)| ratio)),
        "basis": basis,
        "detail": why_not(&target.state(now), target.page.cause()).map(to_value),
    });
    (Some(verdict), value)
}

fn log(model: &Model, at: usize) -> Value {
    let logs = &model.live.logs;
    let counters = logs.store.counters(u16::try_from(at).unwrap_or(u16::MAX));
    let cause = logs.states.get(at).and_then(|s| s.cause());
    let readable = logs.states.get(at).is_some() && cause.is_none();
    let known = |n: u64| if readable { json!(n) } else { Value::Null };
    json!({
        "name": logs.names.get(at).map(to_value),
        "lines": known(counters.lines),
        "errors": known(counters.errors()),
        "dropped": counters.dropped_lines,
        "detail": cause.map(|cause| to_value(cause_words(cause))),
    })
}
