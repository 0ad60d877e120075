//! What a runbook asks a person, in words: on the screen with keys, without one as a line that is answered with a word.

use crate::app::actions::Current;
use crate::app::document::{Line, Span};
use crate::app::table::Tone;
use crate::app::telemetry::Telemetry;
use crate::domain::{Moment, Safe};
use crate::input::dialog::{self, Ask, Hint};
use crate::remediation::execution::{Depends, Execution, Gate, Input, Question, Undoing};
use crate::remediation::turn;

use super::evidence;
use super::sight::READ;

/// The question with its keys, for the foot of the view of a run.
#[must_use]
pub fn foot(asked: &Question<'_>, current: &Current, live: &Telemetry, now: Moment) -> (Vec<Line>, &'static [Hint]) {
    let mut lines: Vec<Line> = words(asked, &current.execution, live, now)
        .into_iter()
        .map(|text| vec![Span { text, tone: Tone::Warn }])
        .collect();
    if let Question::Tick(..) = asked {
        let caret = if current.typing { "_" } else { "" };
        lines.push(vec![
            Span { text: Safe::of("note: "), tone: Tone::Strong },
            Span { text: Safe::of(format!("{}{caret}", current.note)), tone: Tone::Accent },
        ]);
    }
    let listens = current.listens(now);
    let (answer, tone) = match asked {
        _ if !listens => (READ.to_owned(), Tone::Unknown),
        asked => (dialog::words(answers(asked, current.typing)), Tone::Ok),
    };
    lines.push(vec![Span { text: Safe::of(answer), tone }]);
    (lines, if current.typing { &[(Ask::Leave, "ends the note")] } else { WAITS })
}

const WAITS: &[Hint] = &[(Ask::Leave, "closes; it waits"), (Ask::PageDown, "scrolls")];

/// The keys that answer it.
#[must_use]
pub fn answers(asked: &Question<'_>, typing: bool) -> &'static [Hint] {
    match asked {
        Question::Gate(state) if state.barred.is_some() => {
            &[(Ask::Skip, "leaves the step out"), (Ask::Stop, "stops here")]
        }
        Question::Gate(_) => &[(Ask::Run, "goes on"), (Ask::Skip, "leaves the step out"), (Ask::Stop, "stops here")],
        Question::Compensate(_) => &[(Ask::Run, "runs them"), (Ask::Stop, "leaves everything as it is")],
        Question::Tick(..) if typing => &[(Ask::Choose, "ends the note"), (Ask::Run, "says that it is done")],
        Question::Tick(..) => {
            &[(Ask::Note, "types a note"), (Ask::Run, "says that it is done"), (Ask::Stop, "stops here")]
        }
    }
}

/// What is asked.
#[must_use]
pub fn words(asked: &Question<'_>, execution: &Execution, live: &Telemetry, now: Moment) -> Vec<Safe> {
    match asked {
        Question::Gate(state) => {
            let mut lines = match &state.barred {
                None => vec![Safe::of(format!("Next: {}. Go on with it?", state.step.title))],
                Some(why) => vec![
                    Safe::of(format!("Next: {}. Leave it out and go on?", state.step.title)),
                    Safe::of(format!("it cannot run here: {why}")),
                ],
            };
            // It is not one of the questions on the card.
            lines.extend(state.told.last().filter(|_| execution.asks_again()).cloned());
            lines.extend(execution.depends().iter().map(|depends| present(depends, live, now)));
            lines
        }
        Question::Tick(_, manual) => {
            let mut lines = vec![Safe::of(format!("By hand: {}", manual.instruction))];
            lines.extend(contacts(execution));
            lines
        }
        Question::Compensate(undos) => {
            let titles: Vec<&str> = undos.iter().map(|undoing| undoing.undo.step.title.as_str()).collect();
            let mut lines = vec![Safe::of(format!("Undo what was done? In this order: {}", titles.join("; then ")))];
            lines.extend(undos.iter().filter(|undoing| undoing.of.is_in_doubt()).map(doubt));
            lines.extend(kept_out(undos, execution, live));
            lines.extend(contacts(execution));
            lines
        }
    }
}

/// How it is now what a step depends on, and whether that is what the step is for.
fn present(depends: &Depends<'_>, live: &Telemetry, now: Moment) -> Safe {
    let (words, seen) = evidence::present(live, depends.name, depends.measure, now);
    let Some(when) = depends.when else { return words };
    let holds = seen.and_then(|seen| when.expect.holds(seen.value?, None, seen.at));
    let is_for = format!("the step is for when it {}", when.expect.words());
    Safe::of(match holds {
        Some(false) => format!("{words}: NOT as it should be, {is_for}"),
        Some(true) | None => format!("{words}; {is_for}"),
    })
}

/// Nobody knows whether it was done.
fn doubt(undoing: &Undoing<'_>) -> Safe {
    let (of, undo) = (&undoing.of.step.title, &undoing.undo.step.title);
    Safe::of(format!("MAY HAVE BEEN DONE, nobody knows: {of}. Look first whether {undo:?} does harm if it was not"))
}

/// What undoes needs the run's turn like everything that changes something: said before a person relies on it.
fn kept_out(undos: &[Undoing<'_>], execution: &Execution, live: &Telemetry) -> Vec<Safe> {
    let turns = turn::of(execution.warrant().card());
    let names = turns.iter().filter_map(|turn| Some(live.databases.get(turn.database)?.spec.name.to_string()));
    let names = names.collect::<Vec<_>>().join(", ");
    let (cures, others): (Vec<&Undoing<'_>>, Vec<&Undoing<'_>>) =
        undos.iter().partition(|undoing| turn::may_be_the_cure(&undoing.undo.step.work));
    if others.is_empty() || names.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![
        Safe::of(format!("It is sent only while other operators are kept out of {names}.")),
        Safe::of("Where that is not known it is refused, and has to be undone by hand."),
    ];
    lines.extend((!cures.is_empty()).then(|| Safe::of("A unit or a container is started all the same.")));
    lines
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
        Question::Gate(state) if state.barred.is_some() => "type skip or stop",
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
        (Question::Gate(state), "go") if state.barred.is_none() => Some(Input::GateAnswered(Gate::Go)),
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
