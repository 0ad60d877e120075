//! What a requester and a second person do: asking, looking, approving, and consenting anew. A request of somebody else
//! never takes the focus; it is looked at when this person asks for it, and approved by the chord alone.

use crate::app::actions::approvals::{
    Found, Look, Own, OwnAnswer, SecondEvent, SecondOrder, Stands, asking, list_document, waiting_document, waits,
};
use crate::app::actions::approving::Approving;
use crate::app::actions::catalogue;
use crate::app::actions::reading::Sought;
use crate::app::table::Tone;
use crate::app::update::{say, show};
use crate::app::view::Overlay;
use crate::app::{Effect, Model};
use crate::domain::Safe;
use crate::input::{Code, Key};
use crate::remediation::approval::{Request, left};
use crate::remediation::card::Card;

use super::card::{RUN, leave_all};
use super::reading;

/// The guard found only the second person missing: one is asked for.
pub fn ask(model: &mut Model, card: &Card, reason: &str) -> Vec<Effect> {
    if let Some(request) = model.actions.second.waits_for(card).cloned() {
        model.actions.second.remember(&request.id, card.action.clone());
        let effects = leave_all(model, |overlay| matches!(overlay, Overlay::Card(_)));
        told(model, &request);
        return effects;
    }
    // What becomes of it is recorded where it is asked for.
    model.view.overlays.retain(|overlay| !matches!(overlay, Overlay::Card(_)));
    let order = SecondOrder::Ask(Box::new(asking(model, card, reason)));
    model.actions.second.asking = Some(card.action.clone());
    say(model, "asking for a second person …", Tone::Dim);
    vec![Effect::Second(Box::new(order))]
}

/// Something came of it.
pub fn happened(model: &mut Model, event: SecondEvent) {
    match event {
        SecondEvent::Looked(look) => {
            let before = std::mem::replace(&mut model.actions.second.look, look);
            model.actions.second.looked = true;
            over(model, &before);
        }
        SecondEvent::Asked(outcome) => asked(model, outcome),
        SecondEvent::Found(Ok(found)) => open_dialog(model, *found),
        SecondEvent::Found(Err(why)) => {
            reading::fail(model, &why, &[]);
            say(model, why, Tone::Warn);
        }
        SecondEvent::Answered { id, outcome } => answered(model, &id, outcome),
        SecondEvent::Agreed { count, agreed } => {
            model.actions.second.stands = Some(Stands { count, agreed: *agreed, else_anew: false });
        }
    }
}

fn asked(model: &mut Model, outcome: Result<Box<Request>, Safe>) {
    let action = model.actions.second.asking.take();
    match outcome {
        Ok(request) => {
            if let Some(action) = action {
                model.actions.second.remember(&request.id, action);
            }
            told(model, &request);
        }
        Err(why) => {
            model.actions.second.told = vec![why.clone()];
            say(model, format!("no second person was asked: {why}"), Tone::Bad);
        }
    }
}

fn told(model: &mut Model, request: &Request) {
    model.actions.second.told = waits(request, model.now);
    model.view.message = None;
    let document = waiting_document(request, model.now);
    show(model, document);
}

/// `:approve`: everything that waits.
pub fn list(model: &mut Model) {
    let document = list_document(model);
    show(model, document);
}

/// `:approve ID`: the card of a request, to be approved.
pub fn open(model: &mut Model, id: &str) -> Vec<Effect> {
    if !model.actions.is_armed() {
        let words = format!("{}; or approve from a shell (quarterdeck approve {id})", model.actions.unarmed_words());
        say(model, words, Tone::Warn);
        return Vec::new();
    }
    let mut effects = reading::leave(model);
    effects.extend(leave_all(model, |overlay| matches!(overlay, Overlay::Approval(_))));
    reading::begin(model, Sought::Request(id.to_owned()));
    // Whoever else can type here can approve, too.
    effects.push(Effect::CountTmuxClients);
    effects.push(Effect::Second(Box::new(SecondOrder::Find { id: id.to_owned() })));
    effects
}

/// One's own request is gone, and its time was over: that is said once.
fn over(model: &mut Model, before: &Look) {
    let look = &model.actions.second.look;
    let stays = |id: &str| look.own.iter().any(|own| own.request.id == id);
    // What runs under its approval has used it, however late the folder is looked at.
    let ran = model.actions.current.as_ref().map(|current| current.execution.warrant().card().digest().hex());
    let is_used = |request: &Request| ran.as_ref() == Some(&request.digest);
    let gone = before.own.iter().filter(|own| !stays(&own.request.id) && !is_used(&own.request));
    let words = gone.into_iter().find_map(|Own { request, answer }| {
        let (begun, what) = match answer {
            OwnAnswer::Granted(granted) => (granted.approval.approved_at.at, "its approval was not used in time"),
            _ => (request.asked_at.at, "nobody approved it in time"),
        };
        let is_over = left(begun, model.now).is_zero();
        is_over.then(|| format!("{} on {}: {what}; ask for it again", request.action, request.target))
    });
    if let Some(words) = words {
        say(model, words, Tone::Warn);
    }
}

fn open_dialog(model: &mut Model, found: Found) {
    let id = &found.request.id;
    let is_awaited = |overlay: &Overlay| matches!(overlay, Overlay::Reading(reading) if reading.is_request(id));
    if !model.view.overlays.iter().any(is_awaited) {
        // It was left meanwhile.
        return;
    }
    reading::over(model);
    // A card that is being decided on is not covered by another.
    if matches!(model.view.overlays.last(), Some(Overlay::Card(_))) {
        say(model, "the request was found: leave this card first", Tone::Dim);
        return;
    }
    model.view.message = None;
    model.view.overlays.push(Overlay::Approval(Box::new(Approving::new(found))));
}

fn answered(model: &mut Model, id: &str, outcome: Result<(), Safe>) {
    let is_it = |overlay: &Overlay| matches!(overlay, Overlay::Approval(dialog) if dialog.found.request.id == id);
    match outcome {
        Ok(()) => {
            model.view.overlays.retain(|overlay| !is_it(overlay));
            say(model, format!("{id} is approved: whoever asked consents again and runs it"), Tone::Ok);
        }
        Err(why) => {
            say(model, format!("{id} was not approved: {why}"), Tone::Bad);
            for overlay in &mut model.view.overlays {
                if let Overlay::Approval(dialog) = overlay
                    && dialog.found.request.id == id
                {
                    dialog.sent = false;
                    dialog.typed.clear();
                    dialog.refused = vec![why.clone()];
                }
            }
        }
    }
}

/// A key in the dialog of the second person.
pub fn key(model: &mut Model, key: Key) -> Vec<Effect> {
    let now = model.now;
    let page = usize::from(model.geometry.overlay_rows).max(1);
    let last = model.geometry.overlay_lines.saturating_sub(usize::from(model.geometry.overlay_rows));
    let Some(Overlay::Approval(dialog)) = model.view.overlays.last_mut() else { return Vec::new() };
    let on_cancel = key == Key::plain(Code::Enter) && !dialog.in_phrase;
    if key.code == Code::Esc || on_cancel && dialog.sight.listens(now) {
        return leave(model);
    }
    if !dialog.sight.listens(now) || dialog.sent {
        return Vec::new();
    }
    match key.code {
        _ if key == RUN => {
            if let Some(unread) = dialog.unread() {
                dialog.refused = vec![unread];
                return Vec::new();
            }
            // A wrong phrase goes its way too: it is refused there, and recorded.
            dialog.sent = true;
            let (seen, typed) = (Box::new(dialog.found.request.clone()), dialog.typed.clone());
            return vec![Effect::Second(Box::new(SecondOrder::Approve { seen, typed }))];
        }
        _ if key == Key::ctrl('u') => dialog.typed.clear(),
        Code::Down | Code::Tab | Code::Enter | Code::Up | Code::BackTab => dialog.in_phrase = !dialog.in_phrase,
        Code::PageDown => dialog.scroll = (dialog.scroll + page).min(last),
        Code::PageUp => dialog.scroll = dialog.scroll.min(last).saturating_sub(page),
        Code::Backspace => drop(dialog.typed.pop()),
        _ => {
            if let Some(letter) = key.typed() {
                dialog.type_in(letter);
            }
        }
    }
    Vec::new()
}

/// Left without approving: that is recorded too.
fn leave(model: &mut Model) -> Vec<Effect> {
    leave_all(model, |overlay| matches!(overlay, Overlay::Approval(_)))
}

/// `:consent`: the card of what was approved last, made anew for whom it listed.
pub fn consent(model: &mut Model) -> Vec<Effect> {
    let second = &model.actions.second;
    let Some(request) = second.granted().next().map(|granted| granted.request.clone()) else {
        say(model, "nothing of yours was approved by a second person", Tone::Dim);
        return Vec::new();
    };
    let asked = second.asked.iter().find(|(id, _)| *id == request.id).map(|(_, action)| action.clone());
    let listed = || {
        let mut all = catalogue::named(model).into_iter();
        all.find(|action| (&action.id, &action.target.name) == (&request.action, &request.target))
    };
    if let Some(action) = asked.or_else(listed) {
        let stands = Stands::of(&request);
        return super::card::ask_for(model, action, Some(stands));
    }
    say(model, format!("{} on {} is not known here", request.action, request.target), Tone::Warn);
    Vec::new()
}
