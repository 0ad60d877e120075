//! Whether a restart did what was wanted: every process is new, and it stays. A manager that says "done" proves nothing; a
//! service that falls over three seconds later was not restarted.

use std::time::Duration;

use crate::domain::{Moment, Safe};

use super::ServiceVerb;
use super::facts::{Instance, ServiceFacts, ServiceState};

/// Whether everything that runs now is a process that did not run before: it runs, with number and invocation known, and
/// both are others than before.
#[must_use]
pub fn is_new_process(before: &ServiceFacts, after: &ServiceFacts) -> bool {
    let is_new = |now: &Instance| {
        now.pid.is_some()
            && now.invocation.is_some()
            && before.instances.iter().all(|old| old.pid != now.pid && old.invocation != now.invocation)
    };
    after.state == ServiceState::Running && !after.instances.is_empty() && after.instances.iter().all(is_new)
}

/// In words, that nothing has to be sent since the service is as the verb would make it; `None` where it is not. What runs has
/// yet to be seen to stay.
#[must_use]
pub fn is_so_already(verb: ServiceVerb, now: &ServiceFacts) -> Option<Safe> {
    match (verb, now.state) {
        (ServiceVerb::Start, ServiceState::Running) => {
            Some(Safe::of(format!("it runs already: {}; nothing was sent", now.identity())))
        }
        (ServiceVerb::Stop, ServiceState::Stopped) if now.instances.is_empty() => {
            Some(Safe::of("nothing of it runs already; nothing was sent"))
        }
        _ => None,
    }
}

/// What readings after the effect say so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Steadiness {
    /// Not shown yet, and why.
    NotYet(Safe),
    /// A new process runs, unchanged for the declared time.
    Steady,
    /// It came up and did not stay: waiting longer does not make this a success.
    Broken(Safe),
}

/// Judges one reading after the other.
#[derive(Clone, Debug)]
pub struct SteadyWatch {
    before: ServiceFacts,
    stable: Duration,
    /// The first reading that showed a new process, and when it was begun.
    since: Option<(Moment, ServiceFacts)>,
    broken: Option<Safe>,
}

impl SteadyWatch {
    /// A watch over a service that was like this before the effect.
    #[must_use]
    pub fn new(before: ServiceFacts, stable: Duration) -> SteadyWatch {
        SteadyWatch { before, stable, since: None, broken: None }
    }

    /// A watch over a service that ran already, with nothing done to it, in a reading that was begun at `at`.
    #[must_use]
    pub fn of_running(now: ServiceFacts, stable: Duration, at: Moment) -> SteadyWatch {
        SteadyWatch { before: ServiceFacts::default(), stable, since: Some((at, now)), broken: None }
    }

    /// One more reading, begun at `at` and after the effect. A reading that failed is simply not given: the invocation shows
    /// that nothing happened in between.
    pub fn read(&mut self, facts: &ServiceFacts, at: Moment) -> Steadiness {
        if let Some(why) = &self.broken {
            return Steadiness::Broken(why.clone());
        }
        let Some((since, first)) = &self.since else { return self.first(facts, at) };
        if let Some(why) = changed(first, facts) {
            self.broken = Some(why.clone());
            return Steadiness::Broken(why);
        }
        let lasted = at.since(*since);
        if lasted >= self.stable {
            return Steadiness::Steady;
        }
        let left = self.stable.saturating_sub(lasted).as_secs_f64().ceil();
        Steadiness::NotYet(Safe::of(format!("a new process runs; {left} s more to be sure")))
    }

    fn first(&mut self, facts: &ServiceFacts, at: Moment) -> Steadiness {
        if !is_new_process(&self.before, facts) {
            return Steadiness::NotYet(why_not_new(facts));
        }
        // In a loop its manager may have started it once more before the order came: whether it stays is seen from here on.
        if !self.before.looping && facts.restarts > self.before.restarts && self.before.restarts.is_some() {
            let why = Safe::of("it was restarted by its manager meanwhile: it did not stay up");
            self.broken = Some(why.clone());
            return Steadiness::Broken(why);
        }
        self.since = Some((at, facts.clone()));
        if self.stable.is_zero() {
            return Steadiness::Steady;
        }
        Steadiness::NotYet(Safe::of("a new process runs; whether it stays is not known yet"))
    }
}

/// What became of the new process, if it is not what was seen first.
fn changed(first: &ServiceFacts, now: &ServiceFacts) -> Option<Safe> {
    if now.state != ServiceState::Running {
        return Some(Safe::of(format!("the new process did not stay: {}", now.words)));
    }
    let same = first.instances.len() == now.instances.len()
        && now.instances.iter().all(|instance| first.instances.contains(instance));
    if !same {
        return Some(Safe::of(format!("the new process did not stay: now {}", now.identity())));
    }
    (now.restarts > first.restarts).then(|| Safe::of("its manager restarted it again"))
}

fn why_not_new(facts: &ServiceFacts) -> Safe {
    match facts.state {
        ServiceState::Running if facts.instances.iter().all(|i| i.pid.is_some() && i.invocation.is_some()) => {
            Safe::of(format!("the process from before still runs: {}", facts.identity()))
        }
        ServiceState::Running => Safe::of("it has no main process that could be told from the one before"),
        _ => Safe::of(format!("it does not run: {}", facts.words)),
    }
}
