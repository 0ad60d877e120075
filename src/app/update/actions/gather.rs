//! The card of a runbook: each step is looked at for real, all at once, and the card is made when the last look has come.

use crate::app::actions::{Gathering, receivers};
use crate::app::effect::{PreviewOf, PreviewOrder};
use crate::app::{Effect, Model};
use crate::domain::{Cause, Moment};
use crate::remediation::action::{Action, Plan};
use crate::remediation::card::Preview;
use crate::remediation::object::AgreedTo;
use crate::remediation::runbook::{Deed, Runbook, RunbookStep};
use crate::remediation::step::Work;

use super::card::{patience, show};

/// Asks for every look that the card of a runbook needs; the card itself where it needs none.
pub fn begin(model: &mut Model, action: Action, runbook: &Runbook) -> Vec<Effect> {
    let looks: Vec<(usize, PreviewOf)> = {
        let wanted = |place: usize, step: &RunbookStep| {
            let agreed = model.actions.second.agreed_for(&action, Some(place));
            look(step, agreed).or_else(|| Some(PreviewOf::Receivers(receivers::of_step(model, &action, step)?)))
        };
        runbook.items().into_iter().filter_map(|(place, step)| Some((place, wanted(place, step)?))).collect()
    };
    let mut gathering = Gathering { awaited: Vec::new(), found: Vec::new(), begun: model.now };
    let mut effects = Vec::new();
    for (place, of) in looks {
        let id = model.fresh_id();
        gathering.awaited.push((id, place));
        let deadline = patience(&of);
        effects.push(Effect::Preview(Box::new(PreviewOrder { id, of, deadline })));
    }
    let id = model.fresh_id();
    model.actions.asked = Some((id, action));
    model.actions.gathering = Some(gathering);
    effects.extend(complete(model));
    effects
}

/// What is looked at for a step; of sessions that were agreed to before these alone.
fn look(step: &RunbookStep, agreed: Option<Vec<AgreedTo>>) -> Option<PreviewOf> {
    let limit = step.deadline;
    match &step.deed {
        Deed::Sessions { database, selector, verb, cap } => {
            let (database, selector, verb, cap) = (*database, selector.clone(), *verb, *cap);
            Some(PreviewOf::Sessions { database, selector, verb, cap, agreed })
        }
        Deed::Service { step, .. } => Some(PreviewOf::Service(step.clone())),
        Deed::Upkeep { database, upkeep } => {
            Some(PreviewOf::Upkeep { database: *database, upkeep: upkeep.clone(), limit })
        }
        Deed::Backup { database, name, backup } => {
            Some(PreviewOf::Backup { database: *database, backup: (**backup).clone(), name: name.clone() })
        }
        Deed::Explain { database, of, .. } => Some(PreviewOf::Explain { database: *database, of: of.clone() }),
        Deed::Flush { cache, .. } => Some(PreviewOf::Flush { cache: *cache }),
        Deed::Work(Work::Sql(sql)) => Some(PreviewOf::Sql(sql.clone())),
        Deed::Work(Work::Redis(redis)) => Some(PreviewOf::Redis(redis.clone())),
        Deed::Work(_) => None,
    }
}

/// A look that belongs to a runbook's card is taken (`Err`): what its card orders when it was the last.
pub fn take(
    model: &mut Model,
    id: u64,
    outcome: Result<Preview, Cause>,
    begun: Moment,
) -> Result<Result<Preview, Cause>, Vec<Effect>> {
    let Some(gathering) = &mut model.actions.gathering else { return Ok(outcome) };
    let Some(at) = gathering.awaited.iter().position(|(awaited, _)| *awaited == id) else { return Ok(outcome) };
    let (_, place) = gathering.awaited.swap_remove(at);
    gathering.found.push((place, outcome));
    // The card is as old as the oldest look on it.
    if begun.boot < gathering.begun.boot {
        gathering.begun = begun;
    }
    Err(complete(model))
}

fn complete(model: &mut Model) -> Vec<Effect> {
    if model.actions.gathering.as_ref().is_none_or(|gathering| !gathering.awaited.is_empty()) {
        return Vec::new();
    }
    let (Some(mut gathering), Some((_, action))) = (model.actions.gathering.take(), model.actions.asked.take()) else {
        return Vec::new();
    };
    let Plan::Runbook(runbook) = &action.plan else { return Vec::new() };
    for (place, outcome) in &mut gathering.found {
        let step = runbook.items().into_iter().find(|(at, _)| at == place).map(|(_, step)| step);
        if let Some(Deed::Work(work @ Work::Http(_))) = step.map(|step| &step.deed) {
            let agreed = model.actions.second.agreed_for(&action, Some(*place));
            let read = outcome.clone().map(|read| receivers::held(read, agreed.as_deref()));
            *outcome = Ok(receivers::of_request(work, read));
        }
    }
    let preview = runbook.preview(&action.id, &action.target.name, gathering.found);
    model.view.message = None;
    show(model, action, preview, gathering.begun)
}
