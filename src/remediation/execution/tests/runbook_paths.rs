//! The paths of a runbook one by one.

use crate::remediation::execution::{Execution, Gate, Input, Note, Order, Phase, Question};
use crate::remediation::outcome::Outcome;
use crate::remediation::step::StepEnd;
use crate::remediation::tests::runbook_world::*;
use crate::remediation::tests::world::{at, outcome};

fn sends() -> Plot {
    Plot { sort: Sort::Send, end: End::Done, shows: Shows::Yes, when: None, gate: Asked::No, undo: None }
}

fn undone() -> Plot {
    Plot { undo: Some(End::Done), ..sends() }
}

fn agrees() -> Script {
    Script { undo: Some(true), pace: 0.5, ..Script::default() }
}

fn reasons(execution: &Execution) -> String {
    execution.reasons().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[test]
fn all_steps_and_then_the_proof() {
    let waits = Plot { sort: Sort::Wait, ..sends() };
    let looks = Plot { sort: Sort::Look, ..sends() };
    let (world, execution) = play(&[looks, sends(), waits, sends()], &agrees());
    assert_eq!(outcome(&execution), (Outcome::Verified, true));
    assert_eq!(world.orders, ["do 1", "do 3"]);
    let notes = world.log.iter().filter(|seen| matches!(seen, Seen::Noted(Note::Step { .. }))).count();
    assert_eq!(notes, 4, "each end is on disk");
}

#[test]
fn a_failure_offers_what_undoes_in_reverse_order() {
    let fails = Plot { end: End::Fails, ..undone() };
    let plots = [undone(), sends(), undone(), fails, sends()];
    let (world, execution) = play(&plots, &agrees());
    assert_eq!(world.orders, ["do 0", "do 1", "do 2", "do 3", "undo 2", "undo 0"]);
    assert_eq!(outcome(&execution), (Outcome::Failed, true));
    let (world, execution) = play(&plots, &Script { undo: Some(false), ..agrees() });
    assert_eq!(world.orders.len(), 4);
    assert!(reasons(&execution).contains("not compensated: do 0, do 2"), "{}", reasons(&execution));
    let (world, execution) = play(&plots, &Script { undo: None, pace: 5.0, ..agrees() });
    assert_eq!(world.orders.len(), 4, "no answer is no consent");
    assert!(reasons(&execution).contains("not compensated"), "{}", reasons(&execution));
}

#[test]
fn a_compensation_that_fails_calls_people() {
    let fails = Plot { end: End::Fails, ..sends() };
    let bad = Plot { undo: Some(End::Fails), ..sends() };
    let (world, execution) = play(&[undone(), bad, fails], &agrees());
    assert_eq!(world.orders, ["do 0", "do 1", "do 2", "undo 1"]);
    let told = reasons(&execution);
    assert!(told.contains("call ada, 0123") && told.contains("not compensated: do 0, do 1"), "{told}");
}

#[test]
fn an_answer_that_is_lost_stops_it() {
    let lost = Plot { end: End::Lost, ..sends() };
    let (world, execution) = play(&[undone(), lost.clone(), sends()], &agrees());
    assert_eq!(world.orders, ["do 0", "do 1", "undo 0"], "what was done is offered");
    assert_eq!(outcome(&execution).0, Outcome::Unknown, "steps are missing: nothing verifies them");
    let (_, execution) = play(&[sends(), lost], &agrees());
    assert_eq!(outcome(&execution).0, Outcome::Verified, "the readings decide on the last");
}

#[test]
fn a_condition_skips_and_says_what_was_read() {
    let not = Plot { when: Some(Shows::No), ..sends() };
    let (world, execution) = play(&[not, sends()], &agrees());
    assert_eq!(world.orders, ["do 1"]);
    let (_, why) = execution.steps()[0].skipped.clone().unwrap();
    assert_eq!(why.as_str(), "condition is 90, and it is for when it is < 50");
    let unknown = Plot { when: Some(Shows::Unknown), ..sends() };
    let (world, execution) = play(&[unknown, sends()], &agrees());
    assert!(world.orders.is_empty());
    assert!(reasons(&execution).contains("what is not known is not true"), "{}", reasons(&execution));
}

#[test]
fn a_wait_that_runs_out_is_a_failure() {
    for shows in [Shows::No, Shows::Unknown, Shows::OnlyOld] {
        let waits = Plot { sort: Sort::Wait, shows, ..sends() };
        let (world, execution) = play(&[undone(), waits, sends()], &agrees());
        assert_eq!(world.orders, ["do 0", "undo 0"], "{shows:?}");
        assert_eq!(outcome(&execution).0, Outcome::Failed, "{shows:?}");
    }
}

#[test]
fn a_person_decides_at_a_gate() {
    for (answer, orders, ends) in [
        (Asked::Answered(Gate::Go), vec!["do 0", "do 1", "do 2"], Outcome::Verified),
        (Asked::Answered(Gate::Skip), vec!["do 0", "do 2"], Outcome::Verified),
        (Asked::Answered(Gate::Stop), vec!["do 0", "undo 0"], Outcome::Cancelled),
        (Asked::Silence, vec!["do 0", "undo 0"], Outcome::TimedOut),
    ] {
        let gate = Plot { gate: answer, ..sends() };
        let (world, execution) = play(&[undone(), gate, sends()], &Script { pace: 4.0, ..agrees() });
        assert_eq!(world.orders, orders, "{answer:?}");
        assert_eq!(outcome(&execution).0, ends, "{answer:?}");
    }
}

/// A runbook up to its first step.
fn begun(plots: &[Plot]) -> Execution {
    let (mut execution, _) = Execution::begin(warrant(card(plots)), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    execution.step(Input::Recorded(Ok(())), at(1.0));
    execution
}

#[test]
fn a_stop_breaks_off_at_once_what_is_only_waited_for() {
    for sort in [Sort::Pause, Sort::Wait, Sort::Look, Sort::Manual] {
        let mut execution = begun(&[Plot { sort, shows: Shows::Unknown, ..sends() }, sends()]);
        assert_eq!(execution.phase(), Phase::Running { step: 0 });
        assert!(execution.cancel_words().contains("at once"), "{}", execution.cancel_words());
        let orders = execution.step(Input::CancelAsked, at(1.5));
        assert!(matches!(orders.as_slice(), [Order::Record(Note::Step { .. })]), "{orders:?}");
        let orders = execution.step(Input::Recorded(Ok(())), at(1.6));
        assert!(matches!(orders.as_slice(), [Order::Record(Note::Outcome(Outcome::Cancelled))]), "{orders:?}");
        assert!(!execution.has_acted());
    }
    let mut execution = begun(&[undone(), sends()]);
    assert_eq!(execution.cancel_words(), "this step will finish; the next one will not start");
    assert!(execution.step(Input::CancelAsked, at(1.5)).is_empty(), "what was sent is under way");
    let end = StepEnd::Done { fates: Vec::new(), said: Vec::new() };
    execution.step(Input::StepEnded { step: 0, end }, at(2.0));
    execution.step(Input::Recorded(Ok(())), at(2.1));
    assert!(matches!(execution.question(), Some(Question::Compensate(undos)) if undos.len() == 1));
    assert!(execution.cancel_words().contains("stays as it is"));
}

#[test]
fn what_nobody_can_answer_is_not_waited_for() {
    let gate = Plot { gate: Asked::Silence, ..sends() };
    let mut execution = begun(&[gate, sends()]);
    assert_eq!(execution.phase(), Phase::Asking { step: 0 });
    execution.step(Input::NobodyThere, at(2.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(2.1));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Outcome(Outcome::Cancelled))]), "{orders:?}");
}

#[test]
fn consent_covers_the_beginning_and_not_each_later_step() {
    let pauses = Plot { sort: Sort::Manual, ..sends() };
    let mut execution = begun(&[pauses, sends(), sends(), sends()]);
    execution.step(Input::Ticked { note: crate::domain::Safe::of("turned") }, at(9.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(64.0));
    assert!(matches!(orders.as_slice(), [Order::Run { step: 1, .. }]), "{orders:?}");
    let (mut late, _) = Execution::begin(warrant(card(&[sends()])), at(1.0));
    late.step(Input::Held(Ok(())), at(2.0));
    let orders = late.step(Input::Recorded(Ok(())), at(62.0));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Refused(_))]), "{orders:?}");
}

#[test]
fn whatever_the_card_says_is_in_its_digest() {
    let base = card(&[sends(), undone()]).digest();
    for other in [
        vec![sends(), sends()],
        vec![undone(), sends()],
        vec![sends(), Plot { gate: Asked::Silence, ..undone() }],
        vec![sends(), Plot { when: Some(Shows::Yes), ..undone() }],
        vec![sends(), Plot { sort: Sort::Pause, ..undone() }],
        vec![sends()],
    ] {
        assert_ne!(card(&other).digest(), base, "{other:?}");
    }
    assert_eq!(card(&[sends(), undone()]).digest(), base);
}
