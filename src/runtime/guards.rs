//! What keeps operators and processes of this host out of each other's way: one action per target, and cool-downs that outlive
//! the program. In the folder that they share, or in one's own, which covers only oneself.

use std::time::{Duration, Instant};

use crate::adapters::shared_folder::{HeldBy, Hold, Holder, SharedFolder};
use crate::adapters::{operator, policy_file};
use crate::app::actions::standing::{self, Standing};
use crate::app::effect::Unused;
use crate::config::policy::PolicyFile;
use crate::config::resolved::ActionsSpec;
use crate::domain::{Moment, Safe, figure};
use crate::remediation::approval::{Policy, Spending};

use super::clock;

/// The policy is looked at so often.
const EVERY: Duration = Duration::from_secs(2);

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
    /// What it asks of people, and why it lets nothing run, if so.
    policy: Policy,
    /// The shared policy that this program was started under.
    policy_file: Option<PolicyFile>,
    due: Instant,
    told: bool,
}

impl Guards {
    /// Looks at the folder. One that cannot be trusted refuses actions; it is never replaced by another.
    pub fn open(spec: &ActionsSpec) -> Guards {
        let folder = SharedFolder::open(spec.shared.as_deref()).map_err(|cause| Safe::of(cause.to_string()));
        Guards {
            folder,
            policy: spec.policy.clone(),
            policy_file: spec.policy_file.clone(),
            due: Instant::now() + EVERY,
            told: false,
        }
    }

    /// That the shared policy is another by now, told once; it is looked at every few seconds.
    pub fn policy_changed(&mut self) -> Option<Safe> {
        if Instant::now() < self.due { None } else { self.policy_changed_by_now() }
    }

    /// The same, looked at this very moment.
    pub fn policy_changed_by_now(&mut self) -> Option<Safe> {
        if self.told || self.policy.barred.is_some() {
            return None;
        }
        self.due = Instant::now() + EVERY;
        let changed = self.under_policy().err();
        self.told = changed.is_some();
        changed
    }

    /// Whether the shared policy lets anything run, and is still the one that every card was made under.
    fn under_policy(&self) -> Result<(), Safe> {
        if let Some(why) = &self.policy.barred {
            return Err(why.clone());
        }
        let Some(policy) = &self.policy_file else { return Ok(()) };
        let Some(folder) = policy.path.parent() else { return Ok(()) };
        if policy_file::read(folder) == *policy {
            return Ok(());
        }
        let path = policy.path.display();
        Err(Safe::of(format!("the shared policy {path} is not what it was when this program started: start it again")))
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
        self.under_policy()?;
        self.folder.as_ref().map_err(Clone::clone)
    }

    /// What both clocks showed when they were trusted last in this boot, by whom ever.
    pub fn remembered_clock(&self) -> Result<Option<Moment>, Safe> {
        // Without the folder nothing runs anyway.
        let Ok(folder) = &self.folder else { return Ok(None) };
        folder.newest_clock(clock::now()).map_err(|cause| Safe::of(cause.to_string()))
    }

    /// Takes down what they showed when they were trusted, for the next program.
    pub fn keep_clock(&self, trusted: Moment) {
        let Ok(folder) = &self.folder else { return };
        if let Err(cause) = folder.keep_clock(trusted) {
            tracing::warn!("what the wall clock shows could not be kept: {cause}");
        }
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

    /// Why something is not to be had, with whom the folder names there: what a server tells is a user of its own.
    pub fn named(&self, wanted: &Wanted, why: Safe) -> Safe {
        let Ok(folder) = &self.folder else { return why };
        let mut keys = std::iter::once(&wanted.key).chain(&wanted.beside);
        let holder = keys.find_map(|key| folder.holder(key).ok().flatten());
        holder.map_or(why.clone(), |holder| Safe::of(format!("held: {holder} ({why})")))
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
        let keys = || std::iter::once(&wanted.key).chain(&wanted.beside);
        let words = |held: HeldBy| Safe::of(held.to_string());
        let first = folder.hold(&wanted.key, &holder).map_err(words)?;
        let beside = wanted.beside.iter().map(|key| folder.hold_beside(&first, key, &holder).map_err(words));
        let mut holds = beside.collect::<Result<Vec<Hold>, Safe>>()?;
        holds.push(first);
        let action = wanted.action.as_str();
        let unknown = |cause: crate::domain::Cause| Safe::of(format!("whether it cools down cannot be known: {cause}"));
        // By every name: one that a restart takes away must not take the cool-down with it.
        for key in keys() {
            if let Some(left) = folder.cooling(action, key, wanted.cool_down, now).map_err(unknown)? {
                return Err(Safe::of(format!("it cools down for another {}", figure::age(left))));
            }
        }
        // Last of all that can refuse: what is used up is not given back.
        if let Some(spending) = &wanted.spending {
            let spent = folder.spend(spending, &me, &self.policy, now);
            spent.map_err(|why| Safe::of(format!("the second person's approval cannot be used: {why}")))?;
        }
        keys().try_for_each(|key| folder.started(action, key, now)).map_err(unknown)?;
        Ok(holds)
    }

    /// Takes back what was noted of a start that did nothing. Only while its locks are held: whoever holds none started
    /// nothing, and what they find is another's.
    pub fn never_started(&self, unused: &Unused) {
        let Ok(folder) = &self.folder else { return };
        for key in &unused.keys {
            if let Err(cause) = folder.never_started(unused.action.as_str(), key) {
                tracing::warn!("{} cools down though it did nothing: {cause}", unused.action);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A runbook that touches many targets is one action: else a whole start-up could never run.
    #[test]
    fn however_many_targets_it_touches_it_is_one_action() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o3770)).unwrap();
        let guards = Guards::open(&ActionsSpec { shared: Some(folder.path().to_owned()), ..ActionsSpec::default() });
        let wanted = |letter: char, beside: &str| Wanted {
            key: letter.to_string().repeat(64),
            beside: beside.chars().map(|letter| letter.to_string().repeat(64)).collect(),
            action: Safe::of("startup"),
            target: Safe::of("shop"),
            cool_down: Duration::ZERO,
            spending: None,
        };
        let first = guards.hold(&wanted('a', "bcdefg")).expect("seven targets");
        assert_eq!(first.len(), 7);
        let held = guards.hold(&wanted('h', "g")).unwrap_err();
        assert!(held.as_str().contains("runs startup on shop"), "{held}");
        let more: Vec<_> = ('h'..='j').map(|letter| guards.hold(&wanted(letter, "")).expect("four at once")).collect();
        assert!(guards.hold(&wanted('k', "")).unwrap_err().as_str().contains("4 actions are under way"));
        drop((first, more));
        assert!(guards.hold(&wanted('g', "")).is_ok(), "all of it is let go");
    }

    #[test]
    fn no_lock_is_taken_under_another_policy_than_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o3770)).unwrap();
        let file = folder.path().join("policy.toml");
        let wanted = || Wanted {
            key: "a".repeat(64),
            beside: Vec::new(),
            action: Safe::of("wipe"),
            target: Safe::of("shop"),
            cool_down: Duration::ZERO,
            spending: None,
        };
        let opened = || {
            let policy_file = Some(policy_file::read(folder.path()));
            let shared = Some(folder.path().to_owned());
            Guards::open(&ActionsSpec { shared, policy_file, ..ActionsSpec::default() })
        };
        let held = |guards: &Guards| guards.hold(&wanted()).err().map(|why| why.to_string()).unwrap_or_default();
        let guards = opened();
        assert_eq!(held(&guards), "");
        fs::write(&file, "cap = 1").unwrap();
        assert!(held(&guards).contains("policy.toml is not what it was"), "one that is new counts too");
        let guards = opened();
        assert_eq!(held(&guards), "");
        fs::write(&file, "cap = 2").unwrap();
        assert!(held(&guards).contains("policy.toml is not what it was"));
        fs::remove_file(&file).unwrap();
        assert!(held(&guards).contains("policy.toml is not what it was"), "nor does taking it away loosen anything");
        let barred = Some(Safe::of("read_only = true"));
        let policy = Policy { barred, ..Default::default() };
        let spec = ActionsSpec { shared: Some(folder.path().to_owned()), policy, ..ActionsSpec::default() };
        assert_eq!(held(&Guards::open(&spec)), "read_only = true");
    }

    #[test]
    fn a_cool_down_outlasts_a_name_that_a_restart_takes_away() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o3770)).unwrap();
        let spec = ActionsSpec { shared: Some(folder.path().to_owned()), ..ActionsSpec::default() };
        let guards = Guards::open(&spec);
        let flush = |own: &str, configured: &str| {
            guards.hold(&Wanted {
                key: own.repeat(64),
                beside: vec![configured.repeat(64)],
                action: Safe::of("flush"),
                target: Safe::of("cache"),
                cool_down: Duration::from_secs(600),
                spending: None,
            })
        };
        drop(flush("a", "c").unwrap());
        let why = flush("b", "c").err().map(|why| why.to_string()).unwrap_or_default();
        assert!(why.contains("it cools down for another"), "{why}");
        assert!(flush("b", "d").is_ok(), "another target");
    }

    /// Another configuration of the same person may ask for less time between two starts, or for none.
    #[test]
    fn a_start_that_is_taken_back_leaves_the_one_before_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o3770)).unwrap();
        let spec = ActionsSpec { shared: Some(folder.path().to_owned()), ..ActionsSpec::default() };
        let guards = Guards::open(&spec);
        let restart = |cool_down: u64| {
            guards.hold(&Wanted {
                key: "a".repeat(64),
                beside: vec!["b".repeat(64)],
                action: Safe::of("restart"),
                target: Safe::of("api"),
                cool_down: Duration::from_secs(cool_down),
                spending: None,
            })
        };
        let unused = Unused { action: Safe::of("restart"), keys: vec!["a".repeat(64), "b".repeat(64)] };
        drop(restart(600).expect("the first"));
        for _ in 0..2 {
            let held = restart(0).expect("no time has to pass");
            guards.never_started(&unused);
            drop(held);
            let why = restart(600).err().map(|why| why.to_string()).unwrap_or_default();
            assert!(why.contains("it cools down for another"), "the start that did something is forgotten: {why:?}");
        }
        // What did something is the newest start from then on.
        drop(restart(0).expect("no time has to pass"));
        let held = restart(0).expect("no time has to pass");
        guards.never_started(&unused);
        drop(held);
        assert!(restart(600).is_err());
    }

    #[test]
    fn what_did_nothing_does_not_cool_down() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o3770)).unwrap();
        let spec = ActionsSpec { shared: Some(folder.path().to_owned()), ..ActionsSpec::default() };
        let guards = Guards::open(&spec);
        let restart = |action: &str| {
            guards.hold(&Wanted {
                key: "a".repeat(64),
                beside: vec!["b".repeat(64)],
                action: Safe::of(action),
                target: Safe::of("api"),
                cool_down: Duration::from_secs(600),
                spending: None,
            })
        };
        let unused = |action: &str| Unused { action: Safe::of(action), keys: vec!["a".repeat(64), "b".repeat(64)] };
        drop(restart("stop").unwrap());
        let held = restart("restart").unwrap();
        guards.never_started(&unused("restart"));
        drop(held);
        let held = restart("restart").expect("it did nothing");
        drop(held);
        let why = |action: &str| restart(action).err().map(|why| why.to_string()).unwrap_or_default();
        assert!(why("restart").contains("it cools down for another"));
        assert!(why("stop").contains("it cools down for another"), "of another action nothing is taken back");
    }
}
