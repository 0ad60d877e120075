//! An action as data: what it is aimed at, how dangerous it is, what must hold before, what it does, its limits and how its
//! success is shown.

use std::time::Duration;

use crate::domain::Safe;
use crate::domain::source::SourceKind;
use crate::domain::target::{Environment, Provenance};

use super::backup::Backup;
use super::explain::Explained;
use super::level::Level;
use super::measure::{Precondition, Proof};
use super::parameter::{Given, Parameter};
use super::runbook::Runbook;
use super::service::ServiceStep;
use super::step::{SessionVerb, Step};
use super::upkeep::Upkeep;

/// What an action is aimed at, as the configuration names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What it is.
    pub kind: SourceKind,
    /// Its place in the configuration, if it is watched.
    pub at: Option<usize>,
    /// Its name: what a person types to confirm.
    pub name: Safe,
    /// How careful one has to be.
    pub environment: Environment,
    /// How it came to be watched.
    pub provenance: Provenance,
    /// It answers on loopback.
    pub on_loopback: bool,
}

/// An action that can be asked for.
#[derive(Clone, Debug)]
pub struct Action {
    /// Its name in menu, audit and on the command line: `terminate-idle`.
    pub id: Safe,
    /// In a few words.
    pub title: Safe,
    /// How dangerous it is.
    pub level: Level,
    /// What it is aimed at.
    pub target: Target,
    /// What it does.
    pub plan: Plan,
    /// What must hold before; unknown is never true.
    pub preconditions: Vec<Precondition>,
    /// Limits.
    pub limits: Limits,
    /// How its success is shown.
    pub proof: Proof,
    /// What undoes it, or that nothing does.
    pub undo: Safe,
    /// What a person should know beforehand.
    pub warnings: Vec<Safe>,
    /// The values that a person gave it.
    pub given: Given,
}

/// An order by its title, on its target unless the title names that already.
#[must_use]
pub fn named(title: &Safe, target: &Safe) -> String {
    let names_it = title.as_str().split_whitespace().any(|word| word == target.as_str());
    if names_it { title.to_string() } else { format!("{title} on {target}") }
}

impl Action {
    /// The runbook that it is, whether or not it has its values yet.
    #[must_use]
    pub fn runbook(&self) -> Option<&Runbook> {
        match &self.plan {
            Plan::Runbook(runbook) => Some(runbook),
            Plan::Wanting(wanting) => match &wanting.plan {
                Plan::Runbook(runbook) => Some(runbook),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What an action does: steps that are written down, or sessions that are chosen when its card is made.
#[derive(Clone, Debug)]
pub enum Plan {
    /// These steps.
    Steps(Vec<Step>),
    /// An order to a service's own manager.
    Service {
        /// The order.
        step: Box<ServiceStep>,
        /// A new process has to stay for so long.
        stable: Duration,
    },
    /// The sessions that a selector finds.
    Sessions {
        /// Which.
        selector: SessionSelector,
        /// What is done to each.
        verb: SessionVerb,
    },
    /// Every key of a Redis database goes.
    Flush {
        /// By how much the number of keys may have changed since the card, as a share.
        tolerance: f64,
    },
    /// The server says how it would run a statement.
    Explain {
        /// Which.
        of: Explained,
        /// Literals in the plan are hidden.
        redact: bool,
    },
    /// A table or an index is kept in shape.
    Upkeep(Upkeep),
    /// Several steps with gates.
    Runbook(Box<Runbook>),
    /// A database is backed up, and the backup restored.
    Backup(Box<Backup>),
    /// One of these, with values that nobody gave yet: nothing can be done with it but giving them.
    Wanting(Box<Wanting>),
}

/// A plan that has to be given values.
#[derive(Clone, Debug)]
pub struct Wanting {
    /// Which.
    pub parameters: Vec<Parameter>,
    /// The plan, with their names where they go.
    pub plan: Plan,
}

/// In which databases of a server sessions are looked for. All of them is a word of its own, never what is left when nothing
/// was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Databases {
    /// The one that the connection is in.
    Present,
    /// This one, by its name on the server.
    Named(String),
    /// Every one.
    Every,
}

/// Which sessions. Never ours, never replication or background workers, never a superuser's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionSelector {
    /// This one.
    One(crate::domain::session::SessionId),
    /// Whichever has this process id when the card is made; from there on it is that one and no other.
    Pid(i32),
    /// Whichever has the process id that a parameter gives, by the text in which that stands: nobody until it is given.
    Given(String),
    /// Idle for at least this long.
    Idle {
        /// Since `state_change`.
        older_than: Duration,
        /// Of this user only.
        user: Option<String>,
        /// Of this application only.
        application: Option<String>,
        /// In which databases of the server.
        databases: Databases,
        /// Never these users.
        except_users: Vec<String>,
        /// Never these applications.
        except_applications: Vec<String>,
    },
    /// A transaction open and nothing running for at least this long, in the present database.
    IdleInTransaction {
        /// Since `state_change`.
        older_than: Duration,
    },
    /// Whoever blocks others and is blocked by nobody: the one that blocks most.
    RootBlocker,
}

/// Limits of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Objects at most.
    pub cap: usize,
    /// The same action on the same target again not before.
    pub cool_down: Duration,
    /// All steps together.
    pub deadline: Duration,
}
