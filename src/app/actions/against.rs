//! What is known of a target before its card is made, and speaks against acting on it: data that are old, a pooler between, a
//! right that is missing. The card, made by a preview that runs for real, has the last word.

use crate::app::Model;
use crate::app::telemetry::database::DatabaseState;
use crate::database::blocking;
use crate::domain::session::SessionState;
use crate::domain::source::SourceKind;
use crate::domain::{Moment, Safe, Verdict, figure};
use crate::remediation::action::{Action, Plan, SessionSelector};
use crate::remediation::runbook::Deed;
use crate::remediation::step::{SessionVerb, Work};

/// Why an action on a target makes no sense now, as far as its readings tell.
#[must_use]
pub fn reason(model: &Model, action: &Action) -> Option<Safe> {
    let at = action.target.at.filter(|_| action.target.kind == SourceKind::Database)?;
    let database = model.live.databases.get(at)?;
    if let Plan::Explain { session: Some(id), .. } = &action.plan {
        let sessions = &database.sessions.value()?.list;
        let hidden = sessions.iter().any(|session| session.id == *id && session.state == SessionState::Hidden);
        return hidden.then(|| Safe::of("this role may not see what it runs: it needs pg_read_all_stats"));
    }
    of_sessions(database, model.now, action)
}

/// That nobody has told anything of the target for longer than its source should take. A failure that was just told is no
/// silence.
#[must_use]
pub fn stale(model: &Model, action: &Action) -> Option<Safe> {
    let (now, at, live) = (model.now, action.target.at?, &model.live);
    let unseen = !is_looked_at(&action.plan);
    let age = match action.target.kind {
        SourceKind::Database => {
            let database = live.databases.get(at)?;
            let (interval, server) = (database.spec.interval, &database.server);
            let old = || server.outdated(now, interval).filter(|_| unseen);
            server.silent(now, interval, database.spec.deadline).or_else(old)
        }
        SourceKind::Cache => {
            let cache = live.caches.get(at)?;
            let (interval, readout) = (cache.spec.interval, &cache.readout);
            let old = || readout.outdated(now, interval).filter(|_| unseen);
            readout.silent(now, interval, cache.spec.deadline).or_else(old)
        }
        SourceKind::Signal => {
            let signal = live.signals.get(at)?;
            let (interval, readout) = (signal.spec.interval, &signal.readout);
            let old = || readout.outdated(now, interval).filter(|_| unseen);
            readout.silent(now, interval, signal.spec.deadline).or_else(old)
        }
        SourceKind::Prometheus => return None,
        SourceKind::Alertmanager => {
            let engine = live.alertmanager.as_ref()?;
            engine.readout.silent(now, engine.spec.interval, engine.spec.deadline)
        }
        // That a service does not answer, not even with a failure, is what a restart is for: its manager was asked by the card.
        SourceKind::Service if asks_the_manager(&action.plan) => None,
        SourceKind::Service => {
            let service = live.services.get(at)?;
            let (interval, readout) = (service.spec.interval, &service.readout);
            // That it is down is a reading of now, and what many an action is for; that nobody can tell is none.
            let told = readout.cause().is_some_and(|cause| cause.verdict() == Verdict::Down);
            let old = || readout.outdated(now, interval).filter(|_| unseen && !told);
            readout.silent(now, interval, service.spec.deadline).or_else(old)
        }
    };
    age.map(|age| Safe::of(format!("what is known of {} is {} old", action.target.name, figure::age(age))))
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

/// What a person should know of a target that nothing is looked at of for the card: that it is down, and since when.
#[must_use]
pub fn minds(model: &Model, action: &Action) -> Option<Safe> {
    if is_looked_at(&action.plan) {
        return None;
    }
    let name = &action.target.name;
    let service = model.live.services.get(action.target.at?).filter(|_| action.target.kind == SourceKind::Service)?;
    let cause = service.readout.cause()?;
    let last = service.readout.last().map(|(_, at)| figure::age(model.now.since(at)));
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
        SessionSelector::Pid(_) | SessionSelector::Idle { .. } | SessionSelector::IdleInTransaction { .. } => None,
    };
    meant.is_some_and(|session| session.state == SessionState::Idle || session.state.holds_transaction())
}
