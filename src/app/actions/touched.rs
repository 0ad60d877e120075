//! Whom an action touches and whom not, on its card: broken down where they are many, one by one where they are few, and all of
//! them at its end.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::app::Model;
use crate::app::document::{Document, Line, Span};
use crate::app::table::Tone;
use crate::domain::{Safe, figure};
use crate::remediation::card::{Card, Part, Preview};
use crate::remediation::object::{Excluded, Object, ObjectKey};
use crate::remediation::runbook::{Deed, RunbookStep};
use crate::remediation::step::SessionVerb;

use super::card::query;

/// Objects that are listed where they are first spoken of; the whole list stands at the end.
const FIRST: usize = 4;
/// Characters of a query on the line of its session, and of one that stands once for all that run it.
const SHORT: usize = 48;
const WHOLE: usize = 200;
/// Groups that victims are broken down into.
const GROUPS: usize = 5;

/// Who is touched, and who is left alone; of a runbook, step by step, since each does something else to its own.
pub fn told(out: &mut Document, model: &Model, card: &Card, redact: bool) {
    let (objects, parts) = (&card.preview.objects, parts(model, card));
    if !objects.is_empty() {
        out.section("whom it touches");
        // The readings beside it stay live, and may tell of more or fewer by now.
        let age = model.now.since(card.read_at);
        let age = if age.as_secs() == 0 { String::new() } else { format!(", read {} ago", figure::age(age)) };
        out.line(format!("What it touches: {}{age}", card.count()), Tone::Strong);
        match &parts {
            Some(parts) => {
                for (step, found) in parts.iter().filter(|(_, found)| !found.objects.is_empty()) {
                    out.line(format!(" {step}: {}", found.objects.len()), Tone::Strong);
                    victims(out, &found.objects, redact);
                }
            }
            None => victims(out, objects, redact),
        }
    }
    if card.preview.excluded.is_empty() {
        return;
    }
    out.section("who is excluded");
    let Some(parts) = parts else {
        out.line(format!("What it leaves alone: {}", counts(&card.preview.excluded)), Tone::Plain);
        return;
    };
    out.line("What it leaves alone", Tone::Plain);
    for (step, found) in parts.iter().filter(|(_, found)| !found.excluded.is_empty()) {
        out.line(format!(" {step}: {}", counts(&found.excluded)), Tone::Plain);
    }
}

/// The first of them, or whose they are where they are many.
fn victims(out: &mut Document, objects: &[Object], redact: bool) {
    let broken_down = groups(out, objects);
    // Of many that are broken down nobody reads the first four; they all stand at the end.
    if objects.len() <= FIRST || !broken_down {
        out.lines.extend(objects.iter().take(FIRST).map(|object| line(object, redact)));
    }
    if objects.len() > FIRST && !broken_down {
        out.line(format!("         and {} more, listed at the end", objects.len() - FIRST), Tone::Dim);
    }
}

fn counts(excluded: &[Excluded]) -> String {
    let counts: Vec<String> = excluded.iter().map(|excluded| format!("{} {}", excluded.count, excluded.why)).collect();
    counts.join("; ")
}

/// Of a runbook, every step that will be done, as it is named here, and what was found for it.
fn parts<'a>(model: &Model, card: &'a Card) -> Option<Vec<(String, &'a Preview)>> {
    let runbook = card.action.runbook()?;
    // What undoes touches nobody unless something fails, and asks again before it does.
    let done = |part: &&Part| part.barred.is_none() && part.place < runbook.steps.len();
    let named = |part: &'a Part| {
        let step = runbook.steps.get(part.place)?;
        Some((format!("step {}, {}", runbook.number(part.place), does(model, step)), &part.found))
    };
    Some(card.preview.parts.iter().filter(done).filter_map(named).collect())
}

/// What a step does to whom it touches, and on which target.
fn does(model: &Model, step: &RunbookStep) -> String {
    match &step.deed {
        Deed::Sessions { database, verb, .. } => {
            let verb = match verb {
                SessionVerb::Cancel => "cancel",
                SessionVerb::Terminate => "terminate",
            };
            let name = model.live.databases.get(*database).map(|known| known.spec.name.as_str());
            format!("{verb} on {}", name.unwrap_or_default())
        }
        Deed::Service { step, .. } => format!("{} {}", step.verb.word(), step.name()),
        _ => step.title.to_string(),
    }
}

/// Each of them, where they were not all told before.
pub fn all(out: &mut Document, model: &Model, card: &Card, redact: bool) {
    let parts = parts(model, card);
    let longest = match &parts {
        Some(parts) => parts.iter().map(|(_, found)| found.objects.len()).max().unwrap_or(0),
        None => card.preview.objects.len(),
    };
    if longest <= FIRST {
        return;
    }
    out.section("each of them");
    out.heading(format!("All {} that it touches", card.preview.objects.len()));
    let Some(parts) = parts else { return each(out, &card.preview.objects, redact) };
    for (step, found) in parts.iter().filter(|(_, found)| !found.objects.is_empty()) {
        out.line(step.clone(), Tone::Strong);
        each(out, &found.objects, redact);
    }
}

fn each(out: &mut Document, objects: &[Object], redact: bool) {
    let mut groups: Vec<(&Object, Vec<&Object>)> = Vec::new();
    for object in objects {
        match groups.iter_mut().find(|(first, _)| is_of_the_same(first, object)) {
            Some((_, members)) => members.push(object),
            None => groups.push((object, vec![object])),
        }
    }
    for (first, members) in groups {
        let whose = [&first.user, &first.application, &first.client].map(Safe::as_str);
        if whose == [""; 3] {
            out.lines.extend(members.iter().map(|object| line(object, redact)));
            continue;
        }
        let several = if members.len() > 1 { format!("  x{}", members.len()) } else { String::new() };
        out.line(format!("  {}{several}", whose.join(" ")), Tone::Strong);
        let query = query(first, redact, WHOLE);
        if !query.as_str().is_empty() {
            out.line(format!("         {query}"), Tone::Dim);
        }
        out.lines.extend(members.iter().map(|object| alone(object, "")));
    }
}

/// Whether two are one's own, and run or ran the same: that stands once for all of them.
fn is_of_the_same(one: &Object, other: &Object) -> bool {
    let whose = |object: &Object| (object.user.clone(), object.application.clone(), object.client.clone());
    whose(one) == whose(other) && one.query == other.query
}

/// Whose they are, by user, application and client, and for how long; whether anybody's.
fn groups(out: &mut Document, objects: &[Object]) -> bool {
    let mut groups: BTreeMap<(&str, &str, &str), Vec<Option<Duration>>> = BTreeMap::new();
    for object in objects {
        let whose = (object.user.as_str(), object.application.as_str(), object.client.as_str());
        // A receiver of a request is nobody's.
        if whose != ("", "", "") {
            groups.entry(whose).or_default().push(object.age);
        }
    }
    let mut sorted: Vec<_> = groups.into_iter().collect();
    sorted.sort_by_key(|(_, ages)| std::cmp::Reverse(ages.len()));
    // What belongs to nobody, such as a unit, is named by its own line.
    sorted.retain(|((user, application, _), _)| !user.is_empty() || !application.is_empty());
    let (any, left) = (!sorted.is_empty(), sorted.len().saturating_sub(GROUPS));
    for ((user, application, client), ages) in sorted.into_iter().take(GROUPS) {
        let whose: Vec<&str> = [user, application, client].into_iter().filter(|part| !part.is_empty()).collect();
        out.line(format!("{:>4}  {}{}", ages.len(), whose.join("  "), span(&ages)), Tone::Strong);
    }
    if left > 0 {
        out.line(format!("      and {left} other groups"), Tone::Dim);
    }
    any
}

/// From the youngest to the oldest of a group.
fn span(ages: &[Option<Duration>]) -> String {
    let known = || ages.iter().flatten();
    match (known().min(), known().max()) {
        (Some(youngest), Some(oldest)) => {
            let (from, to) = (figure::age(*youngest), figure::age(*oldest));
            if from == to { format!("  for {from}") } else { format!("  for {from} to {to}") }
        }
        _ => String::new(),
    }
}

fn line(object: &Object, redact: bool) -> Line {
    alone(object, query(object, redact, SHORT).as_str())
}

/// One of them, with this of its query.
fn alone(object: &Object, query: &str) -> Line {
    let none = if matches!(object.key, ObjectKey::Named(_)) { "" } else { "-" };
    let age = object.age.map_or_else(|| none.to_owned(), figure::age);
    let remark = if object.remark.as_str().is_empty() { String::new() } else { format!("  {}", object.remark) };
    vec![
        Span { text: Safe::of(format!("{age:>7}  ")), tone: Tone::Plain },
        Span { text: Safe::of(format!("{} {query}", object.label).trim_end()), tone: Tone::Plain },
        Span { text: Safe::of(remark), tone: Tone::Warn },
    ]
}
