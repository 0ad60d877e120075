//! What a service is doing, on the card of an order to it: requests per second and errors where a signal tells them, else what is
//! scraped of the service, and what our own probes see. Read anew each time that the card is drawn, and no part of what is consented to. What nobody tells is
//! said to be not known, never left out.

use std::time::Duration;

use crate::app::Model;
use crate::app::panes::{requests_basis, words_of};
use crate::app::telemetry::metrics::TargetState;
use crate::app::telemetry::signal::SignalState;
use crate::domain::source::SourceKind;
use crate::domain::{Safe, figure};
use crate::engine::output::RequestsTold;
use crate::remediation::action::{Action, Plan};
use crate::remediation::runbook::{Deed, Runbook, RunbookStep};
use crate::remediation::service::ServiceVerb;

/// A line each, where the action is an order to a service.
#[must_use]
pub fn remarks(model: &Model, action: &Action) -> Vec<Safe> {
    let orders = match &action.plan {
        Plan::Service { .. } => Vec::new(),
        Plan::Runbook(runbook) => {
            let orders = of_runbook(runbook);
            if orders.is_empty() {
                return Vec::new();
            }
            orders
        }
        _ => return Vec::new(),
    };
    let beside = model.actions.spec.beside.iter().find(|beside| beside.action == action.id);
    let requests = signal(model, beside.and_then(|beside| beside.requests));
    let errors = signal(model, beside.and_then(|beside| beside.errors));
    let under = if orders.is_empty() { "[[action]]" } else { "[[runbook]]" };
    let requests = match requests {
        // What is no rate, such as jobs that wait, is not told as requests.
        Some(words) if beside.is_some_and(|beside| is_rate(model, beside.requests)) => format!("requests now: {words}"),
        Some(words) => format!("load now: {words}"),
        None => scraped(model, action, |told| Some(format!("requests now: {}/s", figure::number(told.per_second))))
            .unwrap_or_else(|| {
                format!(
                    "requests per second are not known: no signal is named for them (requests under {under}), and {}",
                    untold(model, action)
                )
            }),
    };
    let errors = match errors {
        Some(words) => format!("errors now: {words}"),
        None => scraped(model, action, |told| Some(format!("errors now: {}", figure::percent(told.errors?))))
            .unwrap_or_else(|| format!("errors by our own probes: {}", probes(model, action))),
    };
    let steps = if orders.is_empty() { String::new() } else { format!("{}: ", orders.join(", ")) };
    let of = |words: &str| Safe::of(format!("{steps}{words}"));
    vec![of(&requests), of(&errors)]
}

/// What the server itself counts, where it is scraped: from what, over how long, and how old that is.
fn scraped(model: &Model, action: &Action, words: impl Fn(&RequestsTold) -> Option<String>) -> Option<String> {
    let told = |target: &TargetState| {
        let (told, (_, at)) = (target.requests(model.now)?, target.page.last()?);
        let age = figure::age(model.now.since(at));
        Some(format!("{} ({} of {}, {}, read {age} ago)", words(told)?, told.from, target.name, requests_basis(told)))
    };
    targets(model, action).find_map(told)
}

/// Why what is scraped does not tell them.
fn untold(model: &Model, action: &Action) -> String {
    let about = targets(model, action).find(|target| target.told.is_none());
    about.map_or_else(
        || "nothing that is scraped tells them now".to_owned(),
        |target| {
            format!(
                "metrics {} was not scraped here so far: the dashboard does that, a single run does not",
                target.name
            )
        },
    )
}

/// What is scraped of the service that an action is for.
fn targets<'m>(model: &'m Model, action: &Action) -> impl Iterator<Item = &'m TargetState> {
    let of_service = action.target.kind == SourceKind::Service;
    let service = action.target.at.filter(|_| of_service).and_then(|at| model.live.services.get(at));
    let targets = model.live.metrics.targets.iter();
    targets.filter(move |target| service.is_some_and(|service| target.is_about(&service.spec)))
}

/// The signals that are told beside an order, by their places.
pub fn signals(model: &Model, action: &Action) -> impl Iterator<Item = usize> {
    let beside = model.actions.spec.beside.iter().find(|beside| beside.action == action.id);
    beside.into_iter().flat_map(|beside| [beside.requests, beside.errors]).flatten()
}

/// Whether each of them was read, or could not be.
#[must_use]
pub fn is_told(model: &Model, action: &Action) -> bool {
    let told = |signal: &SignalState| signal.readout.value().is_some() || signal.readout.cause().is_some();
    signals(model, action).filter_map(|at| model.live.signals.get(at)).all(told)
}

/// The steps of a runbook that restart or stop a service, each with its number and the service.
fn of_runbook(runbook: &Runbook) -> Vec<String> {
    let breaks = |step: &RunbookStep| match &step.deed {
        Deed::Service { step, .. } if matches!(step.verb, ServiceVerb::Restart | ServiceVerb::Stop) => {
            Some(format!("{} {}", step.verb.word(), step.name()))
        }
        _ => None,
    };
    (1..).zip(&runbook.steps).filter_map(|(number, step)| Some(format!("{number} {}", breaks(step)?))).collect()
}

/// Whether a signal is so many per second.
fn is_rate(model: &Model, at: Option<usize>) -> bool {
    at.and_then(|at| model.live.signals.get(at)).is_some_and(|signal| signal.spec.unit.0.as_str().ends_with("/s"))
}

/// The value of a signal, with its name; that it cannot be read is told.
fn signal(model: &Model, at: Option<usize>) -> Option<String> {
    let signal = model.live.signals.get(at?)?;
    let (name, state) = (&signal.spec.name, signal.state(model.now));
    let value = signal.readout.value().filter(|_| state.is_fresh());
    let over = signal.growth.over().map(|(from, to)| format!(", over {}", figure::span(to.since(from))));
    Some(match value {
        Some(value) => {
            let (words, over) = (words_of(value, signal.spec.unit.0.as_str(), model.now), over.unwrap_or_default());
            format!("{words} ({name}{over})")
        }
        None => format!("NOT KNOWN, {} ({name})", state.words()),
    })
}

fn probes(model: &Model, action: &Action) -> String {
    let service = action.target.at.and_then(|at| model.live.services.get(at));
    let Some(service) = service else { return "not known, it is not watched here".to_owned() };
    let (failed, all) = service.failed(model.now);
    if all == 0 {
        return "not known, there was none yet".to_owned();
    }
    let share = figure::percent(failed as f64 / all as f64);
    let p95 = service.percentiles(model.now).map(|(percentiles, _)| {
        let p95 = Duration::from_secs_f64((percentiles.p95 / 1000.0).clamp(0.0, 1e6));
        format!(", p95 {}", figure::duration(p95))
    });
    format!("{failed} of {all} in 5m ({share}){}", p95.unwrap_or_default())
}
