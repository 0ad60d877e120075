//! The command line with its completions: name, keys, what it does. The chosen one is marked by a pointer too.

use crate::app::geometry::Rectangle;
use crate::domain::Safe;
use crate::input::command::CommandInfo;
use crate::input::keymap;
use crate::ui::paint::Canvas;
use crate::ui::widgets::{document, prompt, table};

/// Most completions seen at once.
const MOST: usize = 12;
/// Columns of the names, and of the keys.
const NAME: u16 = 16;
const KEYS: u16 = 12;

/// Draws the palette; returns the rows for completions and how many there are.
pub fn draw(canvas: &mut Canvas<'_>, typed: &Safe, chosen: usize) -> (u16, usize) {
    let found = keymap::completions(typed.as_str());
    let screen = canvas.area();
    let width = screen.width.saturating_sub(4).min(76);
    let room = usize::from(screen.height.saturating_sub(6)).min(MOST);
    let rows = found.len().clamp(1, room.max(1)) as u16;
    let outer = Rectangle { x: (screen.width - width) / 2, y: screen.height.min(2), width, height: rows + 3 };
    document::open(canvas, outer);
    let inner = Rectangle { x: outer.x + 2, y: outer.y + 1, width: width.saturating_sub(4), height: 1 };
    prompt::line(canvas, inner, ":", typed);
    let chosen = chosen.min(found.len().saturating_sub(1));
    let first = (chosen + 1).saturating_sub(usize::from(rows));
    if found.is_empty() {
        canvas.words(inner.x, inner.y + 1, inner.width, "no command is named like that", canvas.theme.roles.dim);
    }
    for (y, (index, info)) in (inner.y + 1..).zip(found.iter().enumerate().skip(first).take(usize::from(rows))) {
        let place = Rectangle { y, ..inner };
        completion(canvas, place, info);
        if index == chosen {
            table::mark_selected(canvas, place, y);
        }
    }
    (rows, found.len())
}

fn completion(canvas: &mut Canvas<'_>, place: Rectangle, info: &CommandInfo) {
    let roles = &canvas.theme.roles;
    let end = place.x + place.width;
    canvas.words(place.x, place.y, NAME.min(place.width), info.name, roles.strong);
    let keys = info.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let x = place.x + NAME + 1;
    canvas.text(x, place.y, KEYS.min(end.saturating_sub(x)), &Safe::of(keys), roles.hint_key);
    let x = x + KEYS + 1;
    let doc = info.argument.map_or_else(|| info.doc.to_owned(), |argument| format!("{}: {argument}", info.doc));
    canvas.text(x, place.y, end.saturating_sub(x), &Safe::of(doc), roles.plain);
}
