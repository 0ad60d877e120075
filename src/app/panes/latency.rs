//! Latency: first what users wait, as the servers count it, where they do; below that as the probes saw it, one chart a
//! service, those that are not ok first, p95 over a stated window beside it.
//! The order does not follow the figures: a chart that jumps cannot be read.

use crate::app::Model;
use crate::app::document::{Line, Span};
use crate::app::pane::{Block, Chart, PaneId, PaneView};
use crate::app::table::Tone;
use crate::app::telemetry::service::{ServiceState, WINDOW};
use crate::config::resolved::OffKind;
use crate::domain::health::FEWEST;
use crate::domain::{Moment, PaneState, Safe, figure};
use crate::metrics::window::Percentiles;

use super::services::{FEW, seconds};
use super::{line, marks_row, off, or_frozen, served, span, spark};

/// Columns of label and figure beside the chart.
const LABELS: u16 = 26;
/// Columns of the title before the figures, with the frame's own.
const TITLE: usize = 9;
const OF_PROBES: &str = " of probes";
/// The same behind other figures.
const BESIDE: &str = "  probes";
/// Columns of the longest figure: `p95 12.4ms`, an old one with its age `12.4ms (4m59s)`, a cause in short.
const FIGURE: u16 = 14;

pub fn view(model: &Model, width: u16, height: u16) -> PaneView {
    let (telemetry, now) = model.shown();
    let mut title = vec![span("Latency", Tone::Strong)];
    let mut services: Vec<&ServiceState> = telemetry.services.iter().collect();
    services.sort_by_key(|s| std::cmp::Reverse(s.shown_verdict(now)));
    let room = usize::from(width).saturating_sub(TITLE);
    let of_users = served::headline(&telemetry.metrics.targets, now, room);
    let length = |spans: &[Span]| spans.iter().map(|span| span.text.as_str().chars().count()).sum::<usize>();
    let left = room.saturating_sub(length(&of_users));
    // Beside what users wait, the probe's figure stands with its own word, or not at all.
    let (word, gap) = if of_users.is_empty() { (OF_PROBES, 0) } else { (BESIDE, BESIDE.len()) };
    let told = slowest(&services, now, left.saturating_sub(gap));
    let fits = length(&told) + word.len() <= left && !told.is_empty();
    let is_word = fits || (of_users.is_empty() && told.is_empty());
    let told = if of_users.is_empty() || fits { told } else { Vec::new() };
    title.extend(of_users);
    title.extend(is_word.then(|| span(word, Tone::Dim)));
    title.extend(told);
    let buckets = usize::from(width.saturating_sub(LABELS)).clamp(8, 180);
    // Figures of the server's own stand above those of the probe, each for what it is.
    let most = usize::from(height) / 3;
    let is_only = telemetry.metrics.targets.len() == 1;
    let served: Vec<Line> =
        telemetry.metrics.targets.iter().filter_map(|t| served::line(t, is_only, now, width)).take(most).collect();
    let rows = usize::from(height).saturating_sub(served.len()).max(1);
    let mut charts: Vec<Block> = services.iter().take(rows).map(|s| Block::Chart(chart(s, now, buckets))).collect();
    if services.len() > rows {
        charts.truncate(rows - 1);
        charts.push(Block::Line(line(format!("{} more on page 2", services.len() - charts.len()), Tone::Dim)));
    }
    if charts.len() < rows {
        let series = services.iter().map(|service| &service.latency);
        charts.extend(marks_row(series, now, buckets).map(Block::Chart));
    }
    let blocks: Vec<Block> = served.into_iter().map(Block::Line).chain(charts).collect();
    let state = match services.as_slice() {
        [] if model.discovering > 0 => PaneState::Loading { waiting: now.since(model.started) },
        [] => off(model, OffKind::Service, "no service is named", "quarterdeck http://HOST:PORT/health"),
        all if all.iter().all(|s| matches!(s.state(now), PaneState::Loading { .. })) => {
            PaneState::Loading { waiting: now.since(model.started) }
        }
        _ => PaneState::Ok,
    };
    PaneView { id: PaneId::Latency, title, corner: columns(&services), state: or_frozen(model, state), blocks }
}

/// How much time a column of the charts is; they differ where services are asked at unlike paces.
fn columns(services: &[&ServiceState]) -> Safe {
    let widths = services.iter().map(|s| s.latency.width());
    let (Some(least), Some(most)) = (widths.clone().min(), widths.max()) else { return Safe::default() };
    Safe::of(if least == most {
        format!("{} a column", figure::span(least))
    } else {
        format!("{} to {} a column", figure::span(least), figure::span(most))
    })
}

/// The slowest of those that are measured now; of those that were, when there are no others. What failed and on how many
/// probes it all stands is told in any case; where there is no room the median goes first.
fn slowest(services: &[&ServiceState], now: Moment, room: usize) -> Vec<Span> {
    let measured = services.iter().filter_map(|s| s.percentiles(now).map(|(p, age)| (s, p, age)));
    let found = measured
        .max_by(|(_, a, a_age), (_, b, b_age)| b_age.is_some().cmp(&a_age.is_some()).then(a.p95.total_cmp(&b.p95)));
    let Some((service, all, age)) = found else { return Vec::new() };
    let name = service.spec.name.clipped(16);
    let ago = age.map(|age| format!(", {} ago", figure::age(age))).unwrap_or_default();
    let basis = format!(" ({} n={}{ago})", figure::span(all.window.min(WINDOW)), figure::count(all.count as f64));
    let failed = match service.failed(now) {
        (0, _) => String::new(),
        (failed, count) => format!(" {failed} of {count} failed"),
    };
    let fixed = name.as_str().chars().count() + 1 + basis.len() + failed.len();
    let figures = figures(&all, room.saturating_sub(fixed));
    let tone = if age.is_some() { Tone::Dim } else { Tone::Plain };
    vec![span(format!(" {name}"), tone), span(failed, Tone::Bad), span(format!("{figures}{basis}"), tone)]
}

/// As many percentiles as the number of probes bears and the room holds.
fn figures(all: &Percentiles, room: usize) -> String {
    let word = |name: &str, value: f64| format!(" {name} {}", seconds(value / 1000.0));
    let (p50, p95, p99) = (word("p50", all.p50), word("p95", all.p95), word("p99", all.p99));
    let choices = match all.count {
        0..FEWEST => Vec::new(),
        FEWEST..FEW => vec![p50],
        _ => vec![format!("{p50}{p95}{p99}"), format!("{p95}{p99}"), p95],
    };
    choices.into_iter().find(|words| words.len() <= room).unwrap_or_default()
}

fn chart(service: &ServiceState, now: Moment, buckets: usize) -> Chart {
    let (figure, tone) = match (service.readout.cause(), service.percentiles(now)) {
        // Percentiles know nothing of what failed.
        (Some(cause), _) => {
            let words = match service.failed(now) {
                (0, _) | (_, 1) => cause.short(),
                (failed, count) => Safe::of(format!("{failed}/{count} {}", cause.short())),
            };
            (words.clipped(usize::from(FIGURE)), Tone::Bad)
        }
        (None, Some((p, _))) if p.count < FEWEST => (Safe::of(format!("n={}", p.count)), Tone::Dim),
        (None, Some((p, None))) if p.count < FEW => (Safe::of(format!("p50 {}", seconds(p.p50 / 1000.0))), Tone::Plain),
        (None, Some((p, None))) => (Safe::of(format!("p95 {}", seconds(p.p95 / 1000.0))), Tone::Plain),
        (None, Some((p, Some(age)))) => {
            (Safe::of(format!("{} ({})", seconds(p.p95 / 1000.0), figure::age(age))), Tone::Dim)
        }
        (None, None) => (Safe::of("-"), Tone::Dim),
    };
    Chart {
        label: service.spec.name.clone(),
        values: spark(&service.latency, now, buckets, |b| b.max),
        top: None,
        figure,
        tone,
        figure_width: FIGURE,
        ..Chart::default()
    }
}
