//! How long the last word of a person may lie back when the first effect comes: waits stretch it up to a bound, and what only
//! reads, or writes only its own file, is no effect.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::Safe;
use crate::domain::threshold::Threshold;
use crate::remediation::action::Plan;
use crate::remediation::approval::{Approval, Demands, Granted, OsIdentity, Policy, Request};
use crate::remediation::backup::{Backup, Scratch};
use crate::remediation::card::{Card, Preview};
use crate::remediation::cooldown::{BootId, BootMoment};
use crate::remediation::execution::{Execution, Gate, Input, Note, Order, Phase, Question};
use crate::remediation::guard::{Consent, Situation, Warrant, review};
use crate::remediation::level::Level;
use crate::remediation::measure::{Measure, Precondition};
use crate::remediation::outcome::Outcome;
use crate::remediation::query::RedisStep;
use crate::remediation::runbook::{Deed, Runbook};
use crate::remediation::step::{StepEnd, Work};
use crate::remediation::tests::runbook_world::*;
use crate::remediation::tests::world::{action, at, evidence, situation};

const LOAD: Measure = Measure::UsedShare(0);
const MINUTE: f64 = 60.0;

fn sends() -> Plot {
    Plot { sort: Sort::Send, end: End::Done, shows: Shows::Yes, when: None, gate: Asked::No, undo: None }
}

fn redis(words: &[&str]) -> Deed {
    let argv = words.iter().map(|word| (*word).to_owned()).collect();
    Deed::Work(Work::Redis(Box::new(RedisStep { cache: 0, argv })))
}

fn backup() -> Deed {
    let backup = Backup { folder: PathBuf::from("/backups"), scratch: Scratch::Watched(0), keep: None };
    Deed::Backup { database: 0, name: Safe::of("main"), backup: Box::new(backup) }
}

fn pause(time: f64) -> Deed {
    Deed::Work(Work::Pause(Duration::from_secs_f64(time)))
}

/// These steps and then something that changes, each with as much time as it may want.
fn book(deeds: Vec<Deed>) -> Runbook {
    let mut book = runbook(&vec![sends(); deeds.len() + 1]);
    for (step, deed) in book.steps.iter_mut().zip(deeds) {
        (step.deed, step.deadline) = (deed, Duration::from_secs(6 * 3600));
    }
    book
}

fn card_of(book: Runbook) -> Card {
    let mut action = action(Level::L2);
    action.limits.deadline = Duration::from_secs(24 * 3600);
    action.proof.trials.retain(|trial| trial.measure != Measure::ObjectsLeft);
    let found = book.items().into_iter().filter(|(_, step)| matches!(step.deed, Deed::Backup { .. }));
    let found = found.map(|(place, _)| (place, Ok(Preview::default()))).collect();
    let preview = book.preview(&action.id, &action.target.name, found);
    action.plan = Plan::Runbook(Box::new(book));
    Card::new(action, preview, vec![evidence(Measure::UsedSlots(0), Some(90.0), at(0.0))], at(0.0))
}

fn guarded(mut card: Card) -> Warrant {
    card.action.preconditions.push(Precondition {
        measure: LOAD,
        threshold: Threshold::parse("< 50").unwrap(),
        fresh: Duration::from_secs(5),
        name: Safe::of("load of main"),
    });
    let consent = Consent { digest: card.digest(), typed: "main".to_owned(), reason: String::new(), given_at: at(1.0) };
    let readings = [evidence(LOAD, Some(10.0), at(1.0))];
    review(card, consent, &Situation { readings: &readings, ..situation(at(1.0)) }).expect("a good card")
}

fn begun(warrant: Warrant) -> Execution {
    let (mut execution, _) = Execution::begin(warrant, at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    execution.step(Input::Recorded(Ok(())), at(1.0));
    execution
}

/// A step is over at a time, and that is on disk.
fn over(execution: &mut Execution, step: usize, when: f64) -> Vec<Order> {
    let end = StepEnd::Done { fates: Vec::new(), said: Vec::new() };
    execution.step(Input::StepEnded { step, end }, at(when));
    execution.step(Input::TimePassed, at(when));
    execution.step(Input::Recorded(Ok(())), at(when))
}

fn runs(orders: &[Order]) -> bool {
    matches!(orders, [Order::Run { .. }])
}

fn told(execution: &Execution) -> String {
    execution.reasons().iter().map(Safe::as_str).collect::<Vec<_>>().join("; ")
}

#[test]
fn what_only_asks_a_cache_is_no_effect() {
    for (words, is_effect) in [(["LLEN", "q"], false), (["DEL", "q"], true)] {
        let mut execution = begun(guarded(card_of(book(vec![redis(&words)]))));
        let orders = over(&mut execution, 0, 3.0);
        assert_eq!(runs(&orders), is_effect, "what must hold is looked at before the first effect: {orders:?}");
        let mut execution = begun(warrant(card_of(book(vec![redis(&words)]))));
        assert!(!execution.steps()[0].has_changed_something());
        over(&mut execution, 0, 3.0);
        assert_eq!(execution.steps()[0].has_changed_something(), is_effect, "{words:?}");
    }
}

#[test]
fn a_backup_is_no_change_of_what_is_watched() {
    let mut execution = begun(guarded(card_of(book(vec![backup()]))));
    assert_eq!(execution.phase(), Phase::Running { step: 0 });
    let orders = over(&mut execution, 0, 10.0 * MINUTE);
    assert_eq!(execution.phase(), Phase::Reviewing { step: 1 }, "{orders:?}");
    let orders = execution.step(Input::Read(evidence(LOAD, Some(90.0), at(601.0))), at(601.0));
    let failed = matches!(orders.as_slice(), [Order::Record(Note::Outcome(Outcome::Failed))]);
    assert!(failed && execution.has_acted(), "a backup was sent, so that it is no refusal: {orders:?}");
    assert!(told(&execution).contains("load of main is 90"), "{}", told(&execution));
    // What it takes is on the card, and takes nothing from the consent; but not for ever.
    let mut execution = begun(warrant(card_of(book(vec![backup()]))));
    assert!(runs(&over(&mut execution, 0, 10.0 * MINUTE)));
    let mut execution = begun(warrant(card_of(book(vec![backup()]))));
    over(&mut execution, 0, 30.0 * MINUTE);
    assert_eq!(execution.phase(), Phase::Asking { step: 1 }, "{}", told(&execution));
}

#[test]
fn after_long_waits_a_person_is_asked_again_before_the_first_effect() {
    for (wait, asks) in [(14.0, false), (15.9, false), (16.1, true), (360.0, true)] {
        let mut execution = begun(warrant(card_of(book(vec![pause(wait * MINUTE)]))));
        let orders = over(&mut execution, 0, 1.0 + wait * MINUTE);
        assert_eq!(runs(&orders), !asks, "{wait}: {orders:?} {}", told(&execution));
        if !asks {
            continue;
        }
        assert!(matches!(execution.question(), Some(Question::Gate(_))));
        assert!(execution.asks_again(), "not because the card says so");
        let said = execution.steps()[1].told.iter().map(Safe::as_str).collect::<String>();
        assert!(said.contains("it waited for") && said.contains("go on?"), "{said}");
        let later = 1.0 + wait * MINUTE + 300.0;
        execution.step(Input::GateAnswered(Gate::Go), at(later));
        assert!(runs(&execution.step(Input::Recorded(Ok(())), at(later))), "who answers is there, and agrees");
    }
}

#[test]
fn several_waits_are_counted_together() {
    let mut execution = begun(warrant(card_of(book(vec![pause(9.0 * MINUTE), pause(9.0 * MINUTE)]))));
    over(&mut execution, 0, 1.0 + 9.0 * MINUTE);
    assert_eq!(execution.phase(), Phase::Running { step: 1 });
    over(&mut execution, 1, 1.0 + 18.0 * MINUTE);
    assert_eq!(execution.phase(), Phase::Asking { step: 2 });
}

#[test]
fn where_nobody_is_there_it_is_refused() {
    let mut execution = begun(warrant(card_of(book(vec![pause(20.0 * MINUTE)]))));
    over(&mut execution, 0, 1.0 + 20.0 * MINUTE);
    execution.step(Input::NobodyThere, at(1300.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(1300.0));
    assert!(matches!(orders.as_slice(), [Order::Record(Note::Refused(_))]), "{orders:?} {}", told(&execution));
    assert!(!execution.has_acted());
}

/// Asked for by one, approved by another, a moment before the card was made.
fn granted(card: &Card) -> Granted {
    let boot = Some(BootId::new("a"));
    let when = |secs: f64| BootMoment { boot: boot.clone(), at: at(secs) };
    let who = |uid: u32| OsIdentity {
        uid,
        user: Safe::of("ada"),
        loginuid: Some(uid),
        login: Some(Safe::of("ada")),
        claims: Vec::new(),
    };
    let digest = card.digest().hex();
    let request = Request {
        id: "r7".to_owned(),
        digest: digest.clone(),
        bound: Vec::new(),
        card: Vec::new(),
        requester: who(1),
        asked_at: when(0.0),
        level: card.action.level,
        action: card.action.id.clone(),
        target: card.action.target.name.clone(),
        phrase: "main".to_owned(),
        count: None,
        agreed: crate::remediation::agreed::Agreed::default(),
    };
    let approval =
        Approval { id: "r7".to_owned(), digest, shown: request.shown(), approver: who(2), approved_at: when(0.5) };
    Granted { request, approval, boot }
}

#[test]
fn a_second_persons_approval_still_counts_at_the_first_effect() {
    for (wait, goes) in [(9.0, true), (11.0, false)] {
        let policy = Policy { second_person: vec!["L2".to_owned()], ..Policy::default() };
        let demands = Demands { second_person: true, ..Demands::default() };
        let card = card_of(book(vec![pause(wait * MINUTE)])).demanding(demands);
        let granted = granted(&card);
        let consent =
            Consent { digest: card.digest(), typed: "main".to_owned(), reason: String::new(), given_at: at(1.0) };
        let approved = Situation { policy: &policy, approval: Some(&granted), ..situation(at(1.0)) };
        let mut execution = begun(review(card, consent, &approved).expect("approved"));
        let orders = over(&mut execution, 0, 1.0 + wait * MINUTE);
        assert_eq!(runs(&orders), goes, "{wait}: {orders:?}");
        assert!(goes || matches!(orders.as_slice(), [Order::Record(Note::Refused(_))]), "{orders:?}");
        assert!(goes || told(&execution).contains("approved does not count"), "{}", told(&execution));
    }
}

#[test]
fn a_card_says_how_late_the_first_change_may_come() {
    for (deeds, minutes) in [(vec![pause(1.0)], 16), (vec![backup()], 16)] {
        assert_eq!(book(deeds).first_change_within(false), Duration::from_secs(minutes * 60));
    }
    let mut short = book(vec![pause(11.0 * MINUTE)]);
    short.steps[0].deadline = Duration::from_secs(11 * 60);
    assert_eq!(short.first_change_within(false), Duration::from_secs(12 * 60));
    assert_eq!(book(Vec::new()).first_change_within(false), Duration::from_secs(60));
    // An answer begins it anew; what can be left out may not be the first change.
    let mut asked = short.clone();
    asked.steps[1].ask = true;
    asked.steps.push(short.steps[0].clone());
    asked.steps.push(short.steps[1].clone());
    assert_eq!(asked.first_change_within(false), Duration::from_secs(12 * 60));
    // A question more has its time.
    assert!(book(vec![pause(1.0)]).total() >= Duration::from_secs(6 * 3600 + 600));
}
