//! What surrounds a pane: a box or a rule, the title at the left, the state in words, notes and age at the right. The pane
//! with the focus has a pointer before its title, not only another colour.

use ratatui::style::Style;

use crate::app::document::Span;
use crate::app::geometry::Rectangle;
use crate::app::table::Tone;
use crate::domain::Safe;
use crate::ui::paint::Canvas;
use crate::ui::screen::Frame;

/// What a frame says.
pub struct Heading<'a> {
    /// Title with its tones.
    pub title: &'a [Span],
    /// The state in words, when it is not ok.
    pub state: Option<(Safe, Style)>,
    /// What is seen of the whole, in full and in short.
    pub note: Option<(Safe, Safe)>,
    /// Right end: age or interval.
    pub corner: &'a Safe,
    /// The pane has the focus.
    pub focused: bool,
}

/// Columns that are left to the state where the title is long: its first word.
const LEAST_STATE: u16 = 8;

/// Draws frame and heading.
pub fn draw(canvas: &mut Canvas<'_>, outer: Rectangle, frame: Frame, heading: &Heading<'_>) {
    let roles = &canvas.theme.roles;
    let line = if heading.focused { roles.frame_focused } else { roles.frame };
    if outer.width < 2 || outer.height == 0 {
        return;
    }
    match frame {
        Frame::Box => boxed(canvas, outer, line),
        Frame::Rule => {
            let glyph = canvas.theme.glyphs.horizontal;
            canvas.run(outer.x, outer.y, outer.width - 1, glyph, line);
        }
    }
    title(canvas, outer, heading, line);
}

/// A box of lines.
pub fn boxed(canvas: &mut Canvas<'_>, outer: Rectangle, line: Style) {
    let glyphs = canvas.theme.glyphs;
    let Rectangle { x, y, width, height } = outer;
    if width < 2 || height < 2 {
        return canvas.run(x, y, width, glyphs.horizontal, line);
    }
    let (right, bottom) = (x + width - 1, y + height - 1);
    canvas.run(x, y, width, glyphs.horizontal, line);
    canvas.run(x, bottom, width, glyphs.horizontal, line);
    for row in y + 1..bottom {
        canvas.glyph(x, row, glyphs.vertical, line);
        canvas.glyph(right, row, glyphs.vertical, line);
    }
    let places = [(x, y), (right, y), (x, bottom), (right, bottom)];
    for ((x, y), corner) in places.into_iter().zip(glyphs.corners) {
        canvas.glyph(x, y, corner, line);
    }
}

fn title(canvas: &mut Canvas<'_>, outer: Rectangle, heading: &Heading<'_>, line: Style) {
    let left = outer.x + 2;
    let end = (outer.x + outer.width).saturating_sub(2).max(left);
    let room = end - left;
    let wanted = canvas.line_columns(heading.title);
    let state = heading.state.as_ref().map_or(0, |(words, _)| canvas.columns(words).saturating_add(2));
    let right = right_that_fits(canvas, heading, room.saturating_sub(wanted.saturating_add(state)));
    let right_columns: u16 = right.iter().map(|piece| canvas.columns(piece) + 3).sum();
    let words = room.saturating_sub(right_columns);
    let kept = wanted.min(words.saturating_sub(state).max(words.saturating_sub(LEAST_STATE)).max(words / 3));

    let pointer = if heading.focused { canvas.theme.glyphs.pointer } else { ' ' };
    canvas.glyph(outer.x + 1, outer.y, pointer, line);
    canvas.run(left, outer.y, kept, ' ', line);
    let mut x = left + draw_title(canvas, (left, outer.y, kept), heading);
    if let Some((state, style)) = &heading.state {
        canvas.glyph(x, outer.y, ' ', line);
        x += 1;
        x += canvas.text(x, outer.y, end.saturating_sub(x + 1), state, *style);
    }
    if x < end {
        canvas.glyph(x, outer.y, ' ', line);
    }
    let mut x = end;
    for piece in right.iter().rev() {
        let columns = canvas.columns(piece);
        x -= columns + 2;
        canvas.run(x, outer.y, columns + 2, ' ', line);
        canvas.text(x + 1, outer.y, columns, piece, canvas.theme.roles.corner);
        x -= 1;
    }
}

/// What fits at the right, from left to right. That rows are hidden is more important than the age.
fn right_that_fits<'h>(canvas: &Canvas<'_>, heading: &'h Heading<'_>, room: u16) -> Vec<&'h Safe> {
    let mut left = room.saturating_sub(1);
    let mut take = |piece: &Safe| {
        let columns = canvas.columns(piece) + 3;
        let fits = columns > 3 && columns <= left;
        left -= if fits { columns } else { 0 };
        fits
    };
    let note = heading.note.as_ref().and_then(|(full, short)| {
        if take(full) {
            Some(full)
        } else if take(short) {
            Some(short)
        } else {
            None
        }
    });
    note.into_iter().chain(take(heading.corner).then_some(heading.corner)).collect()
}

fn draw_title(canvas: &mut Canvas<'_>, (x, y, width): (u16, u16, u16), heading: &Heading<'_>) -> u16 {
    let roles = &canvas.theme.roles;
    let own = if heading.focused { roles.title_focused } else { roles.title };
    let mut used = 0;
    for span in heading.title {
        let style = match span.tone {
            Tone::Plain | Tone::Strong => own,
            // That it is old is not itself old.
            Tone::Unknown => canvas.theme.tone(Tone::Unknown),
            tone => canvas.tone(tone),
        };
        // A remark whose figure is cut in the middle would tell another figure.
        if used > 0 && span.tone == Tone::Dim && canvas.columns(&span.text) > width.saturating_sub(used) {
            break;
        }
        used += canvas.span(x + used, y, width.saturating_sub(used), &span.text, style);
    }
    used
}
