//! A runbook at a glance, for its card: every step by its title, with what must hold for it, whether a person is asked, and
//! what undoes it. What each sends stands further down, byte for byte.

use crate::app::document::{Document, Line, Span};
use crate::app::table::Tone;
use crate::domain::{Safe, figure};
use crate::remediation::action::Plan;
use crate::remediation::card::Card;
use crate::remediation::guard::CONSENT_LASTS;
use crate::remediation::runbook::RunbookStep;

/// Its steps, where it is a runbook; what cannot run here with the reason.
pub fn steps(out: &mut Document, card: &Card) {
    let Plan::Runbook(runbook) = &card.action.plan else { return };
    out.section("steps");
    out.line("Steps", Tone::Strong);
    for (place, step) in runbook.steps.iter().enumerate() {
        out.lines.push(line(place + 1, step));
        if let Some(why) = card.barred(place) {
            out.line(format!("    CANNOT RUN HERE, {why}"), Tone::Warn);
            out.line(format!("    {}", step.without()), Tone::Warn);
        }
    }
    if runbook.begins_by_waiting() {
        let lasts = figure::span(CONSENT_LASTS);
        let words = format!(
            "the consent is good for {lasts} until the first change; what is waited for here does not count, an answer of yours gives {lasts} anew"
        );
        out.line(words, Tone::Dim);
    }
    if !runbook.contacts.is_empty() {
        let whom: Vec<&str> = runbook.contacts.iter().map(Safe::as_str).collect();
        out.field("whom to call", whom.join(", "), Tone::Plain);
    }
}

fn line(number: usize, step: &RunbookStep) -> Line {
    let mut gates = Vec::new();
    gates.extend(step.when.as_ref().map(|when| format!("only when {}", when.words())));
    gates.extend(step.ask.then(|| "asks you first".to_owned()));
    gates.extend(step.undo.as_ref().map(|undo| format!("undone by: {}", undo.title)));
    let gates = if gates.is_empty() { String::new() } else { format!("  ({})", gates.join("; ")) };
    vec![
        Span { text: Safe::of(format!("{number:>2}  {}", step.title)), tone: Tone::Strong },
        Span { text: Safe::of(gates), tone: Tone::Dim },
    ]
}
