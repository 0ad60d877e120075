//! The command line with its completions: name, keys, what it does. The chosen one is marked by a pointer too.

use crate::app::completion::Completion;
use crate::app::geometry::Rectangle;
use crate::domain::Safe;
use crate::input::command::CommandInfo;
use crate::input::keymap;
use crate::ui::measure::display_width;
use crate::ui::paint::Canvas;
use crate::ui::widgets::{document, prompt, table};

/// Most completions seen at once.
const MOST: usize = 12;
/// Columns of the names, and of the keys.
const NAME: u16 = 16;
const KEYS: u16 = 12;
/// Columns of what can be typed behind a name, unless it needs more.
const ARGUMENT: u16 = 32;

/// Draws the palette; returns the rows for completions and how many there are.
pub fn draw(canvas: &mut Canvas<'_>, typed: &Safe, offered: &[Completion], chosen: usize) -> (u16, usize) {
    let found = keymap::completions(typed.as_str());
    let screen = canvas.area();
    let width = screen.width.saturating_sub(4).min(76);
    let room = usize::from(screen.height.saturating_sub(6)).min(MOST);
    let all = if offered.is_empty() { found.len() } else { offered.len() };
    let rows = all.clamp(1, room.max(1)) as u16;
    let outer = Rectangle { x: (screen.width - width) / 2, y: screen.height.min(2), width, height: rows + 3 };
    document::open(canvas, outer);
    let inner = Rectangle { x: outer.x + 2, y: outer.y + 1, width: width.saturating_sub(4), height: 1 };
    prompt::line(canvas, inner, ":", typed);
    let chosen = chosen.min(all.saturating_sub(1));
    let first = (chosen + 1).saturating_sub(usize::from(rows));
    if found.is_empty() {
        canvas.words(inner.x, inner.y + 1, inner.width, "no command is named like that", canvas.theme.roles.dim);
    }
    for (y, index) in (inner.y + 1..).zip((first..all).take(usize::from(rows))) {
        let place = Rectangle { y, ..inner };
        match (offered.get(index), found.get(index)) {
            (Some(one), _) => argument(canvas, place, one),
            (None, Some(info)) => completion(canvas, place, info),
            (None, None) => {}
        }
        if index == chosen {
            table::mark_selected(canvas, place, y);
        }
    }
    (rows, all)
}

/// What can be typed behind the name, and what it is where there is room.
fn argument(canvas: &mut Canvas<'_>, place: Rectangle, one: &Completion) {
    let roles = &canvas.theme.roles;
    let end = place.x + place.width;
    let width = (display_width(one.text.as_str()).min(usize::from(place.width)) as u16).max(ARGUMENT).min(place.width);
    canvas.text(place.x, place.y, width, &one.text, roles.strong);
    let x = place.x + width + 1;
    canvas.text(x, place.y, end.saturating_sub(x), &one.doc, roles.plain);
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
