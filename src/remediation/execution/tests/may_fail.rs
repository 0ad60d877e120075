//! Steps that only read and may fail: the runbook goes on to what stands behind them, and says what is not known.

use std::time::Duration;

use crate::domain::cause::Phase as Waited;
use crate::domain::{Cause, Safe};
use crate::remediation::action::Plan;
use crate::remediation::card::{Card, Preview};
use crate::remediation::execution::{Execution, Input, Note, Order, Phase};
use crate::remediation::level::Level;
use crate::remediation::measure::Measure;
use crate::remediation::outcome::Outcome;
use crate::remediation::query::SqlStep;
use crate::remediation::runbook::Deed;
use crate::remediation::step::{StepEnd, Work};
use crate::remediation::tests::runbook_world::*;
use crate::remediation::tests::world::{action, at, evidence};

fn query() -> Deed {
    Deed::Work(Work::Sql(Box::new(SqlStep {
        database: 0,
        sql: "SELECT 1".to_owned(),
        binds: Vec::new(),
        read_only: true,
        redact: false,
    })))
}

/// A query, and what changes something behind it.
fn card_of(may_fail: bool, found: Result<Preview, Cause>) -> Card {
    let mut book = runbook(&[sent(), sent()]);
    let step = &mut book.steps[0];
    (step.deed, step.undo, step.may_fail) = (query(), None, may_fail);
    let mut action = action(Level::L2);
    action.limits.deadline = book.total();
    action.proof.trials.retain(|trial| trial.measure != Measure::ObjectsLeft);
    let preview = book.preview(&action.id, &action.target.name, vec![(0, found)]);
    action.plan = Plan::Runbook(Box::new(book));
    Card::new(action, preview, vec![evidence(Measure::UsedSlots(0), Some(90.0), at(0.0))], at(0.0))
}

fn begun(card: Card) -> Execution {
    let (mut execution, _) = Execution::begin(warrant(card), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(1.0));
    assert!(matches!(orders.as_slice(), [Order::Run { step: 0, .. }]), "{orders:?}");
    execution
}

fn away() -> Result<Preview, Cause> {
    Err(Cause::Other(Safe::of("refused")))
}

fn ends() -> [StepEnd; 3] {
    [
        StepEnd::Failed(Cause::Other(Safe::of("the server is away"))),
        StepEnd::Unknown(Cause::Timeout { phase: Waited::Whole, after: Duration::from_secs(1) }),
        StepEnd::OtherTarget(Safe::of("another server")),
    ]
}

#[test]
fn what_only_reads_may_fail_and_the_cure_comes_all_the_same() {
    for end in ends() {
        let mut execution = begun(card_of(true, away()));
        let orders = execution.step(Input::StepEnded { step: 0, end: end.clone() }, at(2.0));
        let [Order::Record(Note::Step { words, .. })] = orders.as_slice() else { panic!("{end:?}: {orders:?}") };
        assert!(words.as_str().starts_with("failed, goes on: "), "{words}");
        let orders = execution.step(Input::Recorded(Ok(())), at(2.0));
        assert!(matches!(orders.as_slice(), [Order::Run { step: 1, .. }]), "{end:?}: {orders:?}");
        assert!(execution.reasons()[0].as_str().starts_with("step 1: failed, goes on: "), "{:?}", execution.reasons());
        // Nothing is in doubt of it: what comes after decides.
        let done = StepEnd::Done { fates: Vec::new(), said: Vec::new() };
        execution.step(Input::StepEnded { step: 1, end: done }, at(3.0));
        execution.step(Input::Recorded(Ok(())), at(3.0));
        assert_eq!(execution.phase(), Phase::Verifying, "{end:?}");
        execution.step(Input::Read(evidence(Measure::UsedSlots(0), Some(10.0), at(10.0))), at(10.0));
        execution.step(Input::Read(evidence(Measure::UsedSlots(0), Some(10.0), at(15.0))), at(15.0));
        assert_eq!(execution.phase(), Phase::Closing(Outcome::Verified), "{end:?}: {:?}", execution.reasons());
    }
}

#[test]
fn without_it_the_runbook_stops_there() {
    for end in ends() {
        let mut execution = begun(card_of(false, away()));
        execution.step(Input::StepEnded { step: 0, end: end.clone() }, at(2.0));
        let orders = execution.step(Input::Recorded(Ok(())), at(2.0));
        assert!(!orders.iter().any(|order| matches!(order, Order::Run { .. })), "{end:?}: {orders:?}");
    }
}

/// Whoever stops it stops it.
#[test]
fn a_stop_is_no_failure_that_it_goes_on_after() {
    let mut execution = begun(card_of(true, away()));
    execution.step(Input::CancelAsked, at(1.5));
    let end = StepEnd::Failed(Cause::Other(Safe::of("away")));
    let orders = execution.step(Input::StepEnded { step: 0, end }, at(2.0));
    let [Order::Record(Note::Step { words, .. })] = orders.as_slice() else { panic!("{orders:?}") };
    assert!(!words.as_str().contains("goes on"), "it does not: {words}");
    let orders = execution.step(Input::Recorded(Ok(())), at(2.0));
    assert!(!orders.iter().any(|order| matches!(order, Order::Run { .. })), "{orders:?}");
}

#[test]
fn the_card_says_that_it_may_fail() {
    let lines = |may_fail| {
        let card = card_of(may_fail, away());
        card.preview.effect.iter().map(|line| line.one_line().to_string()).collect::<Vec<_>>().join("\n")
    };
    assert!(lines(true).contains("may fail it only reads"), "{}", lines(true));
    assert!(!lines(false).contains("may fail"), "{}", lines(false));
    assert_ne!(card_of(true, away()).digest(), card_of(false, away()).digest());
}

/// A look that cannot run here keeps nothing else from running.
#[test]
fn what_cannot_run_here_is_left_out() {
    let found = Preview { obstacles: vec![Safe::of("not here")], ..Preview::default() };
    let mut card = card_of(true, Ok(found));
    assert!(card.preview.obstacles.is_empty() && card.barred(0).is_some(), "{:?}", card.preview);
    card.action.limits.deadline = Duration::from_secs(1000);
    let (mut execution, _) = Execution::begin(warrant(card), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(1.0));
    let [Order::Record(Note::Step { words, .. })] = orders.as_slice() else { panic!("{orders:?}") };
    assert!(words.as_str().contains("cannot run here, and may fail: not here"), "{words}");
    let orders = execution.step(Input::Recorded(Ok(())), at(1.0));
    assert!(matches!(orders.as_slice(), [Order::Run { step: 1, .. }]), "{orders:?}");
}
