//! How long a unit may take to stop, held against how long the order is waited for.

use std::time::Duration;

use super::*;
use crate::domain::figure;
use crate::remediation::action::Plan;
use crate::remediation::card::Card;
use crate::remediation::card::Preview;
use crate::remediation::execution::Execution;
use crate::remediation::level::Level;
use crate::remediation::runbook::{Deed, Runbook};
use crate::remediation::step::{Binding, ServiceWork, Work};
use crate::remediation::tests::runbook_world::{Asked, End, Plot, Shows, Sort, runbook, warrant};
use crate::remediation::tests::world;

fn told(stops: &str, deadline: u64) -> Option<String> {
    let shown = format!("LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=7\nTimeoutStopUSec={stops}\n");
    let facts = systemd::read(shown.as_bytes()).unwrap();
    facts.outlasts(Duration::from_secs(deadline)).map(|words| words.to_string())
}

#[test]
fn what_may_outlast_the_order_is_told() {
    assert_eq!(told("1min 30s", 100), None);
    assert_eq!(told("2s 500ms", 3), None);
    let words = told("1min 30s", 60).unwrap();
    assert!(words.contains(" to stop") && words.contains("waited for 1m:"), "{words}");
    assert!(words.contains(&format!("given {} to", figure::span(Duration::from_secs(90)))), "{words}");
    assert!(told("1min 30s", 90).is_some(), "no time is left for it to start");
    assert!(told("2h", 60).is_some() && told("1.5s", 1).is_some() && told("500ms", 1).is_none());
    assert!(told("infinity", 3600).unwrap().contains("all the time it wants"));
    for unknown in ["", "soon", "5 parsecs", "1min x", "12", "-1s"] {
        assert_eq!(told(unknown, 1), None, "{unknown}");
    }
}

fn work(binding: Binding, within: u64) -> ServiceWork {
    ServiceWork {
        step: ServiceStep {
            manager: Manager::Systemd { unit: "api.service".to_owned(), user: false },
            verb: ServiceVerb::Restart,
            place: Place::Local,
            become_argv: None,
        },
        before: ServiceFacts::default(),
        order: Duration::from_secs(95),
        stable: Duration::from_secs(60),
        within: Duration::from_secs(within),
        binding,
    }
}

/// What comes before the order has time of its own, and nothing else.
#[test]
fn no_look_takes_time_of_an_order_or_of_its_proof() {
    let seconds = Duration::from_secs;
    for (binding, proof) in [(Binding::Alone, 0), (Binding::First, 70), (Binding::Later, 70)] {
        let work = work(binding, 70);
        for left in [0, 5, 94, 95, 96, 130, 165, 170, 195, 200, 10_000] {
            let look = work.before_the_order(seconds(left));
            assert!(look <= LOOK, "{binding:?} {left}");
            let needed = seconds(95 + proof);
            assert!(look.is_zero() || seconds(left).saturating_sub(look) >= needed, "{binding:?} {left}: {look:?}");
        }
        assert_eq!(work.before_the_order(seconds(95 + proof) + LOOK), LOOK, "{binding:?}");
    }
}

/// However long the order and the look take, the proof has the time in which a new process has to stay.
#[test]
fn a_step_has_time_for_its_look_its_order_and_its_proof() {
    let (stable, order) = (Duration::from_secs(600), Duration::from_secs(95));
    let mut book = book(ServiceVerb::Restart);
    let Deed::Service { stable: stays, order: given, .. } = &mut book.steps[0].deed else { panic!("a service") };
    (*stays, *given) = (stable, order);
    book.steps[0].deadline = order + stable + Duration::from_secs(60);
    let found = Preview { service: Some(ServiceFacts::default()), ..Preview::default() };
    let mut action = world::action(Level::L2);
    let preview = book.preview(&action.id, &action.target.name, vec![(0, Ok(found))]);
    action.plan = Plan::Runbook(Box::new(book));
    let whole = Card::new(action, preview, Vec::new(), world::at(0.0));
    let (execution, _) = Execution::begin(warrant(whole), world::at(1.0));
    let step = &execution.steps()[0].step;
    let Work::Service(work) = &step.work else { panic!("{step:?}") };
    assert_eq!((work.order, work.stable), (order, stable));
    assert!(work.within > stable && work.before_the_order(step.deadline) == LOOK, "{work:?}");
}

/// What ran already has to be seen to stay as well, and to be the same all the while.
#[test]
fn what_runs_already_has_to_stay() {
    let shown = |pid: u32| {
        let text =
            format!("LoadState=loaded\nActiveState=active\nSubState=running\nMainPID={pid}\nInvocationID=0{pid}\n");
        systemd::read(text.as_bytes()).unwrap()
    };
    let watch = || proof::SteadyWatch::of_running(shown(7), Duration::from_secs(5), world::at(1.0));
    let mut steady = watch();
    assert!(matches!(steady.read(&shown(7), world::at(5.9)), proof::Steadiness::NotYet(_)));
    assert_eq!(steady.read(&shown(7), world::at(6.0)), proof::Steadiness::Steady);
    assert!(matches!(watch().read(&shown(8), world::at(6.0)), proof::Steadiness::Broken(_)));
}

/// A runbook of one order, given by somebody who waits a minute for it.
fn book(verb: ServiceVerb) -> Runbook {
    let plot = Plot { sort: Sort::Send, end: End::Done, shows: Shows::Yes, when: None, gate: Asked::No, undo: None };
    let mut book = runbook(&[plot]);
    let step = ServiceStep {
        manager: Manager::Systemd { unit: "api.service".to_owned(), user: false },
        verb,
        place: Place::Local,
        become_argv: None,
    };
    book.steps[0].deed = Deed::Service { step: Box::new(step), stable: Duration::ZERO, order: Duration::from_secs(60) };
    book
}

#[test]
fn a_step_of_a_runbook_tells_it_too() {
    let remarks = |verb: ServiceVerb, stops: u64| {
        let facts = ServiceFacts { stop_within: Some(Duration::from_secs(stops)), ..ServiceFacts::default() };
        let found = Preview { service: Some(facts), ..Preview::default() };
        let whole = book(verb).preview(&Safe::of("restart"), &Safe::of("api"), vec![(0, Ok(found))]);
        whole.remarks.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    for (verb, word) in [(ServiceVerb::Stop, "stop"), (ServiceVerb::Restart, "restart")] {
        let told = remarks(verb, 90);
        assert!(told.starts_with(&format!("1 {word} api")) && told.contains("waited for 1m:"), "{told}");
        assert_eq!(remarks(verb, 30), "");
    }
    assert_eq!(remarks(ServiceVerb::Start, 90), "", "a start stops nothing");
}
