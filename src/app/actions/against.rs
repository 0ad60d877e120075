//! What is known of a target before its card is made, and speaks against acting on it: data that are old, a pooler between, a
//! right that is missing. The card, made by a preview that runs for real, has the last word.

use std::time::Duration;

use super::reached::{self, Place};
use crate::app::Model;
use crate::app::telemetry::Telemetry;
use crate::app::telemetry::database::DatabaseState;
use crate::app::telemetry::service::ServiceState;
use crate::database::blocking;
use crate::domain::session::SessionState;
use crate::domain::source::SourceKind;
use crate::domain::{Moment, Readout, Safe, Verdict, figure};
use crate::remediation::action::{Action, Plan, SessionSelector};
use crate::remediation::explain::Explained;
use crate::remediation::runbook::Deed;
use crate::remediation::step::{SessionVerb, Work};

/// Why an action on a target makes no sense now, as far as its readings tell.
#[must_use]
pub fn reason(model: &Model, action: &Action) -> Option<Safe> {
    let at = action.target.at.filter(|_| action.target.kind == SourceKind::Database)?;
    let database = model.live.databases.get(at)?;
    if let Plan::Explain { of: Explained::Session(id), .. } = &action.plan {
        let sessions = &database.sessions.value()?.list;
        let hidden = sessions.iter().any(|session| session.id == *id && session.state == SessionState::Hidden);
        return hidden.then(|| Safe::of("this role may not see what it runs: it needs pg_read_all_stats"));
    }
    of_sessions(database, model.now, action)
}

/// That nobody has told anything of what it is aimed at, or of anything else that its steps reach, for longer than its source
/// should take. A failure that was just told is no silence.
#[must_use]
pub fn stale(model: &Model, action: &Action) -> Option<Safe> {
    let (live, target) = (&model.live, action.target.at.map(|at| (action.target.kind, at)));
    // What a request reaches nobody looks at for the card.
    let requested = reached::requested(live, &action.plan);
    reached::all(live, action).into_iter().find_map(|place| {
        let own = target == Some(place);
        // That a service does not answer, not even with a failure, is what a restart is for: its manager was asked by the card.
        if own && place.0 == SourceKind::Service && asks_the_manager(&action.plan) {
            return None;
        }
        let unseen = requested.contains(&place) || own && !is_looked_at(&action.plan);
        if (unseen || !own) && !told(live, place) {
            return Some(Safe::of(format!("nothing was read of {} yet", name(live, place)?)));
        }
        let age = silence(live, place, unseen, model.now)?;
        let name = if own { action.target.name.clone() } else { name(live, place)? };
        Some(Safe::of(format!("what is known of {name} is {} old", figure::age(age))))
    })
}

/// Whether of each that an action reaches something was told, be it that it failed.
#[must_use]
pub fn is_told(live: &Telemetry, action: &Action) -> bool {
    reached::all(live, action).into_iter().all(|place| told(live, place))
}

/// Whether anything was told of a target, be it that reading it failed.
fn told(live: &Telemetry, (kind, at): Place) -> bool {
    fn of<T>(readout: &Readout<T>) -> bool {
        readout.last().is_some() || readout.cause().is_some()
    }
    let told = match kind {
        SourceKind::Service => live.services.get(at).map(|service| of(&service.readout)),
        SourceKind::Database => live.databases.get(at).map(|database| of(&database.server)),
        SourceKind::Cache => live.caches.get(at).map(|cache| of(&cache.readout)),
        SourceKind::Signal => live.signals.get(at).map(|signal| of(&signal.readout)),
        SourceKind::Prometheus | SourceKind::Alertmanager => None,
    };
    told.unwrap_or(true)
}

fn name(live: &Telemetry, (kind, at): Place) -> Option<Safe> {
    match kind {
        SourceKind::Service => live.services.get(at).map(|service| service.spec.name.clone()),
        SourceKind::Database => live.databases.get(at).map(|database| database.spec.name.clone()),
        SourceKind::Cache => live.caches.get(at).map(|cache| cache.spec.name.clone()),
        SourceKind::Signal => live.signals.get(at).map(|signal| signal.spec.name.clone()),
        SourceKind::Prometheus | SourceKind::Alertmanager => None,
    }
}

/// For how long nobody has told anything of a target. `unseen`: nothing of it is looked at for the card, so that its last good
/// reading is all that is known.
fn silence(live: &Telemetry, (kind, at): Place, unseen: bool, now: Moment) -> Option<Duration> {
    fn of<T>(readout: &Readout<T>, every: Duration, patience: Duration, unseen: bool, now: Moment) -> Option<Duration> {
        let old = || readout.outdated(now, every).filter(|_| unseen);
        readout.silent(now, every, patience).or_else(old)
    }
    match kind {
        SourceKind::Database => {
            let database = live.databases.get(at)?;
            of(&database.server, database.spec.interval, database.spec.deadline, unseen, now)
        }
        SourceKind::Cache => {
            let cache = live.caches.get(at)?;
            of(&cache.readout, cache.spec.interval, cache.spec.deadline, unseen, now)
        }
        SourceKind::Signal => {
            let signal = live.signals.get(at)?;
            of(&signal.readout, signal.spec.interval, signal.spec.deadline, unseen, now)
        }
        SourceKind::Prometheus => None,
        SourceKind::Alertmanager => {
            let engine = live.alertmanager.as_ref()?;
            engine.readout.silent(now, engine.spec.interval, engine.spec.deadline)
        }
        SourceKind::Service => {
            let service = live.services.get(at)?;
            // That it is down is a reading of now, and what many an action is for; that nobody can tell is none.
            let down = service.readout.cause().is_some_and(|cause| cause.verdict() == Verdict::Down);
            of(&service.readout, service.spec.interval, service.spec.deadline, unseen && !down, now)
        }
    }
}

/// Whether anything of its target is looked at for its card. Where nothing is, the last good reading is all that is known.
fn is_looked_at(plan: &Plan) -> bool {
    let sent = |work: &Work| work.is_inward() || matches!(work, Work::Http(_) | Work::Command(_) | Work::Silence(_));
    match plan {
        Plan::Steps(_) => false,
        Plan::Runbook(runbook) => {
            !runbook.items().iter().all(|(_, step)| matches!(&step.deed, Deed::Work(work) if sent(work)))
        }
        _ => true,
    }
}

/// What a person should know of a service that nothing is looked at of for the card: that it is down, and since when.
#[must_use]
pub fn minds(model: &Model, action: &Action) -> Vec<Safe> {
    let live = &model.live;
    let own = action.target.at.map(|at| (action.target.kind, at)).filter(|_| !is_looked_at(&action.plan));
    let mut places: Vec<Place> = own.into_iter().collect();
    places.extend(reached::requested(live, &action.plan).into_iter().filter(|place| Some(*place) != own));
    let services = places.into_iter().filter(|(kind, _)| *kind == SourceKind::Service);
    services.filter_map(|(_, at)| ill(live.services.get(at)?, model.now)).collect()
}

fn ill(service: &ServiceState, now: Moment) -> Option<Safe> {
    let (name, cause) = (&service.spec.name, service.readout.cause()?);
    let last = service.readout.last().map(|(_, at)| figure::age(now.since(at)));
    let last = last.map_or_else(|| "there was no good reading yet".to_owned(), |age| format!("last good {age} ago"));
    Some(Safe::of(format!("{name} does not answer well: {}; {last}", cause.short())))
}

/// Whether what it stands on was read from the manager of a service.
fn asks_the_manager(plan: &Plan) -> bool {
    match plan {
        Plan::Service { .. } => true,
        Plan::Runbook(runbook) => runbook.items().iter().any(|(_, step)| matches!(step.deed, Deed::Service { .. })),
        _ => false,
    }
}

fn of_sessions(database: &DatabaseState, now: Moment, action: &Action) -> Option<Safe> {
    let Plan::Sessions { selector, verb } = &action.plan else { return None };
    let server = database.server.value()?;
    if server.pooler {
        return Some(Safe::of("behind a pooler no session is ours: it needs a direct DSN"));
    }
    if *verb == SessionVerb::Cancel && runs_nothing(database, now, selector) {
        return Some(Safe::of("it runs nothing: terminate it instead"));
    }
    if server.may_signal {
        return None;
    }
    // Its own sessions a role may always signal.
    let user = server.user.one_line();
    let own = |of: &crate::domain::session::Session| of.user == server.user;
    // What does not fit into the list is not known.
    let sessions = database.sessions.value().filter(|all| all.left_out == 0).map(|all| &all.list)?;
    let reachable = match selector {
        SessionSelector::One(id) => sessions.iter().any(|session| session.id == *id && own(session)),
        _ => sessions.iter().any(own),
    };
    (!reachable).then(|| Safe::of(format!("needs pg_signal_backend: GRANT pg_signal_backend TO {user};")))
}

/// Whether a fresh reading shows that whoever is meant runs nothing. Where nobody can be named, or may not be looked at,
/// nothing is known.
fn runs_nothing(database: &DatabaseState, now: Moment, selector: &SessionSelector) -> bool {
    let fresh = database.sessions.state(now, database.spec.interval).is_fresh();
    let Some(sessions) = database.sessions.value().filter(|_| fresh).map(|all| &all.list) else { return false };
    let meant = match selector {
        SessionSelector::One(id) => sessions.iter().find(|session| session.id == *id),
        SessionSelector::RootBlocker => {
            let root = blocking::roots(sessions).into_iter().next();
            root.and_then(|root| sessions.iter().find(|session| session.id.pid == root.pid))
        }
        SessionSelector::Pid(_)
        | SessionSelector::Given(_)
        | SessionSelector::Idle { .. }
        | SessionSelector::IdleInTransaction { .. } => None,
    };
    meant.is_some_and(|session| session.state == SessionState::Idle || session.state.holds_transaction())
}
