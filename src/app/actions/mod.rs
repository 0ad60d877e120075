//! Guarded actions in the program: what is allowed, what is being looked at, what runs, what ran. The rules are those of
//! `remediation`; here they meet the model and the person.

pub mod against;
pub mod approvals;
pub mod approving;
pub mod bound;
pub mod card;
mod card_text;
pub mod catalogue;
pub mod cure;
pub mod dialog;
pub mod elsewhere;
pub mod evidence;
mod explain;
mod flush;
pub mod forms;
pub mod headless;
pub mod load;
pub mod menu;
mod outline;
pub mod page;
pub mod parameters;
pub mod progress;
pub mod question;
pub mod reached;
pub mod reading;
pub mod receivers;
pub mod record;
pub mod refusals;
pub mod sight;
pub(in crate::app) mod silencing;
pub mod standing;
pub mod subject;
mod touched;
pub mod tripwire;
pub mod trouble;
pub mod upkeep;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::config::resolved::ActionsSpec;
use crate::domain::{Moment, Safe};
use crate::remediation::action::Action;
use crate::remediation::clock_trust::ClockTrust;
use crate::remediation::execution::{Execution, Phase};
use crate::remediation::guard::READ_ONLY;
use crate::remediation::outcome::Outcome;
use crate::remediation::runbook::card::Found;

/// Without a key for so long, actions have to be allowed anew.
pub const LAPSES: Duration = Duration::from_secs(30 * 60);
/// Actions that ran, kept for the page.
const PAST: usize = 100;

/// Everything about acting.
#[derive(Debug)]
pub struct Actions {
    /// What may be done.
    pub spec: Arc<ActionsSpec>,
    /// When a key was last pressed while actions are allowed; `None`: they are not, or the leave lapsed.
    pub armed: Option<Moment>,
    /// A preview that is under way: its number, and of what.
    pub asked: Option<(u64, Action)>,
    /// Looks for the steps of a runbook that are under way.
    pub gathering: Option<Gathering>,
    /// What runs, or ran last.
    pub current: Option<Current>,
    /// What ran before, the newest last.
    pub past: VecDeque<Past>,
    /// Why the audit cannot be written, if so.
    pub audit_failure: Option<Safe>,
    /// Clients of the tmux session that we stand in; 0 and 1 are nobody else. `None`: tmux does not say.
    pub tmux_clients: Option<usize>,
    /// Whom the guards cover, in words, when that is less than all.
    pub coverage: Option<Safe>,
    /// Whether the wall clock may open a maintenance window; every event feeds it.
    pub clock: ClockTrust,
    /// When what the clocks show was taken down last for the next program; none before it was known what the last one saw.
    pub clock_kept: Option<Moment>,
    /// The time that a person was asked to confirm, when it was shown.
    pub time_shown: Option<Moment>,
    /// Requests and approvals of second persons.
    pub second: approvals::Second,
    /// What the server names as in need of something.
    pub offers: upkeep::Offers,
    /// What is watched after the actions that ran.
    pub tripwires: tripwire::Tripwires,
    /// What the shared folder told of the targets.
    pub standings: standing::Standings,
    /// What was refused before it had a card.
    pub refusals: refusals::Refusals,
}

/// The looks for the steps of a runbook: its card is made when the last has come.
#[derive(Debug)]
pub struct Gathering {
    /// Numbers of those that are awaited, and the places of their steps.
    pub awaited: Vec<(u64, usize)>,
    /// What the others found.
    pub found: Vec<Found>,
    /// When the first was begun.
    pub begun: Moment,
}

/// An action on its way.
#[derive(Debug)]
pub struct Current {
    /// Its number, for the answers.
    pub id: u64,
    /// Its name in the audit.
    pub run: Safe,
    /// Its end was told.
    pub told: bool,
    /// What the step that runs says of itself.
    pub live: Vec<Safe>,
    /// Its way.
    pub execution: Execution,
    /// What a person types as a note on what they did by hand.
    pub note: String,
    /// Letters go to the note.
    pub typing: bool,
    /// What stands on the charts for its effect.
    pub marked: Option<Safe>,
    /// Whether the view of it can have been read.
    pub view: sight::Sight,
    /// What it waits for a person with, as it was drawn last, and whether that can have been read.
    pub asked: Option<Phase>,
    /// See there.
    pub sight: sight::Sight,
}

impl Current {
    /// Whether what it asks now can have been read.
    #[must_use]
    pub fn listens(&self, now: Moment) -> bool {
        self.asked == Some(self.execution.phase()) && self.sight.listens(now)
    }

    /// Whether a key that stops it can have been meant: its view was read, and with it the question that it stands under.
    #[must_use]
    pub fn listens_to_stop(&self, now: Moment) -> bool {
        self.view.listens(now) && (self.execution.question().is_none() || self.listens(now))
    }
}

/// An action that is over.
#[derive(Clone, Debug)]
pub struct Past {
    /// When it began.
    pub at: Moment,
    /// What, on what.
    pub what: Safe,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, or what was seen, in a line.
    pub words: Safe,
}

impl Actions {
    /// As configured.
    #[must_use]
    pub fn new(spec: &ActionsSpec, now: Moment) -> Actions {
        let armed = spec.allow.then_some(now);
        Actions {
            spec: Arc::new(spec.clone()),
            armed,
            asked: None,
            gathering: None,
            current: None,
            past: VecDeque::new(),
            audit_failure: None,
            tmux_clients: Some(0),
            coverage: None,
            clock: ClockTrust::begin(now),
            clock_kept: None,
            time_shown: None,
            second: approvals::Second::default(),
            offers: upkeep::Offers::default(),
            tripwires: tripwire::Tripwires::default(),
            standings: standing::Standings::default(),
            refusals: refusals::Refusals::default(),
        }
    }

    /// Whether actions are allowed now.
    #[must_use]
    pub fn is_armed(&self) -> bool {
        self.armed.is_some() && self.spec.policy.barred.is_none()
    }

    /// How acting is allowed, where it is not.
    #[must_use]
    pub fn unarmed_words(&self) -> &'static str {
        if self.spec.allow { "the leave to act lapsed after 30 idle minutes; :arm gives it back" } else { READ_ONLY }
    }

    /// What runs, in words.
    #[must_use]
    pub fn running(&self) -> Option<Safe> {
        let current = self.current.as_ref().filter(|current| !is_over(&current.execution))?;
        let action = &current.execution.warrant().card().action;
        Some(Safe::of(format!("{} on {}", action.id, action.target.name)))
    }

    /// Remembers how an action ended.
    pub fn remember(&mut self, past: Past) {
        if self.past.len() >= PAST {
            self.past.pop_front();
        }
        self.past.push_back(past);
    }
}

/// Whether nothing more will come of it.
#[must_use]
pub fn is_over(execution: &Execution) -> bool {
    matches!(execution.phase(), Phase::Ended { .. })
}
