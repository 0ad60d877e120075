//! The card and its consent: made by a preview that ran for real, answered on a screen that showed it.

use std::time::Duration;

use crate::app::actions::approvals::{self as second_person, Stands};
use crate::app::actions::dialog::{Dialog, Focus};
use crate::app::actions::reading::Sought;
use crate::app::actions::sight::Sight;
use crate::app::actions::{
    against, catalogue, elsewhere, evidence, parameters, receivers, record, silencing, standing, tripwire, upkeep,
};
use crate::app::effect::{PreviewOf, PreviewOrder};
use crate::app::table::Tone;
use crate::app::timeline::{Draft, Kind};
use crate::app::update::say;
use crate::app::view::Overlay;
use crate::app::{Effect, Model};
use crate::domain::source::SourceKind;
use crate::domain::{Cause, Moment, Safe};
use crate::input::{Code, Key};
use crate::remediation::action::{Action, Plan, Target};
use crate::remediation::audit::AuditEvent;
use crate::remediation::card::{Card, Digest, Preview};
use crate::remediation::parameter::Parameter;
use crate::remediation::written;

use super::{answers, gather, note, reading, run};

/// Deadline of a preview.
pub(super) const PREVIEW: Duration = Duration::from_secs(5);
/// Of one of a service: its manager may be asked several times, by programs that take a second to start.
const OF_SERVICE: Duration = Duration::from_secs(30);
/// The chord that runs what a card describes. No list and no editor's habit has it.
pub(super) const RUN: Key = Key::ctrl('t');

/// Asks for the card of an action, whose objects are chosen anew.
pub fn ask(model: &mut Model, action: Action) -> Vec<Effect> {
    ask_for(model, action, None)
}

/// The same without a screen, where no `:consent` can be typed: for what a code stands for, else for what was approved.
pub fn ask_standing(model: &mut Model, action: Action) -> Vec<Effect> {
    let bound = model.actions.spec.policy.bind(action.clone());
    let second = &mut model.actions.second;
    let approved = || second.approved_for(&bound).map(|stands| Stands { else_anew: true, ..stands });
    let stands = second.stands.clone().or_else(approved);
    ask_for(model, action, stands)
}

/// Asks for the card of an action, for what was agreed to before where that is given, unless something speaks against it from
/// the start.
pub(super) fn ask_for(model: &mut Model, action: Action, stands: Option<Stands>) -> Vec<Effect> {
    let action = model.actions.spec.policy.bind(action);
    if let Some(why) = catalogue::reason_against(model, &action) {
        say(model, standing::still(&why, &action.id), Tone::Unknown);
        reading::fail(model, &why, &[]);
        return refused(model, &action, &why);
    }
    // Another card that was still being read for is not waited for any more.
    let mut effects = reading::leave(model);
    // One card at a time.
    effects.extend(leave_all(model, |overlay| matches!(overlay, Overlay::Card(_))));
    model.view.overlays.retain(|overlay| !matches!(overlay, Overlay::Menu { .. }));
    model.actions.second.stands = stands;
    reading::begin(model, Sought::Card(Box::new(action.clone())));
    effects.extend(read_for(model, action));
    if model.actions.asked.is_none() {
        reading::over(model);
    }
    effects
}

/// Reads for the card.
fn read_for(model: &mut Model, action: Action) -> Vec<Effect> {
    let id = model.fresh_id();
    let agreed = model.actions.second.agreed_for(&action, None);
    let of = match &action.plan {
        Plan::Sessions { selector, verb } => {
            let Some(database) = action.target.at else { return Vec::new() };
            PreviewOf::Sessions { database, selector: selector.clone(), verb: *verb, cap: action.limits.cap, agreed }
        }
        Plan::Service { step, .. } => PreviewOf::Service(step.clone()),
        Plan::Flush { .. } => {
            let Some(cache) = action.target.at else { return Vec::new() };
            PreviewOf::Flush { cache }
        }
        Plan::Explain { of, .. } => {
            let Some(database) = action.target.at else { return Vec::new() };
            PreviewOf::Explain { database, of: of.clone() }
        }
        Plan::Upkeep(upkeep) => {
            let Some(database) = action.target.at else { return Vec::new() };
            PreviewOf::Upkeep { database, upkeep: upkeep.clone(), limit: action.limits.deadline }
        }
        Plan::Backup(backup) => {
            let Some(database) = action.target.at else { return Vec::new() };
            PreviewOf::Backup { database, backup: (**backup).clone(), name: action.target.name.clone() }
        }
        Plan::Steps(_) if receivers::of(model, &action).is_some() => {
            let Some(source) = receivers::of(model, &action).cloned() else { return Vec::new() };
            PreviewOf::Receivers(source)
        }
        Plan::Steps(steps) if silencing::request(steps).is_some() => {
            let Some(request) = silencing::request(steps).cloned() else { return Vec::new() };
            PreviewOf::Silence(Box::new(request))
        }
        Plan::Wanting(wanting) => return want(model, &action, &wanting.parameters),
        Plan::Runbook(runbook) => {
            let runbook = runbook.clone();
            let mut effects = vec![Effect::CountTmuxClients];
            effects.extend(gather::begin(model, action, &runbook));
            return effects;
        }
        Plan::Steps(_) => {
            let preview = written_down(&action);
            let mut effects = show(model, action, preview, model.now);
            effects.insert(0, Effect::CountTmuxClients);
            return effects;
        }
    };
    model.actions.asked = Some((id, action));
    let deadline = patience(&of);
    vec![Effect::CountTmuxClients, Effect::Preview(Box::new(PreviewOrder { id, of, deadline }))]
}

/// How long a look may take.
pub(super) fn patience(of: &PreviewOf) -> Duration {
    if matches!(of, PreviewOf::Service(_)) { OF_SERVICE } else { PREVIEW }
}

/// What was refused before there is a card is recorded as well, where anything may be done at all.
fn refused(model: &mut Model, action: &Action, why: &Safe) -> Vec<Effect> {
    let (allowed, now) = (model.actions.spec.allow, model.now);
    let entry = allowed.then(|| model.actions.refusals.refuse(action, why, now)).flatten();
    entry.map(note).into_iter().collect()
}

/// What it has to be given is typed in the palette, where it is asked for by its name.
fn want(model: &mut Model, action: &Action, parameters: &[Parameter]) -> Vec<Effect> {
    let wanted = parameters::wanted(parameters);
    let typed = format!("act {} on {}{}", action.id, action.target.name, wanted.begun);
    model.view.overlays.push(Overlay::Palette { typed, chosen: 0 });
    say(model, wanted.words, Tone::Plain);
    Vec::new()
}

/// The preview of steps that are written down: what will be sent, byte for byte. What it will touch nobody can say.
fn written_down(action: &Action) -> Preview {
    let mut preview = Preview::default();
    let Plan::Steps(steps) = &action.plan else { return preview };
    for step in steps {
        let mut found = written::of(&step.work);
        if preview.identity.facts.is_empty() {
            preview.identity = found.identity;
        }
        preview.effect.append(&mut found.effect);
        preview.obstacles.append(&mut found.obstacles);
    }
    preview.remarks.push(Safe::of("no preview is available: what it touches is the target's to decide"));
    preview
}

/// A preview came, or failed.
pub fn previewed(model: &mut Model, id: u64, outcome: Result<Preview, Cause>, begun: Moment) -> Vec<Effect> {
    let outcome = match &model.actions.asked {
        Some((_, action)) => action.given.veil_preview(outcome),
        None => outcome,
    };
    let outcome = match gather::take(model, id, outcome, begun) {
        Ok(outcome) => outcome,
        Err(effects) => return effects,
    };
    let Some((asked, action)) = model.actions.asked.take() else { return Vec::new() };
    if asked != id {
        // Of an action that was left meanwhile.
        model.actions.asked = Some((asked, action));
        return Vec::new();
    }
    // What will be sent is known in any case; only whom it reaches had to be read.
    let outcome = match &action.plan {
        Plan::Steps(steps) if silencing::request(steps).is_some() => {
            outcome.map(|preview| silencing::held(model, steps, preview))
        }
        Plan::Steps(_) => {
            let agreed = model.actions.second.agreed_for(&action, None);
            let read = outcome.map(|read| receivers::held(read, agreed.as_deref()));
            Ok(receivers::joined(written_down(&action), read))
        }
        _ => outcome,
    };
    match outcome {
        Ok(preview) if preview.lapsed && model.actions.second.stands.as_ref().is_some_and(|s| s.else_anew) => {
            ask(model, action)
        }
        Ok(mut preview) => {
            if preview.lapsed {
                let words = "all that was agreed to are gone, or changed: there is nothing left to do";
                preview.obstacles.push(Safe::of(words));
            }
            model.view.message = None;
            upkeep::note_leftovers(model, &action, &preview);
            show(model, action, preview, begun)
        }
        Err(cause) => {
            let why = Safe::of(format!("no card: {cause}"));
            let advice = advice(&cause);
            let told = advice.iter().fold(why.to_string(), |told, line| format!("{told}; {line}"));
            say(model, Safe::of(told), Tone::Bad);
            reading::fail(model, &why, &advice);
            refused(model, &action, &why)
        }
    }
}

/// The action on its target, as strict as the strictest of the databases that it reaches beside it.
fn as_careful_as(model: &Model, mut action: Action, preview: &mut Preview) -> Action {
    if let Some((database, environment)) = elsewhere::strictest(model, &action, preview) {
        let words = format!("it reaches {database}, another database of that server: as in {}", environment.word());
        preview.warnings.push(Safe::of(words));
        // Whoever acts there by the name that it has in the configuration waits for this one all the same.
        preview.configured.push(action.target.key());
        action.target.environment = environment;
    }
    action
}

/// What to do where no card can be made.
fn advice(cause: &Cause) -> Vec<Safe> {
    match cause {
        // Freeing one is what was wanted.
        Cause::TooManyConnections(_) => {
            vec![Safe::of(
                "a dashboard that was connected before still is, and can act; else a superuser's psql has a slot of its own",
            )]
        }
        cause => cause.advice(),
    }
}

/// The card, unless it reaches what policy keeps from everybody.
pub(super) fn show(model: &mut Model, action: Action, mut preview: Preview, begun: Moment) -> Vec<Effect> {
    let asked = action.target.environment.clone();
    let action = as_careful_as(model, action, &mut preview);
    let is_stricter = action.target.environment != asked;
    if let Some(why) = catalogue::reason_against(model, &action).filter(|_| is_stricter) {
        say(model, why.clone(), Tone::Unknown);
        reading::fail(model, &why, &[]);
        return refused(model, &action, &why);
    }
    preview.warnings.extend(against::minds(model, &action));
    preview.unseen = Some(tripwire::sees(model, &action));
    preview.configured.extend(configured(model, &action));
    // What was told of it since it was read, and who was agreed to before.
    action.given.veil_words(&mut preview);
    let before = evidence::before(&model.live, &action, model.now);
    let words = format!("the card of {} on {}", action.id, action.target.name);
    model.timeline.push(model.now, Draft::new(Kind::Action, "requested", Tone::Plain, words));
    let demands = catalogue::demands(model, &action);
    let card = Card::new(action, preview, before, begun).demanding(demands);
    let agreed = model.actions.second.agreed_count(&card);
    let mut dialog = Dialog::new(card.for_agreed(agreed));
    // It was approved for this reason, and for no other.
    if let Some(granted) = model.actions.second.approval(&dialog.card) {
        granted.request.reason().clone_into(&mut dialog.reason);
    }
    reading::over(model);
    model.view.overlays.push(Overlay::Card(Box::new(dialog)));
    model.dirty = true;
    Vec::new()
}

/// The targets of the configuration that its steps change.
fn configured(model: &Model, action: &Action) -> Vec<Digest> {
    let key = |(kind, at): (SourceKind, usize)| match kind {
        SourceKind::Database => {
            let spec = &model.live.databases.get(at)?.spec;
            Some(Target::key_of(kind, &spec.name, &spec.environment))
        }
        SourceKind::Cache => {
            let spec = &model.live.caches.get(at)?.spec;
            Some(Target::key_of(kind, &spec.name, &spec.environment))
        }
        _ => None,
    };
    action.plan.reached().into_iter().filter_map(key).collect()
}

/// A frame was drawn: only the dialog that lies on top, on a terminal with room for it, is in it.
pub fn drawn(model: &mut Model) {
    let visible = model.geometry.overlay_rows > 0;
    let mut top = true;
    for overlay in model.view.overlays.iter_mut().rev() {
        if let Some(sight) = sight(overlay) {
            sight.drawn(top && visible);
        }
        top = false;
    }
    let (rows, lines) = (usize::from(model.geometry.overlay_rows), model.geometry.overlay_lines);
    if let Some(Overlay::Approval(dialog)) = model.view.overlays.last_mut() {
        dialog.drawn(rows, lines);
    }
    answers::drawn(model, visible);
}

/// The terminal took the frame: from here on the dialog that is in it may be answered.
pub fn seen(model: &mut Model) {
    let now = model.now;
    if let Some(sight) = model.view.overlays.last_mut().and_then(sight) {
        sight.taken(now);
    }
    if let Some(Overlay::Approval(dialog)) = model.view.overlays.last_mut() {
        dialog.taken();
    }
    answers::seen(model);
}

/// The terminal was somebody else's meanwhile: no dialog is on it any more.
pub fn gone_from_the_screen(model: &mut Model) {
    model.view.overlays.iter_mut().filter_map(sight).for_each(|sight| sight.drawn(false));
    answers::drawn(model, false);
}

/// Of what leads to an effect.
fn sight(overlay: &mut Overlay) -> Option<&mut Sight> {
    match overlay {
        Overlay::Card(dialog) => Some(&mut dialog.sight),
        Overlay::Approval(dialog) => Some(&mut dialog.sight),
        _ => None,
    }
}

/// A key in the dialog of a card.
pub fn card_key(model: &mut Model, key: Key) -> Vec<Effect> {
    let now = model.now;
    let page = isize::try_from(model.geometry.overlay_rows).unwrap_or(1).max(1);
    let Some(Overlay::Card(dialog)) = model.view.overlays.last_mut() else { return Vec::new() };
    if key.code == Code::Esc
        || key == Key::plain(Code::Enter) && dialog.focus == Focus::Cancel && dialog.sight.listens(now)
    {
        return leave_card(model);
    }
    if !dialog.sight.listens(now) {
        return Vec::new();
    }
    let last = model.geometry.overlay_lines.saturating_sub(usize::from(model.geometry.overlay_rows));
    let scroll = |dialog: &mut Dialog, by: isize| dialog.scroll = dialog.scroll.saturating_add_signed(by).min(last);
    match key.code {
        _ if key == RUN => return run::run(model),
        _ if key == Key::ctrl('r') => return anew(model),
        _ if key == Key::ctrl('u') => {
            if let Some(field) = dialog.field() {
                field.clear();
            }
        }
        Code::Down | Code::Tab | Code::Enter => dialog.travel(1),
        Code::Up | Code::BackTab => dialog.travel(-1),
        Code::PageDown => scroll(dialog, page),
        Code::PageUp => scroll(dialog, -page),
        Code::Backspace => {
            if let Some(field) = dialog.field() {
                field.pop();
            }
        }
        _ => {
            if let Some(letter) = key.typed() {
                dialog.type_in(letter);
            }
        }
    }
    Vec::new()
}

/// Dialogs that go without having done anything, whatever lies over them: that is recorded too.
pub(super) fn leave_all(model: &mut Model, goes: fn(&Overlay) -> bool) -> Vec<Effect> {
    let now = model.now;
    let gone: Vec<Overlay> = model.view.overlays.extract_if(.., |overlay| goes(overlay)).collect();
    let entry = |overlay: &Overlay| match overlay {
        Overlay::Card(dialog) => Some(record::of_card(AuditEvent::Cancelled, &dialog.card, &[], now)),
        // What was sent is recorded by what becomes of it.
        Overlay::Approval(dialog) if !dialog.sent => {
            Some(second_person::of_request(AuditEvent::Cancelled, &dialog.found.request, &[], now))
        }
        _ => None,
    };
    gone.iter().filter_map(entry).map(note).collect()
}

/// Left without doing anything.
fn leave_card(model: &mut Model) -> Vec<Effect> {
    leave_all(model, |overlay| matches!(overlay, Overlay::Card(_)))
}

/// The target is read anew: another card, to be consented to anew. Where nothing can be read now, this one stays and says why.
fn anew(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Card(dialog)) = model.view.overlays.last() else { return Vec::new() };
    let action = dialog.card.action.clone();
    let Some(why) = catalogue::reason_against(model, &action) else { return ask(model, action) };
    if let Some(Overlay::Card(dialog)) = model.view.overlays.last_mut() {
        dialog.refused = vec![why.clone()];
    }
    refused(model, &action, &why)
}

/// Leaving the program leaves an open card too, and a runbook that waits for a person.
pub fn leaving(model: &mut Model) -> Vec<Effect> {
    let mut effects = leave_all(model, |overlay| matches!(overlay, Overlay::Card(_) | Overlay::Approval(_)));
    effects.extend(reading::leave(model));
    effects.extend(answers::gone(model));
    let now = model.now;
    effects.extend(model.actions.refusals.counted(true, now).into_iter().map(note));
    effects.push(Effect::Quit);
    effects
}
