//! A text below a chart: what is measured over time with its bound as a line, then what there is to read.

use crate::app::document::Document;
use crate::app::geometry::Rectangle;
use crate::app::pane::Chart;
use crate::input::dialog::{self, Hint};
use crate::ui::paint::Canvas;
use crate::ui::widgets::{chart, document};

/// Rows of the chart on a high screen, and the least with which it is drawn.
const ROWS: (u16, u16) = (8, 3);
/// A chart wants so many columns.
const COLUMNS: u16 = 80;

/// Draws it; returns the rows for text and the number of wrapped lines.
pub fn draw(
    canvas: &mut Canvas<'_>,
    wanted: Option<&Chart>,
    text: &Document,
    scroll: usize,
    keys: &[Hint],
) -> (u16, usize) {
    let screen = canvas.area();
    let least = if wanted.is_some() { COLUMNS.min(screen.width) } else { 0 };
    let width = document::width(canvas, text, &[]).max(least);
    let rows = document::wrapped(canvas, text, width.saturating_sub(4));
    let highest = document::highest(screen);
    let inside = highest.saturating_sub(2);
    // The text keeps two thirds.
    let height = (inside / 3).min(ROWS.0);
    let height = if wanted.is_some() && height >= ROWS.1 { height } else { 0 };
    let text_rows = u16::try_from(rows.len()).unwrap_or(u16::MAX).min(inside.saturating_sub(height));
    let outer = document::centred(screen, width, text_rows + height + 2);
    document::open(canvas, outer);
    if let Some(wanted) = wanted.filter(|_| height > 0) {
        let area = Rectangle { x: outer.x + 2, y: outer.y + 1, width: outer.width.saturating_sub(4), height };
        let figure = [Some(&wanted.figure), wanted.limit.as_ref().map(|limit| &limit.label)];
        let figure = figure.into_iter().flatten().map(|words| canvas.columns(words)).max().unwrap_or(0);
        let label = canvas.columns(&wanted.label);
        chart::draw(canvas, area, wanted, label, figure.max(wanted.figure_width).min(area.width / 3));
    }
    let below = Rectangle { y: outer.y + height, height: outer.height.saturating_sub(height), ..outer };
    let first = document::text(canvas, below, &rows, text_rows, scroll);
    document::caption(canvas, outer, text, (first, text_rows, rows.len()), &dialog::words(keys));
    (text_rows, rows.len())
}
