//! What an action leaves in the audit: who did what, why, on which identity, with which card, and how it ended.

use crate::domain::{Moment, Safe};
use crate::remediation::action::Action;
use crate::remediation::audit::{AuditEvent, Entry, Value};
use crate::remediation::card::{Card, Digest};
use crate::remediation::execution::{Execution, Note, StepState};
use crate::remediation::guard::Warrant;
use crate::remediation::measure::Evidence;
use crate::remediation::object::{Fate, ObjectKey};
use crate::remediation::parameter::{Given, HIDDEN};
use crate::remediation::step::StepEnd;

use super::{card_text, explain};

/// Most objects that are listed in a record.
pub(super) const OBJECTS: usize = 500;
/// Objects of one record that are named in compact form, whatever else is cut: as many as one statement takes, twice.
const KEYS: usize = 2000;
/// Bytes of all their names: what is reserved for a record has room for this and for what else must stand in it.
const KEYS_BYTES: usize = 48 * 1024;
/// A longer name is told by its hash.
const NAME: usize = 24;
/// Characters of an answer that are kept.
const SAID: usize = 400;

/// A name for a run that no other has.
#[must_use]
pub fn run_id(id: u64, now: Moment) -> Safe {
    Safe::of(format!("{}-{:x}-{id}", now.wall.format("%Y%m%dT%H%M%SZ"), now.boot.as_nanos()))
}

/// The record of an execution at this point.
#[must_use]
pub fn of(execution: &Execution, note: &Note, run: &Safe, now: Moment) -> Entry {
    let warrant = execution.warrant();
    let given = &warrant.card().action.given;
    match note {
        Note::Intent => {
            let entry = described(Entry::new(AuditEvent::Intent, run.clone()), warrant.card());
            let keys = warrant.card().preview.objects.iter().map(|object| &object.key);
            let keys = Safe::of(compact(given, keys, &mut Room::whole()));
            let entry = approved(entry, warrant).with("reason", warrant.reason());
            keyed(entry, keys).with("text", card_text::of(warrant.card()))
        }
        Note::Refused(why) => {
            described(Entry::new(AuditEvent::Refused, run.clone()), warrant.card()).with("why", texts(why))
        }
        Note::Cancelled(why) => {
            described(Entry::new(AuditEvent::Cancelled, run.clone()), warrant.card()).with("why", texts(why))
        }
        Note::Step { title, words } => named(Entry::new(AuditEvent::Step, run.clone()), &warrant.card().action)
            .with("step", title)
            .with("end", Value::Text(words.clipped(SAID))),
        Note::Outcome(outcome) => {
            let entry = approved(described(Entry::new(AuditEvent::Outcome, run.clone()), warrant.card()), warrant);
            keyed(entry, became(given, &execution.fates()))
                .with("outcome", outcome.word())
                .with("duration_ms", execution.lasted(now).as_millis() as i64)
                .with("because", texts(execution.reasons()))
                .with("steps", steps(execution))
                .with("objects", fates(given, &execution.fates()))
                .with("evidence", evidence(execution))
        }
    }
}

/// A card that was turned away, left or wrongly confirmed.
#[must_use]
pub fn of_card(event: AuditEvent, card: &Card, why: &[Safe], now: Moment) -> Entry {
    described(Entry::new(event, run_id(0, now)), card).with("why", texts(why))
}

/// An order that was turned away before it had a card.
#[must_use]
pub fn of_order(event: AuditEvent, action: &Action, why: &[Safe], now: Moment) -> Entry {
    named(Entry::new(event, run_id(0, now)), action).with("why", texts(why))
}

fn named(entry: Entry, action: &Action) -> Entry {
    entry
        .with("action", &action.id)
        .with("title", &action.title)
        .with("level", action.level.word())
        .with("target", &action.target.name)
        .with("environment", action.target.environment.word())
}

/// Who else approved it, where somebody did.
fn approved(entry: Entry, warrant: &Warrant) -> Entry {
    let Some(granted) = warrant.approval() else { return entry };
    entry
        .with("approver", granted.by())
        .with("approver_uid", i64::from(granted.approval.approver.uid))
        .with("request", granted.request.id.as_str())
}

fn described(entry: Entry, card: &Card) -> Entry {
    let identity = card.preview.identity.facts.iter();
    let asked = [("break_glass", card.demands.break_glass), ("second_person", card.demands.second_person)];
    let entry = asked.into_iter().filter(|(_, asked)| *asked).fold(entry, |entry, (name, _)| entry.with(name, true));
    named(entry, &card.action)
        .with(
            "identity",
            Value::Map(identity.map(|(name, value)| (name.replace(' ', "_"), value.one_line().into())).collect()),
        )
        .with("digest", card.digest().hex())
        .with("count", i64::try_from(card.count()).unwrap_or(i64::MAX))
}

fn texts(lines: &[Safe]) -> Value {
    Value::List(lines.iter().map(|line| Value::Text(line.clone())).collect())
}

fn steps(execution: &Execution) -> Value {
    let told = |title: &Safe, state: &StepState| {
        let mut words = match &state.ended {
            // A plan may hold literals: what it was is told, not what it says.
            Some((_, StepEnd::Done { said, .. })) if explain::lines(&state.step.work).is_some() => {
                format!("done: a plan of {} lines", said.len())
            }
            _ => state.words().to_string(),
        };
        for told in &state.told {
            words.push_str(&format!(" ({told})"));
        }
        Value::Map(vec![(title.to_string(), Value::Text(Safe::of(words).clipped(SAID)))])
    };
    let begun = |state: &&StepState| !state.waits();
    let steps = execution.steps();
    let forward = steps.iter().filter(begun).map(|state| told(&state.step.title, state));
    let back = steps.iter().rev().filter_map(|state| state.undo.as_deref()).filter(begun).map(|undo| {
        let title = Safe::of(format!("undo: {}", undo.step.title));
        told(&title, undo)
    });
    Value::List(forward.chain(back).collect())
}

fn fates(given: &Given, fates: &[(ObjectKey, Fate)]) -> Value {
    let named = |key: &ObjectKey| match key {
        ObjectKey::Session { id, .. } => format!("pid {} since {}", id.pid, id.backend_start_us),
        ObjectKey::Named(name) => given.veil(&name.one_line()).to_string(),
    };
    let counts = Fate::ALL.into_iter().map(|fate| {
        let keys = fates.iter().filter(|(_, found)| *found == fate).take(OBJECTS);
        (fate.word().to_owned(), Value::List(keys.map(|(key, _)| Value::from(named(key))).collect()))
    });
    Value::Map(counts.filter(|(_, keys)| *keys != Value::List(Vec::new())).collect())
}

/// Every object in as few letters as tell it from every other: `pid@start` in microseconds since 1970, a short name, or the
/// hash of a long one. One that holds what was given is hidden where that is: its hash would tell it too.
fn compact<'a>(given: &Given, keys: impl Iterator<Item = &'a ObjectKey>, room: &mut Room) -> String {
    let word = |key: &ObjectKey| match key {
        ObjectKey::Session { id, .. } => format!("{}@{}", id.pid, id.backend_start_us),
        ObjectKey::Named(name) if given.veil(&name.one_line()) != name.one_line() => HIDDEN.to_owned(),
        ObjectKey::Named(name) => {
            let plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'"' | b'\\');
            let text = name.as_bytes();
            match std::str::from_utf8(text) {
                Ok(short) if text.len() <= NAME && text.iter().all(plain) => short.to_owned(),
                _ => format!("#{}", Digest::of_bytes(text).short()),
            }
        }
    };
    let (mut all, mut left) = (String::new(), 0_usize);
    for key in keys {
        let word = word(key);
        if room.keys == 0 || word.len() >= room.bytes {
            left += 1;
            continue;
        }
        room.keys -= 1;
        room.bytes -= word.len() + 1;
        if !all.is_empty() {
            all.push(' ');
        }
        all.push_str(&word);
    }
    if left > 0 { format!("{all} [{left} more]").trim_start().to_owned() } else { all }
}

/// What is left for the names of one record, of whatever became of them.
struct Room {
    keys: usize,
    bytes: usize,
}

impl Room {
    fn whole() -> Room {
        Room { keys: KEYS, bytes: KEYS_BYTES }
    }
}

/// With the names of all that it touches, where it touches anything that has one.
fn keyed(entry: Entry, keys: Safe) -> Entry {
    if keys.as_str().is_empty() { entry } else { entry.with("keys", Value::Whole(keys)) }
}

/// The same by what became of them: `done 7@1 8@1; already gone 9@1`.
fn became(given: &Given, fates: &[(ObjectKey, Fate)]) -> Safe {
    let mut room = Room::whole();
    let of = |fate: Fate| {
        let mut keys = fates.iter().filter(|(_, found)| *found == fate).map(|(key, _)| key).peekable();
        keys.peek().is_some().then_some(()).map(|()| format!("{} {}", fate.word(), compact(given, keys, &mut room)))
    };
    Safe::of(Fate::ALL.into_iter().filter_map(of).collect::<Vec<_>>().join("; "))
}

fn evidence(execution: &Execution) -> Value {
    let words = |reading: &Option<Evidence>| {
        Value::Text(reading.as_ref().map_or_else(|| Safe::of("not known"), |reading| reading.words.clone()))
    };
    let trials = execution.trials().iter().map(|state| {
        Value::Map(vec![
            ("what".to_owned(), Value::Text(state.trial.name.clone())),
            ("wanted".to_owned(), Value::from(state.trial.expect.words())),
            ("before".to_owned(), words(&state.before)),
            ("after".to_owned(), words(&state.after)),
            ("passes".to_owned(), Value::Flag(state.passes_since.is_some())),
            ("worse".to_owned(), Value::Flag(state.is_worse())),
        ])
    });
    Value::List(trials.collect())
}
