//! What keeps operators and processes of this host out of each other's way: one action per target, and cool-downs that outlive
//! the program. In the folder that they share, or in one's own, which covers only oneself.

use std::time::Duration;

use crate::adapters::operator;
use crate::adapters::shared_folder::{Hold, Holder, SharedFolder};
use crate::app::actions::standing::{self, Standing};
use crate::config::resolved::ActionsSpec;
use crate::domain::{Safe, figure};
use crate::remediation::approval::Spending;

use super::clock;

/// What is wanted of the locks.
#[derive(Debug)]
pub struct Wanted {
    /// The target's identity, hashed.
    pub key: String,
    /// The same of other targets that it touches.
    pub beside: Vec<String>,
    /// Which action.
    pub action: Safe,
    /// Its target, for words.
    pub target: Safe,
    /// Not again before.
    pub cool_down: Duration,
    /// The approval of a second person that it uses up.
    pub spending: Option<Spending>,
}

/// The locks, or why there are none.
pub struct Guards {
    folder: Result<SharedFolder, Safe>,
    shared_accounts: Vec<String>,
}

impl Guards {
    /// Looks at the folder. One that cannot be trusted refuses actions; it is never replaced by another.
    pub fn open(spec: &ActionsSpec) -> Guards {
        let folder = SharedFolder::open(spec.shared.as_deref()).map_err(|cause| Safe::of(cause.to_string()));
        Guards { folder, shared_accounts: spec.policy.shared_accounts.clone() }
    }

    /// Whom they cover, where that is less than everybody on this host.
    pub fn coverage(&self) -> Option<Safe> {
        match &self.folder {
            Ok(folder) => folder.covers_only_you().then(|| folder.reach_words()),
            Err(why) => Some(Safe::of(format!("no action runs: the shared folder cannot be used: {why}"))),
        }
    }

    /// The folder where others are met, or why there is none.
    pub fn folder(&self) -> Result<&SharedFolder, Safe> {
        self.folder.as_ref().map_err(Clone::clone)
    }

    /// Looks who holds targets, and what cools down there; takes and changes nothing. What cannot be read is not said.
    pub fn look(&self, wanted: Vec<standing::Wanted>) -> Vec<Standing> {
        let Ok(folder) = &self.folder else { return Vec::new() };
        let now = clock::now();
        let one = |wanted: standing::Wanted| {
            let standing::Wanted { action, key, cool_down } = wanted;
            let holder = folder.holder(&key).ok().flatten();
            let held = holder.map(|holder| {
                let since = holder.since.format("%H:%M:%SZ");
                Safe::of(format!("{} since {since} ({})", holder.user, holder.action))
            });
            let cooling = folder.cooling(action.as_str(), &key, cool_down, now).ok().flatten();
            Standing { action, key, cooling, held }
        };
        wanted.into_iter().map(one).collect()
    }

    /// Takes the locks of the targets, looks whether the action still cools down, uses its approval up, and notes that it
    /// starts now.
    pub fn hold(&self, wanted: &Wanted) -> Result<Vec<Hold>, Safe> {
        let folder = self.folder()?;
        let now = clock::now();
        let me = operator::identity();
        let holder = Holder {
            user: me.user.clone(),
            pid: std::process::id(),
            host: operator::host(),
            tty: operator::tty(),
            since: now.wall,
            action: wanted.action.clone(),
            target: wanted.target.clone(),
        };
        // Nobody waits for a lock, so their order does not matter; those already taken go when one is not to be had.
        let keys = std::iter::once(&wanted.key).chain(&wanted.beside);
        let taken = keys.map(|key| folder.hold(key, &holder).map_err(|held| Safe::of(held.to_string())));
        let holds = taken.collect::<Result<Vec<Hold>, Safe>>()?;
        let action = wanted.action.as_str();
        let unknown = |cause: crate::domain::Cause| Safe::of(format!("whether it cools down cannot be known: {cause}"));
        if let Some(left) = folder.cooling(action, &wanted.key, wanted.cool_down, now).map_err(unknown)? {
            return Err(Safe::of(format!("it cools down for another {}", figure::age(left))));
        }
        // Last of all that can refuse: what is used up is not given back.
        if let Some(spending) = &wanted.spending {
            let spent = folder.spend(spending, &me, &self.shared_accounts, now);
            spent.map_err(|why| Safe::of(format!("the second person's approval cannot be used: {why}")))?;
        }
        folder.started(action, &wanted.key, now).map_err(unknown)?;
        Ok(holds)
    }
}
