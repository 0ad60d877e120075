//! Acting: the menu, and the leave to act. Everything that has an effect goes through the guard, and only the chord of the
//! dialog asks it.

mod answers;
pub mod approvals;
mod card;
mod gather;
mod marks;
pub mod reading;
mod run;
mod tripwire;

pub use answers::{barred, pasted, progress_key};
pub use card::{ask, ask_standing, card_key, drawn, gone_from_the_screen, leaving, previewed, seen};
pub use run::{compared, consented, happened, read, told, watch};
pub use tripwire::{alerts_fired, sampled, scraped};

use crate::app::actions::menu::Pointer;
use crate::app::actions::{LAPSES, catalogue, forms, headless, parameters, record, standing, upkeep};
use crate::app::table::Tone;
use crate::app::view::Overlay;
use crate::app::{Effect, Model};
use crate::domain::Safe;
use crate::input::{Code, Key};
use crate::remediation::audit::{AuditEvent, Entry};
use crate::remediation::execution::Input;
use crate::remediation::upkeep::UpkeepVerb;

use super::say;

/// `a`: the menu.
pub fn open_menu(model: &mut Model) -> Vec<Effect> {
    let actions = catalogue::all(model);
    if actions.is_empty() {
        say(model, "nothing here can be acted on: no database, no Redis and no [[action]] is configured", Tone::Dim);
        return Vec::new();
    }
    model.view.overlays.push(Overlay::Menu { chosen: Pointer::first(&actions) });
    // Where the audit could not be written, whether it can be again is found out now, by writing.
    let failing = model.actions.audit_failure.is_some();
    let probe = Entry::new(AuditEvent::AuditTried, record::run_id(0, model.now));
    let mut effects = look_at_guards(model);
    effects.extend(failing.then(|| note(probe)));
    effects.extend(upkeep::wanted(model));
    effects
}

/// Asks the shared folder about the targets of the menu, where anything may be done.
pub fn look_at_guards(model: &mut Model) -> Vec<Effect> {
    let wanted = if model.actions.is_armed() { standing::wanted(model) } else { Vec::new() };
    if wanted.is_empty() {
        return Vec::new();
    }
    let (id, now) = (model.fresh_id(), model.now);
    model.actions.standings.ask(id, now);
    vec![Effect::LookAtGuards { id, wanted }]
}

/// A key in the menu: choosing shows a card, nothing more. What was pointed at is meant, and nothing that took its place.
/// No letter closes it: of a name that is typed into it the rest would act on the page behind it.
pub fn menu_key(model: &mut Model, key: Key) -> Vec<Effect> {
    let mut actions = catalogue::all(model);
    let Some(Overlay::Menu { chosen }) = model.view.overlays.last_mut() else { return Vec::new() };
    match key.code {
        Code::Down | Code::Char('j') => chosen.travel(true, &actions),
        Code::Up | Code::Char('k') => chosen.travel(false, &actions),
        Code::Esc => {
            model.view.overlays.pop();
        }
        Code::Enter => {
            if let Some(at) = chosen.place(&actions) {
                return ask(model, actions.swap_remove(at));
            }
            let gone = chosen.gone();
            say(model, gone, Tone::Warn);
        }
        _ => {}
    }
    Vec::new()
}

fn note(entry: Entry) -> Effect {
    Effect::Record { run: None, number: 0, entry: Box::new(entry) }
}

/// `:analyse`, `:vacuum`, `:reindex`: the card of upkeep of what is named, on the database that is shown.
pub fn keep_up(model: &mut Model, verb: UpkeepVerb, typed: &str) -> Vec<Effect> {
    match upkeep::on_shown(model, verb, typed) {
        Ok(action) => ask(model, action),
        Err(why) => {
            say(model, why, Tone::Warn);
            Vec::new()
        }
    }
}

/// `:act`: the card of an action by name, narrowed by parameters.
pub fn act(model: &mut Model, typed: &str) -> Vec<Effect> {
    let found = parameters::asked(typed).and_then(|asked| {
        let action = headless::find(model, &asked.action, asked.target.as_deref())?;
        parameters::narrowed(action, &asked.parameters, model.screen.redact)
    });
    match found {
        Ok(action) => ask(model, action),
        Err(why) => {
            say(model, why, Tone::Warn);
            Vec::new()
        }
    }
}

/// `:arm`: leave to act again, where it was given at the start.
pub fn arm(model: &mut Model) -> Vec<Effect> {
    if let Some(why) = model.actions.spec.policy.barred.clone() {
        say(model, why, Tone::Warn);
        return Vec::new();
    }
    if !model.actions.spec.allow {
        say(model, "read-only from the start: begin again with --allow-actions", Tone::Warn);
        return Vec::new();
    }
    model.actions.armed = Some(model.now);
    // Whoever else can type here is told of anew.
    model.actions.tmux_clients = Some(0);
    say(model, "armed", Tone::Warn);
    vec![Effect::CountTmuxClients, note(Entry::new(AuditEvent::Armed, record::run_id(0, model.now)))]
}

/// The screen begins: the leave to act that it was given is on record, and whoever else can type here is counted.
pub fn began(model: &Model) -> Vec<Effect> {
    if !model.actions.is_armed() {
        return Vec::new();
    }
    let entry = Entry::new(AuditEvent::Armed, record::run_id(0, model.now)).with("why", "armed from the start");
    vec![Effect::CountTmuxClients, note(entry)]
}

/// So many clients are attached to our tmux session. A card says it itself; who arms is told on the last line.
pub fn crowded(model: &mut Model, clients: Option<usize>) {
    let is_news = clients != std::mem::replace(&mut model.actions.tmux_clients, clients);
    let is_told = model.view.overlays.iter().any(|overlay| matches!(overlay, Overlay::Card(_) | Overlay::Approval(_)));
    if let Some(words) =
        forms::crowd(model.actions.tmux_clients).filter(|_| is_news && !is_told && model.actions.is_armed())
    {
        say(model, format!("armed, and {words}"), Tone::Bad);
    }
}

/// The audit can be written, or cannot: that it cannot is told at once, on whatever page.
pub fn audit_stands(model: &mut Model, state: Result<(), Safe>) {
    let is_news = model.actions.audit_failure.is_none();
    model.actions.audit_failure = state.err();
    if let Some(why) = model.actions.audit_failure.clone().filter(|_| is_news) {
        say(model, format!("no action runs: the audit cannot be written: {why}"), Tone::Bad);
    }
}

/// Time passed: deadlines, and the leave to act that lapses.
pub fn time_passed(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    tripwire::time_passed(model);
    let lapsed = lapse(model);
    if !lapsed.is_empty() {
        return lapsed;
    }
    let due = standing::is_seen(model) && model.actions.standings.is_due(now);
    let mut effects = if due { look_at_guards(model) } else { Vec::new() };
    effects.extend(model.actions.refusals.counted(false, now).into_iter().map(note));
    let id = model.actions.current.as_ref().map(|current| current.id);
    effects.extend(id.map_or_else(Vec::new, |id| happened(model, id, Input::TimePassed)));
    effects
}

/// Takes the leave to act away where nobody was there for too long.
fn lapse(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    let is_over = model.actions.armed.is_some_and(|since| now.since(since) >= LAPSES);
    if !is_over || model.actions.running().is_some() {
        return Vec::new();
    }
    model.actions.armed = None;
    say(model, "the leave to act lapsed after 30 idle minutes; :arm gives it back", Tone::Warn);
    vec![note(Entry::new(AuditEvent::Disarmed, record::run_id(0, now)))]
}

/// A key was pressed: somebody is there. After a machine slept the key may come before anything told that time passed, and
/// what lapsed meanwhile is not renewed by it.
pub fn somebody_is_there(model: &mut Model) -> Vec<Effect> {
    let lapsed = lapse(model);
    if model.actions.armed.is_some() {
        model.actions.armed = Some(model.now);
    }
    lapsed
}
