//! A runbook at a glance, for its card: every step by its title, with what must hold for it, whether a person is asked, and
//! what undoes it. What each sends stands further down, byte for byte.

use crate::app::document::{Document, Line, Span};
use crate::app::table::Tone;
use crate::domain::{Safe, figure};
use crate::remediation::action::Plan;
use crate::remediation::approval::VALID;
use crate::remediation::card::Card;
use crate::remediation::guard::WAITS_ADD;
use crate::remediation::runbook::RunbookStep;

/// Columns of a step's line on a small screen.
const LINE: usize = 76;

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
        let late = figure::span(runbook.first_change_within(!card.action.preconditions.is_empty()));
        let mut words = format!("the first change comes at most {late} after you confirm, or answer last");
        if runbook.may_ask_again() {
            let most = figure::span(WAITS_ADD);
            words.push_str(&format!(
                "; where it would wait for more than {most} you are asked again, and where nobody is there it ends"
            ));
        }
        out.line(words, Tone::Dim);
        if card.demands.second_person {
            let valid = figure::span(VALID);
            out.line(format!("the second person's approval, {valid} old at most, must still hold then"), Tone::Dim);
        }
    }
    if !runbook.contacts.is_empty() {
        let whom: Vec<&str> = runbook.contacts.iter().map(Safe::as_str).collect();
        out.field("whom to call", whom.join(", "), Tone::Plain);
    }
}

fn line(number: usize, step: &RunbookStep) -> Line {
    let mut gates = Vec::new();
    gates.extend(step.when.as_ref().map(|when| (format!("only when {}", when.words()), "only under a condition")));
    gates.extend(
        step.requires.iter().map(|wanted| (format!("requires {} {}", wanted.name, wanted.threshold), "has to be so")),
    );
    gates.extend(step.ask.then(|| ("asks you first".to_owned(), "asks you first")));
    gates.extend(step.may_fail.then(|| ("may fail".to_owned(), "may fail")));
    gates.extend(step.undo.as_ref().map(|undo| (format!("undone by: {}", undo.title), "can be undone")));
    let told = |words: Vec<&str>| if words.is_empty() { String::new() } else { format!("  ({})", words.join("; ")) };
    let whole = told(gates.iter().map(|(whole, _)| whole.as_str()).collect());
    let title = format!("{number:>2}  {}", step.title);
    // In one line each: what does not fit stands further down with what is sent.
    let fits = title.chars().count() + whole.chars().count() <= LINE;
    let gates = if fits {
        whole
    } else {
        let mut short: Vec<&str> = gates.iter().map(|(_, short)| *short).collect();
        short.dedup();
        told(short)
    };
    vec![Span { text: Safe::of(title), tone: Tone::Strong }, Span { text: Safe::of(gates), tone: Tone::Dim }]
}
