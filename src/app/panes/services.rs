//! Services: one row each, the debounced verdict with the raw one beside it when they differ.

use crate::app::Model;
use crate::app::alerts::marks::{self, Mark};
use crate::app::document::Span;
use crate::app::pane::{PaneId, PaneView};
use crate::app::table::{Align, Cell, Column, Content, Row, RowKey, SortValue, Table, Tone};
use crate::app::telemetry::Telemetry;
use crate::app::telemetry::service::ServiceState;
use crate::config::resolved::OffKind;
use crate::domain::{Moment, PaneState, Safe, Verdict, figure};

use super::{Wanted, every, off, or_frozen, served, span, spark, table_block, worded};

const fn column(title: &'static str, min: u16, ideal: u16, align: Align, drop_order: u8) -> Column {
    Column { title, min, ideal, grows: false, align, drop_order }
}

const COLUMNS: &[Column] = &[
    column("", 4, 4, Align::Left, 0),
    column("service", 14, 20, Align::Left, 0),
    column("probe", 7, 7, Align::Right, 5),
    column("trend", 6, 20, Align::Chart, 3),
    column("probe p95", 12, 12, Align::Right, 2),
    column("version", 6, 10, Align::Left, 1),
    Column { title: "detail", min: 14, ideal: 34, grows: true, align: Align::Left, drop_order: 4 },
];

/// The same beside figures of the server's own.
const SERVED: &[Column] = &[
    column("", 4, 4, Align::Left, 0),
    column("service", 14, 20, Align::Left, 0),
    column("probe", 7, 7, Align::Right, 8),
    column("trend", 6, 20, Align::Chart, 6),
    column("probe p95", 12, 12, Align::Right, 3),
    column("srv req/s", 9, 9, Align::Right, 2),
    column("srv err", 7, 7, Align::Right, 5),
    column("srv p95", 7, 7, Align::Right, 4),
    column("version", 6, 10, Align::Left, 1),
    Column { title: "detail", min: 14, ideal: 34, grows: true, align: Align::Left, drop_order: 7 },
];

pub use crate::domain::health::FEW;
/// Buckets in the row's sparkline.
const SPARK: usize = 20;

pub fn table(model: &Model, wanted: Wanted) -> Table {
    let (telemetry, now) = model.shown();
    let mut services: Vec<_> = telemetry.services.iter().enumerate().collect();
    let marks = marks::of_services(telemetry);
    let mark = |at: usize| marks.get(at).and_then(Option::as_ref);
    // Where rows are few, the worst must be among them.
    services.sort_by_key(|(at, service)| {
        std::cmp::Reverse(service.shown_verdict(now).max(mark(*at).map_or(Verdict::Ok, |mark| mark.verdict)))
    });
    let key = |(at, _): &(usize, &ServiceState)| RowKey::Index(*at);
    let metrics = &telemetry.metrics;
    let is_served = |service: &ServiceState| metrics.targets.iter().any(|target| target.is_about(&service.spec));
    if !services.iter().any(|(_, service)| is_served(service)) {
        let row = |(at, service): &(usize, &ServiceState)| row_of(*at, service, mark(*at), now);
        return worded(model, PaneId::Services, COLUMNS, &services, wanted, key, row);
    }
    let row = |(at, service): &(usize, &ServiceState)| {
        let told = metrics.requests_of(&service.spec, now);
        let Row { key, mut cells } = row_of(*at, service, mark(*at), now);
        let beside = [
            Cell::figure(told.map(|told| told.per_second), figure::number, Tone::Plain),
            Cell::figure(told.and_then(|told| told.errors), figure::percent, served::tone(told.and_then(|t| t.errors))),
            Cell::figure(told.and_then(|told| told.p95), seconds, served::tone_of_p95(told)),
        ];
        cells.splice(5..5, beside);
        Row { key, cells }
    };
    worded(model, PaneId::Services, SERVED, &services, wanted, key, row)
}

pub fn view(model: &Model, height: u16) -> PaneView {
    let (telemetry, now) = model.shown();
    let mut title = vec![span("Services", Tone::Strong)];
    title.extend(counts(telemetry, now));
    let interval = telemetry.services.iter().map(|s| s.spec.interval).min();
    let state = if telemetry.services.is_empty() {
        none_state(model)
    } else if telemetry.services.iter().all(|s| matches!(s.state(now), PaneState::Loading { .. })) {
        PaneState::Loading { waiting: now.since(model.started) }
    } else {
        PaneState::Ok
    };
    let blocks = if telemetry.services.is_empty() {
        Vec::new()
    } else {
        vec![table_block(model, PaneId::Services, table(model, Wanted::Seen { height }))]
    };
    PaneView {
        id: PaneId::Services,
        title,
        corner: interval.map(every).unwrap_or_default(),
        state: or_frozen(model, state),
        blocks,
    }
}

/// By debounced verdict; what would be ok if no alert fired on it apart.
fn counts(telemetry: &Telemetry, now: Moment) -> Vec<Span> {
    let marks = marks::of_services(telemetry);
    let mut counted = marks::Counted::default();
    for (at, service) in telemetry.services.iter().enumerate() {
        counted.count(service.shown_verdict(now), marks.get(at).and_then(Option::as_ref));
    }
    counted.worst_first().into_iter().rev().map(|(words, tone)| span(format!(" {words}"), tone)).collect()
}

fn none_state(model: &Model) -> PaneState {
    if model.discovering > 0 {
        return PaneState::Loading { waiting: model.now.since(model.started) };
    }
    off(
        model,
        OffKind::Service,
        "no service is named",
        "quarterdeck http://HOST:PORT/health, or [[service]] in the configuration",
    )
}

/// The row of one service.
#[must_use]
pub fn row_of(at: usize, service: &ServiceState, mark: Option<&Mark>, now: Moment) -> Row {
    let spec = &service.spec;
    let verdict = service.shown_verdict(now);
    let told = marked(detail(service, now), mark, verdict);
    let percentiles = service.percentiles(now);
    // Figures of before are dimmed; how old they are is told beside them.
    let age = percentiles.and_then(|(_, age)| age);
    let tone = if age.is_some() { Tone::Dim } else { Tone::Plain };
    let latency = service.last_latency.filter(|_| percentiles.is_some() && service.readout.cause().is_none());
    let p95 = match percentiles {
        Some((p, _)) if p.count < FEW => Cell::figure(Some(p.count as f64), |n| format!("too few ({n:.0})"), Tone::Dim),
        found => Cell::figure(found.map(|(p, _)| p.p95 / 1000.0), seconds, tone),
    };
    let badge = match service.failing() {
        // It answers, and something fires on it: not plainly ok either.
        None if verdict == Verdict::Ok && mark.is_some() => Cell {
            content: Content::Text(Safe::of("OK !")),
            tone: mark.map_or(Tone::Warn, |mark| mark.verdict.into()),
            sort: SortValue::Number(-f64::from(mark.map_or(verdict, |mark| mark.verdict) as u8)),
        },
        // Shown as it was until it failed often enough: not plainly ok either.
        Some(_) if verdict == Verdict::Ok => Cell {
            content: Content::Text(Safe::of("OK?")),
            tone: Tone::Warn,
            sort: SortValue::Number(-f64::from(verdict as u8)),
        },
        _ => Cell::verdict(verdict),
    };
    let cells = vec![
        badge,
        Cell::name(spec.name.clone()),
        Cell::figure(latency.map(|d| d.as_secs_f64()), seconds, tone),
        Cell::spark(spark(&service.latency, now, SPARK, |b| b.max), verdict.into()),
        p95,
        Cell::text(service.version.clone().unwrap_or_else(|| Safe::of("-")), Tone::Dim),
        Cell { content: Content::Text(told.1.clone()), tone: told.0, sort: SortValue::Text(told.1) },
    ];
    Row { key: RowKey::Index(at), cells }
}

pub fn seconds(value: f64) -> String {
    figure::duration(std::time::Duration::from_secs_f64(value.clamp(0.0, 1e9)))
}

/// What fires on a service beside what it says of itself; before that, where it says that it is ok.
fn marked((tone, words): (Tone, Safe), mark: Option<&Mark>, verdict: Verdict) -> (Tone, Safe) {
    let Some(mark) = mark else { return (tone, words) };
    let told = format!("! {}", mark.words());
    let comma = if words.as_str().is_empty() { "" } else { ", " };
    if verdict == Verdict::Ok {
        (mark.verdict.into(), Safe::of(format!("{told}{comma}{words}")))
    } else {
        (tone, Safe::of(format!("{words}{comma}{told}")))
    }
}

/// What there is to say beside the badge: the raw result where it differs, the cause, the children that fail.
fn detail(service: &ServiceState, now: Moment) -> (Tone, Safe) {
    let debounced = &service.debounced;
    let state = service.state(now);
    if let PaneState::Stale { .. } | PaneState::Loading { .. } = state {
        return (Tone::Unknown, state.words());
    }
    let mut words: Vec<String> = Vec::new();
    // What is wrong comes first; a version or the like stands behind it.
    let report = service.readout.value().filter(|r| service.readout.cause().is_none() && !r.detail.as_str().is_empty());
    let (told_badly, told_well) = match report {
        Some(report) if report.verdict > Verdict::Ok => (Some(report), None),
        other => (None, other),
    };
    if let Some(cause) = service.readout.cause() {
        let times = debounced.failures();
        words.push(match service.failing() {
            Some(limit) => format!("fail {times}/{limit}: {}", cause.short()),
            None if times > 1 => format!("{} {times}x", cause.short()),
            None => cause.short().to_string(),
        });
    } else if let Some(report) = told_badly {
        words.push(report.detail.to_string());
    }
    if let (true, Some(raw), Some(shown)) = (debounced.is_pending(), debounced.raw(), debounced.state()) {
        words.push(match raw {
            Verdict::Down if service.readout.cause().is_some() => format!("was {shown}"),
            Verdict::Down => format!("fail {}/{}, was {shown}", debounced.failures(), service.spec.down_after.max(1)),
            Verdict::Unknown => format!("was {shown}"),
            raw => format!("{raw} {}/{}, was {shown}", debounced.successes(), service.spec.up_after.max(1)),
        });
    }
    if let Some(days) =
        service.certificate_days_left(now).filter(|d| *d < super::super::telemetry::service::CERTIFICATE_DAYS)
    {
        words.push(format!("certificate {days}d"));
    }
    if service.constant.is_suspect(now) {
        words.push("constant?".to_owned());
    }
    words.extend(told_well.map(|report| report.detail.to_string()));
    let tone = match service.raw_verdict(now) {
        Verdict::Ok if words.is_empty() => Tone::Dim,
        Verdict::Ok => Tone::Plain,
        verdict => verdict.into(),
    };
    (tone, Safe::of(words.join(", ")))
}
