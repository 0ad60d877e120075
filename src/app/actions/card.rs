//! A card as a document: what will be done, on what, byte for byte; whom it touches and whom not; what undoes it, and how
//! its success will be shown. Readings in it are live, what is consented to is not.

use std::collections::BTreeMap;

use crate::app::document::{Document, Line, Span};
use crate::app::table::Tone;
use crate::app::telemetry::Telemetry;
use crate::database::redact::redacted;
use crate::domain::target::Environment;
use crate::domain::{Moment, Safe, Untrusted, figure};
use crate::remediation::action::Plan;
use crate::remediation::card::Card;
use crate::remediation::guard::{self, Situation};
use crate::remediation::level::Level;
use crate::remediation::object::{Object, ObjectKey};

use super::dialog::{Dialog, Focus};
use super::{approvals, evidence, explain, outline};

/// Objects that are listed where they are first spoken of; the whole list stands at the end.
const FIRST: usize = 4;
/// Characters of a query on its line.
const QUERY: usize = 48;
/// Groups that victims are broken down into.
const GROUPS: usize = 6;

/// The card.
#[must_use]
pub fn document(card: &Card, live: &Telemetry, situation: &Situation<'_>, redact: bool) -> Document {
    let action = &card.action;
    let mut out = Document::new(format!("{} on {}", action.title, action.target.name));
    approvals::on_card(&mut out, card, situation);
    let danger = if action.level >= Level::L2 { Tone::Warn } else { Tone::Ok };
    out.field("level", format!("{}: {}", action.level, action.level.meaning()), danger);
    let place = &action.target.environment;
    let tone = if *place == Environment::Production { Tone::Bad } else { Tone::Plain };
    out.field("target", format!("{} in {}", action.target.name, place.word()), tone);
    let facts = card.preview.identity.facts.iter().map(|(name, value)| format!("{name} {}", value.one_line()));
    out.field("identity", facts.collect::<Vec<_>>().join(", "), Tone::Plain);
    for obstacle in &card.preview.obstacles {
        out.field("cannot run", obstacle.clone(), Tone::Bad);
    }
    outline::steps(&mut out, card);
    touched(&mut out, card, redact);
    for remark in &card.preview.remarks {
        out.line(remark.clone(), Tone::Plain);
    }
    out.field("undone by", action.undo.clone(), Tone::Plain);
    for warning in &action.warnings {
        out.field("mind", warning.clone(), Tone::Warn);
    }
    conditions(&mut out, card, live, situation);
    let limits = &action.limits;
    out.field(
        "limits",
        format!(
            "at most {} at once, within {}, not again for {}",
            limits.cap,
            figure::span(limits.deadline),
            figure::span(limits.cool_down)
        ),
        Tone::Dim,
    );
    out.field("digest", card.digest().short(), Tone::Dim);
    out.heading("What will be sent");
    for line in explain::effect(card, redact).iter() {
        out.line(indented(line), Tone::Accent);
    }
    if card.preview.objects.len() > FIRST {
        out.heading(format!("All {} that it touches", card.preview.objects.len()));
        for object in &card.preview.objects {
            out.lines.push(object_line(object, redact));
            let (user, application, client) = (&object.user, &object.application, &object.client);
            if [user, application, client].iter().any(|whose| !whose.as_str().is_empty()) {
                out.line(format!("         of {user} {application} {client}"), Tone::Dim);
            }
        }
    }
    out
}

/// A line of what is sent, with its indent.
fn indented(line: &Untrusted) -> Safe {
    let bytes = line.as_bytes();
    let blanks = bytes.iter().take_while(|byte| **byte == b' ').count();
    Safe::of(format!("{:blanks$}{}", "", line.one_line()))
}

fn touched(out: &mut Document, card: &Card, redact: bool) {
    let objects = &card.preview.objects;
    if !objects.is_empty() {
        out.heading(format!("What it touches: {}", card.count()));
        groups(out, objects);
        out.lines.extend(objects.iter().take(FIRST).map(|object| object_line(object, redact)));
        if objects.len() > FIRST {
            out.line(format!("         and {} more, listed at the end", objects.len() - FIRST), Tone::Dim);
        }
    }
    if !card.preview.excluded.is_empty() {
        out.heading("What it leaves alone");
        for excluded in &card.preview.excluded {
            out.line(format!("{:>4}  {}", excluded.count, excluded.why), Tone::Dim);
        }
    }
}

/// Whose they are, by user, application and client.
fn groups(out: &mut Document, objects: &[Object]) {
    let mut groups: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for object in objects {
        let whose = (object.user.as_str(), object.application.as_str(), object.client.as_str());
        // A receiver of a request is nobody's.
        if whose != ("", "", "") {
            *groups.entry(whose).or_default() += 1;
        }
    }
    let mut sorted: Vec<_> = groups.into_iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    // What belongs to nobody, such as a unit, is named by its own line.
    sorted.retain(|((user, application, _), _)| !user.is_empty() || !application.is_empty());
    let left = sorted.len().saturating_sub(GROUPS);
    for ((user, application, client), count) in sorted.into_iter().take(GROUPS) {
        let whose: Vec<&str> = [user, application, client].into_iter().filter(|part| !part.is_empty()).collect();
        out.line(format!("{count:>4}  {}", whose.join("  ")), Tone::Strong);
    }
    if left > 0 {
        out.line(format!("      and {left} other groups"), Tone::Dim);
    }
}

fn object_line(object: &Object, redact: bool) -> Line {
    let none = if matches!(object.key, ObjectKey::Named(_)) { "" } else { "-" };
    let age = object.age.map_or_else(|| none.to_owned(), figure::age);
    let remark = if object.remark.as_str().is_empty() { String::new() } else { format!("  {}", object.remark) };
    vec![
        Span { text: Safe::of(format!("{age:>7}  ")), tone: Tone::Plain },
        Span { text: Safe::of(format!("{} {}", object.label, query(object, redact))), tone: Tone::Plain },
        Span { text: Safe::of(remark), tone: Tone::Warn },
    ]
}

/// What it runs, without its literals where those are hidden.
#[must_use]
pub fn query(object: &Object, redact: bool) -> Safe {
    let query = if redact { redacted(&object.query) } else { object.query.clone() };
    query.one_line().clipped(QUERY)
}

/// What destroys says whether its maintenance window is open.
fn window(out: &mut Document, card: &Card, situation: &Situation<'_>) {
    if card.action.level < Level::L3 {
        return;
    }
    out.heading("Maintenance windows");
    match guard::shut(&card.action, situation) {
        Some(shut) => out.line(shut.to_string(), Tone::Bad),
        None if card.demands.break_glass => out.line("open now; the card breaks the glass all the same", Tone::Warn),
        None => out.line("open, and long enough; looked at again when it starts", Tone::Ok),
    };
    for window in situation.windows {
        out.line(window.to_string(), Tone::Dim);
    }
    for window in &situation.policy.windows {
        out.line(format!("{window} (of the shared policy: open as well)"), Tone::Dim);
    }
}

fn conditions(out: &mut Document, card: &Card, live: &Telemetry, situation: &Situation<'_>) {
    let action = &card.action;
    let now = evidence::before(live, action, situation.now);
    window(out, card, situation);
    if !action.preconditions.is_empty() {
        out.heading("What must hold");
        for wanted in &action.preconditions {
            let situation = Situation { readings: &now, ..*situation };
            if let Some(why) = guard::unmet(wanted, &situation) {
                out.line(why, Tone::Bad);
                continue;
            }
            let reading = now.iter().find(|reading| reading.measure == wanted.measure);
            let words = reading.map_or_else(Safe::default, |reading| reading.words.clone());
            out.line(format!("{} is {words}, as it must be ({})", wanted.name, wanted.threshold), Tone::Ok);
        }
        if matches!(action.plan, Plan::Runbook(_)) {
            out.line("read again before the first step that changes anything", Tone::Dim);
        }
    }
    out.heading("How its success is shown");
    for trial in &action.proof.trials {
        let reading = now.iter().chain(&card.before).find(|reading| reading.measure == trial.measure);
        let words = reading.map_or_else(|| "not known".to_owned(), |reading| reading.words.to_string());
        out.line(format!("{} {} (now {words})", trial.name, trial.expect.words()), Tone::Plain);
    }
    let proof = &action.proof;
    if proof.trials.is_empty() {
        out.line("nothing was declared: it will end as not verified", Tone::Warn);
    } else {
        let settle = if explain::lines_of(&action.plan).is_some() {
            "it is what the server answers to what is sent".to_owned()
        } else if proof.settle.is_zero() {
            "in readings begun after it".to_owned()
        } else {
            format!("in readings begun {} after it", figure::span(proof.settle))
        };
        out.line(format!("{settle}, within {}", figure::span(proof.within)), Tone::Dim);
    }
}

/// What stands under the card: fields, Cancel, and what is missing; which line has the focus.
#[must_use]
pub fn foot(dialog: &Dialog, approved: bool, now: Moment) -> (Vec<Line>, usize) {
    let mut lines = Vec::new();
    let mut chosen = 0;
    for place in dialog.places() {
        if place == dialog.focus {
            chosen = lines.len();
        }
        let (label, text) = match place {
            Focus::Phrase => (format!("type {} to confirm: ", dialog.phrase().unwrap_or_default()), &*dialog.typed),
            Focus::Reason => ("reason: ".to_owned(), &*dialog.reason),
            Focus::Cancel => ("Cancel".to_owned(), ""),
        };
        let caret = if place == dialog.focus && place != Focus::Cancel { "_" } else { "" };
        lines.push(vec![
            Span { text: Safe::of(label), tone: Tone::Strong },
            Span { text: Safe::of(format!("{text}{caret}")), tone: Tone::Accent },
        ]);
    }
    let left = guard::CONSENT_LASTS.saturating_sub(now.since(dialog.card.read_at));
    let asks = dialog.card.demands.second_person && !approved;
    let does = if asks { "asks for a second person" } else { "runs it" };
    let (words, tone) = match dialog.missing(now) {
        Some(missing) => (missing, Tone::Unknown),
        None => (Safe::of(format!("Ctrl-T {does} (card good for {})", figure::age(left))), Tone::Ok),
    };
    lines.push(vec![Span { text: words, tone }]);
    for why in &dialog.refused {
        lines.push(vec![Span { text: Safe::of(format!("refused: {why}")), tone: Tone::Bad }]);
    }
    (lines, chosen)
}
