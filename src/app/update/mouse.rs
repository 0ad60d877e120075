//! The mouse: the wheel scrolls what it points at, a press gives the focus, selects a row, opens a page. What is hit
//! follows from what the last draw put where, so that a list that re-sorted since then gives the row that was seen.

use crate::app::geometry::List;
use crate::app::pane::PaneId;
use crate::app::table::Tone;
use crate::app::view::{Cursor, Overlay};
use crate::app::{Effect, Model, panes};
use crate::input::mouse::{Mouse, MouseAction};
use crate::input::{Code, Command, Key};

use super::{commands, keys, logs, say};

/// Rows that one notch of the wheel scrolls.
const NOTCH: usize = 3;

/// `m`: the mouse is ours, or the terminal's again.
pub fn toggle(model: &mut Model) -> Vec<Effect> {
    model.view.mouse = !model.view.mouse;
    let words = if model.view.mouse {
        "mouse on; m gives the terminal its own selection back"
    } else {
        "mouse off: the terminal selects again"
    };
    say(model, words, Tone::Dim);
    vec![Effect::SetMouse(model.view.mouse)]
}

/// The mouse did something. Reports that were on their way when it was switched off are nothing.
pub fn acted(model: &mut Model, mouse: Mouse) -> Vec<Effect> {
    if !model.view.mouse {
        return Vec::new();
    }
    model.dirty = true;
    match mouse.action {
        MouseAction::Press => press(model, mouse),
        MouseAction::WheelUp => wheel(model, mouse, false),
        MouseAction::WheelDown => wheel(model, mouse, true),
    }
}

fn press(model: &mut Model, mouse: Mouse) -> Vec<Effect> {
    // What lies on top, or is being typed, wants keys.
    if !model.view.overlays.is_empty() || model.view.prompt.is_some() {
        return Vec::new();
    }
    if let Some(page) = model.geometry.tab_at(mouse.x, mouse.y) {
        return commands::obey(model, Command::Page(page.digit()));
    }
    let Some(pane) = model.geometry.pane_at(mouse.x, mouse.y) else { return Vec::new() };
    model.view.focus.insert(model.view.page, pane);
    let Some(list) = model.geometry.list(pane).filter(|list| list.area.holds(mouse.x, mouse.y)) else {
        return Vec::new();
    };
    let row = usize::from(mouse.y - list.area.y);
    if pane == PaneId::Logs {
        return log_line(model, list.cursor, row);
    }
    if let Some(key) = list.keys.get(row).cloned() {
        let first = list.first;
        let cursor = model.view.cursors.entry(pane).or_default();
        (cursor.selected, cursor.offset) = (Some(key), first);
    }
    Vec::new()
}

/// While the log flows nobody can say which line was meant; once it is held, the cursor goes there.
fn log_line(model: &mut Model, cursor: Option<usize>, row: usize) -> Vec<Effect> {
    let Some(from) = cursor else { return Vec::new() };
    let command = if row < from { Command::Up } else { Command::Down };
    (0..row.abs_diff(from)).flat_map(|_| logs::obey(model, command)).collect()
}

fn wheel(model: &mut Model, mouse: Mouse, down: bool) -> Vec<Effect> {
    let key = Key::plain(if down { Code::Down } else { Code::Up });
    match model.view.overlays.last() {
        Some(Overlay::Palette { .. }) => return keys::pressed(model, key),
        // Nothing of acting is done by the mouse, not even by its wheel.
        Some(
            Overlay::Menu { .. }
            | Overlay::Reading(_)
            | Overlay::Card(_)
            | Overlay::Progress { .. }
            | Overlay::Approval(_)
            | Overlay::Silence(_),
        ) => {
            return Vec::new();
        }
        Some(Overlay::Document { .. } | Overlay::Alert { .. }) => {
            return (0..NOTCH).flat_map(|_| keys::pressed(model, key)).collect();
        }
        None => {}
    }
    match model.geometry.pane_at(mouse.x, mouse.y) {
        Some(PaneId::Logs) => scroll_log(model, down),
        Some(pane) => {
            scroll_table(model, pane, down);
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// Scrolling up holds the log; scrolling down at its end lets it flow again.
fn scroll_log(model: &mut Model, down: bool) -> Vec<Effect> {
    let before = model.shown_logs().selected;
    if down && before.is_none() {
        return Vec::new();
    }
    let command = if down { Command::Down } else { Command::Up };
    let mut effects: Vec<Effect> = (0..NOTCH).flat_map(|_| logs::obey(model, command)).collect();
    if down && model.shown_logs().selected == before {
        effects.extend(logs::obey(model, Command::Bottom));
    }
    effects
}

/// Moves the window over the rows; the cursor is taken along at its edge.
fn scroll_table(model: &mut Model, pane: PaneId, down: bool) {
    let Some(table) = panes::table(model, pane) else { return };
    let Some(List { first, area, .. }) = model.geometry.list(pane) else { return };
    let height = usize::from(area.height).max(1);
    let most = table.rows.len().saturating_sub(height);
    let first = if down { first + NOTCH } else { first.saturating_sub(NOTCH) }.min(most);
    let Cursor { selected, offset, .. } = model.view.cursors.entry(pane).or_default();
    *offset = first;
    let at = selected.as_ref().and_then(|key| table.rows.iter().position(|row| row.key == *key));
    if let Some(row) = at.and_then(|at| table.rows.get(at.clamp(first, first + height - 1))) {
        *selected = Some(row.key.clone());
    }
}
