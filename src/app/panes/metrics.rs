//! Metrics: what is scraped and what it costs, series by words, and the course of one.

use std::sync::Arc;

use crate::app::Model;
use crate::app::pane::{Block, Chart, PaneId, PaneView};
use crate::app::series::{Course, MOST};
use crate::app::table::{Align, Cell, Column, Row, RowKey, Table, Tone};
use crate::app::telemetry::metrics::TargetState;
use crate::config::resolved::OffKind;
use crate::domain::{Cause, Moment, PaneState, Safe, figure};
use crate::engine::output::SeriesTold;
use crate::metrics::exposition::Kind;
use crate::metrics::labels::{Labels, NAME};

use super::{arranged, line, off, or_frozen, span, table_block};

/// Letters of a value.
const VALUE: u16 = 9;

const fn column(title: &'static str, min: u16, ideal: u16, align: Align, drop_order: u8) -> Column {
    Column { title, min, ideal, grows: false, align, drop_order }
}

const TARGETS: &[Column] = &[
    column("", 4, 4, Align::Left, 0),
    column("target", 10, 24, Align::Left, 0),
    column("samples", 7, 7, Align::Right, 7),
    column("new", 6, 6, Align::Right, 4),
    column("refused", 7, 7, Align::Right, 5),
    column("bytes", 9, 9, Align::Right, 3),
    column("took", 7, 7, Align::Right, 6),
    column("age", 6, 6, Align::Right, 0),
    Column { title: "detail", min: 12, ideal: 30, grows: true, align: Align::Left, drop_order: 8 },
];

const SERIES: &[Column] = &[
    column("metric", 16, 36, Align::Left, 0),
    Column { title: "labels", min: 14, ideal: 40, grows: true, align: Align::Left, drop_order: 2 },
    column("kind", 9, 9, Align::Left, 1),
    column("value", VALUE, VALUE, Align::Right, 0),
];

pub fn targets(model: &Model) -> Table {
    let (telemetry, now) = model.shown();
    let rows = telemetry.metrics.targets.iter().enumerate().map(|(at, target)| target_row(at, target, now)).collect();
    arranged(model, PaneId::Targets, TARGETS, rows)
}

fn target_row(at: usize, target: &TargetState, now: Moment) -> Row {
    let state = target.state(now);
    let page = target.page.value();
    let tone = if state.is_fresh() { Tone::Plain } else { Tone::Dim };
    let count = |of: Option<usize>, tone: Tone| Cell::figure(of.map(|n| n as f64), figure::count, tone);
    let refused = page.map(|page| page.refused);
    let took = target.told.as_ref().map(|told| told.took.as_secs_f64());
    let age = target.page.last().map(|(_, at)| now.since(at).as_secs_f64());
    let seconds = |value: f64| figure::age(std::time::Duration::from_secs_f64(value));
    let (words, told) = match &state {
        PaneState::Error { cause, times, .. } => (Safe::of(format!("{} {times}x", why(cause))), Tone::Bad),
        state if !state.is_fresh() => (state.words(), Tone::Unknown),
        _ => (figures(target, now), Tone::Dim),
    };
    Row {
        key: RowKey::Index(at),
        cells: vec![
            Cell::verdict(target.verdict(now)),
            Cell::name(target.name.clone()),
            count(page.map(|page| page.samples), tone),
            count(page.map(|page| page.made), Tone::Dim),
            count(refused, if refused > Some(0) { Tone::Warn } else { Tone::Dim }),
            Cell::figure(page.map(|page| page.bytes as f64), |b| figure::bytes(b as u64), tone),
            Cell::figure(took, super::services::seconds, tone),
            Cell::figure(age, seconds, tone),
            Cell::text(words, told),
        ],
    }
}

/// The cause without what every refused page says.
fn why(cause: &Cause) -> String {
    let words = match cause {
        Cause::Protocol(words) => words.to_string(),
        cause => cause.to_string(),
    };
    words.strip_prefix("metrics refused: ").map(str::to_owned).unwrap_or(words)
}

/// What the target's own figures come from.
fn figures(target: &TargetState, now: Moment) -> Safe {
    match (target.requests(now), target.cache(now)) {
        (Some(told), _) => Safe::of(format!("requests from {}", told.from)),
        (None, Some(_)) => Safe::of("hits of a cache"),
        (None, None) => Safe::of("no requests known by name"),
    }
}

pub fn targets_view(model: &Model) -> PaneView {
    let (telemetry, now) = model.shown();
    let metrics = &telemetry.metrics;
    let mut title = vec![span("Scraped", Tone::Strong)];
    // What is missing first: where there is no room for all, that has to be seen.
    if metrics.behind > 0 {
        title.push(span(format!(" {} pages skipped", metrics.behind), Tone::Warn));
    }
    if let Some(store) = &metrics.store {
        if store.dropped > 0 {
            let words = format!(" {} dropped: metrics_bytes is too small", figure::count(store.dropped as f64));
            title.push(span(words, Tone::Warn));
        }
        let words = format!(
            " {} series, {} of {}",
            figure::count(store.series as f64),
            figure::bytes(store.bytes as u64),
            figure::bytes(store.limit as u64)
        );
        title.push(span(words, Tone::Plain));
    }
    let state = source_state(model, now);
    let blocks =
        if metrics.targets.is_empty() { Vec::new() } else { vec![table_block(model, PaneId::Targets, targets(model))] };
    let interval = metrics.targets.iter().map(|target| target.spec.interval).min();
    PaneView {
        id: PaneId::Targets,
        title,
        corner: interval.map(super::every).unwrap_or_default(),
        state: or_frozen(model, state),
        blocks,
    }
}

/// The state of the page as a whole: of its targets.
fn source_state(model: &Model, now: Moment) -> PaneState {
    let targets = &model.shown().0.metrics.targets;
    match targets.as_slice() {
        [] if model.discovering > 0 => PaneState::Loading { waiting: now.since(model.started) },
        [] => off(
            model,
            OffKind::Metrics,
            "nothing is scraped",
            "--metrics http://HOST:PORT/metrics, or [[metrics]] in the configuration",
        ),
        all => {
            // With one that is good there is something to see; the others say for themselves what is wrong.
            let states: Vec<PaneState> = all.iter().map(|target| target.state(now)).collect();
            states.iter().find(|state| state.is_fresh()).or_else(|| states.first()).cloned().unwrap_or(PaneState::Ok)
        }
    }
}

/// What tells a series apart, as text.
fn key(labels: &Labels) -> RowKey {
    RowKey::Text(Safe::of(labels.to_string()))
}

/// The series as they were found; the engine has filtered them already.
pub fn series(model: &Model) -> Table {
    let Some((Ok(found), _)) = &model.view.series.found.answer else {
        return Table { columns: SERIES, rows: Vec::new(), total: 0 };
    };
    let rows = found.series.iter().map(series_row).collect();
    let table = Table::arranged(SERIES, rows, "", model.view.cursor(PaneId::Series).sort);
    Table { total: found.in_all, ..table }
}

fn series_row(of: &SeriesTold) -> Row {
    let is_target = |name: &str| matches!(name, "job" | "instance");
    // What tells the series of one page apart comes first.
    let is_part = |name: &str| matches!(name, "le" | "quantile");
    let own = of.labels.iter().filter(|(name, _)| *name != NAME && !is_target(name) && !is_part(name));
    let part = of.labels.iter().filter(|(name, _)| is_part(name));
    let target = of.labels.iter().filter(|(name, _)| is_target(name));
    let labels: Vec<String> = part.chain(own).chain(target).map(|(name, value)| format!("{name}={value:?}")).collect();
    let labels = labels.join(" ");
    let kind = match of.kind {
        Some(Kind::Counter) => "counter",
        Some(Kind::Gauge) => "gauge",
        Some(Kind::Histogram | Kind::GaugeHistogram) => "histogram",
        Some(Kind::Summary) => "summary",
        Some(Kind::Info) => "info",
        Some(Kind::StateSet) => "states",
        Some(Kind::Unknown) | None => "-",
    };
    let value = match of.value {
        Some(value) => Cell::figure(Some(value), number, Tone::Plain),
        None => Cell::text(Safe::of("ended"), Tone::Unknown),
    };
    Row {
        key: key(&of.labels),
        cells: vec![
            Cell::name(Safe::of(of.labels.metric())),
            Cell::text(Safe::of(labels), Tone::Dim),
            Cell::text(Safe::of(kind), Tone::Dim),
            value,
        ],
    }
}

fn number(value: f64) -> String {
    let words = if value.abs() >= 1e3 { figure::count(value) } else { figure::number(value) };
    // An exponent that is cut off would be another number: a digit less is the same one.
    if words.chars().count() > usize::from(VALUE) { format!("{value:.1e}") } else { words }
}

/// The series that is selected; the first where none was chosen. What was typed counts at once, also while the answer is
/// still that to what was asked before.
pub fn selected(model: &Model) -> Option<&SeriesTold> {
    let Some((Ok(found), _)) = &model.view.series.found.answer else { return None };
    let cursor = model.view.cursor(PaneId::Series);
    let words = cursor.filter.to_lowercase();
    let fits = |of: &&SeriesTold| {
        let text = of.labels.to_string().to_lowercase();
        words.split_whitespace().all(|word| text.contains(word))
    };
    let by_key = |wanted: &RowKey| found.series.iter().find(|of| key(&of.labels) == *wanted).filter(fits);
    let chosen = cursor.selected.as_ref().and_then(by_key);
    chosen.or_else(|| series(model).rows.iter().find_map(|row| by_key(&row.key)))
}

pub fn series_view(model: &Model) -> PaneView {
    let now = model.now;
    let mut title = vec![span("Series", Tone::Strong)];
    if model.live.is_asked_of_server(now) {
        title.push(span(" by prometheus", Tone::Dim));
    }
    let words = model.view.cursor(PaneId::Series).filter;
    let (state, blocks) = match &model.view.series.found.answer {
        _ if model.shown().0.metrics.targets.is_empty() && model.shown().0.prometheus.is_none() => {
            (source_state(model, now), Vec::new())
        }
        None => (PaneState::Loading { waiting: now.since(model.started) }, Vec::new()),
        Some((Err(why), _)) => (PaneState::Ok, vec![Block::Line(line(why.clone(), Tone::Unknown))]),
        Some((Ok(found), _)) if found.in_all == 0 && words.is_empty() => {
            (PaneState::Empty { asked: Safe::of("no page was taken in yet: there is no series") }, Vec::new())
        }
        Some((Ok(found), _)) if found.in_all == 0 => {
            (PaneState::Empty { asked: Safe::of(format!("no series has all of these words: {words}")) }, Vec::new())
        }
        Some((Ok(found), _)) => {
            if found.in_all > MOST {
                title.push(span(format!(" the first {MOST}: / narrows by words of name and labels"), Tone::Dim));
            }
            (PaneState::Ok, vec![table_block(model, PaneId::Series, series(model))])
        }
    };
    let corner = Safe::of("Enter charts, y copies");
    PaneView { id: PaneId::Series, title, corner, state: or_frozen(model, state), blocks }
}

pub fn course_view(model: &Model, height: u16) -> PaneView {
    let view = &model.view.series;
    let mut title = vec![span("Chart", Tone::Strong)];
    let (state, blocks) = match (&view.chosen, &view.course.answer) {
        (None, _) => {
            let asked = Safe::of("choose a series above and press Enter");
            (PaneState::Empty { asked }, Vec::new())
        }
        (Some(series), answer) => {
            title.push(span(format!(" {series}"), Tone::Plain));
            match answer {
                None => (PaneState::Loading { waiting: model.now.since(model.started) }, Vec::new()),
                Some((Err(why), _)) => (PaneState::Ok, vec![Block::Line(line(why.clone(), Tone::Unknown))]),
                Some((Ok(course), _)) => (PaneState::Ok, chart(course, height)),
            }
        }
    };
    PaneView {
        id: PaneId::Course,
        title,
        corner: Safe::of(if model.view.series.chosen.is_some() { "[ ] shorter, longer" } else { "" }),
        state: or_frozen(model, state),
        blocks,
    }
}

fn chart(course: &Course, height: u16) -> Vec<Block> {
    let values = &course.values;
    let unit = if course.rates { "/s" } else { "" };
    let known = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let figure = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{}{unit}", number(value)));
    let newest = values.last().copied().flatten();
    let (least, most) = (known().reduce(f64::min), known().reduce(f64::max));
    let gaps = match values.iter().filter(|value| value.is_none()).count() {
        0 => String::new(),
        gaps => format!(", {gaps} of {} columns without a value", values.len()),
    };
    let told = format!(
        "least {} most {}, last {}, {} a column{gaps}",
        figure(least),
        figure(most),
        figure::span(course.span),
        figure::duration(course.step)
    );
    let drawn: Arc<[Option<f32>]> = values.iter().map(|value| value.map(Chart::height)).collect();
    let chart = Chart {
        values: drawn,
        figure: Safe::of(figure(newest)),
        figure_width: 10,
        more_rows: height.saturating_sub(2),
        ..Chart::default()
    };
    vec![Block::Chart(chart), Block::Line(line(told, Tone::Dim))]
}
