//! The line being typed: a sign, the text, a caret. When it is longer than the line, its end is seen.

use crate::app::geometry::Rectangle;
use crate::domain::Safe;
use crate::input::dialog::{self, Hint};
use crate::ui::paint::Canvas;

/// Draws the line over the whole width.
pub fn line(canvas: &mut Canvas<'_>, area: Rectangle, sign: &'static str, text: &Safe) {
    let style = canvas.theme.roles.prompt;
    let sign_columns = canvas.words(area.x, area.y, area.width, sign, canvas.theme.roles.hint_key);
    let room = area.width.saturating_sub(sign_columns + 1);
    let hidden = canvas.columns(text).saturating_sub(room);
    let used = canvas.text_from(area.x + sign_columns, area.y, room, text, usize::from(hidden), style);
    if area.width > sign_columns {
        canvas.glyph(area.x + sign_columns + used, area.y, canvas.theme.glyphs.caret, style);
    }
}

/// The prompt of the last line, with what the keys do at its right.
pub fn footer(canvas: &mut Canvas<'_>, area: Rectangle, (sign, text): (&'static str, &Safe), keys: &[Hint]) {
    let words = Safe::of(dialog::words(keys));
    let keys = if area.width >= 60 { canvas.columns(&words) + 2 } else { 0 };
    let inner = Rectangle { x: area.x + 1, width: area.width.saturating_sub(2 + keys), ..area };
    line(canvas, inner, sign, text);
    if keys > 0 {
        canvas.text(area.x + area.width - keys + 1, area.y, keys, &words, canvas.theme.roles.hint);
    }
}
