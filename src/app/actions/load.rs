//! What a service is doing, on the card of an order to it: requests per second and errors where a signal tells them, and what
//! our own probes see. Readings of the moment of the card, and no part of what is consented to. What nobody tells is said to
//! be not known, never left out.

use std::time::Duration;

use crate::app::Model;
use crate::app::panes::words_of;
use crate::domain::{Safe, figure};
use crate::remediation::action::{Action, Plan};

/// A line each, where the action is an order to a service.
#[must_use]
pub fn remarks(model: &Model, action: &Action) -> Vec<Safe> {
    if !matches!(action.plan, Plan::Service { .. }) {
        return Vec::new();
    }
    let beside = model.actions.spec.beside.iter().find(|beside| beside.action == action.id);
    let requests = signal(model, beside.and_then(|beside| beside.requests));
    let errors = signal(model, beside.and_then(|beside| beside.errors));
    vec![
        Safe::of(match requests {
            Some(words) => format!("requests now: {words}"),
            None => "requests per second are not known: name a signal, requests = under [[action]]".to_owned(),
        }),
        Safe::of(match errors {
            Some(words) => format!("errors now: {words}"),
            None => format!("errors by our own probes: {}", probes(model, action)),
        }),
    ]
}

/// The value of a signal, with its name; that it cannot be read is told.
fn signal(model: &Model, at: Option<usize>) -> Option<String> {
    let signal = model.live.signals.get(at?)?;
    let (name, state) = (&signal.spec.name, signal.state(model.now));
    let value = signal.readout.value().filter(|_| state.is_fresh());
    Some(match value {
        Some(value) => format!("{} ({name})", words_of(value, signal.spec.unit.0.as_str(), model.now)),
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
