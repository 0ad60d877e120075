//! What is wrong, as what an action would have to bring about for it to end: the figures that have to come right, the nearest
//! first, or the actions that the team named. What an action brings about is told by `cure`.

use std::cmp::Reverse;

use crate::app::Model;
use crate::app::alerts::listing::Entry;
use crate::app::alerts::{concerns as alerts, links, words};
use crate::app::concerns::{self, Concern, INCIDENT};
use crate::app::pane::PaneId;
use crate::app::panes::signal_verdict;
use crate::app::table::{RowKey, Tone};
use crate::app::telemetry::database::DatabaseState;
use crate::app::telemetry::service::ServiceState;
use crate::config::resolved::SignalSource;
use crate::database::{blocking, judge};
use crate::domain::session::SessionId;
use crate::domain::source::SourceKind;
use crate::domain::{Moment, Safe, Verdict};
use crate::remediation::measure::{Measure, Told};

use super::subject::{self, Subject};

/// One thing that an action can bring about.
#[derive(Clone, Debug, PartialEq)]
pub enum Want {
    /// That a figure comes right.
    Figure(Measure),
    /// That the action of this name is done: the team says that it helps.
    Named(Safe),
    /// Something about this session.
    Session(SessionId),
    /// The plan of the selected statement.
    Plan,
}

/// One thing that is wrong, or what is selected.
#[derive(Clone, Debug, Default)]
pub struct Trouble {
    /// What the menu is for, in the title: `those for api`.
    pub title: Safe,
    /// What is wrong, where it was not selected: nobody else says it beside the menu.
    pub words: Option<(Safe, Tone)>,
    /// What it is about, if that can be acted on.
    pub subject: Option<Subject>,
    /// What would end it, the nearest first.
    pub wants: Vec<Want>,
}

/// What the menu is for: what is selected, an alert too; where nothing is, all that is wrong, what to look at first before.
#[must_use]
pub fn troubles(model: &Model) -> Vec<Trouble> {
    if let Some(found) =
        links::entry(model).map(|entry| of_alert(model, &entry)).filter(|found| !found.wants.is_empty())
    {
        return vec![found];
    }
    match subject::selected(model) {
        Some(subject) => vec![of_subject(model, subject)],
        None => all(model),
    }
}

/// All that is wrong, in the order in which the foot of the page tells it; but a database that is in trouble comes before
/// what went wrong with it, for that stands on it.
fn all(model: &Model) -> Vec<Trouble> {
    let alerts = alerts::told(model).into_iter().map(|(entry, verdict)| {
        let since = model.now.boot.saturating_sub(entry.since(model.now).unwrap_or_default());
        let since = Moment { boot: since, wall: model.now.wall };
        let words = words::line(&entry, model.now);
        (Concern { verdict, since, words }, of_alert(model, &entry))
    });
    let watched = concerns::ranked(&model.live, &model.changes, model.now).into_iter().map(|(of, concern)| {
        let subject = subject::of_concern(model, of);
        (concern, subject.map_or_else(Trouble::default, |subject| of_subject(model, subject)))
    });
    let mut found: Vec<(Concern, Trouble)> = alerts.chain(watched).collect();
    found.sort_by_key(|(concern, _)| Reverse(concern.verdict));
    let worst = found.first().map(|(concern, _)| concern.since);
    let is_ground = |(concern, trouble): &(Concern, Trouble)| {
        let apart = worst.map(|worst| worst.since(concern.since).max(concern.since.since(worst)));
        let of_database = trouble.subject.as_ref().is_some_and(|subject| subject.kind == SourceKind::Database);
        of_database && apart.is_some_and(|apart| apart < INCIDENT)
    };
    found.sort_by_key(|one| !is_ground(one));
    let told = |(concern, trouble): (Concern, Trouble)| Trouble {
        words: Some((concern.words, concern.verdict.into())),
        ..trouble
    };
    found.into_iter().map(told).collect()
}

/// What would end an alert: what the team says, else what the figure that it watches asks for.
fn of_alert(model: &Model, entry: &Entry<'_>) -> Trouble {
    let mut wants: Vec<Want> = links::answers(model, entry).into_iter().map(Want::Named).collect();
    if let Some(own) = entry.own {
        wants.extend(of_measure(model, &own.measure));
    }
    Trouble { title: Safe::of(format!("what answers {}", entry.rule.name)), words: None, subject: None, wants }
}

/// What the figure of a threshold asks for.
fn of_measure(model: &Model, measure: &Measure) -> Vec<Want> {
    let live = &model.live;
    let own = || vec![Want::Figure(measure.clone())];
    match measure {
        Measure::Service(at) | Measure::Latency(at) => of_service(model, *at),
        Measure::Told(Told::Requests(at) | Told::Errors(at) | Told::Percentile(at, _) | Told::Scrape(at)) => {
            let target = live.metrics.targets.get(*at);
            let services = live.services.iter();
            let of = target.and_then(|target| services.clone().position(|service| target.is_about(&service.spec)));
            of.map_or_else(Vec::new, |at| of_service(model, at))
        }
        Measure::UsedSlots(at) | Measure::UsedShare(at) | Measure::Blocked(at) | Measure::OldestIdleTransaction(at) => {
            own().into_iter().chain(of_database(model, *at)).collect()
        }
        _ => own(),
    }
}

/// What would bring what is selected, or is wrong, in order.
fn of_subject(model: &Model, subject: Subject) -> Trouble {
    let at = subject.at;
    let wants = match subject.kind {
        SourceKind::Service => of_service(model, at),
        SourceKind::Database => of_database(model, at),
        SourceKind::Cache => of_cache(model, &subject),
        SourceKind::Signal => vec![Want::Figure(Measure::Signal(at))],
        SourceKind::Prometheus | SourceKind::Alertmanager => Vec::new(),
    };
    let title = Safe::of(format!("those for {}", subject.name));
    Trouble { title, words: None, subject: Some(subject), wants }
}

/// Of a service first what its failing parts are measured by, then its own health, then that of what answers at its origin.
fn of_service(model: &Model, at: usize) -> Vec<Want> {
    let live = &model.live;
    let Some(service) = live.services.get(at) else { return Vec::new() };
    let mut wants = of_parts(model, service);
    wants.push(Want::Figure(Measure::Service(at)));
    let origin = service.spec.url.origin();
    let beside = live.services.iter().enumerate().filter(|(_, other)| other.spec.url.origin() == origin);
    wants.extend(beside.map(|(other, _)| Want::Figure(Measure::Service(other))));
    wants
}

/// The signals that are read out of a part that fails: by its name in their pointer. One of another origin has to be past its
/// threshold itself, for parts of different services may well have one name.
fn of_parts(model: &Model, service: &ServiceState) -> Vec<Want> {
    let report = service.readout.value().filter(|_| service.readout.cause().is_none());
    let failing = report.into_iter().flat_map(|report| &report.checks).filter(|check| check.verdict > Verdict::Ok);
    let failing: Vec<&str> = failing.map(|check| check.name.as_str()).collect();
    let signals = model.live.signals.iter().enumerate();
    let mut found: Vec<(bool, usize)> = signals
        .filter_map(|(at, signal)| {
            let SignalSource::Endpoint { request, pointer } = &signal.spec.source else { return None };
            let here = request.url.origin() == service.spec.url.origin();
            let counts = here || signal_verdict(signal, model.now) > Some(Verdict::Ok);
            (counts && failing.iter().any(|name| is_in(pointer, name))).then_some((!here, at))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, at)| Want::Figure(Measure::Signal(at))).collect()
}

/// Whether a pointer goes through a part: `/checks/queue/depth` through `queue`.
fn is_in(pointer: &str, name: &str) -> bool {
    let mut segments = pointer.split('/').filter(|segment| !segment.is_empty());
    name.split('.').all(|part| segments.any(|segment| segment == part))
}

fn of_cache(model: &Model, subject: &Subject) -> Vec<Want> {
    let live = &model.live;
    let Some(cache) = live.caches.get(subject.at) else { return Vec::new() };
    // What cannot be read has no ratio to mend.
    if cache.state(model.now).is_fresh() {
        return vec![Want::Figure(Measure::HitRatio(subject.at))];
    }
    let origin = subject::origin(model, subject);
    let is_there = |service: &ServiceState| Some(service.spec.url.origin().ascii_serialization()) == origin;
    let services = live.services.iter().enumerate().filter(|(_, service)| is_there(service));
    services.map(|(at, _)| Want::Figure(Measure::Service(at))).collect()
}

/// Of a database what is selected on its page, then what its own concern asks for: a lock that others wait for before what is
/// held open, and that before slots that are taken.
fn of_database(model: &Model, at: usize) -> Vec<Want> {
    let Some(database) = model.live.databases.get(at) else { return Vec::new() };
    let pane = model.view.focused();
    let mut wants = Vec::new();
    match (pane, model.view.cursor(pane).selected) {
        (PaneId::Sessions, Some(RowKey::Session(id))) => wants.push(Want::Session(id)),
        (PaneId::SlowQueries, Some(RowKey::Statement(_))) => wants.push(Want::Plan),
        _ => {}
    }
    wants.extend(is_piled_up(database).then_some(Want::Figure(Measure::Blocked(at))));
    let open = database.sessions.value().and_then(|sessions| sessions.oldest_idle_in_transaction);
    wants.extend(open.map(|_| Want::Figure(Measure::OldestIdleTransaction(at))));
    wants.extend(is_full(database).then_some(Want::Figure(Measure::UsedShare(at))));
    wants
}

pub(super) fn is_piled_up(database: &DatabaseState) -> bool {
    database.sessions.value().is_some_and(|sessions| !blocking::roots(&sessions.list).is_empty())
}

fn is_full(database: &DatabaseState) -> bool {
    let slots = database.slots.value().filter(|slots| slots.usable() > 0);
    slots.is_some_and(|slots| f64::from(slots.used) >= f64::from(slots.usable()) * judge::SLOTS_DEGRADED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_goes_through_the_parts_that_it_names() {
        assert!(is_in("/checks/queue/depth", "queue"));
        assert!(is_in("/components/db/details/replica/lag", "db.replica"));
        assert!(!is_in("/checks/queues/depth", "queue"));
        assert!(!is_in("/checks/replica/db", "db.replica"), "in this order");
    }
}
