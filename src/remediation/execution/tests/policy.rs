//! The policy changed while an action runs: nothing more is sent, whatever it was about to do, and what was done is named.

use crate::domain::{Cause, Safe};
use crate::remediation::execution::{Execution, Gate, Input, Note, Order, Phase};
use crate::remediation::outcome::Outcome;
use crate::remediation::step::StepEnd;
use crate::remediation::tests::runbook_world::*;
use crate::remediation::tests::world::at;

fn undone() -> Plot {
    Plot { sort: Sort::Send, end: End::Done, shows: Shows::Yes, when: None, gate: Asked::No, undo: Some(End::Done) }
}

fn begun(plots: &[Plot]) -> Execution {
    let (mut execution, _) = Execution::begin(warrant(card(plots)), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    execution.step(Input::Recorded(Ok(())), at(1.0));
    execution
}

fn changed(execution: &mut Execution) -> Vec<Order> {
    execution.step(Input::Barred(Safe::of("policy.toml is another")), at(3.0))
}

fn done(execution: &mut Execution, step: usize) {
    let end = StepEnd::Done { fates: Vec::new(), said: Vec::new() };
    execution.step(Input::StepEnded { step, end }, at(2.0));
}

fn told(execution: &Execution) -> String {
    execution.reasons().iter().map(Safe::as_str).collect::<Vec<_>>().join("; ")
}

fn is_over(execution: &Execution, orders: &[Order], outcome: Outcome) {
    let noted = match orders {
        [Order::Record(Note::Outcome(noted))] => *noted,
        [Order::Record(Note::Refused(_))] => Outcome::Refused,
        other => panic!("{other:?} {:?}", execution.phase()),
    };
    assert_eq!(noted, outcome);
    assert!(told(execution).contains("the policy changed: nothing more is sent"), "{}", told(execution));
    assert!(told(execution).contains("policy.toml is another"), "{}", told(execution));
}

#[test]
fn a_step_that_runs_ends_and_nothing_comes_after_it() {
    let mut execution = begun(&[undone(), undone()]);
    assert!(changed(&mut execution).is_empty(), "what was sent was sent");
    done(&mut execution, 0);
    let orders = execution.step(Input::Recorded(Ok(())), at(4.0));
    is_over(&execution, &orders, Outcome::Cancelled);
    assert!(told(&execution).contains("not compensated: do 0"), "{}", told(&execution));
    assert!(told(&execution).contains("nor is what was done undone"), "{}", told(&execution));
}

#[test]
fn before_the_first_effect_it_is_refused() {
    for first in [Plot { gate: Asked::Silence, ..undone() }, Plot { sort: Sort::Pause, undo: None, ..undone() }] {
        let mut execution = begun(&[first, undone()]);
        changed(&mut execution);
        let orders = execution.step(Input::Recorded(Ok(())), at(4.0));
        is_over(&execution, &orders, Outcome::Refused);
        assert!(execution.step(Input::GateAnswered(Gate::Go), at(4.1)).is_empty());
        assert!(!execution.has_acted());
    }
    // So also before the intent is on disk.
    let (mut execution, _) = Execution::begin(warrant(card(&[undone()])), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    assert!(changed(&mut execution).is_empty());
    let orders = execution.step(Input::Recorded(Ok(())), at(4.0));
    is_over(&execution, &orders, Outcome::Refused);
}

#[test]
fn nothing_is_undone_under_another_policy() {
    let failed = || StepEnd::Failed(Cause::Other(Safe::of("no route")));
    // It was offered already.
    let mut execution = begun(&[undone(), undone()]);
    done(&mut execution, 0);
    execution.step(Input::Recorded(Ok(())), at(2.0));
    execution.step(Input::StepEnded { step: 1, end: failed() }, at(2.0));
    execution.step(Input::Recorded(Ok(())), at(2.0));
    assert_eq!(execution.phase(), Phase::Offering);
    changed(&mut execution);
    assert!(execution.step(Input::CompensationsAnswered(true), at(3.0)).is_empty());
    let orders = execution.step(Input::Recorded(Ok(())), at(4.0));
    is_over(&execution, &orders, Outcome::Failed);
    assert!(told(&execution).contains("not compensated: do 0"), "{}", told(&execution));
    // It was agreed to and is about to begin.
    let mut execution = begun(&[undone(), undone()]);
    done(&mut execution, 0);
    execution.step(Input::Recorded(Ok(())), at(2.0));
    execution.step(Input::StepEnded { step: 1, end: failed() }, at(2.0));
    execution.step(Input::Recorded(Ok(())), at(2.0));
    execution.step(Input::CompensationsAnswered(true), at(2.5));
    changed(&mut execution);
    let orders = execution.step(Input::Recorded(Ok(())), at(4.0));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Step { .. })]), "{orders:?}");
    let orders = execution.step(Input::Recorded(Ok(())), at(4.0));
    is_over(&execution, &orders, Outcome::Failed);
    // It fails after the change: it is not offered.
    let mut execution = begun(&[undone(), undone()]);
    done(&mut execution, 0);
    execution.step(Input::Recorded(Ok(())), at(2.0));
    changed(&mut execution);
    execution.step(Input::StepEnded { step: 1, end: failed() }, at(2.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(4.0));
    is_over(&execution, &orders, Outcome::Failed);
}

#[test]
fn what_only_watches_goes_on() {
    let mut execution = begun(&[undone()]);
    done(&mut execution, 0);
    execution.step(Input::Recorded(Ok(())), at(2.0));
    assert_eq!(execution.phase(), Phase::Verifying);
    assert!(changed(&mut execution).is_empty());
    assert_eq!(execution.phase(), Phase::Verifying);
}
