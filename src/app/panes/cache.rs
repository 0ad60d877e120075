//! Caches: hit ratio as a delta over the last minute against its target, and what Redis tells beside it.

use crate::app::Model;
use crate::app::document::{Line, Span};
use crate::app::limit::Limit;
use crate::app::pane::{Block, Chart, PaneId, PaneView};
use crate::app::table::{Align, Cell, Column, Row, RowKey, Table, Tone};
use crate::app::telemetry::cache::{Basis, CacheState};
use crate::app::telemetry::metrics::TargetState;
use crate::app::view::Page;
use crate::config::resolved::{CacheSource, OffKind};
use crate::domain::{Moment, PaneState, Safe, Verdict, figure};

use super::{
    aged, ago, arranged, line, marks, off, old_words, or_frozen, served, signals, span, spark, stacked, table_block,
};

const fn column(title: &'static str, min: u16, ideal: u16, align: Align, drop_order: u8) -> Column {
    Column { title, min, ideal, grows: false, align, drop_order }
}

const COLUMNS: &[Column] = &[
    column("", 4, 4, Align::Left, 0),
    column("cache", 12, 24, Align::Left, 0),
    column("hits", 6, 6, Align::Right, 0),
    column("target", 6, 6, Align::Right, 7),
    Column { title: "basis", min: 10, ideal: 18, grows: true, align: Align::Left, drop_order: 8 },
    column("ops/s", 6, 6, Align::Right, 6),
    column("memory", 9, 9, Align::Right, 5),
    column("clients", 7, 7, Align::Right, 4),
    column("keys", 6, 6, Align::Right, 3),
    column("evicted/s", 9, 9, Align::Right, 2),
    column("role", 6, 8, Align::Left, 1),
];

pub fn table(model: &Model) -> Table {
    let (telemetry, now) = model.shown();
    let mut caches: Vec<_> = telemetry.caches.iter().enumerate().collect();
    caches.sort_by_key(|(_, cache)| std::cmp::Reverse(cache.verdict(now)));
    let rows = caches.into_iter().map(|(at, cache)| row(at, cache, now)).collect();
    arranged(model, PaneId::Cache, COLUMNS, rows)
}

pub fn view(model: &Model, width: u16, height: u16) -> PaneView {
    let (telemetry, now) = model.shown();
    let caches = &telemetry.caches;
    let mut title = vec![span("Cache", Tone::Strong)];
    title.extend(match caches.as_slice() {
        [one] => of_one(one, now),
        all => of_several(all, now),
    });
    // A cache that stands in the table is not told twice, of another window.
    let is_listed = |target: &TargetState| caches.iter().any(|cache| is_same(cache, target));
    let unlisted = telemetry.metrics.targets.iter().filter(|target| !is_listed(target));
    let counted: Vec<Line> = unlisted.filter_map(|target| served::cache(target, now)).collect();
    let states: Vec<PaneState> = caches.iter().map(|c| c.state(now)).collect();
    let state = match states.as_slice() {
        [] if !counted.is_empty() => PaneState::Ok,
        [] if model.discovering > 0 => PaneState::Loading { waiting: now.since(model.started) },
        [] => off(
            model,
            OffKind::Cache,
            "no cache is named",
            "--redis redis://HOST:PORT, or [[cache]] in the configuration",
        ),
        [one] => one.clone(),
        all if all.iter().all(|s| matches!(s, PaneState::Loading { .. })) => {
            all.first().cloned().unwrap_or(PaneState::Ok)
        }
        all if all.iter().all(|s| !s.is_fresh()) => {
            all.iter().max_by_key(|s| s.verdict()).cloned().unwrap_or(PaneState::Ok)
        }
        _ => PaneState::Ok,
    };
    let mut blocks = Vec::new();
    if !caches.is_empty() {
        let told = if caches.len() > 1 { caches.iter().filter(|c| !c.state(now).is_fresh()).count() } else { 0 };
        let room = usize::from(height).saturating_sub(caches.len() + 1 + counted.len());
        let signals =
            if is_alone(model) { signals::concerns(model, room.saturating_sub(told).max(1)) } else { Vec::new() };
        // Every cache has its row: where there is none left, the title tells of the signals.
        let (signals, in_title) = if room > told { (signals, Vec::new()) } else { (Vec::new(), signals) };
        if let Some(first) = in_title.into_iter().next() {
            title.push(span("  ", Tone::Dim));
            title.extend(first);
        }
        let room = room.saturating_sub(signals.len());
        let buckets = usize::from(width.saturating_sub(26)).clamp(8, 180);
        let charts = caches.iter().map(|c| chart(c, now, buckets)).collect();
        blocks.extend(stacked(charts, room.saturating_sub(told)));
        blocks.push(table_block(model, PaneId::Cache, table(model)));
        if caches.len() > 1 {
            blocks.extend(caches.iter().filter_map(|c| {
                let state = c.state(now);
                (!state.is_fresh()).then(|| {
                    Block::Line(line(format!("{}: {}", c.spec.name, old_words(&c.readout, &state, now)), Tone::Unknown))
                })
            }));
        }
        blocks.extend(signals.into_iter().map(Block::Line));
    }
    // A table takes what is left: these stand before it.
    let at = blocks.iter().position(|block| matches!(block, Block::Table { .. })).unwrap_or(blocks.len());
    blocks.splice(at..at, counted.into_iter().map(Block::Line));
    // The oldest of what is shown.
    let oldest = caches.iter().min_by_key(|c| c.readout.last().map_or(std::time::Duration::MAX, |(_, at)| at.boot));
    PaneView {
        id: PaneId::Cache,
        title,
        corner: oldest.map(|c| ago(&c.readout, c.spec.interval, now)).unwrap_or_default(),
        state: or_frozen(model, state),
        blocks,
    }
}

fn of_one(cache: &CacheState, now: Moment) -> Vec<Span> {
    let (ratio, basis) = cache.hit_ratio();
    let state = cache.state(now);
    let mut out: Vec<Span> = aged(&cache.readout, &state, now).into_iter().collect();
    out.push(span(format!(" {}", cache.spec.name), if state.is_fresh() { Tone::Plain } else { Tone::Unknown }));
    if state.is_fresh() {
        if let Some(ratio) = ratio {
            out.push(span(format!(" hit {}", figure::percent(ratio)), cache.verdict(now).into()));
        }
        out.push(span(format!(" ({})", basis_words(basis)), Tone::Dim));
        out.push(span(format!(" target {}", figure::bound_percent(cache.spec.target_ratio)), Tone::Dim));
    }
    out
}

/// Each has its row: the title counts them.
fn of_several(caches: &[CacheState], now: Moment) -> Vec<Span> {
    let count = |verdict| caches.iter().filter(|cache| cache.verdict(now) == verdict).count();
    let counts = Verdict::WORST_FIRST.into_iter().rev().map(|verdict| (verdict, count(verdict)));
    counts
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| span(format!(" {count} {verdict}"), verdict.into()))
        .collect()
}

/// Whether what a server counts of its cache is what the cache's own endpoint tells.
fn is_same(cache: &CacheState, target: &TargetState) -> bool {
    match &cache.spec.source {
        CacheSource::Endpoint { request, .. } => request.url.origin() == target.spec.request.url.origin(),
        CacheSource::Redis { .. } => false,
    }
}

/// The overview was too small for a pane of signals: those that are not ok are told here.
fn is_alone(model: &Model) -> bool {
    model.view.page == Page::Overview
        && !model.view.zoomed
        && model.geometry.panes.iter().all(|(pane, _)| *pane != PaneId::Signals)
}

fn chart(cache: &CacheState, now: Moment, buckets: usize) -> Chart {
    let (ratio, _) = cache.hit_ratio();
    let tone = match ratio {
        _ if !cache.state(now).is_fresh() => Tone::Unknown,
        Some(_) => cache.verdict(now).into(),
        None => Tone::Dim,
    };
    Chart {
        label: cache.spec.name.clone(),
        values: spark(&cache.series, now, buckets, |b| b.last),
        top: Some(1.0),
        marks: marks(&cache.series, now, buckets),
        figure: ratio.map_or_else(|| Safe::of("-"), |r| Safe::of(figure::percent(r))),
        tone,
        figure_width: 6,
        limit: Some(target(cache)),
        ..Chart::default()
    }
}

fn target(cache: &CacheState) -> Limit {
    let target = cache.spec.target_ratio;
    Limit::target(target, Safe::of(format!("target {}", figure::bound_percent(target))))
}

/// What the ratio is based on, in words.
#[must_use]
pub fn basis_words(basis: Basis) -> String {
    match basis {
        Basis::Delta { over, .. } => format!("last {}", figure::span(over)),
        Basis::TooFew { over, lookups } => {
            format!("last {}, {lookups} look-ups: too little traffic to judge", figure::span(over))
        }
        Basis::Lifetime => "lifetime".to_owned(),
        Basis::NoTraffic(over) => format!("no traffic for {}", figure::span(over)),
        Basis::NotYet => "needs two readings".to_owned(),
    }
}

fn row(at: usize, cache: &CacheState, now: Moment) -> Row {
    let reading = cache.readout.value();
    let redis = reading.and_then(|r| r.redis.as_ref());
    let (ratio, basis) = cache.hit_ratio();
    let verdict = cache.verdict(now);
    let state = cache.state(now);
    let tone = match ratio {
        _ if !state.is_fresh() => Tone::Unknown,
        Some(_) if cache.is_under_target() => Tone::Warn,
        _ => Tone::Plain,
    };
    let beside = if state.is_fresh() { Tone::Plain } else { Tone::Dim };
    let told = match basis {
        _ if !state.is_fresh() => old_words(&cache.readout, &state, now),
        basis => Safe::of(basis_words(basis)),
    };
    let role = redis.map_or_else(
        || Safe::of(if matches!(cache.spec.source, CacheSource::Endpoint { .. }) { "endpoint" } else { "-" }),
        |r| r.role.clone(),
    );
    Row {
        key: RowKey::Index(at),
        cells: vec![
            Cell::verdict(verdict),
            Cell::name(cache.spec.name.clone()),
            Cell::figure(ratio, figure::percent, tone),
            Cell::figure(Some(cache.spec.target_ratio), figure::bound_percent, Tone::Dim),
            Cell::text(told, Tone::Dim),
            Cell::figure(redis.and_then(|r| r.ops_per_second), figure::count, beside),
            Cell::figure(redis.and_then(|r| r.used_memory).map(|b| b as f64), |b| figure::bytes(b as u64), beside),
            Cell::figure(redis.and_then(|r| r.clients).map(|n| n as f64), figure::count, beside),
            Cell::figure(redis.and_then(|r| r.keys).map(|n| n as f64), figure::count, beside),
            Cell::figure(cache.evictions_per_second, figure::number, beside),
            Cell::text(role, Tone::Dim),
        ],
    }
}
