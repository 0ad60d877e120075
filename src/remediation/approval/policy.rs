//! What the configuration, and the policy of a shared folder, ask of actions beside their level: a second person, which of
//! them may break the glass, and what never runs. It only adds to what the level asks for.

use std::time::Duration;

use crate::domain::Safe;
use crate::domain::target::Environment;
use crate::remediation::action::Action;
use crate::remediation::built_in;
use crate::remediation::card::Digest;
use crate::remediation::level::Level;
use crate::remediation::window::Window;

/// Of whom and for what a second person is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Levels, from which on, and names of actions; each for all environments, or from one on.
    pub second_person: Vec<String>,
    /// Names of actions that may run outside every window, with a reason and a second person.
    pub break_glass: Vec<String>,
    /// Accounts that several people use: they are nobody's.
    pub shared_accounts: Vec<String>,
    /// What never runs, written as in `second_person`.
    pub refused: Vec<String>,
    /// Beside the windows of the configuration one of these has to be open, where there are any.
    pub windows: Vec<Window>,
    /// No action again before this, whatever it says itself.
    pub cool_down: Duration,
    /// An approval counts only where the system records who logged in, of both.
    pub require_login: bool,
    /// Why nothing runs at all.
    pub barred: Option<Safe>,
    /// Of the text of the shared policy: consent is given under it, and under no other.
    pub mark: Option<Digest>,
    /// What the shared policy lets run without a terminal, and for whom; none where no folder is shared.
    pub headless: Option<Vec<String>>,
}

/// What a card asks for beside phrase and window. Part of what is consented to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Demands {
    /// Another person has to approve it.
    pub second_person: bool,
    /// It runs outside every maintenance window.
    pub break_glass: bool,
    /// The shared policy that it was made under.
    pub policy: Option<Digest>,
}

/// Nothing beside what the level asks for.
pub static NO_POLICY: Policy = Policy {
    second_person: Vec::new(),
    break_glass: Vec::new(),
    shared_accounts: Vec::new(),
    refused: Vec::new(),
    windows: Vec::new(),
    cool_down: Duration::ZERO,
    require_login: false,
    barred: None,
    mark: None,
    headless: None,
};

/// `L3`, `restart-api`, `L2 in production`: what is meant, and from which environment on.
#[must_use]
pub fn parts_of(entry: &str) -> (&str, Option<&str>) {
    match entry.rsplit_once(" in ") {
        Some((what, environment)) => (what.trim(), Some(environment.trim())),
        None => (entry, None),
    }
}

/// `warm-cache`, `warm-cache for deploy`: which action runs without a terminal, and for which user alone.
#[must_use]
pub fn grant_of(entry: &str) -> (&str, Option<&str>) {
    match entry.rsplit_once(" for ") {
        Some((action, user)) => (action.trim(), Some(user.trim())),
        None => (entry, None),
    }
}

fn grants(entries: &[String], action: &Action, user: &str) -> bool {
    entries
        .iter()
        .map(|entry| grant_of(entry))
        .any(|(name, only)| name == action.id.as_str() && only.is_none_or(|only| only == user))
}

/// Whether an entry means an action. Whoever names a level or an environment means what is stricter too.
fn means(entry: &str, action: &Action) -> bool {
    // Whatever does what an action does is that action too, under another name or as a step of a runbook.
    let is_named = |name: &str| {
        name == action.id.as_str()
            || built_in::of_plan(&action.plan) == Some(name)
            || action.runbook().is_some_and(|book| book.does(name))
    };
    if is_named(entry) {
        return true;
    }
    let (what, from) = parts_of(entry);
    // What nobody can read leaves no target out.
    let there = from.and_then(Environment::parse).is_none_or(|from| action.target.environment >= from);
    let level = Level::ALL.into_iter().find(|level| level.word() == what);
    there && level.map_or_else(|| is_named(what), |from| action.level >= from)
}

impl Policy {
    /// Whether somebody else has to approve an action, in its window too.
    #[must_use]
    pub fn wants_second_person(&self, action: &Action) -> bool {
        self.second_person.iter().any(|entry| means(entry, action))
    }

    /// Whether an action may run outside every window.
    #[must_use]
    pub fn grants_breaking(&self, action: &Action) -> bool {
        action.level >= Level::L3 && self.break_glass.iter().any(|name| name == action.id.as_str())
    }

    /// Why an action does not run for a user where no terminal is: the configuration has to grant it, and where operators
    /// share a folder its policy as well, for a configuration is written by the one whom it would let go.
    #[must_use]
    pub fn against_headless(&self, own: &[String], action: &Action, user: &Safe) -> Option<Safe> {
        let id = &action.id;
        let needs = format!("{id} needs a terminal, on which somebody reads its card");
        if !grants(own, action, user.as_str()) {
            let line = format!("headless = [\"{id}\"] under [actions]");
            return Some(Safe::of(format!("{needs}; allow it without one: {line}")));
        }
        // Where nothing runs at all that is said.
        let policy = self.headless.as_ref().filter(|_| self.barred.is_none());
        let refused = policy.is_some_and(|granted| !grants(granted, action, user.as_str()));
        refused.then(|| {
            let line = format!("headless = [\"{id} for {user}\"] in policy.toml of the folder `shared`");
            Safe::of(format!("{needs}; the shared policy does not grant it to {user} without one: {line}"))
        })
    }

    /// Why an action never runs here, whatever is consented to.
    #[must_use]
    pub fn against(&self, action: &Action) -> Option<Safe> {
        if action.level == Level::L0 {
            return None;
        }
        let refused = || self.refused.iter().find(|entry| means(entry, action));
        self.barred.clone().or_else(|| refused().map(|entry| Safe::of(format!("the shared policy refuses {entry}"))))
    }

    /// The action with the limits of policy, where they are the tighter ones.
    #[must_use]
    pub fn bind(&self, mut action: Action) -> Action {
        action.limits.cool_down = action.limits.cool_down.max(self.cool_down);
        action
    }
}
