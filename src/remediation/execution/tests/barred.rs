//! Steps of a runbook that cannot run here: what may be left out keeps nothing else from running, and is never begun.

use std::time::Duration;

use crate::domain::{Cause, Safe};
use crate::remediation::action::Plan;
use crate::remediation::card::{Card, Preview};
use crate::remediation::execution::{Execution, Gate, Input, Note, Order, Phase};
use crate::remediation::level::Level;
use crate::remediation::measure::{Expectation, Measure};
use crate::remediation::outcome::Outcome;
use crate::remediation::place::Place;
use crate::remediation::runbook::card::Found;
use crate::remediation::runbook::{Deed, Runbook, RunbookStep};
use crate::remediation::service::{Manager, ServiceStep, ServiceVerb};
use crate::remediation::step::StepEnd;
use crate::remediation::tests::runbook_world::*;
use crate::remediation::tests::world::{action, at, evidence};

fn sends() -> Plot {
    Plot { sort: Sort::Send, end: End::Done, shows: Shows::Yes, when: None, gate: Asked::No, undo: None }
}

fn unit() -> Deed {
    Deed::Service {
        step: Box::new(ServiceStep {
            manager: Manager::Systemd { unit: "redis.service".to_owned(), user: false },
            verb: ServiceVerb::Start,
            place: Place::Local,
            become_argv: None,
        }),
        stable: Duration::ZERO,
        order: Duration::from_secs(5),
    }
}

fn missing() -> Result<Preview, Cause> {
    Err(Cause::Misconfigured(Safe::of("redis.service: not-found, says systemd")))
}

/// Three steps, the second of which is an order to a unit.
fn book(ask: bool, when: bool) -> Runbook {
    let second = Plot { when: when.then_some(Shows::Yes), ..sends() };
    let mut book = runbook(&[sends(), second, sends()]);
    let step = &mut book.steps[1];
    (step.deed, step.ask) = (unit(), ask);
    book
}

fn card_of(book: Runbook, found: Vec<Found>) -> Card {
    let mut action = action(Level::L2);
    action.limits.deadline = book.total();
    action.proof.trials.retain(|trial| trial.measure != Measure::ObjectsLeft);
    let preview = book.preview(&action.id, &action.target.name, found);
    action.plan = Plan::Runbook(Box::new(book));
    Card::new(action, preview, vec![evidence(Measure::UsedSlots(0), Some(90.0), at(0.0))], at(0.0))
}

fn obstacles(card: &Card) -> Vec<&str> {
    card.preview.obstacles.iter().map(Safe::as_str).collect()
}

fn effect(card: &Card) -> String {
    card.preview.effect.iter().map(|line| line.one_line().to_string()).collect::<Vec<_>>().join("\n")
}

fn done() -> StepEnd {
    StepEnd::Done { fates: Vec::new(), said: Vec::new() }
}

fn begun(card: Card) -> Execution {
    let (mut execution, _) = Execution::begin(warrant(card), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(1.0));
    assert!(matches!(orders.as_slice(), [Order::Run { step: 0, .. }]), "{orders:?}");
    execution.step(Input::StepEnded { step: 0, end: done() }, at(2.0));
    execution.step(Input::Recorded(Ok(())), at(2.0));
    execution
}

#[test]
fn only_what_may_be_left_out_is_no_obstacle() {
    for (ask, when) in [(true, false), (false, true), (true, true)] {
        let card = card_of(book(ask, when), vec![(1, missing())]);
        assert!(obstacles(&card).is_empty(), "{:?}", obstacles(&card));
        let said = effect(&card);
        assert!(said.contains("redis.service: not-found") && said.contains("left out"), "{said}");
    }
    let card = card_of(book(false, false), vec![(1, missing())]);
    assert_eq!(obstacles(&card), ["2: no preview: misconfigured: redis.service: not-found, says systemd"]);
    let against = Preview { obstacles: vec![Safe::of("its role is replica")], ..Preview::default() };
    let card = card_of(book(true, false), vec![(1, Ok(against.clone()))]);
    assert!(obstacles(&card).is_empty() && effect(&card).contains("its role is replica"), "{}", effect(&card));
    let card = card_of(book(false, false), vec![(1, Ok(against))]);
    assert_eq!(obstacles(&card), ["2: its role is replica"]);
}

#[test]
fn why_it_cannot_run_is_consented_to() {
    let base = card_of(book(true, false), vec![(1, missing())]).digest();
    let other = Err(Cause::Misconfigured(Safe::of("redis.service: bad-setting, says systemd")));
    assert_ne!(card_of(book(true, false), vec![(1, other)]).digest(), base);
    assert_eq!(card_of(book(true, false), vec![(1, missing())]).digest(), base);
}

#[test]
fn its_gate_has_no_go() {
    let mut execution = begun(card_of(book(true, false), vec![(1, missing())]));
    assert_eq!(execution.phase(), Phase::Asking { step: 1 });
    assert!(execution.step(Input::GateAnswered(Gate::Go), at(3.0)).is_empty(), "it cannot be begun");
    assert_eq!(execution.phase(), Phase::Asking { step: 1 });
    execution.step(Input::GateAnswered(Gate::Skip), at(3.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(3.0));
    assert!(matches!(orders.as_slice(), [Order::Run { step: 2, .. }]), "{orders:?}");
    execution.step(Input::StepEnded { step: 2, end: done() }, at(4.0));
    execution.step(Input::Recorded(Ok(())), at(4.0));
    for when in [7.0, 12.0] {
        execution.step(Input::Read(evidence(Measure::UsedSlots(0), Some(10.0), at(when))), at(when));
    }
    assert_eq!(execution.phase(), Phase::Closing(Outcome::Verified));
}

#[test]
fn where_its_condition_holds_it_would_be_needed_and_that_is_a_failure() {
    let mut execution = begun(card_of(book(false, true), vec![(1, missing())]));
    assert_eq!(execution.phase(), Phase::Looking { step: 1 });
    execution.step(Input::Read(evidence(Measure::Signal(101), Some(10.0), at(3.0))), at(3.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(3.0));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Outcome(Outcome::Failed))]), "{orders:?}");
    let told: String = execution.reasons().iter().map(Safe::as_str).collect();
    assert!(told.contains("redis.service: not-found"), "{told}");
    let mut execution = begun(card_of(book(false, true), vec![(1, missing())]));
    execution.step(Input::Read(evidence(Measure::Signal(101), Some(90.0), at(3.0))), at(3.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(3.0));
    assert!(matches!(orders.as_slice(), [Order::Run { step: 2, .. }]), "it is left out: {orders:?}");
}

#[test]
fn what_undoes_what_is_never_done_is_no_obstacle_either() {
    let with = |ask: bool| {
        let mut book = book(ask, false);
        let undo = RunbookStep { deed: unit(), ask: false, ..book.steps[0].clone() };
        book.steps[1].undo = Some(Box::new(undo));
        book
    };
    let card = card_of(with(true), vec![(1, missing()), (4, missing())]);
    assert!(obstacles(&card).is_empty(), "{:?}", obstacles(&card));
    let execution = begun(card);
    assert_eq!(execution.phase(), Phase::Asking { step: 1 });
    assert!(execution.steps()[1].undo.is_none());
    assert_eq!(obstacles(&card_of(with(false), vec![(1, missing()), (4, missing())])).len(), 2);
    // Of a step that can run it is one, as what would undo it is not there.
    let seen = vec![(1, Ok(Preview::default())), (4, missing())];
    assert_eq!(obstacles(&card_of(with(true), seen)).len(), 1);
}

#[test]
fn what_comes_down_to_nothing_is_never_verified() {
    let mut card = card_of(book(false, false), vec![(1, missing())]);
    card.preview.obstacles.clear();
    card.action.proof.trials[0].expect = Expectation::Healthy;
    let (mut execution, _) = Execution::begin(warrant(card), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(1.0));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Refused(_))]), "{orders:?}");
}

#[test]
fn sessions_that_could_not_be_looked_for_are_not_nobody() {
    let mut book = book(false, false);
    let selector = crate::remediation::action::SessionSelector::RootBlocker;
    let verb = crate::remediation::step::SessionVerb::Cancel;
    book.steps[1].deed = Deed::Sessions { database: 0, selector, verb, cap: 5 };
    assert_eq!(obstacles(&card_of(book.clone(), vec![(1, missing())])).len(), 1);
    let nobody = Preview { obstacles: vec![Safe::of("no right")], ..Preview::default() };
    assert!(obstacles(&card_of(book, vec![(1, Ok(nobody))])).is_empty(), "nobody is touched");
}

#[test]
fn what_cannot_run_touches_nothing() {
    let found = || Preview {
        objects: vec![crate::remediation::tests::world::object(7)],
        count: Some(9),
        obstacles: vec![Safe::of("its role is replica")],
        ..Preview::default()
    };
    let card = card_of(book(true, false), vec![(1, Ok(found()))]);
    assert!(card.preview.objects.is_empty() && card.preview.count.is_none(), "{card:?}");
    let card = card_of(book(false, false), vec![(1, Ok(found()))]);
    assert_eq!((card.preview.objects.len(), card.preview.count), (1, Some(9)));
}
