//! Signals: one row each, with its course and its threshold.

use crate::app::Model;
use crate::app::limit::Limit;
use crate::app::pane::{Block, Chart, PaneId, PaneView};
use crate::app::table::{Align, Cell, Column, Content, Row, RowKey, SortValue, Table, Tone};
use crate::app::telemetry::signal::SignalState;
use crate::config::resolved::{OffKind, SignalSource};
use crate::domain::signal::SignalValue;
use crate::domain::threshold::{Crossing, pending_words};
use crate::domain::{Moment, PaneState, Safe, Verdict, figure};

use super::{arranged, off, or_frozen, span, spark, stacked, table_block};

const fn column(title: &'static str, min: u16, ideal: u16, align: Align, drop_order: u8) -> Column {
    Column { title, min, ideal, grows: false, align, drop_order }
}

const COLUMNS: &[Column] = &[
    column("", 4, 4, Align::Left, 0),
    Column { title: "signal", min: 16, ideal: 28, grows: true, align: Align::Left, drop_order: 0 },
    column("value", 9, 10, Align::Right, 0),
    column("course", 8, 20, Align::Left, 3),
    column("bad when", 14, 26, Align::Left, 2),
    column("from", 9, 9, Align::Left, 1),
];

/// A chart with fewer rows says no more than the sparkline of its row.
const LEAST_ROWS: usize = 3;

pub fn table(model: &Model) -> Table {
    let (telemetry, now) = model.shown();
    let mut signals: Vec<_> = telemetry.signals.iter().enumerate().collect();
    signals.sort_by_key(|(_, signal)| std::cmp::Reverse(signal.verdict(now)));
    let rows = signals.into_iter().map(|(at, signal)| row(at, signal, now)).collect();
    arranged(model, PaneId::Signals, COLUMNS, rows)
}

pub fn view(model: &Model, width: u16, height: u16) -> PaneView {
    let (telemetry, now) = model.shown();
    let crossed = telemetry.signals.iter().filter(|s| s.verdict(now) == Verdict::Degraded).count();
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
    let bound = match signal.readout.value() {
        Some(SignalValue::Ratio(_)) => SignalValue::Ratio(threshold.bound),
        _ => SignalValue::Number(threshold.bound),
    };
    Limit::of(threshold, words_of(&bound, spec_unit(signal), now))
}

fn spec_unit(signal: &SignalState) -> &str {
    signal.spec.unit.0.as_str()
}

fn row(at: usize, signal: &SignalState, now: Moment) -> Row {
    let spec = &signal.spec;
    let verdict = signal.verdict(now);
    let state = signal.state(now);
    let value = match signal.readout.value() {
        Some(value) => Cell {
            content: Content::Text(words_of(value, spec.unit.0.as_str(), now)),
            tone: if state.is_fresh() { verdict.into() } else { Tone::Dim },
            sort: SortValue::Number(value.number()),
        },
        None => Cell::figure(None, figure::number, Tone::Dim),
    };
    let bad_when = match (&spec.threshold, signal.crossing) {
        _ if !state.is_fresh() => state.words(),
        (Some(threshold), Crossing::Pending { since }) => {
            Safe::of(format!("{threshold}, {}", pending_words(threshold, since, now)))
        }
        (Some(threshold), Crossing::Crossed { since }) => {
            Safe::of(format!("{threshold}, since {}", figure::age(now.since(since))))
        }
        (Some(threshold), _) => Safe::of(threshold.to_string()),
        (None, _) => Safe::of("-"),
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
            Cell::verdict(verdict),
            Cell::text(spec.name.clone(), Tone::Strong),
            value,
            course(signal, now),
            Cell::text(bad_when, if state.is_fresh() { Tone::Dim } else { Tone::Unknown }),
            Cell::text(Safe::of(from), Tone::Dim),
        ],
    }
}

/// With a threshold the values past it stand out; without one all wear the verdict.
fn course(signal: &SignalState, now: Moment) -> Cell {
    let limit = limit(signal, now).filter(|_| signal.state(now).is_fresh());
    let tone = if limit.is_some() { Tone::Plain } else { signal.verdict(now).into() };
    Cell::spark(spark(&signal.series, now, 30, |b| b.last), tone).limited(limit)
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
        (SignalValue::Number(n), unit) => format!("{} {unit}", figure::count(*n)),
    })
}
