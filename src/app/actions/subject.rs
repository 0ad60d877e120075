//! What the menu of actions is for: what is selected, on the page and in the pane that has the focus, or else what is worst.
//! What is aimed at it, watches it or goes to its origin comes first, and of a database first what its own concern asks for; the rest stays as it is.

use std::time::Duration;

use crate::app::Model;
use crate::app::alerts::links;
use crate::app::concerns;
use crate::app::pane::PaneId;
use crate::app::table::RowKey;
use crate::app::telemetry::database::DatabaseState;
use crate::config::resolved::{CacheSource, SignalSource};
use crate::database::{blocking, judge};
use crate::domain::Safe;
use crate::domain::session::{Session, SessionState};
use crate::domain::source::SourceKind;
use crate::remediation::action::{Action, Plan, SessionSelector};
use crate::remediation::runbook::{Deed, RunbookStep};
use crate::remediation::step::Work;

use super::evidence;

/// What is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its kind.
    pub kind: SourceKind,
    /// Its place in the configuration.
    pub at: usize,
    /// Its name.
    pub name: Safe,
}

/// What is selected, if that can be acted on; where nothing is, what is worst.
#[must_use]
pub fn of(model: &Model) -> Option<Subject> {
    selected(model).or_else(|| worst(model))
}

/// What is worst of all to which something can be done.
fn worst(model: &Model) -> Option<Subject> {
    concerns::subjects(&model.live, &model.changes, model.now).find_map(|concern| actionable(model, concern))
}

fn actionable(model: &Model, concern: concerns::Subject) -> Option<Subject> {
    let live = &model.live;
    let (kind, at, name) = match concern {
        concerns::Subject::Service(at) => (SourceKind::Service, at, &live.services.get(at)?.spec.name),
        concerns::Subject::Database(at) => (SourceKind::Database, at, &live.databases.get(at)?.spec.name),
        concerns::Subject::Cache(at) => (SourceKind::Cache, at, &live.caches.get(at)?.spec.name),
        concerns::Subject::Signal(at) => (SourceKind::Signal, at, &live.signals.get(at)?.spec.name),
        concerns::Subject::Log(_) | concerns::Subject::Target(_) | concerns::Subject::Rules => return None,
    };
    Some(Subject { kind, at, name: name.clone() })
}

fn selected(model: &Model) -> Option<Subject> {
    let live = &model.live;
    let row = |pane, count: usize| match model.view.cursor(pane).selected {
        Some(RowKey::Index(at)) => Some(at),
        // The only one needs no choosing where the pane is about nothing else.
        _ => (count == 1 && pane != PaneId::Services).then_some(0),
    };
    let (kind, at, name) = match model.view.focused() {
        PaneId::Services | PaneId::Latency => {
            let at = row(PaneId::Services, live.services.len())?;
            (SourceKind::Service, at, &live.services.get(at)?.spec.name)
        }
        PaneId::Cache => {
            let at = row(PaneId::Cache, live.caches.len())?;
            (SourceKind::Cache, at, &live.caches.get(at)?.spec.name)
        }
        PaneId::Signals => {
            let at = row(PaneId::Signals, live.signals.len())?;
            (SourceKind::Signal, at, &live.signals.get(at)?.spec.name)
        }
        PaneId::Sessions | PaneId::Connections | PaneId::Database | PaneId::SlowQueries => {
            let at = model.view.database;
            (SourceKind::Database, at, &live.databases.get(at)?.spec.name)
        }
        _ => return None,
    };
    Some(Subject { kind, at, name: name.clone() })
}

/// The same actions, those for what is selected first.
#[must_use]
pub fn ordered(model: &Model, mut actions: Vec<Action>) -> Vec<Action> {
    if let Some(subject) = of(model) {
        let origin = origin(model, &subject);
        let is_about = |action: &Action| is_about(&subject, origin.as_deref(), action);
        actions.sort_by_cached_key(|action| (!is_about(action), cure(model, &subject, action)));
    }
    if let Some((_, answers)) = links::of_selected(model) {
        let place = |action: &Action| answers.iter().position(|name| *name == action.id).unwrap_or(answers.len());
        actions.sort_by_key(place);
    }
    actions
}

/// Whether an action has to do with what is selected.
fn is_about(subject: &Subject, origin: Option<&str>, action: &Action) -> bool {
    let here = (subject.kind, subject.at);
    let target = &action.target;
    let mut proved = action.proof.trials.iter().map(|trial| &trial.measure);
    let aimed = target.kind == subject.kind && (target.at == Some(subject.at) || target.name == subject.name);
    let steps = match &action.plan {
        Plan::Runbook(runbook) => {
            let read = runbook.measures().any(|measure| evidence::place(measure) == Some(here));
            read || runbook.items().iter().any(|(_, step)| touches(subject, origin, step))
        }
        Plan::Steps(steps) => steps.iter().any(|step| goes_to(origin, &step.work)),
        _ => false,
    };
    // What must hold beforehand does not make it what an action is for.
    aimed || steps || proved.any(|measure| evidence::place(measure) == Some(here))
}

fn touches(subject: &Subject, origin: Option<&str>, step: &RunbookStep) -> bool {
    let is = |kind, at: usize| subject.kind == kind && subject.at == at;
    match &step.deed {
        Deed::Sessions { database, .. } | Deed::Upkeep { database, .. } | Deed::Backup { database, .. } => {
            is(SourceKind::Database, *database)
        }
        Deed::Flush { cache, .. } => is(SourceKind::Cache, *cache),
        Deed::Service { step, .. } => subject.kind == SourceKind::Service && step.name() == subject.name.as_str(),
        Deed::Work(Work::Sql(sql)) => is(SourceKind::Database, sql.database),
        Deed::Work(Work::Redis(redis)) => is(SourceKind::Cache, redis.cache),
        Deed::Work(work) => goes_to(origin, work),
    }
}

fn goes_to(origin: Option<&str>, work: &Work) -> bool {
    match work {
        Work::Http(http) | Work::Silence(http) => {
            origin.is_some_and(|origin| http.url.origin().ascii_serialization() == origin)
        }
        _ => false,
    }
}

/// Where what is selected is asked, if by HTTP.
fn origin(model: &Model, subject: &Subject) -> Option<String> {
    let live = &model.live;
    let url = match subject.kind {
        SourceKind::Service => &live.services.get(subject.at)?.spec.url,
        SourceKind::Cache => match &live.caches.get(subject.at)?.spec.source {
            CacheSource::Endpoint { request, .. } => &request.url,
            CacheSource::Redis { .. } => return None,
        },
        SourceKind::Signal => match &live.signals.get(subject.at)?.spec.source {
            SignalSource::Endpoint { request, .. } => &request.url,
            _ => return None,
        },
        SourceKind::Database | SourceKind::Prometheus | SourceKind::Alertmanager => return None,
    };
    Some(url.origin().ascii_serialization())
}

/// How near an action on a database is to what is wrong with it: less is nearer. What is selected comes before all.
fn cure(model: &Model, subject: &Subject, action: &Action) -> u8 {
    const REST: u8 = 9;
    if subject.kind != SourceKind::Database || action.target.at != Some(subject.at) {
        return REST;
    }
    let Some(database) = model.live.databases.get(subject.at) else { return REST };
    match &action.plan {
        Plan::Explain { .. } | Plan::Sessions { selector: SessionSelector::One(_), .. } => 0,
        Plan::Sessions { selector: SessionSelector::RootBlocker, .. } if is_piled_up(database) => 1,
        Plan::Sessions { selector: SessionSelector::IdleInTransaction { older_than }, .. }
            if holds_open(database, *older_than) =>
        {
            2
        }
        Plan::Sessions { selector: SessionSelector::Idle { older_than, .. }, .. }
            if is_full(database) && rests(database, *older_than) =>
        {
            3
        }
        _ => REST,
    }
}

fn is_piled_up(database: &DatabaseState) -> bool {
    database.sessions.value().is_some_and(|sessions| !blocking::roots(&sessions.list).is_empty())
}

fn holds_open(database: &DatabaseState, older_than: Duration) -> bool {
    let oldest = database.sessions.value().and_then(|sessions| sessions.oldest_idle_in_transaction);
    oldest.is_some_and(|oldest| oldest >= older_than)
}

/// Whether a session has been idle for so long: what would find nobody is no cure.
fn rests(database: &DatabaseState, older_than: Duration) -> bool {
    let rests = |session: &Session| {
        session.state == SessionState::Idle && session.state_age.is_some_and(|age| age >= older_than)
    };
    database.sessions.value().is_some_and(|sessions| sessions.list.iter().any(rests))
}

fn is_full(database: &DatabaseState) -> bool {
    let slots = database.slots.value().filter(|slots| slots.usable() > 0);
    slots.is_some_and(|slots| f64::from(slots.used) >= f64::from(slots.usable()) * judge::SLOTS_DEGRADED)
}
