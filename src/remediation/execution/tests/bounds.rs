//! Times at which something is given up, read again or held to: at the last moment not yet, just after it so.

use std::time::Duration;

use crate::domain::Safe;
use crate::domain::threshold::Threshold;
use crate::remediation::action::{Action, Plan};
use crate::remediation::execution::{Execution, Gate, Input, Note, Order, Phase};
use crate::remediation::guard::{Consent, Situation, Warrant, review};
use crate::remediation::level::Level;
use crate::remediation::measure::{Measure, Precondition};
use crate::remediation::outcome::Outcome;
use crate::remediation::query::SqlStep;
use crate::remediation::step::{Step, StepEnd, Work};
use crate::remediation::tests::runbook_world::*;
use crate::remediation::tests::world::{self, action, at, evidence, situation};

const LOAD: Measure = Measure::UsedShare(0);
const BLOCKED: Measure = Measure::Blocked(0);
const CONDITION: Measure = Measure::Signal(100);

fn sends() -> Plot {
    Plot { sort: Sort::Send, end: End::Done, shows: Shows::Yes, when: None, gate: Asked::No, undo: None }
}

fn undone() -> Plot {
    Plot { undo: Some(End::Done), ..sends() }
}

fn looked_at() -> Plot {
    Plot { when: Some(Shows::Yes), ..sends() }
}

fn begun(warrant: Warrant) -> (Execution, Vec<Order>) {
    let (mut execution, _) = Execution::begin(warrant, at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(1.0));
    (execution, orders)
}

fn of(plots: &[Plot]) -> Execution {
    let mut card = card(plots);
    card.action.limits.deadline = Duration::from_secs(10_000);
    begun(warrant(card)).0
}

/// A pause of three seconds, and then something that may only come where two figures are under 50 in readings of the last 5 s.
fn guarded() -> Execution {
    let mut card = card(&[Plot { sort: Sort::Pause, ..sends() }, sends()]);
    let wanted = |measure: Measure, name: &str| Precondition {
        measure,
        threshold: Threshold::parse("< 50").unwrap(),
        fresh: Duration::from_secs(5),
        name: Safe::of(name),
    };
    card.action.preconditions = vec![wanted(LOAD, "load of main"), wanted(BLOCKED, "blocked sessions")];
    let consent = Consent { digest: card.digest(), typed: "main".to_owned(), reason: String::new(), given_at: at(1.0) };
    let readings = [evidence(LOAD, Some(10.0), at(1.0)), evidence(BLOCKED, Some(1.0), at(1.0))];
    let (mut execution, _) =
        begun(review(card, consent, &Situation { readings: &readings, ..situation(at(1.0)) }).expect("a good card"));
    execution.step(Input::TimePassed, at(4.0));
    execution.step(Input::Recorded(Ok(())), at(4.0));
    assert_eq!(execution.phase(), Phase::Reviewing { step: 1 });
    execution
}

fn read(execution: &mut Execution, measure: Measure, value: f64, begun: f64, now: f64) -> Vec<Order> {
    execution.step(Input::Read(evidence(measure, Some(value), at(begun))), at(now))
}

fn done() -> StepEnd {
    StepEnd::Done { fates: Vec::new(), said: Vec::new() }
}

fn runs(orders: &[Order]) -> bool {
    matches!(orders, [Order::Run { .. }])
}

fn refreshes(orders: &[Order]) -> bool {
    matches!(orders, [Order::Refresh])
}

fn told(execution: &Execution) -> String {
    execution.reasons().iter().map(Safe::as_str).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_step_that_says_nothing_is_given_up_a_moment_after_its_deadline() {
    for (when, gone) in [(6.0, false), (8.0, false), (8.001, true)] {
        let (mut execution, _) = begun(world::warrant(world::card(action(Level::L2), 0..2)));
        execution.step(Input::TimePassed, at(when));
        assert_eq!(execution.phase() != Phase::Running { step: 0 }, gone, "{when}: its deadline is at 6 s");
    }
}

#[test]
fn each_wait_for_the_disk_has_its_own_time() {
    let intent = || {
        let (mut execution, _) = Execution::begin(world::warrant(world::card(action(Level::L2), 0..2)), at(1.0));
        execution.step(Input::Held(Ok(())), at(16.0));
        execution
    };
    assert!(intent().step(Input::TimePassed, at(36.0)).is_empty(), "the locks had taken 15 s of their own");
    assert!(matches!(intent().step(Input::TimePassed, at(36.1)).as_slice(), [Order::Record(_), Order::Release]));
}

/// Turns of databases come before the locks, and take their own time: what they did not say is not the disk's fault.
#[test]
fn slow_databases_are_not_taken_for_a_disk() {
    let of = |databases: usize| {
        let step = |database| Step {
            title: Safe::of("write"),
            work: Work::Sql(Box::new(SqlStep {
                database,
                sql: "UPDATE stock SET kept = true".to_owned(),
                binds: Vec::new(),
                read_only: false,
                redact: false,
            })),
            deadline: Duration::from_secs(5),
        };
        let plan = Plan::Steps((0..databases).map(step).collect());
        Execution::begin(world::warrant(world::card(Action { plan, ..action(Level::L2) }, 0..2)), at(1.0)).0
    };
    for (databases, most) in [(0, 20.0), (1, 31.0), (3, 47.0)] {
        let mut execution = of(databases);
        assert!(execution.step(Input::TimePassed, at(1.0 + most)).is_empty(), "{databases}");
        let orders = execution.step(Input::TimePassed, at(1.1 + most));
        assert!(matches!(orders.as_slice(), [Order::Release]), "{databases}: {orders:?}");
        assert!(told(&execution).contains("the locks did not answer within 20s"), "{}", told(&execution));
    }
}

#[test]
fn what_is_waited_for_is_read_again_every_few_seconds() {
    let mut execution = of(&[looked_at()]);
    assert_eq!(execution.phase(), Phase::Looking { step: 0 });
    for mut execution in [execution, guarded()] {
        let since = if matches!(execution.phase(), Phase::Reviewing { .. }) { 4.0 } else { 1.0 };
        assert!(execution.step(Input::TimePassed, at(since + 4.9)).is_empty());
        assert!(refreshes(&execution.step(Input::TimePassed, at(since + 5.0))));
        assert!(execution.step(Input::TimePassed, at(since + 9.9)).is_empty());
        assert!(refreshes(&execution.step(Input::TimePassed, at(since + 10.0))));
    }
    execution = of(&[Plot { sort: Sort::Look, ..sends() }]);
    assert!(execution.step(Input::TimePassed, at(5.9)).is_empty());
    assert!(refreshes(&execution.step(Input::TimePassed, at(6.0))));
}

#[test]
fn a_condition_that_nobody_can_read_is_waited_for_so_long() {
    for (when, given_up) in [(21.0, false), (21.1, true)] {
        let mut execution = of(&[looked_at()]);
        execution.step(Input::TimePassed, at(when));
        assert_eq!(execution.phase() == Phase::Noting, given_up, "{when}");
    }
    let mut execution = of(&[looked_at()]);
    assert!(read(&mut execution, CONDITION, f64::NAN, 2.0, 2.0).is_empty(), "that is no number");
    assert!(runs(&read(&mut execution, CONDITION, 10.0, 2.5, 3.0)));
}

#[test]
fn the_newest_reading_counts_in_whatever_order_they_come() {
    let mut execution = guarded();
    assert!(read(&mut execution, BLOCKED, 10.0, 6.0, 6.0).is_empty());
    assert!(read(&mut execution, BLOCKED, 90.0, 5.0, 6.1).is_empty(), "it was begun before the one that is known");
    assert!(runs(&read(&mut execution, LOAD, 10.0, 6.2, 6.2)), "{}", told(&execution));
}

#[test]
fn what_is_no_number_is_not_known() {
    let mut execution = guarded();
    assert!(read(&mut execution, BLOCKED, 10.0, 6.0, 6.0).is_empty());
    assert!(read(&mut execution, LOAD, f64::NAN, 6.1, 6.1).is_empty(), "it may yet be read");
    assert!(runs(&read(&mut execution, LOAD, 10.0, 7.0, 7.0)), "{}", told(&execution));
}

#[test]
fn what_a_fresh_reading_says_is_the_reason_and_not_what_is_missing() {
    let mut execution = guarded();
    assert!(read(&mut execution, BLOCKED, 90.0, 6.0, 6.0).is_empty(), "the other one may yet come");
    read(&mut execution, BLOCKED, 90.0, 24.0, 24.0);
    execution.step(Input::TimePassed, at(24.1));
    assert!(told(&execution).contains("blocked sessions is 90"), "{}", told(&execution));
    assert!(!told(&execution).contains("load of main"), "{}", told(&execution));
}

#[test]
fn a_look_takes_nothing_from_the_consent_for_as_long_as_it_may_take() {
    // Consent from 0 s on for 60 s; a reading that took 49 s is spared 20 of them.
    for (written, goes) in [(80.0, true), (80.1, false)] {
        let mut execution = of(&[Plot { gate: Asked::Silence, ..looked_at() }]);
        read(&mut execution, CONDITION, 10.0, 50.0, 50.0);
        assert_eq!(execution.phase(), Phase::Asking { step: 0 });
        execution.step(Input::GateAnswered(Gate::Stop), at(50.0));
        let _stopped = execution.step(Input::Recorded(Ok(())), at(50.0));
        assert_eq!(execution.warrant().is_good(at(written)), goes, "{written}");
    }
}

#[test]
fn a_question_lapses_when_nobody_answers() {
    for (when, lapsed) in [(601.0, false), (601.1, true)] {
        let mut execution = of(&[Plot { gate: Asked::Silence, ..sends() }]);
        execution.step(Input::TimePassed, at(when));
        assert_eq!(execution.phase() == Phase::Noting, lapsed, "{when}");
        let mut execution = of(&[undone(), sends()]);
        execution.step(Input::CancelAsked, at(1.0));
        execution.step(Input::StepEnded { step: 0, end: done() }, at(1.0));
        execution.step(Input::Recorded(Ok(())), at(1.0));
        assert_eq!(execution.phase(), Phase::Offering);
        execution.step(Input::TimePassed, at(when));
        assert_eq!(execution.phase() == Phase::Noting, lapsed, "{when}");
    }
}

#[test]
fn an_end_that_was_not_recorded_in_time_is_told() {
    for (when, over) in [(21.0, false), (21.1, true)] {
        let mut execution = of(&[sends()]);
        execution.step(Input::StepEnded { step: 0, end: StepEnd::OtherTarget(Safe::of("another")) }, at(1.0));
        assert!(matches!(execution.phase(), Phase::Noting));
        let orders = execution.step(Input::TimePassed, at(when));
        let closed =
            matches!(orders.as_slice(), [Order::Record(Note::Outcome(_) | Note::Refused(_) | Note::Cancelled(_))]);
        assert_eq!(closed, over, "{when}: {orders:?}");
        assert!(!over || matches!(execution.phase(), Phase::Closing(Outcome::Refused | Outcome::Failed)));
    }
}
