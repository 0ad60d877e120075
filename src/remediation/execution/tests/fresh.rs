//! Readings that count and readings that do not, one by one: older ones, the same moment, the last moment.

use std::time::Duration;

use crate::domain::Safe;
use crate::remediation::execution::{Execution, Input, Note, Order, Phase};
use crate::remediation::level::Level;
use crate::remediation::measure::{Evidence, Expectation, Measure, Trial};
use crate::remediation::outcome::Outcome;
use crate::remediation::step::StepEnd;
use crate::remediation::tests::world::*;

fn used(value: f64, when: f64) -> Input {
    Input::Read(evidence(Measure::UsedSlots(0), Some(value), at(when)))
}

pub fn trial(measure: Measure, expect: Expectation, name: &str) -> Trial {
    Trial { measure, expect, name: Safe::of(name) }
}

/// An execution whose effect was at 1 s; it settles for 2 s, is looked at for 30 s, and has to hold for `stable`.
fn verifying(trials: Vec<Trial>, stable: f64) -> (Execution, Vec<Order>) {
    with_basis(trials, stable, &[])
}

fn with_basis(trials: Vec<Trial>, stable: f64, basis: &[(Measure, f64)]) -> (Execution, Vec<Order>) {
    let basis = basis.iter().map(|(measure, value)| evidence(measure.clone(), Some(*value), at(0.0)));
    with_readings(trials, stable, basis.collect())
}

/// The same with these readings on the card.
pub fn with_readings(trials: Vec<Trial>, stable: f64, basis: Vec<Evidence>) -> (Execution, Vec<Order>) {
    let mut action = action(Level::L2);
    action.proof.trials = trials;
    action.proof.stable = Duration::from_secs_f64(stable);
    let mut card = card(action, 0..2);
    card.before.extend(basis);
    let (mut execution, _) = Execution::begin(warrant(card), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    execution.step(Input::Recorded(Ok(())), at(1.0));
    let fates = execution.warrant().card().keys().into_iter().map(|key| (key, crate::remediation::object::Fate::Done));
    let end = StepEnd::Done { fates: fates.collect(), said: Vec::new() };
    let orders = execution.step(Input::StepEnded { step: 0, end }, at(1.0));
    assert_eq!(execution.phase(), Phase::Verifying);
    (execution, orders)
}

fn fell() -> Vec<Trial> {
    vec![trial(Measure::UsedSlots(0), Expectation::Fell, "connections")]
}

pub fn closed(orders: &[Order]) -> Option<Outcome> {
    orders.iter().find_map(|order| match order {
        Order::Record(Note::Outcome(outcome)) => Some(*outcome),
        _ => None,
    })
}

#[test]
fn a_reading_that_comes_late_does_not_undo_a_newer_one() {
    let (mut execution, _) = verifying(fell(), 3.0);
    assert_eq!(execution.counts_from(), Some(at(3.0)));
    execution.step(used(50.0, 4.0), at(4.0));
    execution.step(used(95.0, 6.0), at(6.0));
    // Begun before the one that failed, and arrived after it.
    execution.step(used(50.0, 5.0), at(7.0));
    assert_eq!(execution.trials()[0].after.as_ref().unwrap().value, Some(95.0));
    assert!(execution.trials()[0].passes_since.is_none());
    // Of the same moment: what came last counts.
    execution.step(used(50.0, 6.0), at(7.0));
    assert_eq!(execution.trials()[0].passes_since, Some(at(6.0)));
    assert_eq!(closed(&execution.step(used(50.0, 8.9), at(9.0))), None);
    assert_eq!(closed(&execution.step(used(50.0, 9.0), at(9.0))), Some(Outcome::Verified));
}

#[test]
fn it_is_looked_at_to_the_last_moment() {
    let (mut execution, orders) = verifying(fell(), 0.0);
    assert!(orders.is_empty(), "no objects are counted where none are asked for: {orders:?}");
    assert!(execution.step(Input::TimePassed, at(31.0)).is_empty(), "nor later");
    assert_eq!(closed(&execution.step(used(50.0, 31.0), at(31.0))), Some(Outcome::Verified));
    let (mut execution, _) = verifying(fell(), 0.0);
    assert_eq!(closed(&execution.step(Input::TimePassed, at(31.001))), Some(Outcome::NotVerified));
}

#[test]
fn only_what_was_not_seen_is_said_to_be_missing() {
    let mut trials = fell();
    trials.push(trial(Measure::Signal(0), Expectation::Rose, "deliveries"));
    trials.push(trial(Measure::ObjectsLeft, Expectation::None, "sessions left"));
    let (mut execution, _) = verifying(trials, 3.0);
    for when in [4.0, 8.0] {
        execution.step(used(50.0, when), at(when));
    }
    execution.step(Input::Read(evidence(Measure::ObjectsLeft, Some(0.0), at(30.0))), at(30.0));
    execution.step(Input::TimePassed, at(31.5));
    let said: String = execution.reasons().iter().map(Safe::as_str).collect();
    assert!(said.contains("no fresh reading of deliveries") && said.contains("within 30s"), "{said}");
    assert!(said.contains("sessions left"), "it did not hold for long enough: {said}");
    assert!(!said.contains("connections"), "that was seen: {said}");
    assert!(!said.contains("WORSE"), "nothing was: {said}");
}

#[test]
fn a_service_that_stays_as_bad_as_it_was_is_not_worse() {
    for (before, after, outcome) in
        [(1.0, 1.0, Outcome::NotVerified), (2.0, 1.0, Outcome::NotVerified), (1.0, 3.0, Outcome::Worse)]
    {
        let trials = vec![trial(Measure::Service(0), Expectation::Healthy, "health of api")];
        let (mut execution, _) = with_basis(trials, 0.0, &[(Measure::Service(0), before)]);
        for when in 4..30 {
            let when = f64::from(when);
            execution.step(Input::Read(evidence(Measure::Service(0), Some(after), at(when))), at(when));
        }
        let end = closed(&execution.step(Input::TimePassed, at(31.5)));
        assert_eq!(end, Some(outcome), "{before} -> {after}");
    }
}
