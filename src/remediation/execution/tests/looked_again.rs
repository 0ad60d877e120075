//! What holds before the first effect of a runbook, however long it waited for people and readings until then: the consent of
//! a person that is not old, and the preconditions in readings begun then.

use std::time::Duration;

use crate::domain::Safe;
use crate::domain::threshold::Threshold;
use crate::remediation::card::Card;
use crate::remediation::execution::{Execution, Gate, Input, Note, Order, Phase};
use crate::remediation::guard::{Consent, Situation, Warrant, review};
use crate::remediation::measure::{Evidence, Measure, Precondition};
use crate::remediation::outcome::Outcome;
use crate::remediation::step::StepEnd;
use crate::remediation::tests::runbook_world::*;
use crate::remediation::tests::world::{at, evidence, situation};

const LOAD: Measure = Measure::UsedShare(0);

fn sends() -> Plot {
    Plot { sort: Sort::Send, end: End::Done, shows: Shows::Yes, when: None, gate: Asked::No, undo: None }
}

fn of(sort: Sort) -> Plot {
    Plot { sort, ..sends() }
}

fn gate() -> Plot {
    Plot { gate: Asked::Silence, ..sends() }
}

/// With time for all of it.
fn patient(mut card: Card) -> Card {
    card.action.limits.deadline = Duration::from_secs(1000);
    card
}

fn load(value: Option<f64>, when: f64) -> Evidence {
    evidence(LOAD, value, at(when))
}

/// A runbook that may begin only where the load is under 50, consented to at 1 s.
fn guarded(plots: &[Plot]) -> Warrant {
    let mut card = patient(card(plots));
    let wanted = Precondition {
        measure: LOAD,
        threshold: Threshold::parse("< 50").unwrap(),
        fresh: Duration::from_secs(5),
        name: Safe::of("load of main"),
    };
    card.action.preconditions.push(wanted);
    let consent = Consent { digest: card.digest(), typed: "main".to_owned(), reason: String::new(), given_at: at(1.0) };
    let readings = [load(Some(10.0), 1.0)];
    review(card, consent, &Situation { readings: &readings, ..situation(at(1.0)) }).expect("a good card")
}

fn begun(warrant: Warrant) -> (Execution, Vec<Order>) {
    let (mut execution, _) = Execution::begin(warrant, at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(1.0));
    (execution, orders)
}

fn answered(execution: &mut Execution, answer: Gate, when: f64) -> Vec<Order> {
    execution.step(Input::GateAnswered(answer), at(when));
    execution.step(Input::Recorded(Ok(())), at(when))
}

fn runs(orders: &[Order]) -> bool {
    matches!(orders, [Order::Run { .. }])
}

fn refused(orders: &[Order]) -> bool {
    matches!(orders, [Order::Record(Note::Refused(_))])
}

fn told(execution: &Execution) -> String {
    execution.reasons().iter().map(Safe::as_str).collect::<Vec<_>>().join("; ")
}

#[test]
fn an_answer_at_a_gate_is_consent_for_as_long_as_a_card_is() {
    let (mut execution, _) = begun(warrant(card(&[gate(), sends()])));
    assert_eq!(execution.phase(), Phase::Asking { step: 0 });
    assert!(runs(&answered(&mut execution, Gate::Go, 400.0)), "whoever answers is there, and agrees");
    // The same where the disk is slow after the answer.
    for (when, good) in [(459.9, true), (460.1, false)] {
        let (mut execution, _) = begun(warrant(card(&[gate(), sends()])));
        execution.step(Input::GateAnswered(Gate::Go), at(400.0));
        let orders = execution.step(Input::Recorded(Ok(())), at(when));
        assert_eq!((runs(&orders), refused(&orders)), (good, !good), "{when}: {orders:?}");
    }
    // What is left out lets the rest go on.
    let (mut execution, _) = begun(warrant(card(&[gate(), sends()])));
    assert!(runs(&answered(&mut execution, Gate::Skip, 400.0)));
}

#[test]
fn what_the_card_says_is_waited_for_takes_nothing_from_consent() {
    for (when, good) in [(68.9, true), (69.1, false)] {
        let (mut execution, _) = begun(warrant(patient(card(&[of(Sort::Pause), sends()]))));
        assert_eq!(execution.phase(), Phase::Running { step: 0 });
        execution.step(Input::TimePassed, at(10.0));
        let orders = execution.step(Input::Recorded(Ok(())), at(when));
        assert_eq!((runs(&orders), refused(&orders)), (good, !good), "{when}: {orders:?}");
    }
    assert!(told_of_the_refusal().contains("consent"), "{}", told_of_the_refusal());
}

fn told_of_the_refusal() -> String {
    let (mut execution, _) = begun(warrant(patient(card(&[of(Sort::Pause), sends()]))));
    execution.step(Input::TimePassed, at(10.0));
    execution.step(Input::Recorded(Ok(())), at(100.0));
    told(&execution)
}

#[test]
fn preconditions_hold_again_before_the_first_effect() {
    for first in [gate(), of(Sort::Pause), of(Sort::Manual), of(Sort::Look)] {
        for (value, goes) in [(Some(49.0), true), (Some(51.0), false)] {
            let (mut execution, _) = begun(guarded(&[first.clone(), sends(), sends()]));
            let orders = to_the_first_effect(&mut execution);
            assert!(matches!(orders.as_slice(), [Order::Refresh]), "{first:?}: {orders:?}");
            assert!(execution.measures().any(|measure| *measure == LOAD), "it is read");
            // What was begun before is no fresh reading.
            assert!(execution.step(Input::Read(load(Some(10.0), 8.9)), at(9.1)).is_empty());
            let orders = execution.step(Input::Read(load(value, 9.1)), at(9.2));
            assert_eq!((runs(&orders), refused(&orders)), (goes, !goes), "{first:?} {value:?}: {orders:?}");
            assert!(goes || told(&execution).contains("load of main is 51"), "{}", told(&execution));
        }
    }
}

/// Up to 9 s: what stands first is over.
fn to_the_first_effect(execution: &mut Execution) -> Vec<Order> {
    if matches!(execution.phase(), Phase::Asking { .. }) {
        return answered(execution, Gate::Go, 9.0);
    }
    execution.step(Input::Read(evidence(Measure::Signal(0), Some(10.0), at(8.0))), at(8.0));
    execution.step(Input::Ticked { note: Safe::of("turned") }, at(8.0));
    execution.step(Input::TimePassed, at(9.0));
    execution.step(Input::Recorded(Ok(())), at(9.0))
}

#[test]
fn what_is_not_known_then_is_refused() {
    let (mut execution, _) = begun(guarded(&[of(Sort::Pause), sends()]));
    to_the_first_effect(&mut execution);
    assert!(execution.step(Input::Read(load(None, 10.0)), at(10.0)).is_empty());
    assert!(execution.step(Input::TimePassed, at(29.0)).iter().all(|order| matches!(order, Order::Refresh)));
    let orders = execution.step(Input::TimePassed, at(29.1));
    assert!(refused(&orders), "{orders:?}");
    assert!(told(&execution).contains("load of main"), "{}", told(&execution));
    assert!(!execution.has_acted());
}

#[test]
fn a_reading_that_grew_old_while_another_was_waited_for_is_read_again() {
    let mut card = guarded(&[of(Sort::Pause), sends()]).card().clone();
    let mut other = card.action.preconditions[0].clone();
    (other.measure, other.name) = (Measure::Blocked(0), Safe::of("blocked sessions"));
    card.action.preconditions.push(other);
    let consent = Consent { digest: card.digest(), typed: "main".to_owned(), reason: String::new(), given_at: at(1.0) };
    let readings = [load(Some(10.0), 1.0), evidence(Measure::Blocked(0), Some(0.0), at(1.0))];
    let warrant = review(card, consent, &Situation { readings: &readings, ..situation(at(1.0)) }).unwrap();
    let (mut execution, _) = begun(warrant);
    to_the_first_effect(&mut execution);
    execution.step(Input::Read(load(Some(10.0), 9.1)), at(9.2));
    let blocked = |when: f64| Input::Read(evidence(Measure::Blocked(0), Some(0.0), at(when)));
    let orders = execution.step(blocked(15.0), at(15.0));
    assert!(!runs(&orders), "the load was read 5.9 s ago, and counts for 5: {orders:?}");
    assert!(runs(&execution.step(Input::Read(load(Some(10.0), 15.1)), at(15.2))));
}

#[test]
fn what_earlier_steps_did_does_not_speak_against_later_ones() {
    let (mut execution, orders) = begun(guarded(&[sends(), of(Sort::Pause), sends()]));
    assert!(runs(&orders), "it was judged a moment ago: {orders:?}");
    let end = StepEnd::Done { fates: Vec::new(), said: Vec::new() };
    execution.step(Input::StepEnded { step: 0, end }, at(2.0));
    execution.step(Input::Recorded(Ok(())), at(2.0));
    execution.step(Input::TimePassed, at(9.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(100.0));
    assert!(runs(&orders), "{orders:?}");
}

#[test]
fn a_condition_is_looked_at_again_when_its_gate_was_answered_late() {
    let gated = Plot { when: Some(Shows::Yes), ..gate() };
    for (late, orders_run) in [(60.0, true), (62.0, false)] {
        let (mut execution, _) = begun(warrant(card(&[gated.clone(), sends()])));
        let condition = |value: f64, when: f64| Input::Read(evidence(Measure::Signal(100), Some(value), at(when)));
        execution.step(condition(10.0, 1.0), at(1.0));
        assert_eq!(execution.phase(), Phase::Asking { step: 0 });
        let orders = answered(&mut execution, Gate::Go, late);
        assert_eq!(runs(&orders), orders_run, "{late}: {orders:?}");
        if !orders_run {
            execution.step(condition(90.0, 63.0), at(63.0));
            assert!(execution.steps()[0].skipped.is_some(), "it does not hold any more");
        }
    }
}

#[test]
fn by_hand_something_may_have_been_done_before_a_refusal() {
    let undone = Plot { undo: Some(End::Done), ..of(Sort::Manual) };
    let (mut execution, _) = begun(guarded(&[undone, sends()]));
    to_the_first_effect(&mut execution);
    execution.step(Input::Read(load(Some(90.0), 9.1)), at(9.2));
    assert_eq!(execution.phase(), Phase::Offering, "what was done by hand can be undone");
    execution.step(Input::CompensationsAnswered(false), at(10.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(10.0));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Outcome(Outcome::Failed))]), "{orders:?}");
}

#[test]
fn a_gate_asks_for_readings() {
    let (_, orders) = begun(guarded(&[gate(), sends()]));
    assert!(matches!(orders.as_slice(), [Order::Refresh]), "{orders:?}");
    let (_, orders) = begun(warrant(card(&[gate(), sends()])));
    assert!(orders.is_empty(), "there is nothing to be read for it: {orders:?}");
}

#[test]
fn a_wait_takes_nothing_from_consent_for_as_long_as_its_card_says() {
    // It was told of the time late: 30 s of which its deadline covers 10.
    for (when, good) in [(69.9, true), (70.1, false)] {
        let (mut execution, _) = begun(warrant(patient(card(&[of(Sort::Pause), sends()]))));
        execution.step(Input::TimePassed, at(31.0));
        let orders = execution.step(Input::Recorded(Ok(())), at(when));
        assert_eq!((runs(&orders), refused(&orders)), (good, !good), "{when}: {orders:?}");
    }
    // So does the look at a condition.
    let when = Plot { when: Some(Shows::Yes), ..sends() };
    let (mut execution, _) = Execution::begin(warrant(patient(card(&[when]))), at(1.0));
    execution.step(Input::Held(Ok(())), at(50.0));
    execution.step(Input::Recorded(Ok(())), at(50.0));
    let orders = execution.step(Input::Read(evidence(Measure::Signal(100), Some(10.0), at(65.0))), at(65.0));
    assert!(runs(&orders), "{orders:?}");
}

#[test]
fn only_what_changes_something_is_looked_at_again_for() {
    let (mut execution, _) = begun(guarded(&[of(Sort::Pause), of(Sort::Pause), sends()]));
    to_the_first_effect(&mut execution);
    assert_eq!(execution.phase(), Phase::Running { step: 1 });
    let (mut execution, _) = begun(guarded(&[sends(), gate()]));
    execution.step(Input::StepEnded { step: 0, end: StepEnd::Done { fates: Vec::new(), said: Vec::new() } }, at(2.0));
    execution.step(Input::Recorded(Ok(())), at(2.0));
    assert_eq!(execution.phase(), Phase::Asking { step: 1 });
    assert!(execution.depends().is_empty(), "they were for the beginning");
}

#[test]
fn between_two_steps_the_time_of_the_whole_is_looked_at() {
    for (when, goes) in [(201.0, true), (201.1, false)] {
        let mut card = card(&[sends(), sends()]);
        card.action.limits.deadline = Duration::from_secs(200);
        let (mut execution, _) = begun(warrant(card));
        let end = StepEnd::Done { fates: Vec::new(), said: Vec::new() };
        execution.step(Input::StepEnded { step: 0, end }, at(2.0));
        let orders = execution.step(Input::Recorded(Ok(())), at(when));
        assert_eq!(runs(&orders), goes, "{orders:?}");
        assert!(goes || execution.phase() == Phase::Closing(Outcome::TimedOut), "{:?}", execution.phase());
    }
}
