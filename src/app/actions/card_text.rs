//! The card's text in the audit: what would be sent and to whom, who is left alone, what has to hold and how it read, what to
//! mind, how success is shown, and what undoes it. A record is kept for long and read by others: it has no literals.

use crate::domain::{Safe, Untrusted, figure};
use crate::remediation::audit::Value;
use crate::remediation::card::Card;
use crate::remediation::measure::Measure;

use super::card::{limits_words, query};
use super::explain;
use super::record::OBJECTS;

/// Characters of the query of a session.
const QUERY: usize = 48;

/// The text, the most important first: where a record is too small for all of it, its end is cut.
pub(super) fn of(card: &Card) -> Value {
    let effect = explain::effect(card, true).iter().map(Untrusted::one_line).collect();
    let objects = card.preview.objects.iter().take(OBJECTS).map(|object| {
        let query = query(object, true, QUERY);
        let (user, application, client) = (&object.user, &object.application, &object.client);
        Safe::of(format!("{} {user} {application} {client} {query}", object.label))
    });
    let lists = [
        ("effect", effect),
        ("objects", objects.collect()),
        ("excluded", excluded(card)),
        ("requires", requires(card)),
        ("warnings", card.preview.warnings.iter().chain(&card.action.warnings).cloned().collect()),
        ("proof", proof(card)),
    ];
    let mut text: Vec<(String, Value)> = lists
        .into_iter()
        .filter(|(name, lines)| *name == "effect" || !lines.is_empty())
        .map(|(name, lines)| (name.to_owned(), veiled(card, &lines)))
        .collect();
    text.push(("undo".to_owned(), Value::Text(card.action.given.veil(&card.action.undo))));
    text.push(("limits".to_owned(), Value::from(limits_words(card))));
    Value::Map(text)
}

fn veiled(card: &Card, lines: &[Safe]) -> Value {
    Value::List(lines.iter().map(|line| Value::Text(card.action.given.veil(line))).collect())
}

fn excluded(card: &Card) -> Vec<Safe> {
    card.preview.excluded.iter().map(|left| Safe::of(format!("{} {}", left.count, left.why))).collect()
}

fn requires(card: &Card) -> Vec<Safe> {
    let steps = card.action.runbook().map_or(&[][..], |runbook| &runbook.steps);
    let of_steps = (1..)
        .zip(steps)
        .flat_map(|(number, step)| step.requires.iter().map(move |wanted| (format!("before step {number}: "), wanted)));
    let all = card.action.preconditions.iter().map(|wanted| (String::new(), wanted)).chain(of_steps);
    all.map(|(when, wanted)| {
        let found = reading(card, &wanted.measure);
        Safe::of(format!("{when}{} {} (was {found})", wanted.name, wanted.threshold))
    })
    .collect()
}

fn proof(card: &Card) -> Vec<Safe> {
    let proof = &card.action.proof;
    let within = figure::span(proof.within);
    let told = proof.trials.iter().map(|trial| {
        let found = reading(card, &trial.measure);
        Safe::of(format!("{} {} within {within} (was {found})", trial.name, trial.expect.demand()))
    });
    told.collect()
}

/// As it was when the card was made.
fn reading(card: &Card, measure: &Measure) -> Safe {
    let found = card.before.iter().find(|reading| reading.measure == *measure);
    found.map_or_else(|| Safe::of("not known"), |reading| reading.words.clone())
}
