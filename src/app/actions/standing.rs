//! What the shared folder tells before a card is asked for: who holds a target, and what still cools down there. Only for
//! looking: whoever starts an action takes the lock, and what is found then is what counts.

// What is known when: a target is told from every other by the facts of its identity that last. Of a request they stand in
// the configuration (its origin), of a service too (name, manager, place); of a database and a Redis the server tells them
// with its first reading. Before that, and wherever they cannot be read, nothing is known here, and nothing is said.

use std::time::Duration;

use crate::app::Model;
use crate::app::view::{Overlay, Page};
use crate::config::resolved::CacheSource;
use crate::domain::{Moment, Safe, Untrusted, figure};
use crate::remediation::action::{Action, Plan};
use crate::remediation::card::Identity;
use crate::remediation::runbook::{Deed, Runbook};
use crate::remediation::service::ServiceStep;
use crate::remediation::step::Work;
use crate::remediation::written;

use super::catalogue;

/// Targets that are asked about at a time.
const MOST: usize = 64;
/// It is asked again after so long, while what depends on it can be seen.
const AGAIN: Duration = Duration::from_secs(5);
/// Who holds a target is believed for so long.
const BELIEVED: Duration = Duration::from_secs(15);

/// How the reason begins that counts down.
const COOLING: &str = "cooling down ";

/// The reason for a notice, which stands still: without the figure that runs.
#[must_use]
pub fn still(why: &Safe, action: &Safe) -> Safe {
    if why.as_str().starts_with(COOLING) {
        return Safe::of(format!("{action} is cooling down: see the menu"));
    }
    why.clone()
}

/// One thing to ask the folder about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Name of the action.
    pub action: Safe,
    /// The target's identity, hashed.
    pub key: String,
    /// How long it cools down.
    pub cool_down: Duration,
}

/// What the folder says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Name of the action.
    pub action: Safe,
    /// The target's identity, hashed.
    pub key: String,
    /// How long it still cools down.
    pub cooling: Option<Duration>,
    /// Who holds it, since when: `mia since 12:04:31Z (restart-api)`.
    pub held: Option<Safe>,
}

/// What was asked, and what was answered.
#[derive(Debug, Default)]
pub struct Standings {
    asked: u64,
    asked_at: Option<Moment>,
    seen: Vec<Standing>,
    seen_at: Option<Moment>,
}

impl Standings {
    /// A question goes out; only its answer counts from here on.
    pub fn ask(&mut self, id: u64, now: Moment) {
        (self.asked, self.asked_at) = (id, Some(now));
    }

    /// An answer came.
    pub fn answer(&mut self, id: u64, seen: Vec<Standing>, now: Moment) {
        if id == self.asked {
            (self.seen, self.seen_at) = (seen, Some(now));
        }
    }

    /// Whether it is time to ask again.
    #[must_use]
    pub fn is_due(&self, now: Moment) -> bool {
        self.asked_at.is_none_or(|at| now.since(at) >= AGAIN)
    }

    /// Why an action would be refused that takes these locks, as far as is known: the worst of it.
    #[must_use]
    pub fn against(&self, action: &Safe, keys: &[String], now: Moment) -> Option<Safe> {
        let age = now.since(self.seen_at?);
        let touched = || self.seen.iter().filter(|standing| keys.contains(&standing.key));
        let holder = touched().find_map(|standing| standing.held.as_ref()).filter(|_| age <= BELIEVED);
        if let Some(held) = holder {
            return Some(Safe::of(format!("held by {held}")));
        }
        let own = touched().filter(|standing| standing.action == *action);
        let left =
            own.filter_map(|standing| standing.cooling?.checked_sub(age)).max().filter(|left| !left.is_zero())?;
        Some(Safe::of(format!("{COOLING}{}", figure::age(left))))
    }
}

/// Why an action would be refused by the folder now, as far as is known.
#[must_use]
pub fn against(model: &Model, action: &Action) -> Option<Safe> {
    model.actions.standings.against(&action.id, &keys(model, action), model.now)
}

/// Whether anything that depends on it can be seen.
#[must_use]
pub fn is_seen(model: &Model) -> bool {
    let menu = model.view.overlays.iter().any(|overlay| matches!(overlay, Overlay::Menu { .. }));
    menu || model.view.page == Page::Actions
}

/// What to ask about: every lock that an action of the menu would take, as far as its targets are known.
#[must_use]
pub fn wanted(model: &Model) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for action in catalogue::all(model) {
        for key in keys(model, &action) {
            let one = Wanted { action: action.id.clone(), key, cool_down: action.limits.cool_down };
            if wanted.len() < MOST && !wanted.contains(&one) {
                wanted.push(one);
            }
        }
    }
    wanted
}

/// The keys of all that an action touches, by the facts that its card would show; its own first.
fn keys(model: &Model, action: &Action) -> Vec<String> {
    let identities = match &action.plan {
        Plan::Steps(steps) => {
            let mut written = steps.iter().map(|step| written::of(&step.work).identity);
            written.find(|identity| !identity.facts.is_empty()).into_iter().collect()
        }
        Plan::Service { step, .. } => vec![of_service(step)],
        Plan::Runbook(runbook) => {
            let own = Runbook::identity(&action.id, &action.target.name);
            let touched = runbook.items().into_iter().filter_map(|(_, step)| of_deed(model, &step.deed));
            std::iter::once(own).chain(touched).collect()
        }
        // What it would touch stands in it once it was given what it wants.
        Plan::Wanting(_) => Vec::new(),
        Plan::Sessions { .. } | Plan::Explain { .. } | Plan::Upkeep(_) | Plan::Backup(_) => {
            action.target.at.and_then(|at| of_database(model, at)).into_iter().collect()
        }
        Plan::Flush { .. } => action.target.at.and_then(|at| of_redis(model, at)).into_iter().collect(),
    };
    let mut keys: Vec<String> = vec![action.target.key().hex()];
    for identity in identities.iter().filter(|identity: &&Identity| identity.is_told()) {
        let key = identity.target_key().hex();
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// What a step of a runbook touches.
fn of_deed(model: &Model, deed: &Deed) -> Option<Identity> {
    match deed {
        Deed::Sessions { database, .. }
        | Deed::Upkeep { database, .. }
        | Deed::Backup { database, .. }
        | Deed::Explain { database, .. } => of_database(model, *database),
        Deed::Service { step, .. } => Some(of_service(step)),
        Deed::Flush { cache, .. } => of_redis(model, *cache),
        Deed::Work(Work::Sql(sql)) => of_database(model, sql.database),
        Deed::Work(Work::Redis(redis)) => of_redis(model, redis.cache),
        Deed::Work(work) => Some(written::of(work).identity),
    }
}

fn text(text: &Safe) -> Untrusted {
    Untrusted::from(text.as_str())
}

fn of_service(step: &ServiceStep) -> Identity {
    let facts = vec![
        ("service", Untrusted::from(step.name())),
        ("manager", text(&step.manager.words())),
        ("where", text(&step.place.words())),
    ];
    Identity { facts }
}

fn of_database(model: &Model, at: usize) -> Option<Identity> {
    let server = model.live.databases.get(at)?.server.value()?;
    let system = server.system_identifier.as_ref().map_or("not readable", Safe::as_str);
    Some(Identity {
        facts: vec![
            ("system identifier", Untrusted::from(system)),
            ("database", Identity::database(&server.database, server.database_oid)),
        ],
    })
}

fn of_redis(model: &Model, at: usize) -> Option<Identity> {
    let cache = model.live.caches.get(at)?;
    let CacheSource::Redis { target, .. } = &cache.spec.source else { return None };
    let run = cache.readout.value()?.redis.as_ref()?.run_id.clone();
    Some(Identity { facts: vec![("run id", text(&run)), ("database", Untrusted::from(target.database.to_string()))] })
}
