//! How a service is, in the same words whoever manages it. A process is an identity: number and invocation, never the
//! number alone.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::{Safe, figure};

use super::{Manager, ServiceStep, ServiceVerb};

/// State of a service, as its manager tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ServiceState {
    /// It runs.
    Running,
    /// It was stopped.
    Stopped,
    /// It ended by itself, or never came up.
    Failed,
    /// It is on its way up; also the pause before a manager tries again.
    Starting,
    /// It is on its way down.
    Stopping,
    /// The manager says something else.
    #[default]
    Unknown,
}

impl ServiceState {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ServiceState::Running => "running",
            ServiceState::Stopped => "stopped",
            ServiceState::Failed => "failed",
            ServiceState::Starting => "starting",
            ServiceState::Stopping => "stopping",
            ServiceState::Unknown => "unknown",
        }
    }

    /// The worst first.
    fn rank(self) -> u8 {
        match self {
            ServiceState::Failed => 0,
            ServiceState::Unknown => 1,
            ServiceState::Stopped => 2,
            ServiceState::Stopping => 3,
            ServiceState::Starting => 4,
            ServiceState::Running => 5,
        }
    }

    /// Of several, the worst; of none, stopped.
    pub(super) fn worst(states: impl IntoIterator<Item = ServiceState>) -> ServiceState {
        states.into_iter().min_by_key(|state| state.rank()).unwrap_or(ServiceState::Stopped)
    }
}

/// One running instance: the main process of a unit, or a container.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Instance {
    /// Main process.
    pub pid: Option<u32>,
    /// What no other run of it has: InvocationID, container id and start time, or pid and start time.
    pub invocation: Option<Safe>,
}

impl Instance {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        let pid = self.pid.map_or("no main process".to_owned(), |pid| format!("process {pid}"));
        self.invocation.as_ref().map_or(pid.clone(), |run| format!("{pid}, run {}", run.clipped(48)))
    }
}

/// How a service is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceFacts {
    /// Its state; of several containers the worst.
    pub state: ServiceState,
    /// What runs, one except where a compose service has several containers.
    pub instances: Vec<Instance>,
    /// How often the manager restarted it by itself.
    pub restarts: Option<u64>,
    /// Who depends on it, and how.
    pub required_by: Vec<Safe>,
    /// The manager's own words.
    pub words: Safe,
    /// What stays the same however often it is started: the unit's file and machine, the containers.
    pub anchor: Safe,
    /// The machine that it is on, where that can be read.
    pub machine: Safe,
    /// It does not stay up: it failed, or its manager starts it again and again. No process of it can be consented to.
    pub looping: bool,
    /// When it came up, after the start of its machine.
    pub up_at: Option<Duration>,
    /// When the latest of its containers was started, by their engine's clock.
    pub started: Option<DateTime<Utc>>,
    /// For how long its manager lets it stop by itself, where that is told; the longest time there is: without end.
    pub stop_within: Option<Duration>,
    /// It is up, and is to be so without a process of its own: a unit that only stands for others, or whose program has ended.
    pub no_process: bool,
}

/// What came up so recently, after its manager had started it again by itself, may be in a loop.
const YOUNG: Duration = Duration::from_secs(60);

impl ServiceFacts {
    /// What runs, in few words: `process 4711`, `none runs`.
    #[must_use]
    pub fn running(&self) -> Safe {
        Safe::of(match self.instances.as_slice() {
            [] => "none runs".to_owned(),
            [one] => one.pid.map_or("up, without a main process".to_owned(), |pid| format!("process {pid}")),
            several => format!("{} run", several.len()),
        })
    }

    /// The main process, where there is exactly one instance.
    #[must_use]
    pub fn main_pid(&self) -> Option<u32> {
        match self.instances.as_slice() {
            [only] => only.pid,
            _ => None,
        }
    }

    /// The identity of the run, where there is exactly one instance.
    #[must_use]
    pub fn invocation(&self) -> Option<&Safe> {
        match self.instances.as_slice() {
            [only] => only.invocation.as_ref(),
            _ => None,
        }
    }

    /// Whether it came up just now and was restarted by its manager before, where its machine has been up for so long.
    #[must_use]
    pub fn is_young(&self, uptime: Duration) -> bool {
        let restarted = self.restarts.is_some_and(|restarts| restarts > 0);
        restarted && self.up_at.is_some_and(|at| uptime.saturating_sub(at) < YOUNG)
    }

    /// The same of containers, by the clock here; one that goes after theirs makes nothing old.
    #[must_use]
    pub fn is_young_at(&self, now: DateTime<Utc>) -> bool {
        let restarted = self.restarts.is_some_and(|restarts| restarts > 0);
        restarted && self.started.is_some_and(|at| (now - at).to_std().is_ok_and(|age| age < YOUNG) || at > now)
    }

    /// Where its manager lets it take longer to stop than the order is waited for.
    #[must_use]
    pub fn outlasts(&self, deadline: Duration) -> Option<Safe> {
        let stops = self.stop_within.filter(|stops| *stops >= deadline)?;
        let stops = if stops == Duration::MAX { "all the time it wants".to_owned() } else { figure::span(stops) };
        let waited = figure::span(deadline);
        Some(Safe::of(format!(
            "it is given {stops} to stop, and the order is waited for {waited}: it may end unknown; a longer deadline helps"
        )))
    }

    /// For a card: the very process, or where none stays what does.
    #[must_use]
    pub fn bound(&self) -> Safe {
        match (self.looping, self.anchor.as_str()) {
            (false, _) => self.identity(),
            (true, "") => Safe::of("no process that stays; bound to its name"),
            (true, anchor) => Safe::of(format!("no process that stays; bound to {anchor}")),
        }
    }

    /// Whether `now` is what a card that showed this is bound to.
    #[must_use]
    pub fn is_bound_to(&self, now: &ServiceFacts) -> bool {
        let same = if self.looping { self.anchor == now.anchor } else { self.identity() == now.identity() };
        same && self.is_on_the_machine_of(now)
    }

    /// Whether `now` is on the machine that such a card shows, where it shows one.
    #[must_use]
    pub fn is_on_the_machine_of(&self, now: &ServiceFacts) -> bool {
        self.machine.as_str().is_empty() || self.machine == now.machine
    }

    /// For the list of facts that a card is bound to: every instance, in a fixed order.
    #[must_use]
    pub fn identity(&self) -> Safe {
        let mut all: Vec<String> = self.instances.iter().map(Instance::words).collect();
        all.sort();
        Safe::of(if all.is_empty() { "nothing runs".to_owned() } else { all.join("; ") })
    }
}

/// Who goes with a service that is restarted or stopped, or needs it, in words for its card; that nobody tells is said.
#[must_use]
pub fn reach(step: &ServiceStep, facts: &ServiceFacts) -> Option<Safe> {
    let names: Vec<&str> = facts.required_by.iter().map(Safe::as_str).collect();
    if !names.is_empty() {
        return Some(Safe::of(format!("it goes with it, or needs it: {}", names.join(", "))));
    }
    let breaks = matches!(step.verb, ServiceVerb::Restart | ServiceVerb::Stop);
    breaks.then(|| match &step.manager {
        Manager::Program { .. } => Safe::of("what goes with it or needs it is not known: its manager does not tell"),
        Manager::Systemd { .. } | Manager::Compose { .. } => {
            Safe::of("nothing goes with it or needs it, as far as its manager knows")
        }
    })
}
