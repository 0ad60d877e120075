//! One pane: frame, title, state in words, then its blocks from top to bottom. Old values stay, greyed; where there is
//! nothing to show, the middle says why.

use super::paint::Canvas;
use super::screen::{Frame, Placed};
use super::widgets::frame::Heading;
use super::widgets::{bar, chart, frame, histogram, log, state, table};
use crate::app::document::Span;
use crate::app::geometry::{List, Rectangle};
use crate::app::pane::{Block, Chart, PaneView};
use crate::app::table::Tone;
use crate::domain::{PaneState, Safe};

/// A list that takes what is left gets at least this many rows before charts do.
const LIST_ROWS: u16 = 3;

/// How a pane is to be drawn.
#[derive(Clone, Copy)]
pub struct Setting {
    /// What surrounds it.
    pub frame: Frame,
    /// It has the focus.
    pub focused: bool,
    /// Columns scrolled to the right in log lines.
    pub scroll_right: usize,
}

/// Draws a pane.
pub fn draw(canvas: &mut Canvas<'_>, placed: Placed, view: &PaneView, setting: Setting) -> Drawn {
    let alone = view.blocks.is_empty();
    let mut drawn = Drawn { rows: placed.inner.height, ..Drawn::default() };
    if alone {
        state::in_middle(canvas, placed.inner, &view.state);
    } else {
        canvas.muted = is_old(&view.state);
        drawn = blocks(canvas, placed.inner, &view.blocks, setting);
    }
    canvas.muted = is_old(&view.state);
    let mut title = view.title.clone();
    let state = match &view.state {
        // Before the figures in the title, which are as old.
        PaneState::Stale { .. } if !alone => {
            let words = Safe::of(format!(" {}", view.state.words()));
            title.insert(title.len().min(1), Span { text: words, tone: Tone::Unknown });
            None
        }
        other => state::in_title(canvas, other, alone),
    };
    let heading =
        Heading { title: &title, state, note: drawn.note.take(), corner: &view.corner, focused: setting.focused };
    frame::draw(canvas, placed.outer, setting.frame, &heading);
    canvas.muted = false;
    drawn
}

/// What is shown is not of now.
fn is_old(state: &PaneState) -> bool {
    !matches!(state, PaneState::Ok | PaneState::Frozen | PaneState::Loading { .. } | PaneState::Empty { .. })
}

/// What a pane shows of itself.
#[derive(Default)]
pub struct Drawn {
    /// Rows of its list, or of all of it.
    pub rows: u16,
    /// Its list.
    pub list: Option<List>,
    note: Option<(Safe, Safe)>,
}

fn blocks(canvas: &mut Canvas<'_>, area: Rectangle, blocks: &[Block], setting: Setting) -> Drawn {
    let heights = heights(blocks, area.height);
    let (label, figure) = chart_columns(canvas, area.width, blocks);
    let mut drawn = Drawn { rows: area.height, ..Drawn::default() };
    let mut y = area.y;
    let charts = blocks.iter().filter(|block| matches!(block, Block::Chart(_))).count();
    let mut charts_seen = 0;
    for (block, height) in blocks.iter().zip(heights) {
        let place = Rectangle { y, height, ..area };
        y += height;
        if height == 0 {
            continue;
        }
        match block {
            Block::Line(line) => {
                canvas.line(place.x, place.y, place.width, line);
            }
            Block::Bar { parts, limit } => {
                bar::draw(canvas, (place.x, place.y, place.width), parts.iter().copied(), *limit);
            }
            Block::Chart(wanted) => {
                charts_seen += 1;
                chart::draw(canvas, place, wanted, label, figure);
            }
            Block::Table { table, selected, offset, sort } => {
                let shown = table::draw(canvas, place, table, selected.as_ref(), *offset, *sort);
                drawn = Drawn { rows: shown.list.area.height, list: Some(shown.list), note: shown.note };
            }
            Block::Log(rows) => {
                drawn.rows = log::draw(canvas, place, rows, setting.scroll_right);
                let cursor = rows.iter().position(|row| row.selected);
                drawn.list = Some(List { area: place, cursor, ..List::default() });
            }
            Block::Histogram { all, part, label } => histogram::draw(canvas, place, all, part, label),
        }
    }
    if drawn.note.is_none() && charts_seen < charts {
        let words = |between: &str| Safe::of(format!("{charts_seen}{between}{charts}"));
        drawn.note = Some((words(" of "), words("/")));
    }
    drawn
}

/// The height of each block, 0 for one that is left out: lists share what is left. When that is too little for them,
/// high charts shrink to one row, then histograms go, then charts, the last first.
fn heights(blocks: &[Block], total: u16) -> Vec<u16> {
    let mut heights: Vec<u16> = blocks.iter().map(fixed).collect();
    let sum = |heights: &[u16]| heights.iter().fold(0u16, |sum, h| sum.saturating_add(*h));
    let lists = blocks.iter().filter(|block| fixed(block) == 0).count() as u16;
    let wanted = if lists == 0 { 0 } else { lists.saturating_mul(LIST_ROWS).min(total) };
    let histogram = |block: &Block| matches!(block, Block::Histogram { .. });
    let chart = |block: &Block| matches!(block, Block::Chart(_));
    for (leaves, least) in [(&chart as &dyn Fn(&Block) -> bool, 1), (&histogram, 0), (&chart, 0)] {
        let mut excess = if lists == 0 { 0 } else { sum(&heights).saturating_add(wanted).saturating_sub(total) };
        for (height, _) in heights.iter_mut().zip(blocks).rev().filter(|(_, block)| leaves(block)) {
            let most = height.saturating_sub(least);
            let taken = if least == 0 && excess > 0 { most } else { excess.min(most) };
            excess = excess.saturating_sub(taken);
            *height -= taken;
        }
    }
    let mut left = total;
    for height in &mut heights {
        *height = (*height).min(left);
        left -= *height;
    }
    let mut waiting = lists;
    for (height, _) in heights.iter_mut().zip(blocks).filter(|(_, block)| fixed(block) == 0) {
        *height = left / waiting.max(1);
        left -= *height;
        waiting -= 1;
    }
    heights
}

/// Rows of a block that does not grow; 0 for a list.
fn fixed(block: &Block) -> u16 {
    match block {
        Block::Line(_) | Block::Bar { .. } => 1,
        Block::Chart(chart) => chart.more_rows.saturating_add(1),
        Block::Histogram { .. } => 2,
        Block::Table { .. } | Block::Log(_) => 0,
    }
}

/// Widths of the labels and figures of all charts of a pane, so that the lines stand below each other.
fn chart_columns(canvas: &Canvas<'_>, width: u16, blocks: &[Block]) -> (u16, u16) {
    let charts = || {
        blocks.iter().filter_map(|block| match block {
            Block::Chart(chart) => Some(chart),
            _ => None,
        })
    };
    let label = charts().map(|chart| canvas.columns(&chart.label)).max().unwrap_or(0);
    let figure = |chart: &Chart| {
        let limit =
            chart.limit.as_ref().filter(|_| chart.more_rows > 0).map_or(0, |limit| canvas.columns(&limit.label));
        canvas.columns(&chart.figure).max(limit).max(chart.figure_width)
    };
    let figure = charts().map(figure).max().unwrap_or(0);
    (label.min(width / 3), figure.min(width / 3))
}
