//! An action that is stopped before it has its locks takes none any more.

use crate::domain::Safe;
use crate::remediation::execution::{Execution, Input, Note, Order, Phase};
use crate::remediation::outcome::Outcome;
use crate::remediation::tests::runbook_world::*;
use crate::remediation::tests::world::at;

fn plot() -> Plot {
    Plot { sort: Sort::Send, end: End::Done, shows: Shows::Yes, when: None, gate: Asked::No, undo: None }
}

#[test]
fn who_is_stopped_before_the_locks_are_had_says_so_at_once() {
    let (mut execution, _) = Execution::begin(warrant(card(&[plot()])), at(1.0));
    let orders = execution.step(Input::CancelAsked, at(1.5));
    assert!(matches!(orders.as_slice(), [Order::Interrupt]), "{orders:?}");
    assert!(execution.step(Input::CancelAsked, at(1.6)).is_empty(), "once");
    let why = Safe::of("it was stopped before it had its turn");
    let orders = execution.step(Input::Held(Err(why.clone())), at(2.0));
    // Nothing was intended yet: what stands in the audit is no outcome of anything.
    let [Order::Record(Note::Cancelled(told))] = orders.as_slice() else { panic!("{orders:?}") };
    assert_eq!((told.as_slice(), execution.reasons()), ([why.clone()].as_slice(), [why].as_slice()));
    let orders = execution.step(Input::Recorded(Ok(())), at(2.1));
    assert!(matches!(orders.as_slice(), [Order::Release]), "{orders:?}");
    let ended = Phase::Ended { outcome: Outcome::Cancelled, recorded: true };
    assert_eq!(execution.phase(), ended);
}

#[test]
fn who_has_no_locks_is_refused_and_a_policy_that_bars_it_is_named_first() {
    let why = Safe::of("held by somebody else");
    for barred in [true, false] {
        let (mut execution, _) = Execution::begin(warrant(card(&[plot()])), at(1.0));
        if barred {
            execution.step(Input::Barred(Safe::of("not allowed")), at(1.5));
        }
        let orders = execution.step(Input::Held(Err(why.clone())), at(2.0));
        let [Order::Record(Note::Refused(told))] = orders.as_slice() else { panic!("{orders:?}") };
        assert_eq!(told.last(), Some(&why));
        assert_eq!(told.len(), 1 + usize::from(barred));
        assert!(!barred || told[0].as_str().starts_with("the policy changed"), "{told:?}");
    }
}

/// They were had in the same moment: it ends before the first byte all the same.
#[test]
fn who_is_stopped_as_the_locks_are_had_sends_nothing() {
    let (mut execution, _) = Execution::begin(warrant(card(&[plot()])), at(1.0));
    execution.step(Input::CancelAsked, at(1.5));
    let orders = execution.step(Input::Held(Ok(())), at(2.0));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Intent)]), "{orders:?}");
    let orders = execution.step(Input::Recorded(Ok(())), at(2.1));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Outcome(_))]), "{orders:?}");
    assert!(!execution.has_acted());
}

#[test]
fn what_was_remarked_on_the_way_is_told_once_and_changes_nothing() {
    let (mut execution, _) = Execution::begin(warrant(card(&[plot()])), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    let words = Safe::of("the turn was lost, and taken again");
    for _ in 0..2 {
        assert!(execution.step(Input::Remarked(words.clone()), at(1.1)).is_empty());
    }
    assert_eq!((execution.reasons(), execution.phase()), ([words].as_slice(), Phase::Recording));
}
