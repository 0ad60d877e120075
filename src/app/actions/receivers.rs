//! Whom a request reaches, read before its card is shown: the names are objects of the card, how much waits for each is a
//! reading beside them. Where it cannot be read nothing is sent; that never means that nobody is reached.

use crate::app::{Model, details};
use crate::config::resolved::Receivers;
use crate::domain::{Cause, Moment, Safe, Untrusted, figure, hidden};
use crate::remediation::action::{Action, Plan};
use crate::remediation::card::{Card, Preview};
use crate::remediation::measure::{Evidence, Measure};
use crate::remediation::object::{AgreedTo, Object, ObjectKey};
use crate::remediation::runbook::{Deed, RunbookStep};
use crate::remediation::step::Work;
use crate::remediation::written;

/// Most receivers that are read.
pub const MOST: usize = 500;
/// Receivers that are named in words.
const NAMED: usize = 5;
const NOTHING: &str = "nothing waits for any receiver: there is nothing to do";

/// Where the receivers of an action are read, if that is declared.
#[must_use]
pub fn of<'a>(model: &'a Model, action: &Action) -> Option<&'a Receivers> {
    let fits = matches!(action.plan, Plan::Steps(_));
    let beside = model.actions.spec.beside.iter().find(|beside| fits && beside.action == action.id)?;
    beside.receivers.as_ref()
}

/// Where those of a step are read.
#[must_use]
pub fn of_step(model: &Model, action: &Action, step: &RunbookStep) -> Option<Receivers> {
    let Deed::Work(Work::Http(_)) = &step.deed else { return None };
    let beside = model.actions.spec.beside.iter().find(|beside| beside.action == action.id)?;
    beside.steps.iter().find(|(entry, _)| *entry == step.entry).map(|(_, receivers)| receivers.clone())
}

/// Where those of a step that runs are read, as the execution counts its steps.
#[must_use]
pub fn at(model: &Model, action: &Action, step: usize) -> Option<Receivers> {
    match &action.plan {
        Plan::Runbook(runbook) => {
            let (_, step) = runbook.items().into_iter().find(|(place, _)| *place == step)?;
            of_step(model, action, step)
        }
        _ => of(model, action).cloned(),
    }
}

/// What a request of a runbook sends, with whom it reaches. That nothing waits keeps no other step from being done.
#[must_use]
pub fn of_request(work: &Work, read: Result<Preview, Cause>) -> Preview {
    let mut joined = joined(written::of(work), read);
    if let Some(at) = joined.obstacles.iter().position(|why| why.as_str() == NOTHING) {
        let nothing = joined.obstacles.swap_remove(at);
        joined.remarks.push(nothing);
    }
    joined
}

/// What was read, as part of a preview. The most first.
#[must_use]
pub fn found(mut rows: Vec<(Untrusted, f64)>) -> Preview {
    let mut preview = Preview::default();
    if rows.len() > MOST {
        let words = format!("more than {MOST} receivers: more than a card can show");
        preview.obstacles.push(Safe::of(words));
        rows.truncate(MOST);
    }
    if rows.is_empty() {
        preview.obstacles.push(Safe::of(NOTHING));
        return preview;
    }
    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    let all: f64 = rows.iter().map(|(_, count)| *count).filter(|count| count.is_finite()).sum();
    let plural = if rows.len() == 1 { "" } else { "s" };
    let words = format!("waiting now: {} for {} receiver{plural}, as counted for this card", whole(all), rows.len());
    preview.remarks.push(Safe::of(words));
    preview.waiting = Some(all);
    preview.objects = rows.into_iter().map(|(name, count)| object(name, count)).collect();
    preview
}

/// A count to the last one, where two of them are held against each other.
fn whole(count: f64) -> String {
    if count.fract() == 0.0 && count.abs() < 1e9 { format!("{count:.0}") } else { figure::number(count) }
}

/// The count of the card beside the signal that proves the action, each with its source and its age, and what it means where
/// they are not the same: both tell of one queue, and neither is the other.
#[must_use]
pub fn compared(model: &Model, card: &Card, readings: &[Evidence], now: Moment) -> Vec<Safe> {
    let (Some(waiting), Some(source)) = (card.preview.waiting, of(model, &card.action)) else { return Vec::new() };
    let age = figure::age(now.since(card.read_at));
    let mut lines = vec![Safe::of(format!("   {}, {age} ago", asked_of(model, source)))];
    for trial in &card.action.proof.trials {
        let Measure::Signal(at) = trial.measure else { continue };
        let Some(reading) = readings.iter().find(|reading| reading.measure == trial.measure) else { continue };
        let Some(value) = reading.value else { continue };
        let from =
            model.live.signals.get(at).map_or_else(Safe::default, |signal| details::asked_of(&signal.spec.source));
        let age = figure::age(now.since(reading.at));
        lines.push(Safe::of(format!("{}: {}, and before and after are of this one", trial.name, whole(value))));
        lines.push(Safe::of(format!("   {from}, {age} ago")));
        if value != waiting {
            let by = whole((value - waiting).abs());
            let words = format!(
                "   they differ by {by}: two counts, of two moments; what waits when the request comes is sent"
            );
            lines.push(Safe::of(words));
        }
    }
    lines
}

/// Where the receivers are counted.
fn asked_of(model: &Model, source: &Receivers) -> String {
    match source {
        Receivers::Sql { database, .. } => {
            let name = model.live.databases.get(*database).map(|database| database.spec.name.clone());
            format!("by SQL in database {}", name.unwrap_or_default())
        }
        Receivers::Endpoint { request, .. } => format!("of {}", hidden::url_without_secrets(&request.url)),
    }
}

fn object(name: Untrusted, count: f64) -> Object {
    Object {
        label: name.one_line(),
        key: ObjectKey::Named(name),
        query: Untrusted::default(),
        user: Safe::default(),
        application: Safe::default(),
        client: Safe::default(),
        database: Safe::default(),
        age: None,
        remark: if count.is_finite() { Safe::of(figure::count(count)) } else { Safe::of("how many is not known") },
    }
}

/// The same for those who were agreed to before: whoever has nothing waiting any more stays named. A request reaches everybody
/// for whom something waits, so whoever came since speaks against it.
#[must_use]
pub fn held(mut read: Preview, agreed: Option<&[AgreedTo]>) -> Preview {
    let Some(agreed) = agreed else { return read };
    let came = |object: &&Object| !agreed.iter().any(|kept| kept.key == object.key);
    let new: Vec<&str> = read.objects.iter().filter(came).map(|object| object.label.as_str()).collect();
    if !new.is_empty() {
        let words = format!("it would reach {} too, who came since it was agreed to", named(&new));
        read.obstacles.push(Safe::of(words));
    }
    let kept = |key: &ObjectKey| {
        let known = read.objects.iter().find(|object| object.key == *key).cloned();
        known.or_else(|| match key {
            ObjectKey::Named(name) => {
                Some(Object { remark: Safe::of("nothing waits for it any more"), ..object(name.clone(), 0.0) })
            }
            ObjectKey::Session { .. } => None,
        })
    };
    let objects = agreed.iter().map(|agreed| &agreed.key).filter_map(kept).collect();
    Preview { objects, ..read }
}

/// Some names of many.
#[must_use]
pub fn named(names: &[&str]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let some = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{some} and {more} more") } else { some }
}

/// What will be sent, with whom it reaches.
#[must_use]
pub fn joined(mut written: Preview, read: Result<Preview, Cause>) -> Preview {
    // That nobody can say what it touches is what is said where nothing is declared.
    written.remarks.clear();
    match read {
        Ok(read) => {
            written.objects = read.objects;
            written.waiting = read.waiting;
            written.remarks.extend(read.remarks);
            written.obstacles.extend(read.obstacles);
        }
        Err(cause) => {
            let words = format!("whom it reaches could not be read, and is NOT KNOWN: {cause}");
            written.obstacles.push(Safe::of(words));
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_first_and_never_a_part_for_the_whole() {
        let preview = found(vec![("a".into(), 2.0), ("b".into(), 40.0)]);
        let names: Vec<_> = preview.objects.iter().map(|object| object.label.to_string()).collect();
        assert_eq!(names, ["b", "a"]);
        assert!(preview.remarks[0].as_str().starts_with("waiting now: 42 for 2 receivers"));
        let many = (0..=MOST).map(|n| (Untrusted::from(n.to_string()), 1.0)).collect();
        assert!(!found(many).obstacles.is_empty(), "what does not fit on a card is not done");
        assert!(!found(Vec::new()).obstacles.is_empty(), "nothing is not everything");
    }

    #[test]
    fn where_it_could_not_be_read_it_cannot_run() {
        let preview = joined(Preview::default(), Err(Cause::Other(Safe::of("timeout"))));
        assert!(preview.objects.is_empty());
        assert!(preview.obstacles[0].as_str().contains("NOT KNOWN: timeout"));
    }
}
