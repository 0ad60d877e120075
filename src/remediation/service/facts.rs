//! How a service is, in the same words whoever manages it. A process is an identity: number and invocation, never the
//! number alone.

use crate::domain::Safe;

/// State of a service, as its manager tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

impl ServiceFacts {
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

    /// For the list of facts that a card is bound to: every instance, in a fixed order.
    #[must_use]
    pub fn identity(&self) -> Safe {
        let mut all: Vec<String> = self.instances.iter().map(Instance::words).collect();
        all.sort();
        Safe::of(if all.is_empty() { "nothing runs".to_owned() } else { all.join("; ") })
    }
}
