//! The first line: what is watched and in which environment, the alert strip, the clock, what we cost. When it gets narrow,
//! our own name goes by the width alone, then meters, the mode, the clock; never the strip. Each has its place.

use ratatui::style::Style;

use crate::app::document::Line;
use crate::app::geometry::Rectangle;
use crate::app::screen::Chrome;
use crate::app::table::Tone;
use crate::domain::Safe;
use crate::ui::paint::Canvas;

/// Most columns of the name of what is watched.
const NAME: u16 = 24;
/// Columns between groups.
const GAP: u16 = 2;

/// From this width on our own name stands there, whatever else does.
const BRANDED: u16 = 100;

/// What of the line there is room for.
struct Room {
    brand: bool,
    mode: bool,
    clock: bool,
    meters: usize,
    name: u16,
    /// How much of the strip is left out, where nothing else is left to be.
    shorter: usize,
}

/// Draws the header.
pub fn draw(canvas: &mut Canvas<'_>, area: Rectangle, chrome: &Chrome) {
    let roles = &canvas.theme.roles;
    canvas.restyle(area, roles.header);
    let room = room(canvas, area, chrome);
    let end = area.x + area.width;
    let mut x = area.x + 1;
    let mut say = |canvas: &mut Canvas<'_>, text: &Safe, width: u16, style: Style| {
        let used = canvas.text(x, area.y, width.min(end.saturating_sub(x)), text, style);
        x += used + GAP.min(used * GAP);
    };
    if room.brand {
        say(canvas, &Safe::of("quarterdeck"), u16::MAX, roles.brand);
    }
    say(canvas, &chrome.name, room.name, roles.strong);
    say(canvas, &band(chrome), u16::MAX, canvas.theme.band(&chrome.environment));
    if let Some(frozen) = frozen(chrome) {
        say(canvas, &frozen, u16::MAX, roles.frozen);
    }
    if room.mode {
        say(canvas, &chrome.mode.text, u16::MAX, canvas.theme.tone(chrome.mode.tone));
    }
    let right = right(chrome, &room);
    let columns = canvas.columns(&right);
    let left = end.saturating_sub(x);
    // The strip begins where it always does; the clock ends where it always does.
    canvas.line(x, area.y, left, strip(chrome, room.shorter));
    if columns > 0 {
        canvas.text_right(area.x, area.y, area.width - 1, &right, roles.header);
    }
}

fn strip(chrome: &Chrome, shorter: usize) -> &Line {
    shorter.checked_sub(1).and_then(|at| chrome.strip_shorter.get(at)).unwrap_or(&chrome.strip)
}

fn band(chrome: &Chrome) -> Safe {
    Safe::of(format!(" {} ", chrome.environment.word()))
}

fn frozen(chrome: &Chrome) -> Option<Safe> {
    chrome.frozen.as_ref().map(|since| Safe::of(format!(" FROZEN {since} ")))
}

fn right(chrome: &Chrome, room: &Room) -> Safe {
    let mut words: Vec<&str> = Vec::new();
    // What matters least stands farthest from the clock: what comes and goes there moves nothing else.
    words.extend(chrome.meters.iter().take(room.meters).rev().map(Safe::as_str));
    if room.clock {
        words.push(chrome.clock.as_str());
    }
    Safe::of(words.join("  "))
}

/// Leaves out what matters least until the line fits.
fn room(canvas: &Canvas<'_>, area: Rectangle, chrome: &Chrome) -> Room {
    let mut room = Room {
        brand: area.width >= BRANDED,
        mode: true,
        clock: true,
        meters: chrome.meters.len(),
        name: NAME,
        shorter: 0,
    };
    let needed = |room: &Room| -> u32 {
        let mut columns = 2 + u32::from(canvas.line_columns(strip(chrome, room.shorter)));
        let mut add = |n: u16| columns += u32::from(n) + u32::from(GAP.min(n * GAP));
        add(if room.brand { 11 } else { 0 });
        add(canvas.columns(&chrome.name).min(room.name));
        add(canvas.columns(&band(chrome)));
        add(frozen(chrome).map_or(0, |words| canvas.columns(&words)));
        add(if room.mode { canvas.columns(&chrome.mode.text) } else { 0 });
        add(canvas.columns(&right(chrome, room)));
        columns
    };
    while needed(&room) > u32::from(area.width) {
        if room.meters > 0 {
            room.meters -= 1;
        } else if room.shorter < 2 {
            room.shorter += 1;
        } else if room.mode && chrome.mode.tone == Tone::Dim {
            // That an action runs, or asks, is never left out.
            room.mode = false;
        } else if room.name > 8 {
            room.name = 8;
        } else if room.clock {
            room.clock = false;
        } else if room.name > 4 {
            room.name -= 1;
        } else if room.name > 0 {
            room.name = 0;
        } else if room.shorter == 2 {
            room.shorter = 3;
        } else {
            break;
        }
    }
    room
}
