//! A runbook: an action of several steps with gates, each step with what must hold for it, whether a person is asked before
//! it, and what undoes it. It is as dangerous as the most dangerous of them.

use std::time::Duration;

use crate::domain::Safe;

use super::action::SessionSelector;
use super::backup::Backup;
use super::built_in;
use super::explain::Explained;
use super::guard::{CONSENT_LASTS, WAITS_ADD};
use super::inward::Condition;
use super::level::Level;
use super::measure::{Measure, Precondition};
use super::service::{ServiceStep, ServiceVerb};
use super::step::{Binding, SessionVerb, Work, WritingMethod};
use super::upkeep::Upkeep;

pub mod card;

/// A person who is asked answers within this, or the runbook stops.
pub const ANSWER: Duration = Duration::from_secs(10 * 60);
/// A reading that a step depends on comes within this.
pub const READING: Duration = Duration::from_secs(20);
/// What may pass between two steps: a record on disk, locks, a last look.
const SLACK: Duration = Duration::from_secs(30);

/// Steps in their order.
#[derive(Clone, Debug)]
pub struct Runbook {
    /// What is done.
    pub steps: Vec<RunbookStep>,
    /// Whom to call when a person is needed.
    pub contacts: Vec<Safe>,
}

/// One step.
#[derive(Clone, Debug)]
pub struct RunbookStep {
    /// What a person knows it by.
    pub title: Safe,
    /// What is done.
    pub deed: Deed,
    /// It ends within this.
    pub deadline: Duration,
    /// It is skipped where this does not hold.
    pub when: Option<Condition>,
    /// It is not begun, and the runbook stops, where one of these does not hold in readings begun directly before it.
    pub requires: Vec<Precondition>,
    /// A person decides before it whether it is done.
    pub ask: bool,
    /// It only reads, and where that fails the runbook goes on.
    pub may_fail: bool,
    /// What undoes it, as a step.
    pub undo: Option<Box<RunbookStep>>,
    /// Which entry of the configuration it is: stays the same when others are left out, or take values.
    pub entry: Safe,
    /// The actions of the configuration that do the same, by their names: what policy says of them holds for it.
    pub named: Vec<Safe>,
}

/// What a step does, before it is known on what exactly.
#[derive(Clone, Debug)]
pub enum Deed {
    /// What is written down whole.
    Work(Work),
    /// Sessions that are chosen when the card is made.
    Sessions {
        /// Which database.
        database: usize,
        /// Which sessions.
        selector: SessionSelector,
        /// What is done to each.
        verb: SessionVerb,
        /// At most so many.
        cap: usize,
    },
    /// An order to a service's manager.
    Service {
        /// The order.
        step: Box<ServiceStep>,
        /// What runs has to stay for so long.
        stable: Duration,
        /// The order itself is answered within this; the rest of the step's deadline is for the proof.
        order: Duration,
    },
    /// Every key of the database of a cache.
    Flush {
        /// Which cache.
        cache: usize,
        /// By how much the number of keys may have changed since the card, as a share.
        tolerance: f64,
    },
    /// The server says how it would run a statement.
    Explain {
        /// Which database.
        database: usize,
        /// Which statement.
        of: Explained,
        /// Literals in the plan are hidden.
        redact: bool,
    },
    /// A table or an index is kept in shape.
    Upkeep {
        /// Of which database.
        database: usize,
        /// What is done to which.
        upkeep: Upkeep,
    },
    /// A database is backed up, and the backup restored.
    Backup {
        /// Which.
        database: usize,
        /// Its name.
        name: Safe,
        /// Where to, and where it is restored.
        backup: Box<Backup>,
    },
}

impl Runbook {
    /// Every step with its place; what undoes the step at place `n` of `N` stands at place `N + n`.
    #[must_use]
    pub fn items(&self) -> Vec<(usize, &RunbookStep)> {
        let count = self.steps.len();
        let undos = self.steps.iter().enumerate().filter_map(|(at, step)| Some((count + at, &**step.undo.as_ref()?)));
        self.steps.iter().enumerate().chain(undos).collect()
    }

    /// The least level that it may have.
    #[must_use]
    pub fn demands(&self) -> Level {
        self.items().into_iter().map(|(_, step)| step.deed.demands()).max().unwrap_or_default()
    }

    /// All of it ends within this.
    #[must_use]
    pub fn total(&self) -> Duration {
        let step = |step: &RunbookStep| {
            // After a question it may be looked at again.
            let looks = if step.ask { 2 } else { 1 };
            let when = if step.when.is_some() { READING * looks } else { Duration::ZERO };
            let ask = if step.ask { ANSWER } else { Duration::ZERO };
            step.deadline + when + step.review() + ask
        };
        // Who waited for long is asked again.
        let again = if self.may_ask_again() { ANSWER } else { Duration::ZERO };
        self.steps.iter().map(step).sum::<Duration>() + again + SLACK
    }

    /// Whether it cannot end well without a person who answers it.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.steps.iter().any(|step| step.ask || matches!(step.deed, Deed::Work(Work::Manual(_))))
    }

    /// So long after a person last agreed its first change may come: what is waited for before it counts, up to a bound, and
    /// a last look where something must hold.
    #[must_use]
    pub fn first_change_within(&self, looks: bool) -> Duration {
        let look = if looks && self.begins_by_waiting() { READING } else { Duration::ZERO };
        CONSENT_LASTS + (self.waits() + look).min(WAITS_ADD)
    }

    /// It may wait for so long that a person is asked again before its first change.
    #[must_use]
    pub fn may_ask_again(&self) -> bool {
        self.waits() > WAITS_ADD
    }

    /// The longest that it may wait before its first change without a word from a person.
    fn waits(&self) -> Duration {
        let (mut most, mut since) = (Duration::ZERO, Duration::ZERO);
        for step in &self.steps {
            let look = if step.when.is_some() { READING } else { Duration::ZERO } + step.review();
            since = if step.ask { look } else { since + look };
            if step.deed.changes_what_is_watched() {
                most = most.max(since);
                if !step.can_be_left_out() {
                    break;
                }
            } else if matches!(step.deed, Deed::Work(Work::Manual(_))) {
                since = Duration::ZERO;
            } else {
                since += step.deadline;
            }
        }
        most
    }

    /// Where it asks somebody between the stop and the start of a service: unanswered, or with the line to it cut, the service
    /// stays stopped.
    #[must_use]
    pub fn asks_while_stopped(&self) -> Option<Safe> {
        let order = |step: &RunbookStep| match &step.deed {
            Deed::Service { step, .. } => Some((step.manager.clone(), step.place.clone(), step.verb)),
            _ => None,
        };
        let asks = |step: &RunbookStep| step.ask || matches!(step.deed, Deed::Work(Work::Manual(_)));
        for (at, stop) in self.steps.iter().enumerate() {
            let Some((manager, place, ServiceVerb::Stop)) = order(stop) else { continue };
            let starts = |step: &RunbookStep| {
                order(step).is_some_and(|(other, there, verb)| {
                    other == manager && there == place && matches!(verb, ServiceVerb::Start | ServiceVerb::Restart)
                })
            };
            let later = || self.steps.iter().enumerate().skip(at + 1);
            let Some(start) = later().find(|(_, step)| starts(step)).map(|(start, _)| start) else { continue };
            if let Some((asked, _)) = later().take(start - at).find(|(_, step)| asks(step)) {
                return Some(Safe::of(format!(
                    "step {} asks while what step {} stopped is not started again: unanswered, it stays stopped",
                    asked + 1,
                    at + 1
                )));
            }
        }
        None
    }

    /// Something stands before its first effect that may take long: a question, a wait, a look, a backup.
    #[must_use]
    pub fn begins_by_waiting(&self) -> bool {
        let looks = |step: &RunbookStep| step.when.is_some() || !step.requires.is_empty();
        let waits = |step: &RunbookStep| step.ask || looks(step) || !step.deed.changes_what_is_watched();
        self.steps.first().is_some_and(waits)
    }

    /// What is read while it runs.
    pub fn measures(&self) -> impl Iterator<Item = &Measure> {
        self.items().into_iter().flat_map(|(_, step)| {
            let own = match &step.deed {
                Deed::Work(Work::WaitUntil(wait)) => Some(&wait.trial.measure),
                Deed::Work(Work::Look(look)) => Some(&look.measure),
                _ => None,
            };
            let required = step.requires.iter().map(|wanted| &wanted.measure);
            own.into_iter().chain(step.when.as_ref().map(|when| &when.measure)).chain(required)
        })
    }

    /// The databases that it acts on.
    #[must_use]
    pub fn databases(&self) -> Vec<usize> {
        let of = |(_, step): (usize, &RunbookStep)| match &step.deed {
            Deed::Sessions { database, .. }
            | Deed::Upkeep { database, .. }
            | Deed::Backup { database, .. }
            | Deed::Explain { database, .. } => Some(*database),
            Deed::Work(Work::Sql(sql)) => Some(sql.database),
            _ => None,
        };
        self.items().into_iter().filter_map(of).collect()
    }

    /// Whether an action of this name is among what it does, as the configuration names it or as it comes with the program.
    #[must_use]
    pub fn does(&self, id: &str) -> bool {
        let is_it = |step: &RunbookStep| {
            step.named.iter().any(|name| name.as_str() == id) || built_in::of_deed(&step.deed) == Some(id)
        };
        self.items().into_iter().any(|(_, step)| is_it(step))
    }

    /// How the order at a place is bound to the card: to its very process, where none before it changes the service.
    #[must_use]
    pub fn binding(&self, place: usize) -> Binding {
        let service = |step: &RunbookStep| match &step.deed {
            Deed::Service { step, .. } => Some((**step).clone()),
            _ => None,
        };
        let Some(own) = self.items().into_iter().find(|(at, _)| *at == place).and_then(|(_, step)| service(step))
        else {
            return Binding::First;
        };
        let mut before = self.steps.iter().take(place).filter_map(service);
        let before = before.any(|other| other.verb.changes() && other.is_to(&own));
        if place >= self.steps.len() || before { Binding::Later } else { Binding::First }
    }
}

impl RunbookStep {
    /// What it requires is read within this.
    fn review(&self) -> Duration {
        if self.requires.is_empty() { Duration::ZERO } else { READING }
    }

    /// The runbook can go on without it: a person is asked before it, or it is only for when something holds.
    #[must_use]
    pub fn can_be_left_out(&self) -> bool {
        self.ask || self.when.is_some()
    }

    /// What becomes of it where it cannot run, in words.
    #[must_use]
    pub fn without(&self) -> &'static str {
        if self.may_fail {
            "it may fail: the runbook goes on without it"
        } else if self.ask {
            "it can only be left out; nothing is sent for it"
        } else {
            "it is left out where it is not needed; where it is, the runbook stops"
        }
    }
}

impl Deed {
    /// The least level that it demands.
    #[must_use]
    pub fn demands(&self) -> Level {
        match self {
            Deed::Sessions { .. } => Level::L2,
            Deed::Service { step, .. } if step.verb.changes() => Level::L2,
            Deed::Service { .. } => Level::L0,
            Deed::Flush { .. } => Level::L3,
            Deed::Upkeep { .. } | Deed::Backup { .. } => Level::L2,
            Deed::Explain { .. } => Level::L1,
            Deed::Work(work) => match work {
                Work::Http(http) if http.method == WritingMethod::Delete => Level::L2,
                Work::Http(_) => Level::L1,
                Work::Command(command) if command.reads => Level::L0,
                Work::Sessions(_) | Work::Command(_) | Work::Service(_) => Level::L2,
                Work::Flush(_) => Level::L3,
                Work::Sql(sql) => sql.demands(),
                Work::Redis(redis) => redis.demands(),
                Work::Explain(_) => Level::L1,
                Work::Upkeep(_) | Work::Backup(_) | Work::Silence(_) => Level::L2,
                Work::WaitUntil(_) | Work::Look(_) | Work::Manual(_) | Work::Pause(_) => Level::L0,
            },
        }
    }

    /// Whether it is there to change something of what is watched; a backup only adds a file of its own.
    #[must_use]
    pub fn changes_what_is_watched(&self) -> bool {
        let backs_up = matches!(self, Deed::Backup { .. } | Deed::Work(Work::Backup(_)));
        let explains = matches!(self, Deed::Explain { .. } | Deed::Work(Work::Explain(_)));
        !backs_up && !explains && self.demands() > Level::L0
    }

    /// Whether it only shows how something is: nothing is changed, waited for or decided by it.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        match self {
            Deed::Service { step, .. } => !step.verb.changes(),
            Deed::Explain { .. } | Deed::Work(Work::Look(_)) => true,
            Deed::Work(Work::Sql(sql)) => sql.read_only,
            Deed::Work(Work::Command(command)) => command.reads,
            Deed::Work(Work::Redis(redis)) => redis.demands() == Level::L0,
            _ => false,
        }
    }

    /// Sessions that it may touch.
    #[must_use]
    pub fn sessions_at_most(&self) -> usize {
        if let Deed::Sessions { cap, .. } = self { *cap } else { 0 }
    }

    /// Whether nothing is sent for it.
    #[must_use]
    pub fn is_inward(&self) -> bool {
        matches!(self, Deed::Work(work) if work.is_inward())
    }
}
