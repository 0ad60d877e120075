//! The one overlay for everything that is read: help, detail, notices, the program's own log. Wrapped to its width, with
//! the place in the text in its frame.

use crate::app::document::{Document, Line};
use crate::app::geometry::Rectangle;
use crate::domain::Safe;
use crate::input::dialog::{self, Ask};
use crate::ui::paint::Canvas;
use crate::ui::widgets::{frame, wrap};

/// Widest text that is still pleasant to read.
const WIDEST: u16 = 112;
/// Columns of the page that are worth seeing beside a box.
const BESIDE: u16 = 4;
/// Narrowest box, so that its frame can speak.
const NARROWEST: u16 = 36;

/// Draws the document; returns the rows for text and the number of wrapped lines.
pub fn draw(canvas: &mut Canvas<'_>, document: &Document, scroll: usize) -> (u16, usize) {
    let screen = canvas.area();
    let width = width(canvas, document, &[]);
    let rows = wrapped(canvas, document, width.saturating_sub(4));
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2).min(highest(screen));
    let outer = centred(screen, width, height);
    open(canvas, outer);
    let text_rows = height.saturating_sub(2);
    let first = text(canvas, outer, &rows, text_rows, scroll);
    let mut keys = dialog::words(&[(Ask::Leave, "closes")]);
    if rows.len() > usize::from(text_rows)
        && let (Some(down), Some(up)) = (Ask::Down.key(), Ask::Up.key())
    {
        keys.push_str(&format!("  {down} {up} scroll"));
    }
    caption(canvas, outer, document, (first, text_rows, rows.len()), &keys);
    (text_rows, rows.len())
}

/// Columns that a document and lines below it want, frame included.
pub fn width(canvas: &Canvas<'_>, document: &Document, foot: &[Line]) -> u16 {
    let screen = canvas.area();
    let widest = screen.width.min(WIDEST);
    let lines = document.lines.iter().chain(foot);
    let natural = lines.map(|line| canvas.line_columns(line)).max().unwrap_or(0);
    let natural = natural.max(canvas.columns(&document.title).saturating_add(16));
    let wanted = natural.saturating_add(4).clamp(NARROWEST.min(widest), widest);
    // A column or two of the page at its sides would be read as text of it.
    if screen.width.saturating_sub(wanted) < 2 * BESIDE { screen.width } else { wanted }
}

/// The alert strip above and the line being typed below are never covered.
pub fn highest(screen: Rectangle) -> u16 {
    screen.height.saturating_sub(if screen.height >= 20 { 4 } else { 2 })
}

/// The rows of a document: each line with the pieces of it that stand there.
pub fn wrapped<'a>(canvas: &Canvas<'_>, document: &'a Document, width: u16) -> Vec<(&'a Line, wrap::Row)> {
    let rows = document.lines.iter().map(|line| (line, wrap::line(canvas, line, width)));
    rows.flat_map(|(line, rows)| rows.into_iter().map(move |row| (line, row))).collect()
}

/// Draws rows from the first line of a frame's inside on; returns the first one seen.
pub fn text(
    canvas: &mut Canvas<'_>,
    outer: Rectangle,
    rows: &[(&Line, wrap::Row)],
    text_rows: u16,
    scroll: usize,
) -> usize {
    let first = scroll.min(rows.len().saturating_sub(usize::from(text_rows)));
    for (y, (line, row)) in (outer.y + 1..).zip(rows.iter().skip(first).take(usize::from(text_rows))) {
        let mut x = outer.x + 2 + row.indent;
        let end = outer.x + outer.width.saturating_sub(2);
        for (index, range) in &row.pieces {
            if let Some(span) = line.get(*index) {
                let style = canvas.theme.tone(span.tone);
                x += canvas.part(x, y, end.saturating_sub(x), &span.text, range.clone(), style);
            }
        }
    }
    first
}

/// The middle of the screen.
pub fn centred(screen: Rectangle, width: u16, height: u16) -> Rectangle {
    let (width, height) = (width.min(screen.width), height.min(screen.height));
    Rectangle { x: (screen.width - width) / 2, y: (screen.height - height) / 2, width, height }
}

/// Clears the place of an overlay, with frame and shadow.
pub fn open(canvas: &mut Canvas<'_>, outer: Rectangle) {
    let shadow = canvas.theme.roles.shadow;
    let (right, bottom) = (outer.x + outer.width, outer.y + outer.height);
    canvas.restyle(Rectangle { x: right, y: outer.y + 1, width: 2, height: outer.height }, shadow);
    canvas.restyle(Rectangle { x: outer.x + 2, y: bottom, width: outer.width.saturating_sub(2), height: 1 }, shadow);
    canvas.clear(outer, canvas.theme.roles.ground);
    frame::boxed(canvas, outer, canvas.theme.roles.overlay_frame);
}

/// Title, place in the text and keys, in the frame.
pub fn caption(
    canvas: &mut Canvas<'_>,
    outer: Rectangle,
    document: &Document,
    (first, rows, all): (usize, u16, usize),
    keys: &str,
) {
    let roles = &canvas.theme.roles;
    if outer.width < 8 || outer.height < 2 {
        return;
    }
    let room = outer.width - 4;
    canvas.glyph(outer.x + 1, outer.y, ' ', roles.overlay_frame);
    let used = canvas.text(outer.x + 2, outer.y, room, &document.title, roles.title_focused);
    canvas.glyph(outer.x + 2 + used, outer.y, ' ', roles.overlay_frame);
    if all > usize::from(rows) {
        let last = (first + usize::from(rows)).min(all);
        let place = Safe::of(format!(" {}-{last} of {all} ", (first + 1).min(last)));
        let columns = canvas.columns(&place);
        if columns + used + 2 <= room {
            canvas.text_right(outer.x + 2, outer.y, room, &place, roles.corner);
        }
    }
    let bottom = outer.y + outer.height - 1;
    canvas.text(outer.x + 2, bottom, room, &Safe::of(format!(" {keys} ")), roles.hint);
}
