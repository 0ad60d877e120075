//! What destroys never starts outside of a maintenance window, nor without room for all of it, nor by a clock that jumped:
//! not at the consent, not before the first byte, not before the next step.

use std::time::Duration;

use chrono::{TimeDelta, Timelike as _};
use proptest::prelude::*;
use url::Url;

use crate::domain::{Moment, Safe};
use crate::remediation::action::Plan;
use crate::remediation::card::Card;
use crate::remediation::clock_trust::ClockTrust;
use crate::remediation::execution::{Execution, Input, Note, Order, Phase};
use crate::remediation::guard::{Consent, Situation, Warrant, review};
use crate::remediation::level::Level;
use crate::remediation::outcome::Outcome;
use crate::remediation::step::{HttpStep, Step, StepEnd, Work, WritingMethod};
use crate::remediation::tests::world::*;
use crate::remediation::window::Window;

const DAY: u32 = 24 * 60;

/// A window of every day, in minutes; `fixed(0)` is at noon.
fn daily(from: u32, to: u32) -> Window {
    let time = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
    Window::parse(&format!("daily {}-{} UTC", time(from), time(to))).unwrap()
}

fn destroys(deadline: u64) -> Card {
    let mut action = action(Level::L3);
    action.limits.deadline = Duration::from_secs(deadline);
    card(action, 0..3)
}

fn allowed(card: &Card, windows: &[Window], clock: &ClockTrust, now: Moment) -> Result<Warrant, String> {
    let card = Card { read_at: now, ..card.clone() };
    let given = Consent { digest: card.digest(), typed: "main 3".to_owned(), reason: String::new(), given_at: now };
    let situation = Situation { windows, clock, ..situation(now) };
    review(card, given, &situation).map_err(|why| why.iter().map(Safe::as_str).collect::<Vec<_>>().join("; "))
}

fn jumped(at: Moment, seconds: i64) -> Moment {
    Moment { wall: at.wall + TimeDelta::seconds(seconds), ..at }
}

/// Up to the first byte: locks, intent on disk, and what comes then.
fn first_byte(warrant: Warrant, then: Moment) -> (Execution, Vec<Order>) {
    let (mut execution, _) = Execution::begin(warrant, then);
    execution.step(Input::Held(Ok(())), then);
    let orders = execution.step(Input::Recorded(Ok(())), then);
    (execution, orders)
}

fn ran(orders: &[Order]) -> bool {
    orders.iter().any(|order| matches!(order, Order::Run { .. }))
}

proptest! {
    /// Invariant 21, at the consent: exactly inside a window that is still open when the action may have ended.
    #[test]
    fn only_inside_and_only_with_room(
        from in 0..DAY, length in 1..DAY, at_second in 0u32..86_400, deadline in 1u64..7200, declared: bool,
    ) {
        let to = (from + length).min(DAY - 1);
        prop_assume!(from < to);
        let now = at(f64::from(at_second));
        let windows = if declared { vec![daily(from, to)] } else { Vec::new() };
        let second = now.wall.num_seconds_from_midnight();
        let inside = (from * 60..to * 60).contains(&second) && u64::from(second) + deadline <= u64::from(to) * 60;
        let clock = ClockTrust::begin(at(0.0));
        prop_assert_eq!(allowed(&destroys(deadline), &windows, &clock, now).is_ok(), declared && inside);
    }

    /// Invariant 21, at the moment of effect: consent in time is not enough when the window is too short by then.
    #[test]
    fn judged_again_at_the_moment_of_effect(late in 0u32..59, deadline in 1u64..120, length in 1u32..4) {
        let to = 12 * 60 + length;
        let windows = [daily(12 * 60, to)];
        let clock = ClockTrust::begin(at(0.0));
        let Ok(warrant) = allowed(&destroys(deadline), &windows, &clock, at(0.0)) else {
            prop_assert!(deadline > u64::from(length) * 60);
            return Ok(());
        };
        let (_, orders) = first_byte(warrant, at(f64::from(late)));
        prop_assert_eq!(ran(&orders), u64::from(late) + deadline <= u64::from(length) * 60);
    }

    /// Invariant 22: a wall clock that was set opens no window, whether it is noticed at the consent or only just before
    /// the first byte, and also when it is set back in between.
    #[test]
    fn a_clock_that_jumped_opens_nothing(step in 3i64..100_000, back: bool, returns: bool, before: bool) {
        let windows = [daily(0, DAY - 1)];
        let step = if back { -step } else { step };
        let mut clock = ClockTrust::begin(at(0.0));
        let now = jumped(at(1.0), step);
        if before {
            clock.see(now);
            let then = if returns { at(2.0) } else { jumped(at(2.0), step) };
            let told = allowed(&destroys(5), &windows, &clock, then).expect_err("the clock is locked");
            prop_assert!(told.contains("confirm-time"), "{}", told);
        } else {
            let warrant = allowed(&destroys(5), &windows, &clock, at(1.0)).unwrap();
            let (mut execution, _) = Execution::begin(warrant, at(1.0));
            execution.step(Input::Held(Ok(())), now);
            let then = if returns { at(2.0) } else { jumped(at(2.0), step) };
            let orders = execution.step(Input::Recorded(Ok(())), then);
            prop_assert!(!ran(&orders), "{:?}", orders);
            prop_assert!(!execution.has_acted());
            prop_assert_eq!(execution.phase(), Phase::Closing(Outcome::Refused));
        }
    }
}

#[test]
fn what_does_not_destroy_needs_no_window() {
    let clock = ClockTrust::begin(at(0.0));
    let card = card(action(Level::L2), 0..3);
    let given = Consent { digest: card.digest(), typed: "main".to_owned(), reason: String::new(), given_at: at(1.0) };
    let night = [daily(120, 180)];
    let late = jumped(at(1.0), 3600);
    assert!(review(card, given, &Situation { windows: &night, clock: &clock, ..situation(late) }).is_ok());
}

/// Fault 42: the window ends in the middle of several steps: the next one does not start, and that is recorded.
#[test]
fn a_window_that_ends_in_the_middle_stops_before_the_next_step() {
    for (took, goes_on) in [(10.0, true), (56.0, false), (120.0, false)] {
        let mut card = destroys(30);
        let http = HttpStep {
            method: WritingMethod::Delete,
            url: Url::parse("http://127.0.0.1:9/x").unwrap(),
            headers: Vec::new(),
            bearer: None,
            body: None,
            ca_file: None,
            expected_status: Vec::new(),
        };
        let work = Work::Http(Box::new(http));
        let step = |title: &str| Step { title: Safe::of(title), work: work.clone(), deadline: Duration::from_secs(5) };
        card.action.plan = Plan::Steps(vec![step("one"), step("two")]);
        card.action.limits.deadline = Duration::from_secs(60);
        let clock = ClockTrust::begin(at(0.0));
        let warrant = allowed(&card, &[daily(12 * 60, 12 * 60 + 1)], &clock, at(0.0)).unwrap();
        let (mut execution, orders) = first_byte(warrant, at(0.0));
        assert!(ran(&orders));
        let end = StepEnd::Done { fates: Vec::new(), said: Vec::new() };
        let orders = execution.step(Input::StepEnded { step: 0, end }, at(took));
        assert_eq!(ran(&orders), goes_on, "after {took} s");
        if !goes_on {
            assert!(matches!(orders.as_slice(), [Order::Record(Note::Outcome(Outcome::TimedOut))]), "{orders:?}");
            let why: String = execution.reasons().iter().map(Safe::as_str).collect();
            assert!(took > 60.0 || why.contains("window ends"), "{why}");
        }
    }
}
