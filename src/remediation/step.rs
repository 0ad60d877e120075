//! What an action does, step by step, as data, and what can become of a step. A step names its target and carries everything
//! that it needs; there is no text in it that anything would interpret.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::domain::secret::SecretRef;
use crate::domain::{Cause, Safe};

use super::backup::BackupStep;
use super::command::CommandStep;
use super::explain::ExplainStep;
use super::inward::{Look, Manual, WaitUntil};
use super::object::{Fate, ObjectKey};
use super::query::{RedisStep, SqlStep};
use super::service::facts::ServiceFacts;
use super::service::{LOOK, ServiceStep};
use super::upkeep::UpkeepStep;

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// What a person knows it by.
    pub title: Safe,
    /// What is done.
    pub work: Work,
    /// It ends within this, or is given up.
    pub deadline: Duration,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Work {
    /// Signals sessions of a database, over its kept connection.
    Sessions(SessionsStep),
    /// Asks a service to do something.
    Http(Box<HttpStep>),
    /// Runs a program.
    Command(Box<CommandStep>),
    /// Asks a service's manager for something.
    Service(Box<ServiceWork>),
    /// Empties a database of Redis.
    Flush(FlushStep),
    /// Asks a database how it would run a statement. Only reads.
    Explain(Box<ExplainStep>),
    /// Keeps a table or an index in shape.
    Upkeep(Box<UpkeepStep>),
    /// Sends one statement to a database.
    Sql(Box<SqlStep>),
    /// Sends one command to a Redis.
    Redis(Box<RedisStep>),
    /// Waits until fresh readings show something. Nothing is sent.
    WaitUntil(Box<WaitUntil>),
    /// A fresh reading, shown. Nothing is sent.
    Look(Box<Look>),
    /// A person does something and says so. Nothing is sent.
    Manual(Box<Manual>),
    /// Time passes. Nothing is sent.
    Pause(Duration),
    /// Backs a database up and restores the backup.
    Backup(Box<BackupStep>),
    /// Makes or ends a silence of an Alertmanager, by this request: it is looked at before and after.
    Silence(Box<HttpStep>),
}

impl Work {
    /// Whether nothing is sent for it: the execution itself sees it through.
    #[must_use]
    pub fn is_inward(&self) -> bool {
        matches!(self, Work::WaitUntil(_) | Work::Look(_) | Work::Manual(_) | Work::Pause(_))
    }

    /// It can be stopped in the middle, and says what that leaves.
    #[must_use]
    pub fn can_be_stopped(&self) -> bool {
        matches!(self, Work::Upkeep(_) | Work::Backup(_))
    }
}

/// Empties the database of a cache.
#[derive(Clone, Debug, PartialEq)]
pub struct FlushStep {
    /// Which cache of the configuration.
    pub cache: usize,
    /// Keys on the card.
    pub count: u64,
    /// By how much that may have changed, as a share.
    pub tolerance: f64,
}

impl FlushStep {
    /// Whether so many keys are still what was agreed to.
    #[must_use]
    pub fn bears(&self, keys: u64) -> bool {
        keys.abs_diff(self.count) as f64 <= self.count as f64 * self.tolerance
    }
}

/// Signals sessions.
#[derive(Clone, Debug)]
pub struct SessionsStep {
    /// Which database of the configuration.
    pub database: usize,
    /// What is done to each.
    pub verb: SessionVerb,
}

/// What can be done to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionVerb {
    /// `pg_cancel_backend`: ends what it runs.
    Cancel,
    /// `pg_terminate_backend`: ends the session.
    Terminate,
}

/// A request that changes something.
#[derive(Clone, Debug)]
pub struct HttpStep {
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: WritingMethod,
    /// Whole URL.
    pub url: Url,
    /// Extra headers.
    pub headers: Vec<(String, SecretRef)>,
    /// `Authorization: Bearer …`
    pub bearer: Option<SecretRef>,
    /// JSON body; none sends no body.
    pub body: Option<String>,
    /// Certificates trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Statuses that count as done; empty is 200–299.
    pub expected_status: Vec<u16>,
}

/// Methods that change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WritingMethod {
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

impl WritingMethod {
    /// As it stands in a request.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            WritingMethod::Post => "POST",
            WritingMethod::Put => "PUT",
            WritingMethod::Patch => "PATCH",
            WritingMethod::Delete => "DELETE",
        }
    }
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum StepEnd {
    /// It was done as far as the target says; what became of each object, and what was answered.
    Done {
        /// What became of each object of the card; empty where the step has none.
        fates: Vec<(ObjectKey, Fate)>,
        /// What the target answered, bounded.
        said: Vec<Safe>,
    },
    /// The target is not the one of the card any more: nothing was done.
    OtherTarget(Safe),
    /// It had no effect, and why. A program that ended badly has run all the same: of that nobody can say so.
    Failed(Cause),
    /// The request was sent and the answer never came: it may have had its effect.
    Unknown(Cause),
    /// It was stopped in the middle, as was asked for; what that leaves.
    Cancelled(Safe),
    /// The order was given and taken, and what was wanted of it did not come: it had an effect, but not that.
    Miscarried(Cause),
}

impl StepEnd {
    /// The same end, with this to be said of it too.
    #[must_use]
    pub fn and_said(self, words: impl IntoIterator<Item = Safe>) -> StepEnd {
        let join = |head: &dyn std::fmt::Display, words: &Safe| Safe::of(format!("{head}; {words}"));
        words.into_iter().fold(self, |end, words| match end {
            StepEnd::Done { fates, mut said } => {
                said.push(words);
                StepEnd::Done { fates, said }
            }
            StepEnd::OtherTarget(what) => StepEnd::OtherTarget(join(&what, &words)),
            StepEnd::Cancelled(left) => StepEnd::Cancelled(join(&left, &words)),
            StepEnd::Failed(cause) => StepEnd::Failed(Cause::Other(join(&cause, &words))),
            StepEnd::Unknown(cause) => StepEnd::Unknown(Cause::Other(join(&cause, &words))),
            StepEnd::Miscarried(cause) => StepEnd::Miscarried(Cause::Other(join(&cause, &words))),
        })
    }
}

/// An order to a service, and what shows afterwards that it is as it should be.
#[derive(Clone, Debug)]
pub struct ServiceWork {
    /// The order.
    pub step: ServiceStep,
    /// How it was when the card was made; the order is given only if it still is so.
    pub before: ServiceFacts,
    /// The order is waited for so long, whatever comes before it and after it.
    pub order: Duration,
    /// A new process has to stay for so long.
    pub stable: Duration,
    /// It is looked at for so long, at least.
    pub within: Duration,
    /// How it is bound to the card, and when the step is over.
    pub binding: Binding,
}

impl ServiceWork {
    /// Of the time that is left of its step, so much may be spent before the order is given: what the order and the proof may
    /// take is theirs. The proof of an order that stands alone comes after its step, in a time of its own.
    #[must_use]
    pub fn before_the_order(&self, left: Duration) -> Duration {
        let proof = if self.binding == Binding::Alone { Duration::ZERO } else { self.within };
        left.saturating_sub(self.order.saturating_add(proof)).min(LOOK)
    }
}

/// How an order to a service is bound to what its card shows, and when its step is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The very process of the card; over when the manager answered, for the proof of the action goes on looking.
    Alone,
    /// The very process of the card; over when the service is shown to be as it should.
    First,
    /// A step before it changed the service: only the unit and its manager must be those of the card. Over when the
    /// service is shown to be as it should.
    Later,
}
