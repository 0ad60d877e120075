//! How long a unit may take to stop, held against how long the order is waited for.

use std::time::Duration;

use super::*;
use crate::domain::figure;
use crate::remediation::card::Preview;
use crate::remediation::runbook::{Deed, Runbook};
use crate::remediation::tests::runbook_world::{Asked, End, Plot, Shows, Sort, runbook};

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
