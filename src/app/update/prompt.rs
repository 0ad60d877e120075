//! A line being typed: filters and searches take effect while typing, the palette completes.

use crate::app::completion::{self, Completion};
use crate::app::pane::PaneId;
use crate::app::table::Tone;
use crate::app::view::{Overlay, Prompt};
use crate::app::{Effect, Model};
use crate::domain::{Moment, Safe};
use crate::input::command::CommandInfo;
use crate::input::{Code, Command, Key, keymap};

use super::{commands, logs, say, series, timeline};

/// Longest line that can be typed, in characters.
const LONGEST: usize = 256;

/// Opens a line. A filter that is set already is there to be changed.
pub fn open(model: &mut Model, prompt: Prompt) {
    let text = match prompt {
        Prompt::TableFilter(pane) => model.view.cursor(pane).filter,
        Prompt::LogSearch | Prompt::Mark { .. } => String::new(),
        Prompt::LogFilter => model.shown().0.logs.filter_text().to_owned(),
    };
    model.view.prompt = Some((prompt, text));
}

/// A key while a line is typed: Enter keeps it, Esc takes it back.
pub fn pressed(model: &mut Model, key: Key) -> Vec<Effect> {
    let Some((prompt, mut text)) = model.view.prompt.take() else { return Vec::new() };
    if let Prompt::Mark { at } = prompt {
        return mark(model, at, text, key);
    }
    match key.code {
        Code::Enter => return apply(model, prompt, &text, true),
        Code::Esc => return apply(model, prompt, "", true),
        Code::Backspace if text.is_empty() => return apply(model, prompt, "", true),
        _ => edit(&mut text, key),
    }
    let effects = apply(model, prompt, &text, false);
    model.view.prompt = Some((prompt, text));
    effects
}

/// A key while the text of a mark is typed: only Enter sets it.
fn mark(model: &mut Model, at: Moment, mut text: String, key: Key) -> Vec<Effect> {
    match key.code {
        Code::Enter => return timeline::mark(model, at, &text),
        Code::Esc => return Vec::new(),
        Code::Backspace if text.is_empty() => return Vec::new(),
        _ => edit(&mut text, key),
    }
    model.view.prompt = Some((Prompt::Mark { at }, text));
    Vec::new()
}

/// Text was pasted: it is typed where a line is open, else it is nothing; keys are never made of it.
pub fn pasted(model: &mut Model, pasted: &Safe) -> Vec<Effect> {
    model.dirty = true;
    if let Some((prompt, mut text)) = model.view.prompt.take() {
        text.extend(pasted.as_str().chars().take(LONGEST.saturating_sub(text.chars().count())));
        let effects = apply(model, prompt, &text, false);
        model.view.prompt = Some((prompt, text));
        return effects;
    }
    if let Some(Overlay::Palette { typed, chosen }) = model.view.overlays.last_mut() {
        typed.extend(pasted.as_str().chars().take(LONGEST.saturating_sub(typed.chars().count())));
        *chosen = 0;
        return Vec::new();
    }
    if let Some(Overlay::Silence(muting)) = model.view.overlays.last_mut() {
        super::alerts::pasted(muting, pasted);
        return Vec::new();
    }
    if super::actions::pasted(model, pasted) {
        return Vec::new();
    }
    say(model, "pasted text was ignored: nothing is being typed", Tone::Dim);
    Vec::new()
}

/// A key in the palette.
pub fn palette(model: &mut Model, key: Key) -> Vec<Effect> {
    let Some(Overlay::Palette { typed, .. }) = model.view.overlays.last() else { return Vec::new() };
    let offered = completion::of(model, typed);
    let Some(Overlay::Palette { typed, chosen }) = model.view.overlays.last_mut() else { return Vec::new() };
    let found = keymap::completions(typed);
    let last = if offered.is_empty() { found.len() } else { offered.len() }.saturating_sub(1);
    match key.code {
        Code::Esc => {
            model.view.overlays.pop();
        }
        Code::Backspace if typed.is_empty() => {
            model.view.overlays.pop();
        }
        Code::Down => *chosen = (*chosen + 1).min(last),
        Code::Up => *chosen = chosen.saturating_sub(1),
        Code::Tab => {
            // What is typed behind a name stays, unless it is one that is offered.
            if let (Some(one), Some((info, _))) = (offered.get(*chosen), keymap::with_argument(typed)) {
                *typed = taken(info, one);
                *chosen = 0;
            } else if let Some(info) = found.get(*chosen).filter(|_| keymap::with_argument(typed).is_none()) {
                let gap = if info.argument.is_some() { " " } else { "" };
                *typed = format!("{}{gap}", info.name);
                *chosen = 0;
            }
        }
        Code::Enter => {
            if let Some((info, argument)) = keymap::with_argument(typed) {
                let by_hand = offered.get(*chosen).filter(|_| *chosen > 0);
                if let Some(one) = by_hand.filter(|one| !one.whole) {
                    *typed = taken(info, one);
                    *chosen = 0;
                    return Vec::new();
                }
                let meant = by_hand.or_else(|| completion::only(info.command, &offered, argument));
                let argument = meant.map_or_else(|| argument.to_owned(), |one| one.text.to_string());
                let command = info.command;
                model.view.overlays.pop();
                return commands::obey_with(model, command, &argument);
            }
            let picked = picked(&found, typed, *chosen);
            let nothing = typed.trim().is_empty();
            let wrong = Safe::of(format!("no command {}", typed.trim()));
            model.view.overlays.pop();
            match picked {
                Some(command) => return commands::obey(model, command),
                None if nothing => {}
                None => say(model, wrong, Tone::Warn),
            }
        }
        _ => {
            edit(typed, key);
            *chosen = 0;
        }
    }
    Vec::new()
}

/// What stands in the line when one is taken.
fn taken(info: &CommandInfo, one: &Completion) -> String {
    format!("{} {}{}", info.name, one.text, if one.more { " " } else { "" })
}

/// What Enter runs: what was chosen by hand, a whole name, or the one name that begins so. Never a guess.
fn picked(found: &[&CommandInfo], typed: &str, chosen: usize) -> Option<Command> {
    let typed = typed.trim().to_lowercase();
    let by_name = || found.iter().find(|info| info.name == typed);
    let mut beginning = found.iter().filter(|info| info.name.starts_with(&typed));
    let only = match (beginning.next(), beginning.next()) {
        (Some(only), None) if !typed.is_empty() => Some(only),
        _ => None,
    };
    let by_hand = || found.get(chosen).filter(|_| chosen > 0);
    by_hand().or_else(by_name).or(only).map(|info| info.command)
}

fn edit(text: &mut String, key: Key) {
    match key.code {
        Code::Backspace => {
            text.pop();
        }
        Code::Char('u') if key.ctrl => text.clear(),
        Code::Char('w') if key.ctrl => {
            let kept = text.trim_end().rfind(' ').map_or(0, |at| at + 1);
            text.truncate(kept);
        }
        _ => {
            if let Some(c) = key.typed().filter(|_| text.chars().count() < LONGEST) {
                text.push(c);
            }
        }
    }
}

fn apply(model: &mut Model, prompt: Prompt, text: &str, finished: bool) -> Vec<Effect> {
    match prompt {
        Prompt::TableFilter(pane) => {
            let cursor = model.view.cursors.entry(pane).or_default();
            text.clone_into(&mut cursor.filter);
            cursor.offset = 0;
            if pane == PaneId::Series { series::find(model) } else { Vec::new() }
        }
        Prompt::LogSearch if finished => logs::search(model, text),
        Prompt::LogSearch => Vec::new(),
        Prompt::LogFilter => logs::filter(model, text, finished),
        // Its text means nothing before it is set.
        Prompt::Mark { .. } => Vec::new(),
    }
}
