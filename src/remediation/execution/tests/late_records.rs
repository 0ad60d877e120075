//! A disk that answers late: what it says of a record that was given up is never taken for another one.

use crate::domain::Safe;
use crate::remediation::execution::{Execution, Input, Note, Order, Phase};
use crate::remediation::level::Level;
use crate::remediation::outcome::Outcome;
use crate::remediation::step::StepEnd;
use crate::remediation::tests::world::*;

fn held() -> Execution {
    let (mut execution, _) = Execution::begin(warrant(card(action(Level::L2), 0..2)), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    execution
}

fn written(number: u64) -> Input {
    Input::Written { number, written: Ok(()) }
}

fn reasons(execution: &Execution) -> String {
    execution.reasons().iter().map(Safe::as_str).collect::<Vec<_>>().join("; ")
}

#[test]
fn an_intent_that_was_given_up_has_its_end_behind_it() {
    let mut execution = held();
    assert_eq!(execution.records(), 1);
    let orders = execution.step(Input::TimePassed, at(21.5));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Refused(_)), Order::Release]), "{orders:?}");
    assert_eq!((execution.records(), outcome(&execution)), (2, (Outcome::Refused, false)));
    // The disk comes back, and writes both, in order.
    assert!(execution.step(written(1), at(30.0)).is_empty(), "nothing is sent for it");
    assert_eq!(outcome(&execution), (Outcome::Refused, false), "the intent is not the end");
    assert!(reasons(&execution).contains("the intent was written after it was given up"), "{}", reasons(&execution));
    assert!(execution.step(written(2), at(30.0)).is_empty());
    assert_eq!(outcome(&execution), (Outcome::Refused, true));
    assert!(!execution.has_acted());
}

#[test]
fn what_is_said_of_another_record_is_not_the_awaited() {
    let mut execution = held();
    for number in [0, 2, 9] {
        assert!(execution.step(written(number), at(1.1)).is_empty());
        assert_eq!(execution.phase(), Phase::Recording);
    }
    let orders = execution.step(written(1), at(1.2));
    assert!(matches!(orders.as_slice(), [Order::Run { .. }]), "{orders:?}");
    assert!(execution.step(written(1), at(1.3)).is_empty(), "told twice");
    let end = StepEnd::Failed(crate::domain::Cause::Other(Safe::of("refused")));
    let orders = execution.step(Input::StepEnded { step: 0, end }, at(1.4));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Outcome(Outcome::Failed))]), "{orders:?}");
    assert!(execution.step(written(1), at(1.5)).is_empty());
    assert_eq!(execution.phase(), Phase::Closing(Outcome::Failed), "the intent's is not the outcome's");
    let late = Input::Written { number: 1, written: Err(Safe::of("no space left")) };
    assert!(execution.step(late, at(1.5)).is_empty());
    assert_eq!(execution.phase(), Phase::Closing(Outcome::Failed));
    execution.step(written(2), at(1.6));
    assert_eq!(outcome(&execution), (Outcome::Failed, true));
}

#[test]
fn an_end_that_is_written_late_counts_after_all() {
    let mut execution = held();
    execution.step(written(1), at(1.2));
    let end = StepEnd::Failed(crate::domain::Cause::Other(Safe::of("refused")));
    execution.step(Input::StepEnded { step: 0, end }, at(1.4));
    execution.step(Input::TimePassed, at(22.0));
    assert_eq!(outcome(&execution), (Outcome::Failed, false));
    let failed = Input::Written { number: 2, written: Err(Safe::of("no space left")) };
    execution.step(failed, at(23.0));
    assert_eq!(outcome(&execution), (Outcome::Failed, false));
    assert!(execution.step(written(2), at(23.0)).is_empty());
    assert_eq!(outcome(&execution), (Outcome::Failed, true));
}
