//! What the server told of itself: version, role, traffic, size, and what watching it costs.

use crate::app::Model;
use crate::app::document::Line;
use crate::app::limit::Limit;
use crate::app::pane::{Block, Chart, PaneId, PaneView};
use crate::app::table::Tone;
use crate::app::telemetry::database::DatabaseState;
use crate::database::judge::SLOTS_DEGRADED;
use crate::domain::{Moment, Safe, figure};
use crate::metrics::Bucket;

use super::connections::{none, shown_database, told_there};
use super::{aged, ago, line, marks_row, or_frozen, span, spark};

/// Clocks that differ by more are worth a word.
const SKEW_SECONDS: f64 = 2.0;
/// Columns of the longest figure, `100 of 1997`.
const FIGURE: u16 = 11;

pub fn view(model: &Model, width: u16) -> PaneView {
    let now = model.shown().1;
    let mut title = vec![span("Server", Tone::Strong)];
    let Some(database) = shown_database(model) else {
        return PaneView {
            id: PaneId::Database,
            title,
            corner: Safe::default(),
            state: none(model),
            blocks: Vec::new(),
        };
    };
    let state = database.state(now);
    title.extend(aged(&database.server, &state, now));
    title.push(span(format!(" {}", database.spec.name), Tone::Plain));
    let mut blocks: Vec<Block> = identity(database).into_iter().map(Block::Line).collect();
    if database.server.value().is_some() {
        blocks.push(Block::Line(traffic(database)));
        blocks.extend(charts(database, now, width).into_iter().map(Block::Chart));
        let cost = database.own_cost;
        blocks.push(Block::Line(line(
            format!("our own {} statements took {}", cost.statements, figure::duration(cost.waited)),
            Tone::Dim,
        )));
    }
    if blocks.is_empty() {
        blocks.extend(told_there(model, database, &state));
    }
    PaneView {
        id: PaneId::Database,
        title,
        corner: ago(&database.server, database.spec.interval, now),
        state: or_frozen(model, state),
        blocks,
    }
}

fn identity(database: &DatabaseState) -> Vec<Line> {
    let Some(server) = database.server.value() else { return Vec::new() };
    let role = if server.replica { "replica" } else { "primary" };
    let mut out = vec![vec![
        span(format!("PostgreSQL {} ", server.version), Tone::Strong),
        span(role, if server.replica { Tone::Accent } else { Tone::Ok }),
        span(
            format!("  {} on {} as {}", server.database.one_line(), server.address, server.user.one_line()),
            Tone::Dim,
        ),
    ]];
    if server.pooler {
        out.push(line("through a pooler: these are the server's sessions", Tone::Accent));
    }
    if server.clock_skew_seconds.abs() > SKEW_SECONDS {
        out.push(line(format!("the server's clock is {:.1}s off ours", server.clock_skew_seconds), Tone::Warn));
    }
    out
}

fn traffic(database: &DatabaseState) -> Line {
    let mut out = Line::new();
    if let Some(rates) = &database.rates {
        out.push(span(
            format!(
                "commits {}/s  rollbacks {}/s",
                figure::number(rates.commits_per_second),
                figure::number(rates.rollbacks_per_second)
            ),
            Tone::Plain,
        ));
        let hit = rates.hit_ratio.map_or_else(|| "no traffic".to_owned(), figure::percent);
        out.push(span(format!("  buffer hit {hit}"), Tone::Plain));
        if let Some(target) = database.spec.hit_target {
            out.push(span(format!(" (target {})", figure::percent(target)), Tone::Dim));
        }
        if rates.deadlocks > 0 {
            out.push(span(format!("  deadlocks {}", rates.deadlocks), Tone::Bad));
        }
        if rates.temp_bytes > 0 {
            out.push(span(format!("  temp {}", figure::bytes(rates.temp_bytes as u64)), Tone::Warn));
        }
    } else {
        out.push(span("rates need two readings", Tone::Dim));
    }
    if let Some(size) = database.counters.value().and_then(|c| c.size_bytes) {
        out.push(span(format!("  size {}", figure::bytes(size.max(0) as u64)), Tone::Dim));
    }
    out
}

pub fn charts(database: &DatabaseState, now: Moment, width: u16) -> Vec<Chart> {
    let buckets = usize::from(width.saturating_sub(26)).clamp(8, 180);
    let used =
        database.slots.value().map_or_else(|| Safe::of("-"), |s| Safe::of(format!("{} of {}", s.used, s.usable())));
    let top = database.slots.value().map(|s| s.usable() as f32);
    let target = database.spec.hit_target;
    let rate =
        |figure: Option<f64>, words: fn(f64) -> String| figure.map_or_else(|| Safe::of("-"), |v| Safe::of(words(v)));
    let mut charts = vec![
        Chart {
            label: Safe::of("connections"),
            values: spark(&database.used, now, buckets, |b| b.max),
            top,
            figure: used,
            figure_width: FIGURE,
            limit: top.map(|top| Limit::ceiling(f64::from(top) * SLOTS_DEGRADED, Safe::default())),
            ..Chart::default()
        },
        Chart {
            label: Safe::of("commits/s"),
            values: spark(&database.commits, now, buckets, Bucket::mean),
            figure: rate(database.rates.as_ref().map(|r| r.commits_per_second), figure::number),
            ..Chart::default()
        },
        Chart {
            label: Safe::of("buffer hit"),
            values: spark(&database.hit_ratio, now, buckets, Bucket::mean),
            top: Some(1.0),
            figure: rate(database.rates.as_ref().and_then(|r| r.hit_ratio), figure::percent),
            limit: target.map(|target| Limit::target(target, Safe::default())),
            ..Chart::default()
        },
    ];
    charts.extend(marks_row([&database.used].into_iter(), now, buckets));
    charts
}
