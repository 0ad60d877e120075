//! What is known of a target before its card is made, and speaks against acting on it: data that are old, a pooler between, a
//! right that is missing. The card, made by a preview that runs for real, has the last word.

use std::time::Duration;

use crate::app::Model;
use crate::app::telemetry::database::DatabaseState;
use crate::domain::source::SourceKind;
use crate::domain::{Moment, PaneState, Readout, Safe, figure};
use crate::remediation::action::{Action, Plan, SessionSelector};

/// Why an action on a target makes no sense now, as far as its readings tell.
#[must_use]
pub fn reason(model: &Model, action: &Action) -> Option<Safe> {
    let at = action.target.at?;
    let name = &action.target.name;
    match action.target.kind {
        SourceKind::Database => {
            let database = model.live.databases.get(at)?;
            old(&database.server, model.now, database.spec.interval, name).or_else(|| of_sessions(database, action))
        }
        SourceKind::Cache => {
            let cache = model.live.caches.get(at)?;
            old(&cache.readout, model.now, cache.spec.interval, name)
        }
        // That a service is down or does not answer is what a restart is for; its manager is asked by the card itself.
        SourceKind::Service | SourceKind::Signal => None,
    }
}

/// Data that nothing has renewed for longer than its source should take.
fn old<T>(readout: &Readout<T>, now: Moment, interval: Duration, name: &Safe) -> Option<Safe> {
    match readout.state(now, interval) {
        PaneState::Stale { age } => Some(Safe::of(format!("what is known of {name} is {} old", figure::age(age)))),
        _ => None,
    }
}

fn of_sessions(database: &DatabaseState, action: &Action) -> Option<Safe> {
    let Plan::Sessions { selector, .. } = &action.plan else { return None };
    let server = database.server.value()?;
    if server.pooler {
        return Some(Safe::of("behind a pooler no session is ours: it needs a direct DSN"));
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
