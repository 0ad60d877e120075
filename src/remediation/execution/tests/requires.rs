//! What a step requires by itself: judged in readings begun directly before it, whichever step it is, and unknown is no.

use std::time::Duration;

use crate::domain::Safe;
use crate::domain::threshold::Threshold;
use crate::remediation::action::Plan;
use crate::remediation::execution::{Execution, Input, Note, Order, Phase};
use crate::remediation::guard::{Consent, review};
use crate::remediation::measure::{Evidence, Measure, Precondition};
use crate::remediation::outcome::Outcome;
use crate::remediation::step::StepEnd;
use crate::remediation::tests::runbook_world::*;
use crate::remediation::tests::world::{at, evidence, situation};

const LOAD: Measure = Measure::UsedShare(0);

/// Two steps that send something, of which one requires a load under 50, consented to at 1 s.
fn begun(requires: usize) -> (Execution, Vec<Order>) {
    let sends = Plot { sort: Sort::Send, end: End::Done, shows: Shows::Yes, when: None, gate: Asked::No, undo: None };
    let mut card = card(&[sends.clone(), sends]);
    card.action.limits.deadline = Duration::from_secs(1000);
    let Plan::Runbook(runbook) = &mut card.action.plan else { panic!("a runbook") };
    runbook.steps[requires].requires = vec![Precondition {
        measure: LOAD,
        threshold: Threshold::parse("< 50").unwrap(),
        fresh: Duration::from_secs(5),
        name: Safe::of("load of main"),
    }];
    let consent = Consent { digest: card.digest(), typed: "main".to_owned(), reason: String::new(), given_at: at(1.0) };
    let warrant = review(card, consent, &situation(at(1.0))).expect("a good card");
    let (mut execution, _) = Execution::begin(warrant, at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(1.0));
    (execution, orders)
}

fn load(value: Option<f64>, when: f64) -> Input {
    Input::Read(Evidence { ..evidence(LOAD, value, at(when)) })
}

fn runs(orders: &[Order], wanted: usize) -> bool {
    matches!(orders, [Order::Run { step, .. }] if *step == wanted)
}

/// The first step is done, and on disk.
fn at_the_second(execution: &mut Execution, when: f64) -> Vec<Order> {
    let end = StepEnd::Done { fates: Vec::new(), said: Vec::new() };
    execution.step(Input::StepEnded { step: 0, end }, at(when));
    execution.step(Input::Recorded(Ok(())), at(when))
}

#[test]
fn only_a_reading_begun_before_the_very_step_lets_it_run() {
    let (mut execution, orders) = begun(1);
    assert!(runs(&orders, 0), "{orders:?}");
    let orders = at_the_second(&mut execution, 2.0);
    assert!(matches!(orders.as_slice(), [Order::Refresh]), "{orders:?}");
    assert_eq!(execution.phase(), Phase::Reviewing { step: 1 });
    assert!(execution.step(load(Some(10.0), 1.5), at(2.5)).is_empty(), "it was begun before");
    assert!(runs(&execution.step(load(Some(10.0), 3.0), at(3.0)), 1));
}

#[test]
fn what_does_not_hold_stops_it_there() {
    let (mut execution, _) = begun(1);
    at_the_second(&mut execution, 2.0);
    let orders = execution.step(load(Some(50.0), 3.0), at(3.0));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Step { .. })]), "{orders:?}");
    execution.step(Input::Recorded(Ok(())), at(3.0));
    assert!(matches!(execution.phase(), Phase::Closing(Outcome::Failed)), "{:?}", execution.phase());
    assert!(execution.steps()[1].began.is_none());
    let told = execution.reasons()[0].as_str();
    assert!(
        told.starts_with("before step 2, in a fresh reading: load of main is") && told.contains("must be < 50"),
        "{told}"
    );
}

#[test]
fn what_is_not_known_within_its_time_stops_it_too() {
    for value in [None, Some(f64::NAN)] {
        let (mut execution, _) = begun(1);
        at_the_second(&mut execution, 2.0);
        execution.step(load(value, 3.0), at(3.0));
        assert_eq!(execution.phase(), Phase::Reviewing { step: 1 }, "another may come");
        execution.step(Input::TimePassed, at(23.0));
        execution.step(Input::Recorded(Ok(())), at(23.0));
        assert!(matches!(execution.phase(), Phase::Closing(Outcome::Failed)), "{:?}", execution.phase());
        assert!(execution.steps()[1].began.is_none());
    }
}

#[test]
fn before_the_first_change_it_is_what_a_guard_refuses() {
    let (mut execution, orders) = begun(0);
    assert!(matches!(orders.as_slice(), [Order::Refresh]), "{orders:?}");
    execution.step(load(Some(90.0), 2.0), at(2.0));
    execution.step(Input::Recorded(Ok(())), at(2.0));
    assert!(matches!(execution.phase(), Phase::Ended { outcome: Outcome::Refused, .. }), "{:?}", execution.phase());
    assert!(execution.steps().iter().all(|state| state.began.is_none()));
    let (mut execution, _) = begun(0);
    assert!(runs(&execution.step(load(Some(9.0), 2.0), at(2.0)), 0));
    assert!(runs(&at_the_second(&mut execution, 3.0), 1), "the other requires nothing");
}
