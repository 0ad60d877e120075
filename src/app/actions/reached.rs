//! What a plan reaches of all that is watched: the one answer for whoever asks whether it is known well enough to start, where a
//! mark is set, and what `run` reads. The border: what the steps themselves name is known to the plan; which service answers at
//! the address of a request is known to the configuration alone.

use crate::app::telemetry::Telemetry;
use crate::domain::source::SourceKind;
use crate::remediation::action::{Action, Plan};

/// A watched target, by its kind and place.
pub type Place = (SourceKind, usize);

/// What the action is aimed at, and all that its steps reach, each once, its target first.
#[must_use]
pub fn all(live: &Telemetry, action: &Action) -> Vec<Place> {
    let target = action.target.at.map(|at| (action.target.kind, at));
    once(target.into_iter().chain(action.plan.reached()).chain(requested(live, &action.plan)))
}

/// The services that answer at the origin of a request: whatever its path is, it is their server that does the work.
#[must_use]
pub fn requested(live: &Telemetry, plan: &Plan) -> Vec<Place> {
    let origins: Vec<_> = plan.requests().into_iter().map(|request| request.url.origin()).collect();
    let services = live.services.iter().enumerate();
    let asked = services.filter(|(_, service)| origins.contains(&service.spec.url.origin()));
    asked.map(|(at, _)| (SourceKind::Service, at)).collect()
}

fn once(places: impl Iterator<Item = Place>) -> Vec<Place> {
    let mut found = Vec::new();
    for place in places {
        if !found.contains(&place) {
            found.push(place);
        }
    }
    found
}
