//! An action on its way, and at its end, as a document: steps live, what became of each object, before and after side by side.

use crate::app::document::Document;
use crate::app::table::Tone;
use crate::domain::{Moment, Safe, figure};
use crate::input::dialog::{self, Ask};
use crate::remediation::action;
use crate::remediation::execution::{Execution, Phase, StepState};
use crate::remediation::object::Fate;
use crate::remediation::outcome::Outcome;
use crate::remediation::step::StepEnd;

/// Lines of an answer that are shown.
const SAID: usize = 8;
/// The same of each of several steps, and characters of each line.
const MANY: usize = 20;
const WIDTH: usize = 200;

/// The colour of an outcome.
#[must_use]
pub fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Verified => Tone::Ok,
        Outcome::NotVerified | Outcome::Cancelled | Outcome::Refused => Tone::Warn,
        Outcome::Failed | Outcome::TimedOut | Outcome::Worse => Tone::Bad,
        Outcome::Unknown => Tone::Unknown,
    }
}

/// How it stands.
#[must_use]
pub fn document(execution: &Execution, now: Moment) -> Document {
    document_with(execution, &[], now)
}

/// How it stands, with what the step that runs says of itself.
#[must_use]
pub fn document_with(execution: &Execution, live: &[Safe], now: Moment) -> Document {
    let action = &execution.warrant().card().action;
    let mut out = Document::new(action::named(&action.title, &action.target.name));
    let (words, tone) = standing(execution);
    let words = match execution.verifies(now) {
        Some((so_long, within)) => {
            Safe::of(format!("{words}, {} of at most {}", figure::age(so_long), figure::span(within)))
        }
        None => words,
    };
    out.field("state", words, tone);
    let lasts = if matches!(execution.phase(), Phase::Ended { .. }) { "took" } else { "elapsed" };
    out.field(lasts, figure::age(execution.lasted(now)), Tone::Plain);
    let warrant = execution.warrant();
    if warrant.card().demands.break_glass {
        out.line("BREAK GLASS: outside every maintenance window", Tone::Bad);
    }
    if let Some(granted) = warrant.approval() {
        out.field("approved by", granted.by().clone(), Tone::Plain);
    }
    let is_over = super::is_over(execution);
    if !is_over {
        let words = execution.cancel_words();
        let stop = if !execution.can_be_cancelled() {
            words.to_owned()
        } else if execution.is_cancelled() {
            format!("a stop was asked for: {words}")
        } else {
            format!("{}: {words}", dialog::words(&[(Ask::Stop, "stops")]))
        };
        out.field("stop", stop, Tone::Dim);
    }
    for why in execution.reasons() {
        out.field("because", why.clone(), Tone::Warn);
    }
    // In the same place while it runs and after: nobody has to look for it.
    trials(&mut out, execution);
    fates(&mut out, execution);
    out.heading("Steps");
    for (number, state) in (1..).zip(execution.steps()) {
        step(&mut out, &number.to_string(), state, execution, now);
        if state.began.is_some() && state.ended.is_none() {
            for line in live {
                out.line(format!("   {line}"), Tone::Dim);
            }
        }
    }
    let undone: Vec<_> = (1..).zip(execution.steps()).filter(|(_, state)| has_begun(state.undo.as_deref())).collect();
    if !undone.is_empty() {
        out.heading("Compensations");
    }
    for (number, state) in undone.into_iter().rev() {
        if let Some(undo) = &state.undo {
            step(&mut out, &format!("undo of {number}"), undo, execution, now);
        }
    }
    out
}

/// The line of the step that is at hand, as far as the document has one.
#[must_use]
pub fn present(document: &Document, execution: &Execution) -> Option<usize> {
    let (Phase::Running { step } | Phase::Looking { step } | Phase::Reviewing { step } | Phase::Asking { step }) =
        execution.phase()
    else {
        return None;
    };
    let count = execution.steps().len();
    let begins = if step < count { format!("{}  ", step + 1) } else { format!("undo of {}  ", step - count + 1) };
    document.lines.iter().position(|line| line.first().is_some_and(|span| span.text.as_str().starts_with(&begins)))
}

/// Its phase, in words.
#[must_use]
pub fn standing(execution: &Execution) -> (Safe, Tone) {
    match execution.phase() {
        Phase::Holding => (Safe::of("takes the locks of the target"), Tone::Plain),
        Phase::Recording => {
            (Safe::of("writes its intent to the audit; nothing is sent before it is on disk"), Tone::Plain)
        }
        Phase::Running { .. } if execution.question().is_some() => {
            (Safe::of("waits until you did what the step says"), Tone::Warn)
        }
        Phase::Running { step } => (Safe::of(format!("runs {}", named(execution, step))), Tone::Accent),
        Phase::Looking { step } => (Safe::of(format!("reads what step {} depends on", step + 1)), Tone::Accent),
        Phase::Reviewing { step } => {
            (Safe::of(format!("reads again what must hold before {}", execution.number(step))), Tone::Accent)
        }
        Phase::Asking { step } => {
            (Safe::of(format!("waits for your answer to {}", named(execution, step))), Tone::Warn)
        }
        Phase::Offering => (Safe::of("stopped; waits for your answer: undo what was done?"), Tone::Warn),
        Phase::Noting => (Safe::of("writes the end of the step to the audit"), Tone::Plain),
        Phase::Verifying => (Safe::of("verifying: waits for fresh readings that show it"), Tone::Accent),
        Phase::Closing(outcome) => (Safe::of(format!("{outcome}; writes it to the audit")), tone(outcome)),
        Phase::Ended { outcome: Outcome::Verified, recorded: true } => {
            let seen =
                execution.trials().iter().map(|state| format!("{}: {}", state.trial.name, state.trial.expect.seen()));
            let seen = seen.collect::<Vec<_>>().join(", ");
            (Safe::of(format!("{} ({seen})", Outcome::Verified)), tone(Outcome::Verified))
        }
        Phase::Ended { outcome, recorded: true } => (Safe::of(outcome.word()), tone(outcome)),
        Phase::Ended { outcome, recorded: false } => {
            (Safe::of(format!("{outcome}, and the AUDIT HAS NO RECORD OF IT")), Tone::Bad)
        }
    }
}

fn has_begun(undo: Option<&StepState>) -> bool {
    undo.is_some_and(|undo| !undo.waits())
}

/// A step by its number, and its title where there are several.
fn named(execution: &Execution, step: usize) -> Safe {
    let number = execution.number(step);
    let steps = execution.steps();
    let title = steps.get(step).map(|state| &state.step.title).filter(|_| steps.len() > 1);
    Safe::of(title.map_or(number.clone(), |title| format!("{number}, {title}")))
}

/// How a step stands, in a line.
#[must_use]
pub fn step_words(state: &StepState, now: Moment) -> (Safe, Tone) {
    if let Some((_, why)) = &state.skipped {
        return (Safe::of(format!("skipped: {why}")), Tone::Dim);
    }
    if let Some(why) = state.was_let_fail() {
        return (why.clone(), Tone::Warn);
    }
    let (words, tone) = match (&state.began, &state.ended) {
        (None, _) if state.barred.is_some() => ("cannot run here, and is not begun".to_owned(), Tone::Unknown),
        (None, _) => ("waits".to_owned(), Tone::Dim),
        (Some(began), None) => (format!("runs for {}", figure::age(now.since(*began))), Tone::Accent),
        (Some(began), Some((ended, end))) => {
            let took = figure::duration(ended.since(*began));
            match end {
                StepEnd::Done { .. } if state.undo.as_ref().is_some_and(|undo| undo.is_done()) => {
                    (format!("done in {took}, and compensated"), Tone::Warn)
                }
                StepEnd::Done { .. } => (format!("done in {took}"), Tone::Ok),
                StepEnd::OtherTarget(_) => ("not sent: another target".to_owned(), Tone::Warn),
                StepEnd::Failed(_) | StepEnd::Miscarried(_) => {
                    (format!("failed after {took}: {}", state.failure().unwrap_or_default()), Tone::Bad)
                }
                StepEnd::Unknown(cause) => (format!("unknown after {took}: {cause}"), Tone::Unknown),
                StepEnd::Cancelled(left) => (format!("stopped after {took}: {left}"), Tone::Warn),
            }
        }
    };
    (Safe::of(words), tone)
}

fn step(out: &mut Document, number: &str, state: &StepState, execution: &Execution, now: Moment) {
    let (words, tone) = match execution.phase() {
        Phase::Looking { step } | Phase::Reviewing { step } if is(execution, step, state) => {
            (Safe::of("waits for a reading"), Tone::Accent)
        }
        Phase::Asking { step } if is(execution, step, state) => (Safe::of("waits for your answer"), Tone::Warn),
        _ => step_words(state, now),
    };
    out.line(format!("{number}  {}: {words}", state.step.title), tone);
    for told in &state.told {
        out.line(format!("   {told}"), Tone::Dim);
    }
    if let Some((_, StepEnd::Done { said, .. })) = &state.ended {
        let (most, width) = if execution.steps().len() > 1 { (MANY, WIDTH) } else { (SAID, usize::MAX) };
        let most = super::explain::lines(&state.step.work).unwrap_or(most);
        for line in said.iter().take(most) {
            out.line(format!("   {}", line.clipped(width)), Tone::Dim);
        }
        if said.len() > most {
            out.line(format!("   and {} lines more", said.len() - most), Tone::Dim);
        }
    }
}

fn is(execution: &Execution, step: usize, state: &StepState) -> bool {
    execution.steps().get(step).is_some_and(|present| std::ptr::eq(present, state))
}

fn fates(out: &mut Document, execution: &Execution) {
    let fates = execution.fates();
    if fates.is_empty() {
        return;
    }
    out.heading(format!("Of {} on the card", execution.warrant().card().preview.objects.len()));
    for fate in Fate::ALL {
        let count = fates.iter().filter(|(_, found)| *found == fate).count();
        if count > 0 {
            let tone = if fate == Fate::Done { Tone::Ok } else { Tone::Warn };
            out.line(format!("{count:>4}  {}", fate.word()), tone);
        }
    }
}

fn trials(out: &mut Document, execution: &Execution) {
    if execution.trials().is_empty() {
        return;
    }
    out.heading("Before and after");
    for state in execution.trials() {
        let words = |reading: &Option<crate::remediation::measure::Evidence>| {
            reading.as_ref().map_or_else(|| "-".to_owned(), |reading| reading.words.to_string())
        };
        let (tone, worse) = match state.passes_since {
            Some(_) => (Tone::Ok, ""),
            None if state.is_worse() => (Tone::Bad, "WORSE: "),
            None => (Tone::Unknown, ""),
        };
        let (before, after) = (words(&state.before), words(&state.after));
        let (name, expect) = (&state.trial.name, &state.trial.expect);
        let seen = match state.passes_since {
            Some(_) if expect.compares() => expect.seen(),
            Some(_) => "as wanted".to_owned(),
            None => format!("wanted: {}", expect.words()),
        };
        out.line(format!("{worse}{name}: {before} -> {after}; {seen}"), tone);
    }
}
