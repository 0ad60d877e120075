//! What a card binds, in lines: what its digest is over and nothing that is only read, so that they are the same whenever the
//! card is made. A second person approves these; the requester's own program holds its card against them before it runs.

use chrono::DateTime;

use crate::domain::{Safe, figure};
use crate::remediation::approval;
use crate::remediation::card::Card;
use crate::remediation::object::{Object, ObjectKey, Whose};

use super::explain;

/// A mark of all that a second person agrees to, for a reason.
#[must_use]
pub fn terms(card: &Card, reason: &Safe) -> String {
    let action = &card.action;
    approval::terms(&lines(card, reason), action.level, &action.id, &action.target.name, &approval::phrase(card))
}

/// The lines; the reason is not of the card, and no other may be given once it was approved.
#[must_use]
pub fn lines(card: &Card, reason: &Safe) -> Vec<Safe> {
    let (action, preview) = (&card.action, &card.preview);
    let target = &action.target;
    let mut lines =
        vec![Safe::of(format!("{}  {} on {} in {}", action.level, action.id, target.name, target.environment.word()))];
    if card.demands.break_glass {
        lines.push(Safe::of("BREAK GLASS: it runs OUTSIDE EVERY MAINTENANCE WINDOW"));
    }
    let facts: Vec<String> =
        preview.identity.facts.iter().map(|(name, value)| format!("{name} {}", value.one_line())).collect();
    lines.push(Safe::of(format!("target: {}", facts.join(", "))));
    // Literals of queries are hidden here as they are in the copy of the card.
    lines.extend(explain::effect(card, true).iter().map(|line| Safe::of(format!("sends: {}", line.one_line()))));
    lines.extend(preview.count.map(|count| Safe::of(format!("touches: {count}"))));
    lines.extend(touched(card));
    for wanted in &action.preconditions {
        lines.push(Safe::of(format!("requires: {} {}", wanted.name, wanted.threshold)));
    }
    let proof = action.proof.trials.iter().map(|trial| format!("{} {}", trial.name, trial.expect.words()));
    lines.extend(proof.map(|words| Safe::of(format!("shown by: {words}"))));
    let limits = &action.limits;
    let (within, again) = (figure::span(limits.deadline), figure::span(limits.cool_down));
    lines.push(Safe::of(format!("limits: at most {} at once, within {within}, not again for {again}", limits.cap)));
    lines.push(Safe::of(format!("undone by: {}", action.undo)));
    lines.extend(approval::beside(card, reason));
    // Others read them: what was given is hidden where that is.
    lines.iter().map(|line| action.given.veil(line)).collect()
}

/// Everything that is touched, in an order of its own; of a runbook, step by step.
fn touched(card: &Card) -> Vec<Safe> {
    let lines = |step: &str, objects: &[Object]| {
        let mut objects: Vec<&Object> = objects.iter().collect();
        objects.sort_by(|one, other| one.key.cmp(&other.key));
        objects.into_iter().map(|object| Safe::of(format!("{step}touches: {}", named(object)))).collect::<Vec<_>>()
    };
    let Some(runbook) = card.action.runbook() else { return lines("", &card.preview.objects) };
    let parts = card.preview.parts.iter().filter(|part| part.barred.is_none());
    parts.flat_map(|part| lines(&format!("step {} ", runbook.number(part.place)), &part.found.objects)).collect()
}

fn named(object: &Object) -> String {
    let time = |micros: i64| {
        let time = DateTime::from_timestamp_micros(micros).unwrap_or_default();
        time.format("%Y-%m-%d %H:%M:%S%.6f UTC")
    };
    match &object.key {
        ObjectKey::Session { id, state, since_us } => {
            let (began, since) = (time(id.backend_start_us), time(*since_us));
            let Whose { user, application, client, database } = object.whose();
            // Each in quotes: an application names itself, and could name the others too.
            let whose = format!("user {user:?}, application {application:?}, client {client:?}, database {database:?}");
            format!("session {} of {whose}, that began {began}, {} since {since}", id.pid, state.word())
        }
        ObjectKey::Named(name) => name.one_line().to_string(),
    }
}
