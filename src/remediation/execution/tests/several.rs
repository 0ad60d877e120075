//! Several steps together: whose fate is known, what is read while one waits, what is looked at again after one that was left
//! out, and how what undoes comes to its end.

use std::time::Duration;

use crate::domain::threshold::Threshold;
use crate::domain::{Cause, Safe};
use crate::remediation::action::{Plan, SessionSelector};
use crate::remediation::card::{Card, Preview};
use crate::remediation::clock_trust::ClockTrust;
use crate::remediation::execution::{Execution, Gate, Input, Note, Order, Phase};
use crate::remediation::guard::{Consent, Situation, Warrant, review};
use crate::remediation::level::Level;
use crate::remediation::measure::{Measure, Precondition};
use crate::remediation::object::{Fate, ObjectKey};
use crate::remediation::outcome::Outcome;
use crate::remediation::place::Place;
use crate::remediation::runbook::{Deed, Runbook};
use crate::remediation::service::facts::ServiceFacts;
use crate::remediation::service::{Manager, ServiceStep, ServiceVerb};
use crate::remediation::step::{Binding, SessionVerb, StepEnd, Work};
use crate::remediation::tests::runbook_world::*;
use crate::remediation::tests::world::{action, at, evidence, key, object, situation};
use crate::remediation::window::Window;

const LOAD: Measure = Measure::UsedShare(0);

fn sends() -> Plot {
    Plot { sort: Sort::Send, end: End::Done, shows: Shows::Yes, when: None, gate: Asked::No, undo: None }
}

fn undone() -> Plot {
    Plot { undo: Some(End::Done), ..sends() }
}

fn of(sort: Sort) -> Plot {
    Plot { sort, ..sends() }
}

fn begun(warrant: Warrant) -> Execution {
    let (mut execution, _) = Execution::begin(warrant, at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    execution.step(Input::Recorded(Ok(())), at(1.0));
    execution
}

fn ended(execution: &mut Execution, step: usize, end: StepEnd, when: f64) -> Vec<Order> {
    execution.step(Input::StepEnded { step, end }, at(when));
    execution.step(Input::Recorded(Ok(())), at(when))
}

fn done(fates: Vec<(ObjectKey, Fate)>) -> StepEnd {
    StepEnd::Done { fates, said: Vec::new() }
}

fn lost() -> StepEnd {
    StepEnd::Unknown(Cause::Other(Safe::of("cut")))
}

fn told(execution: &Execution) -> String {
    execution.reasons().iter().map(Safe::as_str).collect::<Vec<_>>().join("; ")
}

/// Steps that terminate these sessions; one that lists nobody, too.
fn terminating(plots: &[Plot], lists: &[(usize, Vec<i32>)]) -> Card {
    let mut book: Runbook = runbook(plots);
    for (place, _) in lists {
        let selector = SessionSelector::RootBlocker;
        book.steps[*place].deed = Deed::Sessions { database: 0, selector, verb: SessionVerb::Terminate, cap: 5 };
    }
    let found = lists.iter().map(|(place, pids)| {
        (*place, Ok(Preview { objects: pids.iter().copied().map(object).collect(), ..Preview::default() }))
    });
    let mut action = action(Level::L2);
    action.limits.deadline = Duration::from_secs(1000);
    action.proof.trials.retain(|trial| trial.measure != Measure::ObjectsLeft);
    let preview = book.preview(&action.id, &action.target.name, found.collect());
    action.plan = Plan::Runbook(Box::new(book));
    Card::new(action, preview, vec![evidence(Measure::UsedSlots(0), Some(90.0), at(0.0))], at(0.0))
}

fn fate(execution: &Execution, pid: i32) -> Option<Fate> {
    execution.fates().into_iter().find(|(known, _)| *known == key(pid)).map(|(_, fate)| fate)
}

#[test]
fn only_of_what_was_sent_and_never_answered_nothing_is_known() {
    let plots = [sends(), sends(), sends()];
    let mut execution = begun(warrant(terminating(&plots, &[(0, vec![1]), (1, vec![2]), (2, vec![3])])));
    ended(&mut execution, 0, done(vec![(key(1), Fate::Done)]), 2.0);
    ended(&mut execution, 1, lost(), 3.0);
    assert_eq!([1, 2, 3].map(|pid| fate(&execution, pid)), [Some(Fate::Done), Some(Fate::Unknown), None]);
    // Alone, too; and of what answered nothing is doubtful.
    let plan = crate::remediation::tests::world::card(action(Level::L2), 1..3);
    let mut execution = begun(crate::remediation::tests::world::warrant(plan.clone()));
    assert!(execution.fates().is_empty() && execution.has_acted());
    execution.step(Input::StepEnded { step: 0, end: lost() }, at(2.0));
    assert_eq!([1, 2].map(|pid| fate(&execution, pid)), [Some(Fate::Unknown); 2]);
    let mut execution = begun(crate::remediation::tests::world::warrant(plan));
    execution.step(Input::StepEnded { step: 0, end: done(vec![(key(1), Fate::Done)]) }, at(2.0));
    assert_eq!([1, 2].map(|pid| fate(&execution, pid)), [Some(Fate::Done), None]);
}

#[test]
fn the_last_word_on_an_object_counts() {
    let mut execution = begun(warrant(terminating(&[sends(), sends()], &[(0, vec![1]), (1, vec![1])])));
    ended(&mut execution, 0, done(vec![(key(1), Fate::Refused)]), 2.0);
    assert_eq!(fate(&execution, 1), Some(Fate::Refused));
    ended(&mut execution, 1, done(vec![(key(1), Fate::Done)]), 3.0);
    assert_eq!(fate(&execution, 1), Some(Fate::Done));
}

/// Whoever was cancelled runs something else when the next step comes, and whoever was terminated is gone: that was our doing.
#[test]
fn a_later_step_that_finds_it_changed_does_not_hide_what_was_done() {
    for (before, after, wanted) in [
        (Fate::Done, Fate::Changed, Fate::Done),
        (Fate::Done, Fate::Gone, Fate::Done),
        (Fate::Unknown, Fate::Gone, Fate::Unknown),
        (Fate::Refused, Fate::Gone, Fate::Gone),
        (Fate::Changed, Fate::Gone, Fate::Gone),
    ] {
        let mut execution = begun(warrant(terminating(&[sends(), sends()], &[(0, vec![1]), (1, vec![1])])));
        ended(&mut execution, 0, done(vec![(key(1), before)]), 2.0);
        ended(&mut execution, 1, done(vec![(key(1), after)]), 3.0);
        assert_eq!(fate(&execution, 1), Some(wanted), "{before:?}, then {after:?}");
    }
}

#[test]
fn while_a_step_waits_its_own_figure_is_read_and_no_other() {
    let mut execution = begun(warrant(card(&[of(Sort::Wait), of(Sort::Look)])));
    let measures = |execution: &Execution| execution.measures().cloned().collect::<Vec<_>>();
    assert_eq!((measures(&execution), execution.counts_from()), (vec![Measure::Signal(0)], Some(at(1.0))));
    for when in [2.0, 5.0] {
        execution.step(Input::Read(evidence(Measure::Signal(0), Some(10.0), at(when))), at(when));
    }
    execution.step(Input::Recorded(Ok(())), at(5.0));
    assert_eq!(execution.phase(), Phase::Running { step: 1 });
    assert_eq!((measures(&execution), execution.counts_from()), (vec![Measure::Signal(1)], None));
    assert!(!execution.has_acted(), "nothing was sent for either");
}

/// Only where the load is under 50, in a reading of the last 5 s.
fn guarded(mut card: Card) -> Execution {
    card.action.preconditions.push(Precondition {
        measure: LOAD,
        threshold: Threshold::parse("< 50").unwrap(),
        fresh: Duration::from_secs(5),
        name: Safe::of("load of main"),
    });
    let consent = Consent { digest: card.digest(), typed: "main".to_owned(), reason: String::new(), given_at: at(1.0) };
    let readings = [evidence(LOAD, Some(10.0), at(1.0))];
    begun(review(card, consent, &Situation { readings: &readings, ..situation(at(1.0)) }).expect("a good card"))
}

#[test]
fn after_a_step_that_was_left_out_what_must_hold_is_looked_at_anew() {
    let mut execution = guarded(terminating(&[of(Sort::Pause), sends(), sends()], &[(1, Vec::new())]));
    execution.step(Input::TimePassed, at(4.0));
    execution.step(Input::Recorded(Ok(())), at(4.0));
    assert_eq!(execution.phase(), Phase::Reviewing { step: 1 });
    execution.step(Input::Read(evidence(LOAD, Some(10.0), at(4.5))), at(4.5));
    assert!(execution.steps()[1].skipped.is_some(), "it lists nobody, and nothing is sent for it");
    let orders = execution.step(Input::Recorded(Ok(())), at(20.0));
    assert_eq!(execution.phase(), Phase::Reviewing { step: 2 }, "that was 15 s ago: {orders:?}");
    let orders = execution.step(Input::Read(evidence(LOAD, Some(90.0), at(20.5))), at(20.5));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Refused(_))]), "{orders:?}");
}

#[test]
fn where_nothing_was_changed_no_reading_verifies_it() {
    let gate = Plot { gate: Asked::Silence, ..sends() };
    let mut execution = begun(warrant(card(&[gate, of(Sort::Pause)])));
    execution.step(Input::GateAnswered(Gate::Skip), at(2.0));
    execution.step(Input::Recorded(Ok(())), at(2.0));
    execution.step(Input::TimePassed, at(6.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(6.0));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Outcome(Outcome::NotVerified))]), "{orders:?}");
    assert!(told(&execution).contains("nothing was changed"), "{}", told(&execution));
}

/// Two steps were done, a stop was asked for meanwhile, and a person agreed to undo them.
fn undoing() -> (Execution, Vec<Order>) {
    let mut execution = begun(warrant(card(&[undone(), undone(), sends()])));
    ended(&mut execution, 0, done(Vec::new()), 2.0);
    execution.step(Input::CancelAsked, at(2.5));
    ended(&mut execution, 1, done(Vec::new()), 3.0);
    assert_eq!(execution.phase(), Phase::Offering);
    execution.step(Input::CompensationsAnswered(true), at(4.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(4.0));
    (execution, orders)
}

#[test]
fn a_stop_from_before_does_not_stop_what_undoes() {
    let (mut execution, orders) = undoing();
    assert!(matches!(orders.as_slice(), [Order::Run { step: 4, .. }]), "{orders:?}");
    let orders = ended(&mut execution, 4, done(Vec::new()), 5.0);
    assert!(matches!(orders.as_slice(), [Order::Run { step: 3, .. }]), "{orders:?}");
}

#[test]
fn what_undoes_goes_on_only_on_record() {
    let (mut execution, _) = undoing();
    execution.step(Input::StepEnded { step: 4, end: done(Vec::new()) }, at(5.0));
    let orders = execution.step(Input::Recorded(Err(Safe::of("no space left"))), at(5.0));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Outcome(Outcome::Cancelled))]), "{orders:?}");
    assert!(told(&execution).contains("not compensated: do 0"), "{}", told(&execution));
}

#[test]
fn what_undoes_and_never_answered_leaves_the_end_unknown() {
    let (mut execution, _) = undoing();
    let orders = ended(&mut execution, 4, lost(), 5.0);
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Outcome(Outcome::Unknown))]), "{orders:?}");
    let (mut execution, _) = undoing();
    let orders = ended(&mut execution, 4, StepEnd::Failed(Cause::Other(Safe::of("refused"))), 5.0);
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Outcome(Outcome::Cancelled))]), "{orders:?}");
}

#[test]
fn the_first_word_of_a_policy_that_changed_counts_and_none_once_all_was_sent() {
    let mut execution = begun(warrant(card(&[sends(), sends()])));
    for why in ["policy.toml is another", "policy.toml is a third"] {
        execution.step(Input::Barred(Safe::of(why)), at(1.5));
    }
    ended(&mut execution, 0, done(Vec::new()), 2.0);
    assert!(told(&execution).contains("is another") && !told(&execution).contains("a third"), "{}", told(&execution));
    let mut execution = begun(warrant(card(&[sends()])));
    ended(&mut execution, 0, done(Vec::new()), 2.0);
    assert_eq!(execution.phase(), Phase::Verifying);
    execution.step(Input::Barred(Safe::of("policy.toml is another")), at(3.0));
    assert!(!execution.is_cancelled(), "nothing is left to be stopped");
}

/// A runbook that destroys, in a window that ends at 60 s, with what undoes its first step.
fn in_a_window(deadline: u64) -> Result<Warrant, Vec<Safe>> {
    let mut card = card(&[undone(), sends()]);
    card.action.level = Level::L3;
    card.action.limits.deadline = Duration::from_secs(deadline);
    let windows = [Window::parse("daily 12:00-12:01 UTC").unwrap()];
    let clock = ClockTrust::begin(at(0.0));
    let typed = format!("main {}", card.count());
    let given = Consent { digest: card.digest(), typed, reason: String::new(), given_at: at(1.0) };
    review(card, given, &Situation { windows: &windows, clock: &clock, ..situation(at(1.0)) })
}

#[test]
fn the_first_step_leaves_room_for_all_of_it() {
    for (written, goes) in [(30.0, true), (30.1, false)] {
        let (mut execution, _) = Execution::begin(in_a_window(30).expect("in its window"), at(1.0));
        execution.step(Input::Held(Ok(())), at(1.0));
        let orders = execution.step(Input::Recorded(Ok(())), at(written));
        assert_eq!(matches!(orders.as_slice(), [Order::Run { .. }]), goes, "{written}: {orders:?}");
    }
    assert!(in_a_window(60).is_err());
}

#[test]
fn what_brings_something_back_is_not_kept_from_it_by_a_window_that_ended() {
    let mut execution = begun(in_a_window(30).expect("in its window"));
    ended(&mut execution, 0, done(Vec::new()), 2.0);
    ended(&mut execution, 1, StepEnd::Failed(Cause::Other(Safe::of("refused"))), 50.0);
    execution.step(Input::CompensationsAnswered(true), at(100.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(100.0));
    assert!(matches!(orders.as_slice(), [Order::Run { step: 2, .. }]), "{orders:?}");
}

fn unit(name: &str, verb: ServiceVerb) -> Deed {
    let manager = Manager::Systemd { unit: name.to_owned(), user: false };
    let step = ServiceStep { manager, verb, place: Place::Local, become_argv: None };
    Deed::Service { step: Box::new(step), stable: Duration::ZERO, order: Duration::from_secs(5) }
}

#[test]
fn what_undoes_is_bound_to_no_process_of_the_card() {
    let mut book = runbook(&[undone(), sends(), sends()]);
    book.steps[0].deed = unit("proxy.service", ServiceVerb::Stop);
    book.steps[1].deed = unit("proxy.service", ServiceVerb::Start);
    if let Some(undo) = &mut book.steps[0].undo {
        // Of another unit, which no step before it touched.
        undo.deed = unit("spare.service", ServiceVerb::Start);
    }
    assert_eq!([0, 1, 2].map(|place| book.binding(place)), [Binding::First, Binding::Later, Binding::First]);
    assert_eq!(book.binding(3), Binding::Later, "by then it may long be another one");
    // Whoever only looked changed nothing.
    book.steps[0].deed = unit("proxy.service", ServiceVerb::Status);
    assert_eq!(book.binding(1), Binding::First);
}

/// Where no order of ours was sent, the process is that of the card or it is another's.
#[test]
fn an_order_behind_one_that_was_left_out_is_bound_to_the_process_of_the_card() {
    let bound = |answer: Gate| {
        let mut book = runbook(&[Plot { gate: Asked::Silence, ..sends() }, sends()]);
        book.steps[0].deed = unit("proxy.service", ServiceVerb::Stop);
        book.steps[1].deed = unit("proxy.service", ServiceVerb::Start);
        let found = |place| (place, Ok(Preview { service: Some(ServiceFacts::default()), ..Preview::default() }));
        let mut action = action(Level::L2);
        action.limits.deadline = Duration::from_secs(1000);
        action.proof.trials.retain(|trial| trial.measure != Measure::ObjectsLeft);
        let preview = book.preview(&action.id, &action.target.name, vec![found(0), found(1)]);
        action.plan = Plan::Runbook(Box::new(book));
        let before = vec![evidence(Measure::UsedSlots(0), Some(90.0), at(0.0))];
        let mut execution = begun(warrant(Card::new(action, preview, before, at(0.0))));
        execution.step(Input::GateAnswered(answer), at(2.0));
        let mut orders = execution.step(Input::Recorded(Ok(())), at(2.0));
        if answer == Gate::Go {
            orders = ended(&mut execution, 0, done(Vec::new()), 3.0);
        }
        let [Order::Run { step: 1, approved }] = orders.as_slice() else { panic!("{answer:?}: {orders:?}") };
        let Work::Service(work) = &approved.step().work else { panic!("{approved:?}") };
        work.binding
    };
    assert_eq!([Gate::Skip, Gate::Go].map(bound), [Binding::First, Binding::Later]);
}

#[test]
fn a_flush_that_cannot_run_is_not_counted() {
    let agreed = |first_is_there: bool| {
        let mut book = runbook(&[Plot { gate: Asked::Silence, ..sends() }, sends()]);
        for (place, step) in book.steps.iter_mut().enumerate() {
            step.deed = Deed::Flush { cache: place, tolerance: 0.5 };
        }
        let obstacles = if first_is_there { Vec::new() } else { vec![Safe::of("its role is replica")] };
        let found = |count: u64, obstacles: Vec<Safe>| Preview { count: Some(count), obstacles, ..Preview::default() };
        let mut action = action(Level::L3);
        let found = vec![(0, Ok(found(900, obstacles))), (1, Ok(found(110, Vec::new())))];
        let preview = book.preview(&action.id, &action.target.name, found);
        action.plan = Plan::Runbook(Box::new(book));
        Card::new(action, preview, Vec::new(), at(0.0)).for_agreed(Some(100)).count()
    };
    assert_eq!(agreed(false), 100, "one flush is left, and the number is agreed to for it");
    assert_eq!(agreed(true), 1010, "nobody agreed to the number of each");
}
