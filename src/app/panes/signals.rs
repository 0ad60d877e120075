//! Signals: one row each, with its course and its threshold.

use crate::app::Model;
use crate::app::document::Line;
use crate::app::limit::Limit;
use crate::app::pane::{Block, Chart, PaneId, PaneView};
use crate::app::table::{Align, Cell, Column, Content, Row, RowKey, SortValue, Table, Tone};
use crate::app::telemetry::signal::SignalState;
use crate::config::resolved::{OffKind, SignalSource};
use crate::domain::signal::SignalValue;
use crate::domain::threshold::{Comparison, Crossing, Threshold, pending_words};
use crate::domain::{Moment, PaneState, Safe, Verdict, figure};

use super::{arranged, off, old_words, or_frozen, span, spark, stacked, table_block};

const fn column(title: &'static str, min: u16, ideal: u16, align: Align, drop_order: u8) -> Column {
    Column { title, min, ideal, grows: false, align, drop_order }
}

const COLUMNS: &[Column] = &[
    column("", 4, 4, Align::Left, 0),
    Column { title: "signal", min: 16, ideal: 28, grows: true, align: Align::Left, drop_order: 0 },
    column("value", 9, 10, Align::Right, 0),
    column("trend", 6, 20, Align::Chart, 3),
    column("bad when", 14, 26, Align::Left, 2),
    column("from", 9, 9, Align::Left, 1),
];

/// A chart with fewer rows says no more than the sparkline of its row.
const LEAST_ROWS: usize = 3;

pub fn table(model: &Model) -> Table {
    let (telemetry, now) = model.shown();
    let mut signals: Vec<_> = telemetry.signals.iter().enumerate().collect();
    signals.sort_by_key(|(_, signal)| std::cmp::Reverse(judged(signal, now)));
    let rows = signals.into_iter().map(|(at, signal)| row(at, signal, now)).collect();
    arranged(model, PaneId::Signals, COLUMNS, rows)
}

pub fn view(model: &Model, width: u16, height: u16) -> PaneView {
    let (telemetry, now) = model.shown();
    let crossed = telemetry.signals.iter().filter(|s| judged(s, now) == Some(Verdict::Degraded)).count();
    let mut title = vec![span("Signals", Tone::Strong)];
    if crossed > 0 {
        title.push(span(format!(" {crossed} past their threshold"), Tone::Warn));
    }
    let state = if telemetry.signals.is_empty() {
        off(
            model,
            OffKind::Signal,
            "no signal is named",
            "[[signal]] in the configuration; see quarterdeck config example",
        )
    } else {
        PaneState::Ok
    };
    let mut blocks = Vec::new();
    if !telemetry.signals.is_empty() {
        blocks.push(table_block(model, PaneId::Signals, table(model)));
        blocks.extend(charts(model, width, height));
    }
    PaneView { id: PaneId::Signals, title, corner: Safe::default(), state: or_frozen(model, state), blocks }
}

/// Where rows are left over: the courses of the signals that have a threshold, each with its line.
fn charts(model: &Model, width: u16, height: u16) -> Vec<Block> {
    let (telemetry, now) = model.shown();
    let limited: Vec<_> = telemetry.signals.iter().filter_map(|s| limit(s, now).map(|limit| (s, limit))).collect();
    // The heading, a row each, an empty one.
    let room = usize::from(height).saturating_sub(telemetry.signals.len() + 2);
    let shown = limited.len().min(room / LEAST_ROWS);
    let buckets = usize::from(width.saturating_sub(26)).clamp(8, 180);
    let chart = |(signal, limit): (&SignalState, Limit)| {
        let fresh = signal.state(now).is_fresh();
        let words = |value| words_of(value, spec_unit(signal), now);
        Chart {
            label: signal.spec.name.clone(),
            values: spark(&signal.series, now, buckets, |b| b.last),
            top: whole(signal),
            figure: signal.readout.value().map_or_else(|| Safe::of("-"), words),
            tone: if fresh { signal.verdict(now).into() } else { Tone::Unknown },
            figure_width: 10,
            limit: Some(limit),
            ..Chart::default()
        }
    };
    stacked(limited.into_iter().take(shown).map(chart).collect(), room)
}

/// The line of a signal's threshold: the bound in the signal's own words.
fn limit(signal: &SignalState, now: Moment) -> Option<Limit> {
    let threshold = signal.spec.threshold.as_ref()?;
    Limit::of(threshold, bound_words(signal, threshold, now))
}

fn spec_unit(signal: &SignalState) -> &str {
    signal.spec.unit.0.as_str()
}

fn row(at: usize, signal: &SignalState, now: Moment) -> Row {
    let spec = &signal.spec;
    let verdict = judged(signal, now);
    let tone = verdict.map_or(Tone::Plain, Tone::from);
    let state = signal.state(now);
    let value = match signal.readout.value() {
        Some(value) => Cell {
            content: Content::Text(words_of(value, spec.unit.0.as_str(), now)),
            tone: if state.is_fresh() { tone } else { Tone::Dim },
            sort: SortValue::Number(value.number()),
        },
        None => Cell::figure(None, figure::number, Tone::Dim),
    };
    let bad_when = match (&spec.threshold, signal.crossing) {
        _ if !state.is_fresh() => old_words(&signal.readout, &state, now),
        (Some(threshold), crossing) => {
            let bound = bad_when(signal, threshold, now);
            match crossing {
                Crossing::Pending { since } => Safe::of(format!("{bound}, {}", pending_words(threshold, since, now))),
                Crossing::Crossed { since } => Safe::of(format!("{bound}, since {}", figure::age(now.since(since)))),
                _ => bound,
            }
        }
        (None, _) => match signal.growth.over() {
            Some((from, to)) => Safe::of(format!("not judged, over {}", figure::span(to.since(from)))),
            None => Safe::of("not judged"),
        },
    };
    let from = match &spec.source {
        SignalSource::Database { .. } => "SQL",
        SignalSource::Redis { .. } => "Redis",
        SignalSource::Endpoint { .. } => "endpoint",
        SignalSource::Command { .. } => "command",
        SignalSource::Disk { .. } | SignalSource::Memory | SignalSource::Load => "this host",
    };
    Row {
        key: RowKey::Index(at),
        cells: vec![
            verdict.map_or_else(|| Cell::figure(None, figure::number, Tone::Dim), Cell::verdict),
            Cell::name(spec.name.clone()),
            value,
            trend(signal, now),
            Cell::text(bad_when, if state.is_fresh() { Tone::Dim } else { Tone::Unknown }),
            Cell::text(Safe::of(from), Tone::Dim),
        ],
    }
}

/// With a threshold the values past it stand out; without one all wear the verdict.
fn trend(signal: &SignalState, now: Moment) -> Cell {
    let limit = limit(signal, now).filter(|_| signal.state(now).is_fresh());
    let tone = if limit.is_some() { Tone::Plain } else { judged(signal, now).map_or(Tone::Plain, Tone::from) };
    Cell::spark(spark(&signal.series, now, 30, |b| b.last), tone).limited(limit).scaled(whole(signal))
}

/// A part of a whole is drawn as one: the top is all of it.
fn whole(signal: &SignalState) -> Option<f32> {
    matches!(signal.readout.value(), Some(SignalValue::Ratio(ratio)) if (0.0..=1.0).contains(ratio)).then_some(1.0)
}

/// The verdict of a signal; a value that is read and has no threshold is not judged.
#[must_use]
pub fn judged(signal: &SignalState, now: Moment) -> Option<Verdict> {
    let judged = signal.spec.threshold.is_some() || !signal.state(now).is_fresh();
    judged.then(|| signal.verdict(now))
}

/// A value that is past its threshold, with it: `1.61k > 1.00k for 5m`.
#[must_use]
pub fn crossed_words(signal: &SignalState, now: Moment) -> Option<Safe> {
    let (value, threshold) = (signal.readout.value()?, signal.spec.threshold.as_ref()?);
    let value = words_of(value, spec_unit(signal), now);
    let comma = if threshold.comparison == Comparison::OlderThan { "," } else { "" };
    Some(Safe::of(format!("{value}{comma} {}", bad_when(signal, threshold, now))))
}

/// The signals that are not ok, a line each, in at most so many lines: the worst first, the rest as a count.
pub fn concerns(model: &Model, most: usize) -> Vec<Line> {
    let (telemetry, now) = model.shown();
    let mut wrong: Vec<(Verdict, &SignalState)> = telemetry
        .signals
        .iter()
        .filter_map(|s| Some((judged(s, now)?, s)))
        .filter(|(verdict, s)| *verdict > Verdict::Ok && !matches!(s.state(now), PaneState::Loading { .. }))
        .collect();
    wrong.sort_by_key(|(verdict, _)| std::cmp::Reverse(*verdict));
    let left = wrong.len().saturating_sub(most);
    let mut lines: Vec<Line> =
        wrong.into_iter().take(most).map(|(verdict, signal)| told(signal, verdict, now)).collect();
    if let (Some(last), 1..) = (lines.last_mut(), left) {
        last.push(span(format!(" +{left} more"), Tone::Strong));
    }
    lines
}

fn told(signal: &SignalState, verdict: Verdict, now: Moment) -> Line {
    let state = signal.state(now);
    let why = if state.is_fresh() { crossed_words(signal, now) } else { Some(old_words(&signal.readout, &state, now)) };
    vec![
        span(format!("{:<4} ", verdict.badge()), verdict.into()),
        span(signal.spec.name.clone(), Tone::Strong),
        span(why.map(|why| format!(" {why}")).unwrap_or_default(), verdict.into()),
    ]
}

/// A threshold in the signal's unit: `> 500ms for 1m`.
#[must_use]
pub fn bad_when(signal: &SignalState, threshold: &Threshold, now: Moment) -> Safe {
    let sign = match threshold.comparison {
        Comparison::Above => ">",
        Comparison::AtLeast => ">=",
        Comparison::Below => "<",
        Comparison::AtMost => "<=",
        Comparison::Equal => "==",
        Comparison::NotEqual => "!=",
        Comparison::OlderThan => return Safe::of(threshold.to_string()),
    };
    let hold = if threshold.hold.is_zero() { String::new() } else { format!(" for {}", figure::span(threshold.hold)) };
    Safe::of(format!("{sign} {}{hold}", bound_words(signal, threshold, now)))
}

fn bound_words(signal: &SignalState, threshold: &Threshold, now: Moment) -> Safe {
    let bound = match signal.readout.value() {
        Some(SignalValue::Ratio(_)) => SignalValue::Ratio(threshold.bound),
        _ => SignalValue::Number(threshold.bound),
    };
    match bound {
        SignalValue::Ratio(ratio) => Safe::of(figure::bound_percent(ratio)),
        bound => words_of(&bound, spec_unit(signal), now),
    }
}

/// A value in its unit.
#[must_use]
pub fn words_of(value: &SignalValue, unit: &str, now: Moment) -> Safe {
    Safe::of(match (value, unit) {
        (SignalValue::Ratio(ratio), _) => figure::percent(*ratio),
        (SignalValue::Instant(at), _) => {
            let age = now.wall.timestamp_micros() as f64 / 1e6 - at;
            format!("{} ago", figure::age(std::time::Duration::from_secs_f64(age.clamp(0.0, 1e9))))
        }
        (SignalValue::Number(n), "bytes") => figure::bytes(n.clamp(0.0, 1e18) as u64),
        (SignalValue::Number(n), "s") => super::services::seconds(*n),
        (SignalValue::Number(n), "ms") => super::services::seconds(*n / 1000.0),
        (SignalValue::Number(n), "") => figure::count(*n),
        (SignalValue::Number(n), unit) if unit.starts_with('/') => format!("{}{unit}", figure::count(*n)),
        (SignalValue::Number(n), unit) => format!("{} {unit}", figure::count(*n)),
    })
}
