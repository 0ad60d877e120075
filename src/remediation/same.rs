//! Whether a step of a runbook does what an action of the configuration does, under whatever name that stands: what policy
//! says of the action by its name holds for the step too.

use super::action::Plan;
use super::runbook::Deed;
use super::service::{ServiceStep, ServiceVerb};
use super::step::Work;

/// Whether a step does what a plan does, or all of that which disrupts: to stop a service is half of restarting it.
#[must_use]
pub fn does(deed: &Deed, plan: &Plan) -> bool {
    match (plan, deed) {
        (Plan::Service { step: own, .. }, Deed::Service { step, .. }) => is_the_order(own, step),
        (Plan::Steps(steps), Deed::Work(work)) => steps.iter().any(|own| sends_the_same(&own.work, work)),
        _ => false,
    }
}

fn is_the_order(own: &ServiceStep, step: &ServiceStep) -> bool {
    let stops_it = own.verb == ServiceVerb::Restart && step.verb == ServiceVerb::Stop;
    own.is_to(step) && (own.verb == step.verb || stops_it)
}

fn sends_the_same(own: &Work, work: &Work) -> bool {
    match (own, work) {
        (Work::Http(own), Work::Http(http)) => own.method == http.method && own.url == http.url,
        (Work::Command(own), Work::Command(command)) => own.argv == command.argv && own.place == command.place,
        _ => false,
    }
}
