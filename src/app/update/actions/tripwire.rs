//! Watching after an action: what got worse is said once, recorded with the action, and stays at the foot of the screen.

use std::time::Duration;

use crate::app::actions::is_over;
use crate::app::actions::tripwire::{self, Figure, Tripped, figures};
use crate::app::table::Tone;
use crate::app::timeline::{Draft, Kind};
use crate::app::update::say;
use crate::app::{Effect, Model};
use crate::domain::source::SourceId;
use crate::domain::{Moment, Safe};
use crate::remediation::audit::{AuditEvent, Entry};

use super::note;

/// A source was read, or could not be.
pub fn sampled(model: &mut Model, source: SourceId, good: bool, begun: Moment) -> Vec<Effect> {
    let figures = figures(&model.live, source, good);
    read(model, figures, begun)
}

/// A server was scraped, or could not be.
pub fn scraped(model: &mut Model, target: usize, begun: Moment) -> Vec<Effect> {
    let figures = tripwire::scraped(&model.actions.tripwires, &model.live, target);
    read(model, figures, begun)
}

fn read(model: &mut Model, figures: Vec<(Figure, Option<f64>)>, begun: Moment) -> Vec<Effect> {
    // Where nothing may be done, nothing has to be held against what was before.
    if !model.actions.spec.allow {
        return Vec::new();
    }
    let actions = &mut model.actions;
    if let Some(current) = actions.current.as_ref().filter(|current| !is_over(&current.execution)) {
        actions.tripwires.running(current.id, current.execution.began());
    }
    let tripped = actions.tripwires.read(figures, begun);
    tripped.into_iter().map(|tripped| trip(model, &tripped)).collect()
}

/// Alerts began to fire, each of what has been so for so long: whoever watches after an action is told.
pub fn alerts_fired(model: &mut Model, fired: &[(Safe, Duration)]) -> Vec<Effect> {
    if !model.actions.spec.allow {
        return Vec::new();
    }
    let now = model.now;
    let wires = &mut model.actions.tripwires;
    let tripped: Vec<Tripped> = fired.iter().flat_map(|(name, held)| wires.fired(name, *held, now)).collect();
    tripped.into_iter().map(|tripped| trip(model, &tripped)).collect()
}

fn trip(model: &mut Model, tripped: &Tripped) -> Effect {
    let text = Safe::of(format!("after {}: {}", tripped.what, tripped.words));
    // It stands at the foot of the screen, before all that is wrong, for as long as the watch lasts.
    model.dirty = true;
    let entry = Entry::new(AuditEvent::Tripped, tripped.run.clone())
        .with("text", &text)
        .with("figure", &tripped.name)
        .with("before", &tripped.before)
        .with("after", &tripped.after);
    note(entry)
}

/// An action ended that may have changed something: from now on it is watched.
pub fn begin(model: &mut Model) {
    let now = model.now;
    let Some(current) = model.actions.current.as_ref().filter(|current| current.execution.has_acted()) else { return };
    let (id, run, began) = (current.id, current.run.clone(), current.execution.began());
    let action = &current.execution.warrant().card().action;
    let (what, own) = (action.id.clone(), tripwire::own(model, action));
    model.actions.tripwires.running(id, began);
    model.actions.tripwires.begin(&model.live, &own, id, run, what, now);
}

/// Time passed: what the watches that are over came to.
pub fn time_passed(model: &mut Model) {
    let now = model.now;
    for over in model.actions.tripwires.ended(now) {
        let (words, tone) = over.words(now);
        let word = match tone {
            Tone::Bad => "worse",
            Tone::Unknown => "unknown",
            _ => "ok",
        };
        let mut detail = crate::app::document::Document::new("");
        over.tell(&mut detail, now);
        let draft = Draft::new(Kind::Tripwire, word, tone, words.clone());
        model.timeline.push(now, Draft { detail: Some(detail), ..draft });
        if tone != Tone::Bad {
            say(model, words, tone);
        }
    }
}
