//! The mark that an effect leaves on the charts: at the moment of the first step that changed something, on everything that the
//! action is aimed at, changes or watches, with how it ended once that is known. What changed nothing leaves none.

use crate::app::Model;
use crate::app::actions::reached::{self, Place};
use crate::app::telemetry::Telemetry;
use crate::domain::source::SourceKind;
use crate::domain::{Moment, Safe};
use crate::metrics::series::Series;
use crate::remediation::action::{Action, Plan};
use crate::remediation::execution::{Execution, Phase, StepState};
use crate::remediation::measure::Measure;

/// Sets the mark once there is an effect, and says with it how the action ended.
pub fn keep(model: &mut Model) {
    let Some(current) = &mut model.actions.current else { return };
    let Some(at) = effect(&current.execution) else { return };
    let action = &current.execution.warrant().card().action;
    let places = places(&model.live, action);
    let ended = match current.execution.phase() {
        Phase::Ended { outcome, .. } => Some(outcome),
        _ => None,
    };
    let what = format!("{} on {}", action.id, action.target.name);
    let words = Safe::of(ended.map_or_else(|| what.clone(), |outcome| format!("{what}: {outcome}")));
    if current.marked.as_ref() == Some(&words) {
        return;
    }
    let before = current.marked.replace(words.clone());
    for place in places {
        let Some(series) = series(&mut model.live, place) else { continue };
        match &before {
            Some(before) => series.rename_mark(at, before, &words),
            None => series.mark(at, words.clone()),
        }
    }
}

/// When the first step that changed something, or may have, was over.
fn effect(execution: &Execution) -> Option<Moment> {
    let changed = execution.steps().iter().filter(|state| state.has_changed_something());
    changed.filter_map(|state: &StepState| state.ended.as_ref().map(|(at, _)| *at)).min_by_key(|at| at.boot)
}

/// The charts that show what it does: those of whatever it reaches, and of all that proves it or is waited for.
fn places(live: &Telemetry, action: &Action) -> Vec<Place> {
    let mut found = reached::all(live, action);
    let proved = action.proof.trials.iter().map(|trial| &trial.measure);
    let watched = match &action.plan {
        Plan::Runbook(runbook) => runbook.measures().collect(),
        _ => Vec::new(),
    };
    for place in proved.chain(watched).filter_map(Measure::source) {
        if !found.contains(&place) {
            found.push(place);
        }
    }
    found
}

fn series(live: &mut Telemetry, (kind, at): Place) -> Option<&mut Series> {
    match kind {
        SourceKind::Service => live.services.get_mut(at).map(|service| &mut service.latency),
        SourceKind::Database => live.databases.get_mut(at).map(|database| &mut database.used),
        SourceKind::Cache => live.caches.get_mut(at).map(|cache| &mut cache.series),
        SourceKind::Signal => live.signals.get_mut(at).map(|signal| &mut signal.series),
        SourceKind::Prometheus | SourceKind::Alertmanager => None,
    }
}
