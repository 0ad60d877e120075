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
use crate::remediation::step::Work;

use super::catalogue;

/// Targets that are asked about at a time.
const MOST: usize = 64;
/// It is asked again after so long, while what depends on it can be seen.
const AGAIN: Duration = Duration::from_secs(5);
/// Who holds a target is believed for so long.
const BELIEVED: Duration = Duration::from_secs(15);

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

    /// Why an action on a target would be refused, as far as is known.
    #[must_use]
    pub fn against(&self, action: &Safe, key: &str, now: Moment) -> Option<Safe> {
        let age = now.since(self.seen_at?);
        let holder = self.seen.iter().find(|standing| standing.key == key && standing.held.is_some());
        if let Some(held) = holder.and_then(|standing| standing.held.as_ref()).filter(|_| age <= BELIEVED) {
            return Some(Safe::of(format!("held by {held}")));
        }
        let own = self.seen.iter().find(|standing| standing.key == key && standing.action == *action)?;
        let left = own.cooling?.checked_sub(age).filter(|left| !left.is_zero())?;
        Some(Safe::of(format!("cooling down {}", figure::age(left))))
    }
}

/// Why an action would be refused by the folder now, as far as is known.
#[must_use]
pub fn against(model: &Model, action: &Action) -> Option<Safe> {
    let key = key(model, action)?;
    model.actions.standings.against(&action.id, &key, model.now)
}

/// Whether anything that depends on it can be seen.
#[must_use]
pub fn is_seen(model: &Model) -> bool {
    let menu = model.view.overlays.iter().any(|overlay| matches!(overlay, Overlay::Menu { .. }));
    menu || model.view.page == Page::Actions
}

/// What to ask about: every action of the menu whose target is known.
#[must_use]
pub fn wanted(model: &Model) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for action in catalogue::all(model) {
        let Some(key) = key(model, &action) else { continue };
        let one = Wanted { action: action.id, key, cool_down: action.limits.cool_down };
        if wanted.len() < MOST && !wanted.contains(&one) {
            wanted.push(one);
        }
    }
    wanted
}

/// The key of an action's target, by the facts that its card would show.
fn key(model: &Model, action: &Action) -> Option<String> {
    let text = |text: &Safe| Untrusted::from(text.as_str());
    let facts: Vec<(&'static str, Untrusted)> = match &action.plan {
        Plan::Steps(steps) => match steps.iter().find_map(|step| match &step.work {
            Work::Http(http) => Some(http.url.origin().ascii_serialization()),
            _ => None,
        }) {
            Some(origin) => vec![("origin", Untrusted::from(origin))],
            None => return None,
        },
        Plan::Service { step, .. } => vec![
            ("service", Untrusted::from(step.name())),
            ("manager", text(&step.manager.words())),
            ("where", text(&step.place.words())),
        ],
        // Of several targets one has a card of its own only when it was made.
        Plan::Runbook(_) | Plan::Wanting(_) => return None,
        Plan::Sessions { .. } | Plan::Explain { .. } | Plan::Upkeep(_) | Plan::Backup(_) => {
            let server = model.live.databases.get(action.target.at?)?.server.value()?;
            let system = server.system_identifier.as_ref().map_or("not readable", Safe::as_str);
            vec![("system identifier", Untrusted::from(system)), ("database", server.database.clone())]
        }
        Plan::Flush { .. } => {
            let cache = model.live.caches.get(action.target.at?)?;
            let CacheSource::Redis { target, .. } = &cache.spec.source else { return None };
            let run = cache.readout.value()?.redis.as_ref()?.run_id.clone();
            vec![("run id", text(&run)), ("database", Untrusted::from(target.database.to_string()))]
        }
    };
    Some(Identity { facts }.target_key().hex())
}
