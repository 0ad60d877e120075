//! The view of a run: it scrolls, asks to stop, and takes what a person answers to a runbook. What goes on is one chord that
//! no list has; what is typed before the question could be read answers nothing.

use crate::app::actions::sight::Sight;
use crate::app::actions::{forms, is_over};
use crate::app::table::Tone;
use crate::app::update::say;
use crate::app::view::Overlay;
use crate::app::{Effect, Model};
use crate::domain::Safe;
use crate::input::{Code, Command, Key};
use crate::remediation::execution::{Gate, Input, Question};

use super::card::RUN;
use super::run::happened;

/// Leaves a step out: the next one begins, so that is no key of a list either.
const SKIP: Key = Key::ctrl('o');

/// Longest note, in characters.
const NOTE: usize = 200;

/// Keys of the view of a run.
pub fn progress_key(model: &mut Model, key: Key) -> Vec<Effect> {
    if model.actions.current.as_ref().is_some_and(|current| current.typing) {
        return note_key(model, key);
    }
    let page = usize::from(model.geometry.overlay_rows).max(1);
    let last = model.geometry.overlay_lines.saturating_sub(usize::from(model.geometry.overlay_rows));
    let from = forms::first_line(model);
    let Some(Overlay::Progress { scroll }) = model.view.overlays.last_mut() else { return Vec::new() };
    let first = scroll.unwrap_or(from).min(last);
    match key.code {
        _ if key == RUN => return go_on(model),
        _ if key == SKIP => return skip(model),
        Code::Esc | Code::Char('q') => close(model),
        Code::Down | Code::Char('j') => *scroll = Some((first + 1).min(last)),
        Code::Up | Code::Char('k') => *scroll = Some(first.saturating_sub(1)),
        Code::PageDown => *scroll = Some((first + page).min(last)),
        Code::PageUp => *scroll = Some(first.saturating_sub(page)),
        Code::Char('n') if asks_for_note(model) => typing(model, true),
        Code::Char('c') => return cancel(model),
        _ => {}
    }
    Vec::new()
}

/// Closing the view stops nothing, and says where it is found again.
fn close(model: &mut Model) {
    model.view.overlays.pop();
    let key = Command::WatchAction.info().and_then(|info| info.keys.first());
    if let (Some(running), Some(key)) = (model.actions.running(), key) {
        say(model, format!("{running} goes on: {key} shows it"), Tone::Dim);
    }
}

/// Stopping waits for the eye like going on does: what was typed before the view could be read stops nothing, and says so.
fn cancel(model: &mut Model) -> Vec<Effect> {
    let Some(current) = model.actions.current.as_ref().filter(|current| !is_over(&current.execution)) else {
        return Vec::new();
    };
    if !current.listens_to_stop(model.now) {
        say(model, "not stopped: that was only just drawn; c again stops it", Tone::Warn);
        return Vec::new();
    }
    let id = current.id;
    happened(model, id, Input::CancelAsked)
}

/// The question that a person could read by now, and how it is answered with yes.
fn go_on(model: &mut Model) -> Vec<Effect> {
    let Some(current) = model.actions.current.as_ref().filter(|current| current.execution.question().is_some()) else {
        return Vec::new();
    };
    if model.frozen.is_some() {
        say(model, model.frozen_words(), Tone::Unknown);
        return Vec::new();
    }
    if !is_readable(model) {
        return Vec::new();
    }
    let input = match current.execution.question() {
        Some(Question::Gate(state)) if state.barred.is_some() => {
            say(model, "this step cannot run here: Ctrl-O leaves it out, c stops", Tone::Unknown);
            return Vec::new();
        }
        Some(Question::Gate(_)) => Input::GateAnswered(Gate::Go),
        Some(Question::Compensate(_)) => Input::CompensationsAnswered(true),
        Some(Question::Tick(..)) if current.note.chars().any(char::is_alphanumeric) => {
            Input::Ticked { note: Safe::of(current.note.as_str()) }
        }
        Some(Question::Tick(..)) => {
            say(model, "n: say first what was done, for the audit", Tone::Unknown);
            return Vec::new();
        }
        None => return Vec::new(),
    };
    answer(model, input)
}

fn skip(model: &mut Model) -> Vec<Effect> {
    let gate = model.actions.current.as_ref().and_then(|current| current.execution.question());
    if matches!(gate, Some(Question::Gate(_))) && is_readable(model) && model.frozen.is_none() {
        return answer(model, Input::GateAnswered(Gate::Skip));
    }
    Vec::new()
}

fn answer(model: &mut Model, input: Input) -> Vec<Effect> {
    let Some(current) = &mut model.actions.current else { return Vec::new() };
    current.note.clear();
    current.typing = false;
    let id = current.id;
    happened(model, id, input)
}

/// What was typed before the question could be read was not meant for it.
fn is_readable(model: &Model) -> bool {
    model.actions.current.as_ref().is_some_and(|current| current.listens(model.now))
}

fn asks_for_note(model: &Model) -> bool {
    let question = model.actions.current.as_ref().and_then(|current| current.execution.question());
    matches!(question, Some(Question::Tick(..))) && is_readable(model)
}

fn typing(model: &mut Model, on: bool) {
    if let Some(current) = &mut model.actions.current {
        current.typing = on;
    }
}

/// Keys while a note is typed: Enter and Esc only end the typing.
fn note_key(model: &mut Model, key: Key) -> Vec<Effect> {
    if key == RUN {
        return go_on(model);
    }
    let Some(current) = &mut model.actions.current else { return Vec::new() };
    match key.code {
        Code::Enter | Code::Esc => current.typing = false,
        Code::Backspace => {
            current.note.pop();
        }
        _ if key == Key::ctrl('u') => current.note.clear(),
        _ => {
            if let Some(letter) = key.typed().filter(|_| current.note.chars().count() < NOTE) {
                current.note.push(letter);
            }
        }
    }
    Vec::new()
}

/// Text for the note; whether one is being typed.
pub fn pasted(model: &mut Model, pasted: &Safe) -> bool {
    let is_on_top = matches!(model.view.overlays.last(), Some(Overlay::Progress { .. }));
    let Some(current) = model.actions.current.as_mut().filter(|current| is_on_top && current.typing) else {
        return false;
    };
    current.note.extend(pasted.as_str().chars().take(NOTE.saturating_sub(current.note.chars().count())));
    true
}

/// A frame was drawn, with the view of the run on top or not: another question has to be read anew.
pub fn drawn(model: &mut Model, visible: bool) {
    let on_top = visible && matches!(model.view.overlays.last(), Some(Overlay::Progress { .. }));
    let Some(current) = model.actions.current.as_mut() else { return };
    let phase = current.execution.phase();
    if current.asked != Some(phase) {
        (current.asked, current.sight) = (Some(phase), Sight::default());
    }
    current.sight.drawn(on_top && current.execution.question().is_some());
    current.view.drawn(on_top);
}

/// The terminal took the frame.
pub fn seen(model: &mut Model) {
    let now = model.now;
    if let Some(current) = model.actions.current.as_mut() {
        current.sight.taken(now);
        current.view.taken(now);
    }
}

/// A runbook waits for a person: whoever looks elsewhere is told.
pub fn call(model: &mut Model) {
    let Some(current) = model.actions.current.as_mut() else { return };
    if current.execution.question().is_none() {
        current.typing = false;
        return;
    }
    if !matches!(model.view.overlays.last(), Some(Overlay::Progress { .. })) {
        let what = model.actions.running().unwrap_or_default();
        say(model, format!("{what} waits for you: :watch shows it"), Tone::Warn);
    }
}

/// Leaving: nobody can answer any more.
pub fn gone(model: &mut Model) -> Vec<Effect> {
    let id = model.actions.current.as_ref().map(|current| current.id);
    id.map_or_else(Vec::new, |id| happened(model, id, Input::NobodyThere))
}

/// The policy is another by now: what runs sends nothing more.
pub fn barred(model: &mut Model, why: Safe) -> Vec<Effect> {
    let id = model.actions.current.as_ref().map(|current| current.id);
    id.map_or_else(Vec::new, |id| happened(model, id, Input::Barred(why)))
}
