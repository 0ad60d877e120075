//! The last line: the keys that are of use here and now, and at its right the newest message. Hints make room for it from
//! the right.

use crate::app::geometry::Rectangle;
use crate::app::screen::Chrome;
use crate::ui::paint::Canvas;

/// Draws hints and message, or the line being typed.
pub fn draw(canvas: &mut Canvas<'_>, area: Rectangle, chrome: &Chrome) {
    if let Some((sign, text)) = &chrome.prompt {
        return super::prompt::footer(canvas, area, sign, text);
    }
    let roles = &canvas.theme.roles;
    let room = area.width.saturating_sub(2);
    let message = canvas.line_columns(&chrome.message).min(room);
    let end = area.x + area.width - 1 - message;
    let stop = if message > 0 { end.saturating_sub(2) } else { end };
    let mut x = area.x + 1;
    for (key, words) in &chrome.hints {
        let columns = canvas.columns(key) + 1 + words.len() as u16;
        if x + columns > stop {
            break;
        }
        x += canvas.text(x, area.y, columns, key, roles.hint_key) + 1;
        x += canvas.words(x, area.y, columns, words, roles.hint) + 2;
    }
    canvas.line(end, area.y, message, &chrome.message);
}
