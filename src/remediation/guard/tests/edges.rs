//! What is told apart at the edges: whose request it is, which reading is newer, and what a broken glass does not get past.

use chrono::TimeDelta;

use super::second_person::{granted, made, policy, said};
use super::*;
use crate::remediation::approval;
use crate::remediation::measure::Measure;

#[test]
fn a_broken_glass_gets_past_a_window_and_not_past_a_clock() {
    let granting = policy(&[], &["terminate-idle"]);
    let card = made(Level::L3, &granting);
    let given = granted(&card);
    let now = Situation { policy: &granting, approval: Some(&given), ..situation(at(2.0)) };
    let mut warrant = review(card.clone(), said(&card, "poisoned cache"), &now).expect("two people");
    assert_eq!(warrant.shut(at(3.0), Duration::from_secs(5)), None, "no window is open, and none is needed");
    let jumped = Moment { wall: at(4.0).wall + TimeDelta::hours(9), ..at(4.0) };
    warrant.see(jumped);
    let shut = warrant.shut(at(5.0), Duration::from_secs(5));
    assert!(matches!(shut, Some(WindowRefusal::ClockLocked(_))), "{shut:?}");
}

#[test]
fn a_request_is_about_one_action_on_one_target() {
    let card = made(Level::L2, &policy(&["L2"], &[]));
    let request = granted(&card).request;
    assert!(request.is_about(&card));
    let mut other = card.clone();
    other.action.target.name = Safe::of("side");
    assert!(!request.is_about(&other), "the same action elsewhere");
    let mut other = card;
    other.action.id = Safe::of("terminate-session");
    assert!(!request.is_about(&other), "another action there");
}

#[test]
fn a_second_person_always_types_something() {
    let none = policy(&[], &[]);
    for (level, typed) in [(Level::L1, "main"), (Level::L2, "main"), (Level::L3, "main 3")] {
        assert_eq!(approval::phrase(&made(level, &none)), typed, "{level}");
    }
}

#[test]
fn only_a_newer_reading_of_the_same_measure_is_a_new_basis() {
    let used = |value, when| evidence(Measure::UsedSlots(0), value, at(when));
    for (newer, basis) in [
        (used(Some(70.0), 5.0), 70.0),
        (used(None, 5.0), 90.0),
        (used(Some(70.0), 2.0), 90.0),
        (used(Some(70.0), 1.0), 90.0),
        (evidence(Measure::UsedSlots(1), Some(70.0), at(5.0)), 90.0),
    ] {
        let mut card = plain();
        card.before = vec![used(Some(90.0), 2.0)];
        card.rebase(std::slice::from_ref(&newer));
        let reading = card.reading_before(&Measure::UsedSlots(0)).expect("the basis");
        assert_eq!(reading.value, Some(basis), "{newer:?}");
        assert_eq!(card.reading_before(&Measure::Blocked(0)), None);
    }
}

#[test]
fn an_answer_never_shortens_the_consent() {
    let card = plain();
    let given = consent(&card);
    let mut warrant = review(card, given, &situation(at(2.0))).expect("a good card");
    warrant.waited(Duration::from_secs(300));
    warrant.renew(at(10.0));
    assert!(warrant.is_good(at(360.0)) && !warrant.is_good(at(361.0)), "it holds as long as it did");
    warrant.renew(at(350.0));
    assert!(warrant.is_good(at(410.0)) && !warrant.is_good(at(411.0)), "and anew from the answer on");
}

#[test]
fn what_was_agreed_to_is_not_nothing() {
    for (found, count) in [(0, 0), (1, 10), (10, 10), (20, 10), (21, 21)] {
        let mut card = plain();
        card.action.plan = Plan::Flush { tolerance: 1.0 };
        card.preview.count = Some(found);
        assert_eq!(card.for_agreed(Some(10)).preview.count, Some(count), "{found} keys found");
    }
}
