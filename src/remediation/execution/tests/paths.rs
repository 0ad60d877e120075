//! The paths of an action one by one.

use crate::remediation::execution::{Execution, Input, Note, Order, Phase};
use crate::remediation::level::Level;
use crate::remediation::measure::Measure;
use crate::remediation::object::Fate;
use crate::remediation::outcome::Outcome;
use crate::remediation::tests::world::*;

fn played(faults: Faults) -> (World, Execution) {
    let (world, execution) = play(card(action(Level::L2), 0..4), Faults { pace: 0.5, ..faults });
    (world, execution.unwrap())
}

fn ended(faults: Faults) -> (Outcome, bool) {
    outcome(&played(faults).1)
}

#[test]
fn verified_when_readings_after_the_effect_show_it() {
    let (world, execution) = played(Faults { used_after: Some(40.0), gone: vec![2], ..Faults::default() });
    assert_eq!(outcome(&execution), (Outcome::Verified, true));
    assert_eq!(world.disk, [Note::Intent, Note::Outcome(Outcome::Verified)]);
    let fates: Vec<Fate> = execution.fates().into_iter().map(|(_, fate)| fate).collect();
    assert_eq!(fates, [Fate::Done, Fate::Done, Fate::Gone, Fate::Done]);
    let slots = execution.trials().iter().find(|t| t.trial.measure == Measure::UsedSlots(0)).unwrap();
    assert_eq!(slots.before.as_ref().and_then(|e| e.value), Some(90.0));
    assert_eq!(slots.after.as_ref().and_then(|e| e.value), Some(40.0));
}

#[test]
fn a_pool_that_connects_again_is_no_success() {
    assert_eq!(ended(Faults { used_after: Some(90.0), ..Faults::default() }), (Outcome::NotVerified, true));
}

#[test]
fn the_opposite_of_what_was_wanted_is_worse() {
    let (world, execution) = played(Faults { used_after: Some(120.0), ..Faults::default() });
    assert_eq!(outcome(&execution), (Outcome::Worse, true));
    assert_eq!(world.disk, [Note::Intent, Note::Outcome(Outcome::Worse)]);
    let why = execution.reasons().last().map(ToString::to_string).unwrap();
    assert!(why.contains("got WORSE, 90 -> 120"), "{why}");
    let lost = Faults { step: StepFault::Lost, used_after: Some(120.0), ..Faults::default() };
    let (_, execution) = played(lost);
    assert_eq!(outcome(&execution).0, Outcome::Unknown, "whether it was ours is not known");
}

#[test]
fn without_locks_or_audit_nothing_is_sent() {
    let (world, execution) = played(Faults { held: true, ..Faults::default() });
    assert_eq!((outcome(&execution).0, world.runs), (Outcome::Refused, 0));
    assert!(matches!(world.disk.as_slice(), [Note::Refused(_)]), "a refusal is recorded too");
    let (world, execution) = played(Faults { full_from: Some(0), ..Faults::default() });
    assert_eq!((outcome(&execution), world.runs), ((Outcome::Refused, false), 0));
}

#[test]
fn an_outcome_that_cannot_be_recorded_is_told() {
    let (_, execution) = played(Faults { full_from: Some(1), used_after: Some(10.0), ..Faults::default() });
    assert_eq!(outcome(&execution), (Outcome::Verified, false));
    assert!(execution.reasons().iter().any(|why| why.as_str().contains("could not be recorded")));
}

#[test]
fn a_lost_answer_is_unknown_unless_readings_show_the_effect() {
    let lost = Faults { step: StepFault::Lost, ..Faults::default() };
    assert_eq!(ended(Faults { used_after: Some(40.0), ..lost.clone() }).0, Outcome::Verified);
    assert_eq!(ended(lost).0, Outcome::Unknown);
    let silent = Faults { step: StepFault::Silent, ..Faults::default() };
    let (world, execution) = played(silent);
    assert_eq!((outcome(&execution).0, world.runs), (Outcome::Unknown, 1));
}

#[test]
fn another_target_is_refused_untouched() {
    let (world, execution) = played(Faults { other_target: true, ..Faults::default() });
    assert_eq!(outcome(&execution).0, Outcome::Refused);
    assert!(world.effects.is_empty());
    assert_eq!(world.disk.len(), 2, "the intent has its end");
}

#[test]
fn a_stop_before_the_first_byte_holds() {
    let (mut execution, _) = Execution::begin(warrant(card(action(Level::L2), 0..2)), at(1.0));
    execution.step(Input::CancelAsked, at(1.1));
    assert!(execution.cancel_words().contains("before the first byte"));
    execution.step(Input::Held(Ok(())), at(1.2));
    let orders = execution.step(Input::Recorded(Ok(())), at(1.3));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Outcome(Outcome::Cancelled))]), "{orders:?}");
    assert!(!execution.has_acted());
}

#[test]
fn consent_that_ran_out_while_the_disk_was_slow() {
    let (mut execution, _) = Execution::begin(warrant(card(action(Level::L2), 0..2)), at(1.0));
    execution.step(Input::Held(Ok(())), at(2.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(61.0));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Refused(_))]), "{orders:?}");
}

#[test]
fn readings_of_before_the_effect_prove_nothing() {
    let (mut execution, _) = Execution::begin(warrant(card(action(Level::L2), 0..1)), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    execution.step(Input::Recorded(Ok(())), at(1.0));
    let end = crate::remediation::step::StepEnd::Done { fates: vec![(key(0), Fate::Done)], said: Vec::new() };
    execution.step(Input::StepEnded { step: 0, end }, at(2.0));
    assert_eq!(execution.phase(), Phase::Verifying);
    for (value, when) in [(10.0, 0.5), (10.0, 1.9), (10.0, 3.9)] {
        execution.step(Input::Read(evidence(Measure::UsedSlots(0), Some(value), at(when))), at(5.0));
    }
    assert!(execution.trials().iter().all(|t| t.after.is_none()), "they are of before it settled");
    for when in [4.0, 5.0, 7.0] {
        for (measure, value) in [(Measure::UsedSlots(0), 10.0), (Measure::ObjectsLeft, 0.0)] {
            assert_eq!(execution.phase(), Phase::Verifying);
            execution.step(Input::Read(evidence(measure, Some(value), at(when))), at(when + 0.1));
        }
    }
    assert_eq!(execution.phase(), Phase::Closing(Outcome::Verified));
}

#[test]
fn a_failed_reading_breaks_what_had_held() {
    let (mut execution, _) = Execution::begin(warrant(card(action(Level::L2), 0..1)), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    execution.step(Input::Recorded(Ok(())), at(1.0));
    let end = crate::remediation::step::StepEnd::Done { fates: Vec::new(), said: Vec::new() };
    execution.step(Input::StepEnded { step: 0, end }, at(1.0));
    let mut read = |measure: Measure, value: Option<f64>, when: f64| {
        execution.step(Input::Read(evidence(measure, value, at(when))), at(when));
        execution.phase()
    };
    read(Measure::ObjectsLeft, Some(0.0), 3.0);
    read(Measure::UsedSlots(0), Some(1.0), 3.0);
    read(Measure::ObjectsLeft, Some(0.0), 7.0);
    assert_eq!(read(Measure::UsedSlots(0), None, 7.0), Phase::Verifying);
    assert_eq!(read(Measure::UsedSlots(0), Some(1.0), 8.0), Phase::Verifying, "it has to hold anew");
    assert_eq!(read(Measure::UsedSlots(0), Some(1.0), 11.0), Phase::Closing(Outcome::Verified));
}

#[test]
fn where_nothing_was_done_nothing_is_verified() {
    let all_gone = Faults { gone: vec![0, 1, 2, 3], used_after: Some(10.0), ..Faults::default() };
    let (world, execution) = played(all_gone);
    assert_eq!(outcome(&execution), (Outcome::NotVerified, true), "whatever the readings show");
    assert!(world.effects.iter().all(|effect| effect.touched.is_empty()));
}

#[test]
fn a_disk_that_does_not_answer_keeps_nobody_waiting() {
    let (mut execution, _) = Execution::begin(warrant(card(action(Level::L2), 0..2)), at(1.0));
    // The turn of its one database has a time of its own before that.
    assert!(execution.step(Input::TimePassed, at(31.9)).is_empty());
    let orders = execution.step(Input::TimePassed, at(32.1));
    assert!(matches!(orders.as_slice(), [Order::Release]), "{orders:?}");
    assert_eq!(outcome(&execution), (Outcome::Refused, false));
    assert!(execution.step(Input::Held(Ok(())), at(33.0)).is_empty(), "a lock that comes late starts nothing");
}

#[test]
fn a_late_answer_tells_what_became_of_each() {
    let (mut execution, _) = Execution::begin(warrant(card(action(Level::L2), 0..2)), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    execution.step(Input::Recorded(Ok(())), at(1.0));
    execution.step(Input::TimePassed, at(9.0));
    assert_eq!(execution.phase(), Phase::Verifying);
    assert!(execution.fates().iter().all(|(_, fate)| *fate == Fate::Unknown));
    let fates = vec![(key(0), Fate::Done), (key(1), Fate::Changed)];
    let end = crate::remediation::step::StepEnd::Done { fates: fates.clone(), said: Vec::new() };
    assert!(execution.step(Input::StepEnded { step: 0, end }, at(10.0)).is_empty(), "and sends nothing");
    assert_eq!(execution.fates(), fates);
}

#[test]
fn an_order_that_waited_too_long_has_no_time_left() {
    let (mut execution, _) = Execution::begin(warrant(card(action(Level::L2), 0..2)), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(2.0));
    let [Order::Run { approved, .. }] = orders.as_slice() else { panic!("{orders:?}") };
    assert_eq!(approved.left(at(4.0)).as_secs(), 3);
    assert!(approved.left(at(7.0)).is_zero() && approved.left(at(3600.0)).is_zero());
}
