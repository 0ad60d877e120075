//! What a person asked for. Every command has its arm; none writes to the outside world that is watched: the menu of
//! actions is opened here, and no more.

use std::time::Duration;

use crate::app::document::Document;
use crate::app::pane::PaneId;
use crate::app::table::Tone;
use crate::app::view::{Overlay, Page, Prompt};
use crate::app::{Effect, Model, details, help};
use crate::config::keys::THEMES;
use crate::config::nearest;
use crate::domain::Safe;
use crate::input::Command;
use crate::remediation::upkeep::UpkeepVerb;

use super::{actions, alerts, cursor, doctor, logs, mouse, prompt, say, series, show, timeline, windows};

/// Pauses between telemetry frames that `+` and `-` go through.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
];
/// Most characters that are copied.
pub const COPY_LIMIT: usize = 16 * 1024;

/// Does what was asked.
pub fn obey(model: &mut Model, command: Command) -> Vec<Effect> {
    model.dirty = true;
    let pane = model.view.focused();
    match command {
        Command::Page(digit) => {
            go_to(model, digit);
            if model.view.page == Page::Actions {
                return actions::look_at_guards(model);
            }
            if model.view.page == Page::Metrics {
                return series::find(model);
            }
            if model.view.page == Page::Doctor {
                return doctor::look(model);
            }
        }
        Command::Back => return back(model),
        Command::Quit => return actions::leaving(model),
        Command::Close => return close(model),
        Command::Help => show(model, help::document(pane)),
        Command::Palette => model.view.overlays.push(Overlay::Palette { typed: String::new(), chosen: 0 }),
        Command::Find if pane == PaneId::Logs => prompt::open(model, Prompt::LogSearch),
        Command::Find => prompt::open(model, Prompt::TableFilter(pane)),
        Command::Filter if pane == PaneId::Logs => prompt::open(model, Prompt::LogFilter),
        Command::Filter => prompt::open(model, Prompt::TableFilter(pane)),
        Command::Open if pane == PaneId::Series => return series::open(model),
        Command::Rules => {
            say(model, "reading the rules files again", Tone::Dim);
            return vec![Effect::ReadRules];
        }
        Command::Open if pane == PaneId::Alerts => return alerts::open(model),
        Command::Open => open(model, pane),
        Command::Acknowledge => return alerts::acknowledge(model),
        Command::Silence => return alerts::silence(model),
        Command::Longer => return series::stretch(model, true),
        Command::Shorter => return series::stretch(model, false),
        Command::NextPane => cycle_focus(model, 1),
        Command::PreviousPane => cycle_focus(model, -1),
        Command::Zoom => model.view.zoomed = !model.view.zoomed,
        Command::Freeze => return freeze(model),
        Command::Copy => return copy(model),
        Command::Refresh => {
            say(model, "reading every source now", Tone::Dim);
            let mut effects = vec![Effect::RefreshAll, Effect::ReadHistory, Effect::ReadRules];
            if model.view.page == Page::Doctor {
                effects.extend(doctor::look(model));
            }
            return effects;
        }
        Command::Slower => return set_pause(model, 1),
        Command::Faster => return set_pause(model, -1),
        Command::Actions => return actions::open_menu(model),
        Command::WatchAction => actions::watch(model),
        Command::Act | Command::Analyse | Command::Vacuum | Command::Reindex => return obey_with(model, command, ""),
        Command::Arm => return actions::arm(model),
        Command::Approve => actions::approvals::list(model),
        Command::Consent => return actions::approvals::consent(model),
        Command::Mark => prompt::open(model, Prompt::Mark { at: model.now }),
        Command::ConfirmTime => return windows::confirm_time(model),
        Command::TimeZone => model.view.local_time = !model.view.local_time,
        Command::Theme => return next_theme(model),
        Command::Problems => show(model, details::problems(model)),
        Command::Diagnostics => return vec![Effect::ReadDiagnostics],
        Command::Mouse => return mouse::toggle(model),
        Command::Redraw => return vec![Effect::RedrawAll],
        Command::Suspend => return vec![Effect::Suspend],
        Command::Sort => cursor::sort(model, pane),
        Command::SortReverse => {
            let sort = &mut model.view.cursors.entry(pane).or_default().sort;
            sort.reverse = !sort.reverse;
        }
        Command::Left => model.view.scroll_right = model.view.scroll_right.saturating_sub(8),
        Command::Right => model.view.scroll_right = (model.view.scroll_right + 8).min(4096),
        Command::NextMatch
        | Command::PreviousMatch
        | Command::NextError
        | Command::PreviousError
        | Command::LevelUp
        | Command::LevelDown
        | Command::Follow => return logs::obey(model, command),
        Command::Up
        | Command::Down
        | Command::HalfPageUp
        | Command::HalfPageDown
        | Command::PageUp
        | Command::PageDown
        | Command::Top
        | Command::Bottom
            if pane == PaneId::Logs =>
        {
            return logs::obey(model, command);
        }
        Command::Up
        | Command::Down
        | Command::HalfPageUp
        | Command::HalfPageDown
        | Command::PageUp
        | Command::PageDown
        | Command::Top
        | Command::Bottom
            if pane == PaneId::Timeline =>
        {
            timeline::travel(model, command);
        }
        Command::Up
        | Command::Down
        | Command::HalfPageUp
        | Command::HalfPageDown
        | Command::PageUp
        | Command::PageDown
        | Command::Top
        | Command::Bottom => cursor::travel(model, pane, command),
    }
    Vec::new()
}

/// Does what was asked, with what was typed behind its name.
pub fn obey_with(model: &mut Model, command: Command, argument: &str) -> Vec<Effect> {
    model.dirty = true;
    match command {
        Command::Act => actions::act(model, argument),
        Command::Theme if !argument.is_empty() => theme_named(model, argument),
        Command::Mark if !argument.is_empty() => {
            let now = model.now;
            timeline::mark(model, now, argument)
        }
        Command::Approve if !argument.is_empty() => actions::approvals::open(model, argument),
        Command::Analyse => actions::keep_up(model, UpkeepVerb::Analyse, argument),
        Command::Vacuum => actions::keep_up(model, UpkeepVerb::Vacuum, argument),
        Command::Reindex => actions::keep_up(model, UpkeepVerb::Reindex, argument),
        _ => obey(model, command),
    }
}

fn go_to(model: &mut Model, digit: u8) {
    if let Some(page) = Page::from_digit(digit) {
        model.view.page = page;
        model.view.zoomed = false;
        model.view.scroll_right = 0;
    }
}

/// `q`: out of a zoom, back to the overview, out of the program.
fn back(model: &mut Model) -> Vec<Effect> {
    if model.view.zoomed {
        model.view.zoomed = false;
    } else if model.view.page == Page::Overview {
        return actions::leaving(model);
    } else {
        go_to(model, 1);
    }
    Vec::new()
}

/// Esc: the topmost thing that is open, narrowed or frozen. It never quits.
fn close(model: &mut Model) -> Vec<Effect> {
    let pane = model.view.focused();
    let filtered = model.view.cursors.get_mut(&pane).filter(|c| !c.filter.is_empty());
    if let Some(cursor) = filtered {
        cursor.filter.clear();
        if pane == PaneId::Series {
            return series::find(model);
        }
    } else if (pane == PaneId::Logs && logs::release(model)) || series::close(model) {
    } else if pane == PaneId::Alerts && model.alerts.shows_ok {
        model.alerts.shows_ok = false;
    } else if model.frozen.is_some() {
        return freeze(model);
    } else if model.view.zoomed {
        model.view.zoomed = false;
    } else {
        model.view.message = None;
    }
    Vec::new()
}

fn cycle_focus(model: &mut Model, step: isize) {
    // A small screen leaves panes out: the focus passes them over.
    let seen = |pane: &&PaneId| model.view.zoomed || model.geometry.panes.iter().any(|(id, _)| id == *pane);
    let panes: Vec<PaneId> = model.view.page.panes().iter().filter(seen).copied().collect();
    let at = panes.iter().position(|p| *p == model.view.focused()).unwrap_or(0);
    let next = (at as isize + step).rem_euclid(panes.len().max(1) as isize) as usize;
    if let Some(pane) = panes.get(next) {
        model.view.focus.insert(model.view.page, *pane);
    }
}

fn freeze(model: &mut Model) -> Vec<Effect> {
    if let Some(past) = model.frozen.take() {
        say(model, "going on", Tone::Warn);
        return logs::thaw(model, &past.telemetry.logs);
    }
    model.frozen = Some(Box::new(crate::app::model::Frozen { telemetry: model.live.clone(), at: model.now }));
    say(
        model,
        format!(
            "FROZEN, still watching. {} resumes",
            Command::Freeze.info().and_then(|info| info.keys.first()).map(ToString::to_string).unwrap_or_default()
        ),
        Tone::Warn,
    );
    Vec::new()
}

fn set_pause(model: &mut Model, step: isize) -> Vec<Effect> {
    let at = PAUSES.iter().position(|p| *p >= model.screen.every).unwrap_or(PAUSES.len() - 1);
    let next = (at as isize + step).clamp(0, PAUSES.len() as isize - 1) as usize;
    let pause = PAUSES.get(next).copied().unwrap_or(model.screen.every);
    model.screen.every = pause;
    vec![Effect::SetPause(pause)]
}

fn next_theme(model: &mut Model) -> Vec<Effect> {
    let at = THEMES.iter().position(|name| *name == model.screen.theme).unwrap_or(0);
    let next = THEMES.get((at + 1) % THEMES.len()).copied().unwrap_or("dark");
    set_theme(model, next)
}

fn theme_named(model: &mut Model, name: &str) -> Vec<Effect> {
    if let Some(known) = THEMES.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        return set_theme(model, known);
    }
    let hint = nearest::hint(name, THEMES.iter().copied());
    say(model, format!("there is no theme {name:?}{hint}; there are {}", THEMES.join(", ")), Tone::Warn);
    Vec::new()
}

/// Its ink is not to be read on a dark ground.
const LIGHT: &str = "light";

fn set_theme(model: &mut Model, name: &str) -> Vec<Effect> {
    name.clone_into(&mut model.screen.theme);
    let whom = if name == LIGHT { " (for light terminals)" } else { "" };
    say(model, format!("theme {name}{whom}"), Tone::Dim);
    vec![Effect::SetTheme(name.to_owned())]
}

fn open(model: &mut Model, pane: PaneId) {
    match details::of_selected(model, pane) {
        Some(document) => show(model, document),
        None => say(model, "nothing is selected here", Tone::Dim),
    }
}

/// Copies the text that lies on top, or what is selected.
pub fn copy(model: &mut Model) -> Vec<Effect> {
    if !model.screen.clipboard {
        say(model, "copying is off over SSH; turn it on with clipboard = true under [screen]", Tone::Dim);
        return Vec::new();
    }
    if let Some(mended) = doctor::mended(model) {
        let lines: usize = mended.len();
        let plural = if lines == 1 { "" } else { "s" };
        say(model, format!("copied the mended text, {lines} line{plural}"), Tone::Dim);
        return if mended.is_empty() { Vec::new() } else { vec![Effect::Copy(mended)] };
    }
    let document: Option<Document> = match model.view.overlays.last() {
        Some(Overlay::Document { document, .. }) => Some(document.clone()),
        Some(Overlay::Alert { key, .. }) => return alerts::copy(model, *key),
        _ => details::of_selected(model, model.view.focused()),
    };
    let Some(document) = document else {
        say(model, "nothing is selected here", Tone::Dim);
        return Vec::new();
    };
    let text: String = document.plain().chars().take(COPY_LIMIT).collect();
    say(model, format!("copied {} characters", text.chars().count()), Tone::Dim);
    // Line ends are the one control character that a copied text may hold; each line is safe by itself.
    vec![Effect::Copy(text.lines().map(Safe::of).collect())]
}
