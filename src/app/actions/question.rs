//! What a runbook asks a person, in words: on the screen with keys, without one as a line that is answered with a word.

use crate::app::actions::Current;
use crate::app::document::{Line, Span};
use crate::app::table::Tone;
use crate::domain::{Moment, Safe, figure};
use crate::remediation::execution::{Execution, Gate, Input, Question, StepState};
use crate::remediation::step::{StepEnd, Work};

/// The question with its keys, for the foot of the view of a run.
#[must_use]
pub fn foot(asked: &Question<'_>, current: &Current, now: Moment) -> (Vec<Line>, &'static str) {
    let mut lines: Vec<Line> =
        words(asked, &current.execution, now).into_iter().map(|text| vec![Span { text, tone: Tone::Warn }]).collect();
    if let Question::Tick(..) = asked {
        let caret = if current.typing { "_" } else { "" };
        lines.push(vec![
            Span { text: Safe::of("note: "), tone: Tone::Strong },
            Span { text: Safe::of(format!("{}{caret}", current.note)), tone: Tone::Accent },
        ]);
    }
    let listens = current.listens(now);
    let (answer, tone) = match asked {
        _ if !listens => ("read it first …", Tone::Unknown),
        Question::Gate(_) => ("Ctrl-T goes on   s leaves the step out   c stops here", Tone::Ok),
        Question::Compensate(_) => ("Ctrl-T runs them   c leaves everything as it is", Tone::Ok),
        Question::Tick(..) if current.typing => ("Enter ends the note   Ctrl-T: it is done", Tone::Ok),
        Question::Tick(..) => ("n types a note   Ctrl-T: it is done   c stops here", Tone::Ok),
    };
    lines.push(vec![Span { text: Safe::of(answer), tone }]);
    (lines, " Esc closes; it waits  w shows it again ")
}

/// What is asked.
#[must_use]
pub fn words(asked: &Question<'_>, execution: &Execution, now: Moment) -> Vec<Safe> {
    match asked {
        Question::Gate(state) => {
            let mut lines = vec![Safe::of(format!("Next: {}. Go on with it?", state.step.title))];
            lines.extend(state.told.iter().cloned());
            lines.extend(last_seen(execution, now));
            lines
        }
        Question::Tick(_, manual) => {
            let mut lines = vec![Safe::of(format!("By hand: {}", manual.instruction))];
            lines.extend(contacts(execution));
            lines
        }
        Question::Compensate(undos) => {
            let titles: Vec<&str> = undos.iter().map(|undo| undo.step.title.as_str()).collect();
            let mut lines = vec![Safe::of(format!("Undo what was done? In this order: {}", titles.join("; then ")))];
            lines.extend(contacts(execution));
            lines
        }
    }
}

/// What the last step that looked saw: how long ago, and that steps after it may have changed it.
fn last_seen(execution: &Execution, now: Moment) -> Option<Safe> {
    let said = |(at, state): (usize, &StepState)| match &state.ended {
        Some((when, StepEnd::Done { said, .. })) if matches!(state.step.work, Work::Look(_) | Work::WaitUntil(_)) => {
            let after = execution.steps().iter().skip(at + 1).position(|later| later.began.is_some());
            let since = after.map_or_else(String::new, |next| format!(", before step {}", at + next + 2));
            Some(Safe::of(format!("{} ago{since}: {}", figure::age(now.since(*when)), said.last()?)))
        }
        _ => None,
    };
    execution.steps().iter().enumerate().rev().find_map(said)
}

fn contacts(execution: &Execution) -> Option<Safe> {
    let contacts = &execution.runbook()?.contacts;
    let names: Vec<&str> = contacts.iter().map(Safe::as_str).collect();
    (!names.is_empty()).then(|| Safe::of(format!("whom to call: {}", names.join(", "))))
}

/// The words that answer it where there is no screen.
#[must_use]
pub fn choices(asked: &Question<'_>) -> &'static str {
    match asked {
        Question::Gate(_) => "type go, skip or stop",
        Question::Tick(..) => "type done and what was done, or stop",
        Question::Compensate(_) => "type undo, or leave",
    }
}

/// What a typed line answers; `None` where it answers nothing.
#[must_use]
pub fn typed(asked: &Question<'_>, line: &str) -> Option<Input> {
    let line = line.trim();
    match (asked, line) {
        (Question::Gate(_), "go") => Some(Input::GateAnswered(Gate::Go)),
        (Question::Gate(_), "skip") => Some(Input::GateAnswered(Gate::Skip)),
        (Question::Gate(_), "stop") => Some(Input::GateAnswered(Gate::Stop)),
        (Question::Compensate(_), "undo") => Some(Input::CompensationsAnswered(true)),
        (Question::Compensate(_), "leave") => Some(Input::CompensationsAnswered(false)),
        (Question::Tick(..), "stop") => Some(Input::CancelAsked),
        (Question::Tick(..), line) => {
            let note = line.strip_prefix("done ").filter(|note| note.chars().any(char::is_alphanumeric))?;
            Some(Input::Ticked { note: Safe::of(note) })
        }
        _ => None,
    }
}
