//! A runbook at a glance, for its card: every step by its title, with what must hold for it, whether a person is asked, and
//! what undoes it. What each sends stands further down, byte for byte.

use crate::app::document::{Document, Line, Span};
use crate::app::table::Tone;
use crate::domain::Safe;
use crate::remediation::action::{Action, Plan};
use crate::remediation::runbook::RunbookStep;

/// Its steps, where it is a runbook.
pub fn steps(out: &mut Document, action: &Action) {
    let Plan::Runbook(runbook) = &action.plan else { return };
    out.section("steps");
    out.line("Steps", Tone::Strong);
    for (number, step) in (1..).zip(&runbook.steps) {
        out.lines.push(line(number, step));
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
