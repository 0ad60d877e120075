//! An action on its way, and at its end, as a document: steps live, what became of each object, before and after side by side.

use crate::app::document::Document;
use crate::app::table::Tone;
use crate::domain::{Moment, Safe, figure};
use crate::remediation::execution::{Execution, Phase, StepState};
use crate::remediation::object::Fate;
use crate::remediation::outcome::Outcome;
use crate::remediation::step::StepEnd;

/// Lines of an answer that are shown.
const SAID: usize = 8;

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
    let mut out = Document::new(format!("{} on {}", action.title, action.target.name));
    let (words, tone) = standing(execution);
    out.field("state", words, tone);
    out.field("takes", figure::age(execution.lasted(now)), Tone::Plain);
    let warrant = execution.warrant();
    if warrant.card().demands.break_glass {
        out.line("BREAK GLASS: outside every maintenance window", Tone::Bad);
    }
    if let Some(granted) = warrant.approval() {
        out.field("approved by", granted.by().clone(), Tone::Plain);
    }
    if !super::is_over(execution) {
        let stop = if execution.is_cancelled() { "a stop was asked for: " } else { "c asks to stop: " };
        out.field("stop", format!("{stop}{}", execution.cancel_words()), Tone::Dim);
    }
    for why in execution.reasons() {
        out.field("because", why.clone(), Tone::Warn);
    }
    out.heading("Steps");
    for (number, state) in (1..).zip(execution.steps()) {
        step(&mut out, number, state, now);
        if state.began.is_some() && state.ended.is_none() {
            for line in live {
                out.line(format!("   {line}"), Tone::Dim);
            }
        }
    }
    fates(&mut out, execution);
    trials(&mut out, execution);
    out
}

/// Its phase, in words.
#[must_use]
pub fn standing(execution: &Execution) -> (Safe, Tone) {
    match execution.phase() {
        Phase::Holding => (Safe::of("takes the locks of the target"), Tone::Plain),
        Phase::Recording => {
            (Safe::of("writes its intent to the audit; nothing is sent before it is on disk"), Tone::Plain)
        }
        Phase::Running { step } => (Safe::of(format!("runs step {}", step + 1)), Tone::Accent),
        Phase::Verifying => (Safe::of("done; waits for fresh readings that show it"), Tone::Accent),
        Phase::Closing(outcome) => (Safe::of(format!("{outcome}; writes it to the audit")), tone(outcome)),
        Phase::Ended { outcome, recorded: true } => (Safe::of(outcome.word()), tone(outcome)),
        Phase::Ended { outcome, recorded: false } => {
            (Safe::of(format!("{outcome}, and the AUDIT HAS NO RECORD OF IT")), Tone::Bad)
        }
    }
}

fn step(out: &mut Document, number: usize, state: &StepState, now: Moment) {
    let (words, tone) = match (&state.began, &state.ended) {
        (None, _) => ("waits".to_owned(), Tone::Dim),
        (Some(began), None) => (format!("runs for {}", figure::age(now.since(*began))), Tone::Accent),
        (Some(began), Some((ended, end))) => {
            let took = figure::duration(ended.since(*began));
            match end {
                StepEnd::Done { .. } => (format!("done in {took}"), Tone::Ok),
                StepEnd::OtherTarget(_) => ("not sent: another target".to_owned(), Tone::Warn),
                StepEnd::Failed(cause) => (format!("failed after {took}: {cause}"), Tone::Bad),
                StepEnd::Unknown(cause) => (format!("unknown after {took}: {cause}"), Tone::Unknown),
                StepEnd::Cancelled(left) => (format!("stopped after {took}: {left}"), Tone::Warn),
            }
        }
    };
    out.line(format!("{number}  {}: {words}", state.step.title), tone);
    if let Some((_, StepEnd::Done { said, .. })) = &state.ended {
        for line in said.iter().take(super::explain::lines(&state.step.work).unwrap_or(SAID)) {
            out.line(format!("   {line}"), Tone::Dim);
        }
    }
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
        let (name, wanted) = (&state.trial.name, state.trial.expect.words());
        out.line(format!("{worse}{name}: {before} -> {after} (wanted: {wanted})"), tone);
    }
}
