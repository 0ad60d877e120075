//! A card as a document: what will be done, on what, byte for byte; whom it touches and whom not; what undoes it, and how
//! its success will be shown. What a person decides by stands first, for a small screen shows no more than that at once.
//! Readings in it are live, what is consented to is not.

use std::time::Duration;

use crate::app::Model;
use crate::app::document::{Document, Line, Span};
use crate::app::table::Tone;
use crate::database::redact::redacted;
use crate::domain::target::Environment;
use crate::domain::{Moment, Safe, Untrusted, figure};
use crate::input::dialog as keys;
use crate::input::dialog::Ask;
use crate::remediation::action::{self, Action, Plan};
use crate::remediation::card::Card;
use crate::remediation::guard::{self, Situation};
use crate::remediation::level::Level;
use crate::remediation::measure::{Evidence, Measure, Precondition, Trial};
use crate::remediation::object::Object;
use crate::remediation::service::{LOOK, ServiceVerb};
use crate::remediation::step::{SessionVerb, Step, Work, WritingMethod};

use super::dialog::{Dialog, Focus};
use super::{approvals, evidence, explain, load, outline, receivers, touched};

/// Lines of what is sent that stand before the list of all that is touched.
const SHORT: usize = 8;

/// The card.
#[must_use]
pub fn document(card: &Card, model: &Model, situation: &Situation<'_>, redact: bool) -> Document {
    let (action, live) = (&card.action, &model.live);
    let now = evidence::before(live, action, situation.now);
    let situation = &Situation { readings: &now, ..*situation };
    let mut out = Document::new(action::named(&action.title, &action.target.name));
    approvals::on_card(&mut out, card, situation);
    head(&mut out, card);
    warnings(&mut out, card, situation);
    for (name, words) in &card.preview.told {
        match *name {
            "" => out.line(words.clone(), Tone::Plain),
            name => out.field(name, words.clone(), Tone::Plain),
        };
    }
    touched::told(&mut out, model, card, redact);
    out.section("what undoes it");
    out.field("undone by", action.undo.clone(), Tone::Plain);
    proof(&mut out, card, &now);
    outline::steps(&mut out, card);
    out.section("how it is now");
    let counts = receivers::compared(model, card, &now, situation.now);
    for remark in card.preview.remarks.iter().chain(&counts).chain(&load::remarks(model, action)) {
        out.line(remark.clone(), Tone::Plain);
    }
    conditions(&mut out, action, situation);
    window(&mut out, card, situation);
    // Nobody who wants to know whom it touches reads a long statement first.
    let is_long = explain::effect(card, redact).len() > SHORT;
    if is_long {
        touched::all(&mut out, model, card, redact);
        sent(&mut out, card, redact);
    } else {
        sent(&mut out, card, redact);
        touched::all(&mut out, model, card, redact);
    }
    out.section("identity");
    let facts = card.preview.identity.facts.iter().map(|(name, value)| format!("{name} {}", value.one_line()));
    out.lines.push(Line::new());
    out.field("identity", facts.collect::<Vec<_>>().join(", "), Tone::Plain);
    limits(&mut out, card);
    out
}

/// What it does, in a line.
fn does(card: &Card) -> Safe {
    let (action, count) = (&card.action, card.count());
    let plural = if count == 1 { "" } else { "s" };
    Safe::of(match &action.plan {
        Plan::Sessions { verb: SessionVerb::Terminate, .. } => format!("terminates {count} session{plural}"),
        Plan::Sessions { verb: SessionVerb::Cancel, .. } => {
            let runs = if count == 1 { "session runs" } else { "sessions run" };
            format!("cancels what {count} {runs} now")
        }
        Plan::Service { step, .. } => format!("tells the service's manager: {} {}", step.verb.word(), step.name()),
        Plan::Flush { .. } => format!("deletes every key: {count}"),
        Plan::Explain { .. } => "asks the server for its plan; the statement is not run".to_owned(),
        Plan::Steps(steps) => match steps.as_slice() {
            [step] if matches!(step.work, Work::Http(_)) => "sends one request".to_owned(),
            [Step { work: Work::Silence(request), .. }] => match request.method {
                WritingMethod::Delete => "ends one silence".to_owned(),
                _ => "makes one silence".to_owned(),
            },
            [step] if matches!(step.work, Work::Command(_)) => "runs one program".to_owned(),
            steps => format!("does {} steps", steps.len()),
        },
        Plan::Runbook(runbook) => {
            let asks = if runbook.asks() { ", and asks you on the way" } else { "" };
            format!("does {} steps, one after the other{asks}", runbook.steps.len())
        }
        Plan::Upkeep(_) | Plan::Backup(_) | Plan::Wanting(_) => action.title.to_string(),
    })
}

/// What it does, how dangerous that is, and on what.
fn head(out: &mut Document, card: &Card) {
    let action = &card.action;
    let danger = if action.level >= Level::L2 { Tone::Warn } else { Tone::Ok };
    out.lines.push(vec![
        Span { text: Safe::of(format!("{}  ", action.level)), tone: danger },
        Span { text: does(card), tone: Tone::Strong },
        Span { text: Safe::of(format!(" ({})", action.level.meaning())), tone: danger },
    ]);
    let place = &action.target.environment;
    let tone = if *place == Environment::Production { Tone::Bad } else { Tone::Plain };
    // Nothing is looked at for the card of what is only sent: where nobody watches it either, that is said.
    let unwatched = matches!(action.plan, Plan::Steps(_)) && action.target.at.is_none();
    let watched = if unwatched { ", not watched: how it is now is not known" } else { "" };
    out.field("on", format!("{} in {}{watched}", action.target.name, place.word()), tone);
}

/// What speaks against it, and what a person should know before all else.
fn warnings(out: &mut Document, card: &Card, situation: &Situation<'_>) {
    let action = &card.action;
    let unmet = action.preconditions.iter().filter_map(|wanted| guard::unmet(wanted, situation));
    let obstacles = card.preview.obstacles.iter().cloned().chain(situation.stale.cloned()).chain(unmet);
    for obstacle in obstacles {
        out.field("cannot run", obstacle, Tone::Bad);
    }
    for warning in card.preview.warnings.iter().chain(&action.warnings) {
        out.field("warning", warning.clone(), Tone::Warn);
    }
    if action.level < Level::L2 {
        return;
    }
    if action.undo.as_str() == NOT_KNOWN {
        out.field("warning", "it is not known what undoes it", Tone::Warn);
    }
    if action.proof.trials.is_empty() {
        out.field("warning", format!("no proof was declared: {UNPROVED}"), Tone::Warn);
    }
}

/// What configuration says where nothing is said about what undoes an action.
const NOT_KNOWN: &str = "not known";
const UNPROVED: &str = "it will end as not verified";

fn proof(out: &mut Document, card: &Card, now: &[Evidence]) {
    let (action, proof) = (&card.action, &card.action.proof);
    out.section("proof");
    if proof.trials.is_empty() {
        out.line(format!("How its success is shown: not at all, {UNPROVED}"), Tone::Plain);
        return;
    }
    let settle = if explain::lines_of(&action.plan).is_some() {
        "by what the server answers".to_owned()
    } else if proof.settle.is_zero() {
        "in readings begun after it".to_owned()
    } else {
        format!("in readings begun {} after it", figure::span(proof.settle))
    };
    out.lines.push(vec![
        Span { text: Safe::of("How its success is shown"), tone: Tone::Strong },
        Span { text: Safe::of(format!(", {settle}, within {}", figure::span(proof.within))), tone: Tone::Dim },
    ]);
    for trial in &proof.trials {
        let reading = now.iter().chain(&card.before).find(|reading| reading.measure == trial.measure);
        out.line(format!("   {}", wanted(card, trial, reading)), Tone::Plain);
    }
}

/// What has to be seen, with how it is now. What is so already shows nothing of the action, and it is said.
fn wanted(card: &Card, trial: &Trial, reading: Option<&Evidence>) -> String {
    let (name, demand) = (&trial.name, trial.expect.demand());
    let own = trial.measure == Measure::ObjectsLeft;
    let started = match &card.action.plan {
        Plan::Service { step, .. } if step.verb != ServiceVerb::Stop => Some(step.name()),
        _ => None,
    };
    if let Some(service) = started.filter(|_| own && reading.and_then(|reading| reading.value) == Some(0.0)) {
        return format!("a new process of {service} must come, and stay (now none runs)");
    }
    let words = reading.map_or_else(|| "not known".to_owned(), |reading| reading.words.to_string());
    let holds = reading.and_then(|reading| trial.expect.holds(reading.value?, None, reading.at));
    // What it changes it finds by itself.
    let is_so = holds == Some(true) && !matches!(trial.measure, Measure::ObjectsLeft | Measure::Result);
    let so = if is_so { ", so already: shows only that it stays so" } else { "" };
    format!("{name} {demand} (now {words}{so})")
}

/// What goes over the line, byte for byte.
fn sent(out: &mut Document, card: &Card, redact: bool) {
    out.section(match &card.action.plan {
        Plan::Sessions { .. } | Plan::Explain { .. } | Plan::Upkeep(_) => "SQL",
        _ => "what is sent",
    });
    out.line("What will be sent", Tone::Strong);
    for line in explain::effect(card, redact).iter() {
        out.line(indented(line), Tone::Accent);
    }
}

/// How much at once, for how long, and when again.
pub(super) fn limits_words(card: &Card) -> String {
    let limits = &card.action.limits;
    let again = match limits.cool_down {
        Duration::ZERO => "again at once".to_owned(),
        cool_down => format!("not again for {}", figure::span(cool_down)),
    };
    let look = match &card.action.plan {
        Plan::Service { .. } => format!(" behind a look of up to {}", figure::span(LOOK)),
        _ => String::new(),
    };
    format!("at most {} at once, within {}{look}, {again}", limits.cap, figure::span(limits.deadline))
}

fn limits(out: &mut Document, card: &Card) {
    out.section("limits");
    out.field("limits", limits_words(card), Tone::Dim);
    if let Some(words) = card.preview.unseen.clone() {
        out.field("watched after it", words, Tone::Dim);
    }
    out.field("digest", card.digest().short(), Tone::Dim);
}

/// A line of what is sent, with its indent.
fn indented(line: &Untrusted) -> Safe {
    let bytes = line.as_bytes();
    let blanks = bytes.iter().take_while(|byte| **byte == b' ').count();
    Safe::of(format!("{:blanks$}{}", "", line.one_line()))
}

/// What it runs, without its literals where those are hidden.
#[must_use]
pub fn query(object: &Object, redact: bool, most: usize) -> Safe {
    let query = if redact { redacted(&object.query) } else { object.query.clone() };
    query.one_line().clipped(most)
}

/// What destroys says whether its maintenance window is open.
fn window(out: &mut Document, card: &Card, situation: &Situation<'_>) {
    if card.action.level < Level::L3 {
        return;
    }
    out.section("maintenance windows");
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

fn conditions(out: &mut Document, action: &Action, situation: &Situation<'_>) {
    let steps = action.runbook().map_or(&[][..], |runbook| &runbook.steps);
    let steps = (1..).zip(steps).flat_map(|(number, step)| step.requires.iter().map(move |wanted| (number, wanted)));
    let mut steps = steps.peekable();
    if action.preconditions.is_empty() && steps.peek().is_none() {
        return;
    }
    out.section("what must hold");
    out.heading("What must hold");
    let told = |wanted: &Precondition| {
        if let Some(why) = guard::unmet(wanted, situation) {
            return Err(why);
        }
        let reading = situation.readings.iter().find(|reading| reading.measure == wanted.measure);
        let words = reading.map_or_else(Safe::default, |reading| reading.words.clone());
        Ok(format!("{} is {words}, as it must be ({})", wanted.name, wanted.threshold))
    };
    for wanted in &action.preconditions {
        match told(wanted) {
            Ok(words) => out.line(words, Tone::Ok),
            Err(why) => out.line(why, Tone::Bad),
        };
    }
    if matches!(action.plan, Plan::Runbook(_)) && !action.preconditions.is_empty() {
        out.line("read again before the first step that changes anything", Tone::Dim);
    }
    for (number, wanted) in steps {
        // What does not hold now may by the time that the step comes up.
        match told(wanted) {
            Ok(words) => out.line(format!("before step {number}: {words}"), Tone::Ok),
            Err(why) => out.line(format!("before step {number}: {why}; as it is now it would stop there"), Tone::Warn),
        };
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
        None => {
            (Safe::of(format!("{} (card good for {})", keys::words(&[(Ask::Run, does)]), figure::age(left))), Tone::Ok)
        }
    };
    lines.push(vec![Span { text: words, tone }]);
    for why in &dialog.refused {
        lines.push(vec![Span { text: Safe::of(format!("refused: {why}")), tone: Tone::Bad }]);
    }
    (lines, chosen)
}
