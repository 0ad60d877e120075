//! From the model to panes: what each shows, in which words. Pure; the width and height come from the layout.

mod alerts;
mod cache;
mod connections;
mod database;
mod doctor;
mod latency;
mod logs;
mod metrics;
mod served;
mod services;
mod sessions;
mod signals;
mod statements;
mod timeline;
mod worded;

use std::sync::Arc;
use std::time::Duration;

use crate::app::Model;
use crate::app::document::{Line, Span};
use crate::app::pane::{Block, Chart, PaneId, PaneView};
use crate::app::table::{Row, Table, Tone};
use crate::config::resolved::{OffKind, OffSpec};
use crate::domain::{Moment, PaneState, Readout, Safe, figure};
use crate::metrics::series::{Series, Slot};

pub use alerts::{is_ok_row, meant as meant_alert, silence_of, silence_there};
pub use cache::basis_words;
pub use connections::shown_database;
pub use doctor::{badge as finding_badge, chosen as chosen_finding};
pub use logs::searched_lines;
pub use metrics::selected as selected_told;
pub use served::basis as requests_basis;
pub use services::FEW;
pub use signals::{bad_when as threshold_words, crossed_words, judged as signal_verdict, words_of};
pub use timeline::newest as newest_happening;
use worded::{Wanted, worded};

/// What a pane shows inside a frame of this width and height.
#[must_use]
pub fn view(model: &Model, pane: PaneId, width: u16, height: u16) -> PaneView {
    let mut view = unfiltered(model, pane, width, height);
    let filter = model.view.cursors.get(&pane).map(|cursor| cursor.filter.as_str()).unwrap_or_default();
    if !filter.is_empty() {
        let at = view.title.len().min(1);
        view.title.insert(at, span(format!(" /{filter}"), Tone::Accent));
    }
    view
}

fn unfiltered(model: &Model, pane: PaneId, width: u16, height: u16) -> PaneView {
    match pane {
        PaneId::Services => services::view(model, height),
        PaneId::Latency => latency::view(model, width, height),
        PaneId::Connections => connections::view(model, width, height),
        PaneId::SlowQueries => statements::view(model, height),
        PaneId::Cache => cache::view(model, width, height),
        PaneId::Signals => signals::view(model, width, height),
        PaneId::Logs => logs::view(model, width, height),
        PaneId::Sessions => sessions::view(model, height),
        PaneId::Database => database::view(model, width),
        PaneId::Actions => crate::app::actions::page::view(model, height),
        PaneId::Timeline => timeline::view(model, height),
        PaneId::Targets => metrics::targets_view(model),
        PaneId::Series => metrics::series_view(model),
        PaneId::Course => metrics::course_view(model, height),
        PaneId::Alerts => alerts::view(model, height),
        PaneId::Findings => doctor::view(model, width, height),
    }
}

/// The table of a pane, arranged as its cursor says, to move in it: its rows may be without cells. `None` for panes
/// without one.
#[must_use]
pub fn table(model: &Model, pane: PaneId) -> Option<Table> {
    match pane {
        PaneId::Services => Some(services::table(model, Wanted::Keys)),
        PaneId::SlowQueries => Some(statements::table(model, Wanted::Keys)),
        PaneId::Signals => Some(signals::table(model)),
        PaneId::Sessions => Some(sessions::table(model, Wanted::Keys)),
        PaneId::Cache => Some(cache::table(model)),
        PaneId::Timeline => Some(timeline::table(model)),
        PaneId::Targets => Some(metrics::targets(model)),
        PaneId::Series => Some(metrics::series(model)),
        PaneId::Alerts => Some(alerts::table(model, Wanted::Keys)),
        PaneId::Findings => Some(doctor::table(model, Wanted::Keys)),
        _ => None,
    }
}

/// The series that is selected on the page of metrics.
#[must_use]
pub fn selected_series(model: &Model) -> Option<crate::metrics::labels::Labels> {
    metrics::selected(model).map(|of| of.labels.clone())
}

fn span(text: impl Into<Safe>, tone: Tone) -> Span {
    Span { text: text.into(), tone }
}

fn line(text: impl Into<Safe>, tone: Tone) -> Line {
    vec![span(text, tone)]
}

/// How often it is asked, for the corner of a pane.
fn every(interval: Duration) -> Safe {
    Safe::of(format!("every {}", figure::span(interval)))
}

/// How old the reading is that is shown, for the corner of a pane; before the first how often it is asked.
fn ago<T>(readout: &Readout<T>, interval: Duration, now: Moment) -> Safe {
    readout.last().map_or_else(|| every(interval), |(_, at)| Safe::of(format!("{} ago", figure::age(now.since(at)))))
}

/// What is shown after a failure is of before: its age, for the title.
fn aged<T>(readout: &Readout<T>, state: &PaneState, now: Moment) -> Option<Span> {
    let failed = matches!(state, PaneState::Error { .. } | PaneState::Denied { .. });
    let (_, at) = readout.last().filter(|_| failed)?;
    Some(span(format!(" STALE {}", figure::age(now.since(at))), Tone::Unknown))
}

/// The same in a cell, with why.
fn old_words<T>(readout: &Readout<T>, state: &PaneState, now: Moment) -> Safe {
    match (readout.last(), state) {
        (Some((_, at)), PaneState::Error { cause, times, .. }) => {
            Safe::of(format!("STALE {}, {} {times}x", figure::age(now.since(at)), cause.short()))
        }
        (Some((_, at)), PaneState::Denied { .. }) => {
            Safe::of(format!("STALE {}, {}", figure::age(now.since(at)), state.words()))
        }
        _ => state.words(),
    }
}

/// A time of day, in the zone that the screen shows.
fn wall(model: &Model, at: Moment) -> String {
    if model.view.local_time {
        at.wall.with_timezone(&model.local_offset).format("%H:%M:%S%:z").to_string()
    } else {
        at.wall.format("%H:%M:%SZ").to_string()
    }
}

/// The last `n` buckets of a series, as a sparkline wants them.
fn spark(
    series: &Series,
    now: Moment,
    n: usize,
    figure: impl Fn(&crate::metrics::series::Bucket) -> f64,
) -> Arc<[Option<f32>]> {
    let shown = |slot: Slot| match slot {
        Slot::Empty => None,
        Slot::Failed => Some(f32::NAN), // drawn as a cross: asked, and no figure came
        Slot::Filled(bucket) => Some(figure(&bucket) as f32),
    };
    series.slots(now, n).map(shown).collect()
}

/// Columns of a mark among the last `n` buckets.
fn marks(series: &Series, now: Moment, n: usize) -> Vec<usize> {
    series.marks(now, n).map(|(column, _)| column).collect()
}

/// A row for the marks of charts that have one row each: there a mark would hide what was measured. None without any.
fn marks_row<'a>(series: impl Iterator<Item = &'a Series>, now: Moment, n: usize) -> Option<Chart> {
    let mut found: Vec<usize> = series.flat_map(|series| marks(series, now, n)).collect();
    found.sort_unstable();
    found.dedup();
    let label = Safe::of("marks");
    (!found.is_empty()).then(|| Chart { label, values: vec![None; n].into(), marks: found, ..Chart::default() })
}

/// Rows of the highest chart.
const HIGHEST: usize = 8;

/// From this height on charts have air between them.
const AIRY: usize = 4;

/// Charts below each other in `room` rows: all of one height, those that find no room left out.
fn stacked(mut charts: Vec<Chart>, room: usize) -> Vec<Block> {
    charts.truncate(room);
    let count = charts.len().max(1);
    let airy = (room + 1).checked_div(count).is_some_and(|rows| rows > AIRY);
    let rows = if airy { (room + 1) / count - 1 } else { room / count };
    let mut blocks = Vec::new();
    for chart in charts {
        if airy && !blocks.is_empty() {
            blocks.push(Block::Line(Line::new()));
        }
        blocks.push(Block::Chart(Chart { more_rows: rows.clamp(1, HIGHEST) as u16 - 1, ..chart }));
    }
    blocks
}

/// The table block of a pane with its cursor.
fn table_block(model: &Model, pane: PaneId, table: Table) -> Block {
    let cursor = model.view.cursor(pane);
    let selected = (model.view.focused() == pane).then_some(cursor.selected).flatten();
    Block::Table { table, selected, offset: cursor.offset, sort: cursor.sort }
}

/// Rows arranged as the pane's cursor says.
fn arranged(model: &Model, pane: PaneId, columns: &'static [crate::app::table::Column], rows: Vec<Row>) -> Table {
    let cursor = model.view.cursor(pane);
    Table::arranged(columns, rows, &cursor.filter, cursor.sort)
}

/// The state of a pane that has no source at all: off, with the line that turns it on.
fn off(model: &Model, kind: OffKind, why: &str, turn_on: &str) -> PaneState {
    let named: Vec<&OffSpec> = model.off.iter().filter(|o| o.kind == kind).collect();
    match named.as_slice() {
        [] => PaneState::Off { why: Safe::of(why), turn_on: Safe::of(turn_on) },
        [one, ..] => {
            PaneState::Off { why: Safe::of(format!("{}: {}", one.name, one.why)), turn_on: one.turn_on.clone() }
        }
    }
}

/// Frozen wins over every other state: the whole screen stands still.
fn or_frozen(model: &Model, state: PaneState) -> PaneState {
    if model.frozen.is_some() && state.is_fresh() { PaneState::Frozen } else { state }
}
