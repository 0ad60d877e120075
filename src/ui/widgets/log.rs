//! Log lines: time, level, log, text, and dimmed what else the line states. The newest stands at the bottom; the line
//! with the cursor is always among those shown.

use crate::app::geometry::Rectangle;
use crate::app::pane::LogRow;
use crate::app::table::Tone;
use crate::ui::paint::Canvas;
use crate::ui::widgets::table::mark_selected;

/// Columns of the level.
const LEVEL: u16 = 5;
/// Most columns of the log's name.
const NAME: u16 = 14;
/// Below this width the log's name is left out.
const NAMED: u16 = 60;
/// Below this width times lose their date and fraction (their beginning and end).
const TIMED: u16 = 34;

/// Draws the lines that fit; returns the rows there are.
pub fn draw(canvas: &mut Canvas<'_>, area: Rectangle, rows: &[LogRow], scroll_right: usize) -> u16 {
    let shown = visible(rows, usize::from(area.height));
    let time = shown.iter().map(|row| canvas.columns(&row.time)).max().unwrap_or(0);
    let time = if area.width >= TIMED { time.min(area.width / 3) } else { 0 };
    let name = shown.iter().map(|row| canvas.columns(&row.log)).max().unwrap_or(0);
    let name = if area.width >= NAMED { name.min(NAME) } else { 0 };
    for (y, row) in (area.y..).zip(shown) {
        let mut x = area.x;
        let end = area.x + area.width;
        let dim = canvas.tone(Tone::Dim);
        if time > 0 {
            canvas.text(x, y, time, &row.time, dim);
            x += time + 1;
        }
        let tone = canvas.tone(row.tone);
        canvas.words(x, y, LEVEL.min(end.saturating_sub(x)), row.level, tone);
        x += LEVEL + 1;
        if name > 0 {
            canvas.text(x, y, name, &row.log, dim);
            x += name + 1;
        }
        let plain = canvas.tone(if row.tone == Tone::Dim { Tone::Dim } else { Tone::Plain });
        let left = end.saturating_sub(x);
        let used = canvas.text_from(x, y, left, &row.text, scroll_right, plain);
        let behind = used.saturating_add(2);
        if used > 0 && behind < left && !row.context.as_str().is_empty() {
            canvas.text(x + behind, y, left - behind, &row.context, dim);
        }
        if row.matched {
            canvas.restyle(Rectangle { x, y, width: used, height: 1 }, canvas.theme.roles.matched);
        }
        if row.selected {
            mark_selected(canvas, area, y);
        }
    }
    area.height
}

/// The last rows, or those around the cursor when it stands above them.
fn visible(rows: &[LogRow], height: usize) -> &[LogRow] {
    let last = rows.len().saturating_sub(height);
    let cursor = rows.iter().position(|row| row.selected).unwrap_or(last);
    let first = last.min(cursor);
    rows.get(first..(first + height).min(rows.len())).unwrap_or_default()
}
