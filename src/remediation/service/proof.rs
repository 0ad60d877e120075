//! Whether a restart did what was wanted: every process is new, and it stays. A manager that says "done" proves nothing; a
//! service that falls over three seconds later was not restarted.

use std::time::Duration;

use crate::domain::{Moment, Safe};

use super::ServiceVerb;
use super::facts::{Instance, ServiceFacts, ServiceState};

/// Of what has no process of its own, whatever its manager says of it.
const NO_PROCESS: &str = "it has no process of its own: whether what it stands for runs is not seen";

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
        // Starting it once more starts what it stands for, where that does not run.
        (ServiceVerb::Start, ServiceState::Running) if now.no_process => None,
        (ServiceVerb::Start, ServiceState::Running) => {
            Some(Safe::of(format!("it runs already: {}; nothing was sent", now.identity())))
        }
        (ServiceVerb::Stop, ServiceState::Stopped) if now.instances.is_empty() => {
            Some(Safe::of("nothing of it runs already; nothing was sent"))
        }
        _ => None,
    }
}

/// In words, that no reading after the order can show that it did something, for what is started was up and has no process of
/// its own; `None` where one can.
#[must_use]
pub fn shows_nothing(verb: ServiceVerb, before: &ServiceFacts) -> Option<Safe> {
    let told = match verb {
        ServiceVerb::Start => "start",
        ServiceVerb::Restart => "restart",
        ServiceVerb::Stop | ServiceVerb::Status => return None,
    };
    before.no_process.then(|| {
        Safe::of(format!(
            "it was up already ({}), and was told to {told} what it stands for; {NO_PROCESS}",
            before.words
        ))
    })
}

/// What a card has to say of an order to what has no process of its own.
#[must_use]
pub fn cannot_be_shown(verb: ServiceVerb, now: &ServiceFacts) -> Option<Safe> {
    if !now.no_process {
        return None;
    }
    match verb {
        ServiceVerb::Start => Some(Safe::of(NO_PROCESS)),
        ServiceVerb::Restart => Some(Safe::of(
            "it has no process of its own: that a new one runs cannot be shown, and its order alone ends as not verified; name the unit whose process it is",
        )),
        ServiceVerb::Stop | ServiceVerb::Status => None,
    }
}

/// What readings after the effect say so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Steadiness {
    /// Not shown yet, and why.
    NotYet(Safe),
    /// A new process runs, unchanged for the declared time; or what was started and has no process is up, and stayed so.
    Steady,
    /// It came up and did not stay: waiting longer does not make this a success.
    Broken(Safe),
}

/// Judges one reading after the other.
#[derive(Clone, Debug)]
pub struct SteadyWatch {
    verb: ServiceVerb,
    before: ServiceFacts,
    stable: Duration,
    /// The first reading that showed a new process, and when it was begun.
    since: Option<(Moment, ServiceFacts)>,
    broken: Option<Safe>,
}

impl SteadyWatch {
    /// A watch over a service that was like this before it was told to do that.
    #[must_use]
    pub fn new(verb: ServiceVerb, before: ServiceFacts, stable: Duration) -> SteadyWatch {
        SteadyWatch { verb, before, stable, since: None, broken: None }
    }

    /// A watch over a service that ran already, with nothing done to it, in a reading that was begun at `at`.
    #[must_use]
    pub fn of_running(now: ServiceFacts, stable: Duration, at: Moment) -> SteadyWatch {
        SteadyWatch {
            verb: ServiceVerb::Start,
            before: ServiceFacts::default(),
            stable,
            since: Some((at, now)),
            broken: None,
        }
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
        Steadiness::NotYet(Safe::of(format!("{}; {left} s more to be sure", up(facts))))
    }

    /// Whether what it shows is of after the order. Of a restart only a new process is.
    fn is_new(&self, facts: &ServiceFacts) -> bool {
        is_new_process(&self.before, facts) || self.verb == ServiceVerb::Start && is_up_anew(&self.before, facts)
    }

    fn first(&mut self, facts: &ServiceFacts, at: Moment) -> Steadiness {
        if !self.is_new(facts) {
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
        Steadiness::NotYet(Safe::of(format!("{}; whether it stays is not known yet", up(facts))))
    }
}

/// What has no process of its own came up in a run that is not the one before.
fn is_up_anew(before: &ServiceFacts, after: &ServiceFacts) -> bool {
    let is_new = |now: &Instance| {
        now.invocation.is_some() && before.instances.iter().all(|old| old.invocation != now.invocation)
    };
    after.no_process && !after.instances.is_empty() && after.instances.iter().all(is_new)
}

/// What is shown by the reading that is [`Steadiness::Steady`].
#[must_use]
pub fn shown(facts: &ServiceFacts) -> Safe {
    if facts.no_process {
        Safe::of(format!("it is up ({}), and stays; {NO_PROCESS}", facts.words))
    } else {
        Safe::of("a new process that stays")
    }
}

fn up(facts: &ServiceFacts) -> &'static str {
    if facts.no_process { "it is up" } else { "a new process runs" }
}

/// What became of the new process, if it is not what was seen first.
fn changed(first: &ServiceFacts, now: &ServiceFacts) -> Option<Safe> {
    if now.state != ServiceState::Running {
        let what = if first.no_process { "it" } else { "the new process" };
        return Some(Safe::of(format!("{what} did not stay: {}", now.words)));
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
        ServiceState::Running if facts.no_process => {
            Safe::of(format!("it is up ({}), and nothing shows that it is so anew; {NO_PROCESS}", facts.words))
        }
        ServiceState::Running if facts.instances.iter().all(|i| i.pid.is_some() && i.invocation.is_some()) => {
            Safe::of(format!("the process from before still runs: {}", facts.identity()))
        }
        ServiceState::Running => Safe::of("it has no main process that could be told from the one before"),
        _ => Safe::of(format!("it does not run: {}", facts.words)),
    }
}
