//! Which actions help against what is wrong: each moves the figures that its own proof looks at, and those that its kind is
//! there for. What helps comes first in the menu. Only an order is made here: nothing is offered that was not, and nothing is left out.

use std::time::Duration;

use crate::app::Model;
use crate::app::telemetry::database::DatabaseState;
use crate::domain::session::{Session, SessionState};
use crate::domain::source::SourceKind;
use crate::remediation::action::{Action, Plan, SessionSelector};
use crate::remediation::explain::Explained;
use crate::remediation::measure::{Expectation, Measure};
use crate::remediation::service::ServiceVerb;

use super::subject;
use super::trouble::{self, Trouble, Want};

/// The same actions: those that help against the first trouble first, and so on; then what has to do with it otherwise.
#[must_use]
pub fn ordered(model: &Model, troubles: &[Trouble], mut actions: Vec<Action>) -> Vec<Action> {
    let about = main(model, troubles, &actions).and_then(|trouble| trouble.subject.clone());
    let is_about = |action: &Action| about.as_ref().is_some_and(|about| subject::is_about(model, about, action));
    actions.sort_by_cached_key(|action| (rank(model, troubles, action).unwrap_or(LAST), !is_about(action)));
    actions
}

/// Behind everything that helps.
const LAST: (usize, usize) = (usize::MAX, usize::MAX);

/// What the menu is for in the first place: what something helps against, else what something can be done about at all.
#[must_use]
pub fn main<'a>(model: &Model, troubles: &'a [Trouble], actions: &[Action]) -> Option<&'a Trouble> {
    let helped = actions.iter().filter_map(|action| rank(model, troubles, action)).min();
    let helped = helped.and_then(|(at, _)| troubles.get(at));
    helped.or_else(|| troubles.iter().find(|trouble| trouble.subject.is_some()))
}

/// Against which trouble it helps, and how near to it that is: the first of them, and the nearest.
fn rank(model: &Model, troubles: &[Trouble], action: &Action) -> Option<(usize, usize)> {
    let figures = if would_find_nobody(model, action) { Vec::new() } else { figures(action) };
    let helps = |want: &Want| match (want, &action.plan) {
        (Want::Figure(measure), _) => figures.contains(&plain(measure)),
        (Want::Named(name), _) => action.id == *name,
        (Want::Session(id), Plan::Sessions { selector: SessionSelector::One(one), .. }) => one == id,
        (Want::Session(id), Plan::Explain { of, .. }) => *of == Explained::Session(*id),
        (Want::Plan, Plan::Explain { .. }) => true,
        (Want::Session(_) | Want::Plan, _) => false,
    };
    let places = troubles.iter().enumerate();
    places.filter_map(|(at, trouble)| Some((at, trouble.wants.iter().position(helps)?))).min()
}

/// The figures that an action is there to bring right.
fn figures(action: &Action) -> Vec<Measure> {
    // What is to be seen down or unwell is stopped, not cured.
    let cures = |expect: &Expectation| !matches!(expect, Expectation::Down | Expectation::Unwell);
    let trials = action.proof.trials.iter().filter(|trial| cures(&trial.expect));
    let mut found: Vec<Measure> = trials.map(|trial| plain(&trial.measure)).collect();
    let Some(at) = action.target.at else { return found };
    match &action.plan {
        Plan::Sessions { selector: SessionSelector::RootBlocker, .. } => found.push(Measure::Blocked(at)),
        Plan::Sessions { selector: SessionSelector::IdleInTransaction { .. }, .. } => {
            found.extend([Measure::OldestIdleTransaction(at), Measure::UsedShare(at)]);
        }
        Plan::Sessions { selector: SessionSelector::Idle { .. }, .. } => found.push(Measure::UsedShare(at)),
        Plan::Service { step, .. }
            if action.target.kind == SourceKind::Service
                && matches!(step.verb, ServiceVerb::Restart | ServiceVerb::Start) =>
        {
            found.push(Measure::Service(at));
        }
        _ => {}
    }
    found
}

/// Slots in use and their share are one figure here.
fn plain(measure: &Measure) -> Measure {
    match measure {
        Measure::UsedSlots(at) => Measure::UsedShare(*at),
        measure => measure.clone(),
    }
}

/// As far as its readings tell: what would find nobody is no cure.
fn would_find_nobody(model: &Model, action: &Action) -> bool {
    let Plan::Sessions { selector, .. } = &action.plan else { return false };
    let Some(database) = action.target.at.and_then(|at| model.live.databases.get(at)) else { return false };
    match selector {
        SessionSelector::RootBlocker => !trouble::is_piled_up(database),
        SessionSelector::IdleInTransaction { older_than } => !holds_open(database, *older_than),
        SessionSelector::Idle { older_than, .. } => !rests(database, *older_than),
        SessionSelector::One(_) | SessionSelector::Pid(_) | SessionSelector::Given(_) => false,
    }
}

fn holds_open(database: &DatabaseState, older_than: Duration) -> bool {
    let oldest = database.sessions.value().and_then(|sessions| sessions.oldest_idle_in_transaction);
    oldest.is_some_and(|oldest| oldest >= older_than)
}

fn rests(database: &DatabaseState, older_than: Duration) -> bool {
    let rests = |session: &Session| {
        session.state == SessionState::Idle && session.state_age.is_some_and(|age| age >= older_than)
    };
    database.sessions.value().is_some_and(|sessions| sessions.list.iter().any(rests))
}
