//! What keeps operators and processes of this host out of each other's way: one action per target, and cool-downs that outlive
//! the program. In the folder that they share, or in one's own, which covers only oneself.

use std::time::Duration;

use crate::adapters::operator;
use crate::adapters::shared_folder::{Hold, Holder, SharedFolder};
use crate::config::resolved::ActionsSpec;
use crate::domain::{Safe, figure};

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
}

/// The locks, or why there are none.
pub struct Guards {
    folder: Result<SharedFolder, Safe>,
}

impl Guards {
    /// Looks at the folder. One that cannot be trusted refuses actions; it is never replaced by another.
    pub fn open(spec: &ActionsSpec) -> Guards {
        let folder = SharedFolder::open(spec.shared.as_deref()).map_err(|cause| Safe::of(cause.to_string()));
        Guards { folder }
    }

    /// Whom they cover, where that is less than everybody on this host.
    pub fn coverage(&self) -> Option<Safe> {
        match &self.folder {
            Ok(folder) => folder.covers_only_you().then(|| folder.reach_words()),
            Err(why) => Some(Safe::of(format!("no action runs: the shared folder cannot be used: {why}"))),
        }
    }

    /// Takes the locks of the targets, looks whether the action still cools down, and notes that it starts now.
    pub fn hold(&self, wanted: &Wanted) -> Result<Vec<Hold>, Safe> {
        let folder = self.folder.as_ref().map_err(Clone::clone)?;
        let now = clock::now();
        let holder = Holder {
            user: operator::identity().user,
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
        folder.started(action, &wanted.key, now).map_err(unknown)?;
        Ok(holds)
    }
}
