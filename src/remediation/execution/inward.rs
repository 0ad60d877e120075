//! Steps for which nothing is sent, and the reading on which a step depends: only readings that were begun after the step
//! came up count.

use std::time::Duration;

use crate::domain::{Cause, Moment, Safe, figure};
use crate::remediation::guard;
use crate::remediation::measure::{Evidence, Measure, Precondition, Proof};
use crate::remediation::runbook::READING;
use crate::remediation::step::{StepEnd, Work};

use super::orders::{Input, Order, Phase};
use super::verification::Verification;
use super::{Execution, Then};
use crate::remediation::outcome::Outcome;

/// Pause between two readings that are asked for while a step waits for one.
const AGAIN: Duration = Duration::from_secs(5);

/// The newest reading of a measure that was begun late enough.
#[derive(Clone, Debug)]
pub struct Glance {
    measure: Measure,
    since: Moment,
    seen: Option<Evidence>,
}

impl Glance {
    fn new(measure: &Measure, since: Moment) -> Glance {
        Glance { measure: measure.clone(), since, seen: None }
    }

    /// Of what.
    pub fn measure(&self) -> &Measure {
        &self.measure
    }

    fn take(&mut self, evidence: &Evidence) {
        let counts = evidence.measure == self.measure && evidence.at.boot >= self.since.boot;
        if counts && self.seen.as_ref().is_none_or(|seen| seen.at.boot <= evidence.at.boot) {
            self.seen = Some(evidence.clone());
        }
    }

    /// It, where it says anything.
    fn known(&self) -> Option<&Evidence> {
        self.seen.as_ref().filter(|seen| seen.value.is_some_and(|value| !value.is_nan()))
    }
}

impl Execution {
    /// The reading on which a step depends is asked for.
    pub(super) fn look(&mut self, at: usize, now: Moment) -> Vec<Order> {
        let Some(when) = self.state(at).and_then(|state| state.when.as_ref()) else { return Vec::new() };
        self.glances = vec![Glance::new(&when.measure, now)];
        self.asked_at = now;
        self.phase = Phase::Looking { step: at };
        self.read_now(now)
    }

    /// What is watched is read now.
    pub(super) fn read_now(&mut self, now: Moment) -> Vec<Order> {
        self.refreshed = now;
        vec![Order::Refresh]
    }

    /// Who waits does not wait for the pace of a source; nor asks more often than is gentle.
    pub(super) fn refresh(&mut self, now: Moment) -> Vec<Order> {
        if now.since(self.refreshed) >= AGAIN { self.read_now(now) } else { Vec::new() }
    }

    pub(super) fn glance_at(&mut self, evidence: &Evidence) {
        for glance in &mut self.glances {
            glance.take(evidence);
        }
    }

    fn glimpse(&self) -> Option<&Evidence> {
        self.glances.first().and_then(Glance::known)
    }

    /// A look is over; the card says that it is taken, so that it takes nothing from the consent.
    fn looked(&mut self, now: Moment) {
        self.glances.clear();
        self.warrant.waited(now.since(self.asked_at).min(READING));
    }

    /// What must hold before the first effect, or before this step, is asked for.
    pub(super) fn review(&mut self, at: usize, now: Moment) -> Vec<Order> {
        let wanted = self.required(at);
        self.glances = wanted.iter().map(|wanted| Glance::new(&wanted.measure, now)).collect();
        self.asked_at = now;
        self.phase = Phase::Reviewing { step: at };
        self.read_now(now)
    }

    /// Whether the first effect, or this step, may come, by readings begun just before: what is not known, or is old, shows nothing.
    pub(super) fn judge_again(&mut self, at: usize, now: Moment) -> Vec<Order> {
        let known: Vec<Evidence> = self.glances.iter().filter_map(Glance::known).cloned().collect();
        let mut missing = false;
        let mut against = None;
        let required = self.required(at);
        for wanted in &required {
            let Some(why) = guard::unmet_in(wanted, &known, now) else { continue };
            let seen = known.iter().find(|reading| reading.measure == wanted.measure);
            let is_fresh = seen.is_some_and(|reading| now.since(reading.at) <= wanted.fresh);
            missing |= !is_fresh;
            if is_fresh || against.is_none() {
                against = Some(why);
            }
        }
        match against {
            None => {
                self.looked(now);
                self.reviewed = Some(now);
                if let Some(state) = self.state_mut(at) {
                    state.met_at = Some(now);
                    let of = |wanted: &Precondition| known.iter().find(|reading| reading.measure == wanted.measure);
                    let met = state.requires.iter().filter_map(|wanted| Some((wanted, of(wanted)?)));
                    let told: Vec<Safe> = met
                        .map(|(wanted, seen)| {
                            Safe::of(format!("{} is {}, as it must be ({})", wanted.name, seen.words, wanted.threshold))
                        })
                        .collect();
                    state.told.extend(told);
                }
                self.next(now)
            }
            Some(_) if missing && now.since(self.asked_at) <= READING => Vec::new(),
            Some(why) => {
                self.looked(now);
                let number = self.number(at);
                let why = Safe::of(format!("before {number}, in a fresh reading: {why}"));
                self.reasons.push(why.clone());
                if self.has_changed_nothing() {
                    return self.refuse(now);
                }
                self.record_answer(at, &why, Then::Stop(Outcome::Failed), now)
            }
        }
    }

    /// Whether a step is done, skipped, or cannot be decided on: what is not known is never true, nor false.
    pub(super) fn decide(&mut self, at: usize, now: Moment) -> Vec<Order> {
        let seen = self.glimpse().cloned();
        let Some(when) = self.state(at).and_then(|state| state.when.clone()) else { return Vec::new() };
        let holds = seen.as_ref().and_then(|seen| when.expect.holds(seen.value?, None, seen.at));
        let told = |seen: &Evidence| Safe::of(format!("{} is {}", when.name, seen.words));
        match (holds, seen) {
            (Some(true), Some(seen)) => {
                self.looked(now);
                if let Some(state) = self.state_mut(at) {
                    state.held_at = Some(now);
                    state.told.push(Safe::of(format!("before it: {}, as its condition says", told(&seen))));
                }
                self.next(now)
            }
            (Some(false), Some(seen)) => {
                let why = Safe::of(format!("{}, and it is for when it {}", told(&seen), when.expect.words()));
                self.looked(now);
                self.skip(at, why, now)
            }
            _ if now.since(self.asked_at) > READING => {
                self.glances.clear();
                let (number, name) = (self.number(at), &when.name);
                if self.state(at).is_some_and(|state| state.may_fail) {
                    return self.skip(at, Safe::of(format!("{name} is not known; it only reads, and may fail")), now);
                }
                let why = Safe::of(format!("{number}: {name} is not known, and what is not known is not true"));
                self.reasons.push(why.clone());
                self.record_answer(at, &why, Then::Stop(Outcome::Failed), now)
            }
            _ => Vec::new(),
        }
    }

    /// A step is left out.
    pub(super) fn skip(&mut self, at: usize, why: Safe, now: Moment) -> Vec<Order> {
        if let Some(state) = self.state_mut(at) {
            state.skipped = Some((now, why));
        }
        self.note(at, if at < self.steps.len() { Then::Next } else { Then::Undo }, now)
    }

    pub(super) fn begin_inward(&mut self, work: &Work, deadline: Duration, now: Moment) -> Vec<Order> {
        match work {
            Work::WaitUntil(wait) => {
                let proof = Proof {
                    trials: vec![wait.trial.clone()],
                    settle: Duration::ZERO,
                    within: deadline,
                    stable: wait.stable,
                };
                let mut waiting = Verification::new(&proof, &[]);
                waiting.begin(now);
                self.waiting = Some(waiting);
                self.read_now(now)
            }
            Work::Look(look) => {
                self.glances = vec![Glance::new(&look.measure, now)];
                self.read_now(now)
            }
            _ => Vec::new(),
        }
    }

    /// What happens while such a step runs.
    pub(super) fn inward(&mut self, at: usize, input: &Input, now: Moment) -> Vec<Order> {
        match input {
            Input::Read(evidence) => {
                self.glance_at(evidence);
                if let Some(waiting) = &mut self.waiting {
                    waiting.take(evidence);
                }
            }
            Input::Ticked { .. } | Input::TimePassed => {}
            _ => return Vec::new(),
        }
        let Some(state) = self.state(at) else { return Vec::new() };
        let lasted = state.began.map_or(Duration::ZERO, |began| now.since(began));
        let late = lasted > state.step.deadline;
        let end = match (&state.step.work, input) {
            (Work::Pause(time), _) if lasted >= *time => Some(done(Safe::of("the time passed"))),
            (Work::Manual(_), _) if late => {
                Some(failed(format!("nobody ticked it within {}", figure::span(state.step.deadline))))
            }
            (Work::Manual(_), Input::Ticked { note }) => Some(done(Safe::of(format!("ticked: {note}")))),
            (Work::WaitUntil(_), _) => self.waited(now),
            (Work::Look(look), _) => match self.glimpse() {
                Some(seen) => Some(done(Safe::of(format!("{} is {}", look.name, seen.words)))),
                None if late => Some(failed(format!("{} could not be read", look.name))),
                None => None,
            },
            _ => None,
        };
        let Some(end) = end else {
            let waits = self.waiting.is_some() || !self.glances.is_empty();
            return if waits { self.refresh(now) } else { Vec::new() };
        };
        (self.waiting, self.glances) = (None, Vec::new());
        self.step_ended(at, end, now)
    }

    fn waited(&self, now: Moment) -> Option<StepEnd> {
        let waiting = self.waiting.as_ref()?;
        if waiting.has_passed() {
            let seen = waiting
                .trials()
                .iter()
                .filter_map(|state| Some(Safe::of(format!("{} is {}", state.trial.name, state.after.as_ref()?.words))));
            return Some(StepEnd::Done { fates: Vec::new(), said: seen.collect() });
        }
        waiting.is_over(now).then(|| StepEnd::Failed(Cause::Other(waiting.words())))
    }
}

fn done(said: Safe) -> StepEnd {
    StepEnd::Done { fates: Vec::new(), said: vec![said] }
}

fn failed(why: String) -> StepEnd {
    StepEnd::Failed(Cause::Other(Safe::of(why)))
}
