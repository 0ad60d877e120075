//! What can be acted on: what is selected, on the page and in the pane that has the focus, and what a concern is about; and
//! whether an action has to do with it. What helps against it is told by `cure`.

use crate::app::Model;
use crate::app::concerns;
use crate::app::pane::PaneId;
use crate::app::table::RowKey;
use crate::config::resolved::{CacheSource, SignalSource};
use crate::domain::Safe;
use crate::domain::source::SourceKind;
use crate::remediation::action::{Action, Plan};
use crate::remediation::runbook::{Deed, RunbookStep};
use crate::remediation::step::Work;

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

/// What a concern is about, if that can be acted on.
#[must_use]
pub fn of_concern(model: &Model, concern: concerns::Subject) -> Option<Subject> {
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

/// What is selected, if that can be acted on.
#[must_use]
pub fn selected(model: &Model) -> Option<Subject> {
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

/// Whether an action has to do with it: it is aimed at it, watches it or goes to its origin.
#[must_use]
pub fn is_about(model: &Model, subject: &Subject, action: &Action) -> bool {
    let origin = origin(model, subject);
    let origin = origin.as_deref();
    let here = (subject.kind, subject.at);
    let target = &action.target;
    let mut proved = action.proof.trials.iter().map(|trial| &trial.measure);
    let aimed = target.kind == subject.kind && (target.at == Some(subject.at) || target.name == subject.name);
    let steps = match &action.plan {
        Plan::Runbook(runbook) => {
            let read = runbook.measures().any(|measure| measure.source() == Some(here));
            read || runbook.items().iter().any(|(_, step)| touches(subject, origin, step))
        }
        Plan::Steps(steps) => steps.iter().any(|step| goes_to(origin, &step.work)),
        _ => false,
    };
    // What must hold beforehand does not make it what an action is for.
    aimed || steps || proved.any(|measure| measure.source() == Some(here))
}

fn touches(subject: &Subject, origin: Option<&str>, step: &RunbookStep) -> bool {
    let is = |kind, at: usize| subject.kind == kind && subject.at == at;
    match &step.deed {
        Deed::Sessions { database, .. }
        | Deed::Upkeep { database, .. }
        | Deed::Backup { database, .. }
        | Deed::Explain { database, .. } => is(SourceKind::Database, *database),
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
#[must_use]
pub fn origin(model: &Model, subject: &Subject) -> Option<String> {
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
