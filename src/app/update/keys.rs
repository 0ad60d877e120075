//! A key: the line being typed takes it, else the topmost overlay, else it is a command.

use crate::app::view::Overlay;
use crate::app::{Effect, Model};
use crate::input::{Code, Command, Key, keymap};

use super::{actions, alerts, commands, mouse, prompt};

/// A key was pressed.
pub fn pressed(model: &mut Model, key: Key) -> Vec<Effect> {
    model.dirty = true;
    if key == Key::ctrl('c') {
        return actions::leaving(model);
    }
    if model.view.prompt.is_some() {
        return prompt::pressed(model, key);
    }
    match model.view.overlays.last() {
        Some(Overlay::Palette { .. }) => prompt::palette(model, key),
        Some(Overlay::Document { .. }) => document(model, key),
        Some(Overlay::Menu { .. }) => actions::menu_key(model, key),
        Some(Overlay::Reading(_)) => actions::reading::key(model, key),
        Some(Overlay::Card(_)) => actions::card_key(model, key),
        Some(Overlay::Progress { .. }) => actions::progress_key(model, key),
        Some(Overlay::Approval(_)) => actions::approvals::key(model, key),
        Some(Overlay::Alert { .. }) => alerts::detail_key(model, key),
        Some(Overlay::Silence(_)) => alerts::silence_key(model, key),
        None => keymap::command_for(key).map_or_else(Vec::new, |command| commands::obey(model, command)),
    }
}

/// Keys of a text that lies over the page: it scrolls, is copied, is closed; everything else waits.
fn document(model: &mut Model, key: Key) -> Vec<Effect> {
    let page = usize::from(model.geometry.overlay_rows).max(1);
    let lines = model.geometry.overlay_lines;
    let Some(Overlay::Document { scroll, .. }) = model.view.overlays.last_mut() else { return Vec::new() };
    let last = lines.saturating_sub(page);
    *scroll = (*scroll).min(last);
    let command = keymap::command_for(key);
    match command {
        Some(Command::Up) => *scroll = scroll.saturating_sub(1),
        Some(Command::Down) => *scroll = (*scroll + 1).min(last),
        Some(Command::PageUp) => *scroll = scroll.saturating_sub(page),
        Some(Command::PageDown | Command::Freeze) => *scroll = (*scroll + page).min(last),
        Some(Command::HalfPageUp) => *scroll = scroll.saturating_sub(page / 2),
        Some(Command::HalfPageDown) => *scroll = (*scroll + page / 2).min(last),
        Some(Command::Top) => *scroll = 0,
        Some(Command::Bottom) => *scroll = last,
        Some(Command::Close | Command::Back | Command::Open) => {
            model.view.overlays.pop();
        }
        Some(Command::Copy) => return commands::copy(model),
        Some(Command::Mouse) => return mouse::toggle(model),
        Some(Command::Redraw) => return vec![Effect::RedrawAll],
        Some(Command::Suspend) => return vec![Effect::Suspend],
        Some(Command::Help) if key.code == Code::Char('?') => {
            model.view.overlays.pop();
        }
        _ => {}
    }
    Vec::new()
}
