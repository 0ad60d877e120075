//! One action on its way: locks, intent on disk, the steps one by one, verification by fresh readings, outcome on disk. A pure
//! step machine: what is to be done comes out as orders, what became of it goes in as inputs. It sends nothing twice, goes on
//! after nothing that is not known, and ends exactly once.

use std::time::Duration;

use crate::domain::{Moment, Safe};

use super::guard::{Approved, Warrant};
use super::measure::{Evidence, Measure};
use super::object::{Fate, ObjectKey};
use super::outcome::Outcome;
use super::step::{Step, StepEnd};

mod steps;
mod verification;
mod worse;

#[cfg(test)]
mod tests;

use verification::Verification;

/// A step that says nothing is given up so long after its own deadline: whoever runs it keeps the deadline too.
const GRACE: Duration = Duration::from_secs(2);
/// A disk answers within this.
const DISK: Duration = Duration::from_secs(20);

/// What is to be done.
#[derive(Debug)]
pub enum Order {
    /// Take the locks of the target, and note that the cool-down begins.
    Hold,
    /// Write this to the audit and sync it to disk.
    Record(Note),
    /// Do this, once.
    Run {
        /// Which step.
        step: usize,
        /// What, and on what.
        approved: Approved,
    },
    /// Count the objects of the card that are still as it shows them.
    ReadObjects,
    /// Stop the step that runs.
    Interrupt,
    /// Let the locks go.
    Release,
}

/// What goes to the audit.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// It is about to begin.
    Intent,
    /// It ended before it began: no byte was sent.
    Refused(Vec<Safe>),
    /// It ended.
    Outcome(Outcome),
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// The locks were taken, or not, and why.
    Held(Result<(), Safe>),
    /// The record is on disk, or not, and why.
    Recorded(Result<(), Safe>),
    /// A step ended.
    StepEnded {
        /// Which.
        step: usize,
        /// How.
        end: StepEnd,
    },
    /// A reading of something.
    Read(Evidence),
    /// A person asked to stop.
    CancelAsked,
    /// Time passed.
    TimePassed,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Waits for the locks.
    Holding,
    /// Waits for the intent to be on disk.
    Recording,
    /// Runs a step.
    Running {
        /// Which.
        step: usize,
    },
    /// Waits for fresh readings.
    Verifying,
    /// Waits for the outcome to be on disk.
    Closing(Outcome),
    /// Over.
    Ended {
        /// How.
        outcome: Outcome,
        /// Whether that is on disk.
        recorded: bool,
    },
}

/// One step's way.
#[derive(Clone, Debug)]
pub struct StepState {
    /// The step.
    pub step: Step,
    /// When it began.
    pub began: Option<Moment>,
    /// When and how it ended.
    pub ended: Option<(Moment, StepEnd)>,
}

/// One action on its way.
#[derive(Debug)]
pub struct Execution {
    warrant: Warrant,
    phase: Phase,
    began: Moment,
    /// When the disk was last asked for something.
    waits_since: Moment,
    steps: Vec<StepState>,
    cancelled: bool,
    /// Whether anything was sent.
    acted: bool,
    /// A step of which nobody knows whether it had its effect.
    lost: bool,
    verification: Verification,
    /// Why it ended as it did.
    reasons: Vec<Safe>,
    over_at: Option<Moment>,
}

impl Execution {
    /// Begins with the locks.
    #[must_use]
    pub fn begin(warrant: Warrant, now: Moment) -> (Execution, Vec<Order>) {
        let card = warrant.card();
        let steps = steps::of(card);
        let verification = Verification::new(&card.action.proof, &card.before);
        let execution = Execution {
            phase: Phase::Holding,
            began: now,
            waits_since: now,
            steps: steps.into_iter().map(|step| StepState { step, began: None, ended: None }).collect(),
            cancelled: false,
            acted: false,
            lost: false,
            verification,
            reasons: Vec::new(),
            over_at: None,
            warrant,
        };
        (execution, vec![Order::Hold])
    }

    /// The one step of the machine.
    pub fn step(&mut self, input: Input, now: Moment) -> Vec<Order> {
        self.warrant.see(now);
        match (self.phase, input) {
            (Phase::Ended { .. }, _) => Vec::new(),
            (_, Input::CancelAsked) => {
                let again = std::mem::replace(&mut self.cancelled, true);
                if self.can_be_stopped() && !again { vec![Order::Interrupt] } else { Vec::new() }
            }
            (Phase::Holding, Input::Held(Ok(()))) => {
                self.phase = Phase::Recording;
                self.waits_since = now;
                vec![Order::Record(Note::Intent)]
            }
            (Phase::Holding, Input::Held(Err(why))) => {
                self.reasons.push(why);
                self.close(Outcome::Refused, now)
            }
            (Phase::Recording, Input::Recorded(Ok(()))) => self.next(now),
            (Phase::Recording, Input::Recorded(Err(why))) => {
                self.reasons.push(Safe::of(format!("nothing was done: the audit cannot be written: {why}")));
                self.end(Outcome::Refused, false, now)
            }
            (Phase::Running { step }, Input::StepEnded { step: ended, end }) if ended == step => {
                self.step_ended(step, end, now)
            }
            (Phase::Running { step }, Input::TimePassed) => self.overdue(step, now),
            (Phase::Verifying, Input::Read(evidence)) => {
                self.verification.take(&evidence);
                self.judge(now)
            }
            (Phase::Verifying, Input::TimePassed) => self.judge(now),
            (Phase::Verifying, Input::StepEnded { step, end }) => {
                self.late(step, end);
                Vec::new()
            }
            (Phase::Holding | Phase::Recording | Phase::Closing(_), Input::TimePassed) => self.stuck(now),
            (Phase::Closing(outcome), Input::Recorded(written)) => {
                if let Err(why) = &written {
                    self.reasons.push(Safe::of(format!("the outcome could not be recorded: {why}")));
                }
                self.end(outcome, written.is_ok(), now)
            }
            // Late answers, and readings that nobody waits for.
            _ => Vec::new(),
        }
    }

    /// The next step, when nothing speaks against it: the last look before the first byte.
    fn next(&mut self, now: Moment) -> Vec<Order> {
        let Some(at) = self.steps.iter().position(|step| step.began.is_none()) else { return self.verify(now) };
        if self.cancelled {
            return self.close(Outcome::Cancelled, now);
        }
        if !self.acted && !self.warrant.is_good(now) {
            self.reasons.push(Safe::of("the consent ran out before the first step"));
            return self.close(Outcome::Refused, now);
        }
        if now.since(self.began) > self.warrant.card().action.limits.deadline {
            self.reasons.push(Safe::of("it ran out of time between two steps"));
            return self.close(Outcome::TimedOut, now);
        }
        if let Some(shut) = self.shut(at, now) {
            self.reasons.push(shut);
            return self.close(if self.acted { Outcome::TimedOut } else { Outcome::Refused }, now);
        }
        let Some(state) = self.steps.get_mut(at) else { return Vec::new() };
        state.began = Some(now);
        self.acted = true;
        self.phase = Phase::Running { step: at };
        vec![Order::Run { step: at, approved: self.warrant.approve(&state.step, now) }]
    }

    /// Why the maintenance window lets a step not begin now: the first has to leave room for all that come after it.
    fn shut(&self, at: usize, now: Moment) -> Option<Safe> {
        let step = self.steps.get(at).map_or(Duration::ZERO, |state| state.step.deadline);
        let needs = if self.acted { step } else { step.max(self.warrant.card().action.limits.deadline) };
        self.warrant.shut(now, needs).map(|shut| Safe::of(shut.to_string()))
    }

    fn step_ended(&mut self, at: usize, end: StepEnd, now: Moment) -> Vec<Order> {
        let first = at == 0;
        let (outcome, why) = match &end {
            StepEnd::Done { .. } => (None, None),
            StepEnd::OtherTarget(what) => {
                let why = Safe::of(format!("it is not the target of the card any more: {what}"));
                (Some(if first { Outcome::Refused } else { Outcome::Failed }), Some(why))
            }
            StepEnd::Failed(cause) => (Some(Outcome::Failed), Some(Safe::of(cause.to_string()))),
            StepEnd::Cancelled(left) => (Some(Outcome::Cancelled), Some(left.clone())),
            StepEnd::Unknown(cause) => {
                self.lost = true;
                (None, Some(Safe::of(format!("it may have had its effect: {cause}"))))
            }
        };
        self.reasons.extend(why);
        if let Some(state) = self.steps.get_mut(at) {
            let answer = state.began.and_then(|began| steps::answer(&state.step, &end, began));
            if let Some(answer) = &answer {
                self.verification.answered(answer);
            }
            state.ended = Some((now, end));
        }
        match outcome {
            Some(outcome) => self.close(outcome, now),
            None if self.has_done_nothing() => {
                self.reasons.push(Safe::of("nothing was done: all of it was gone, changed or refused"));
                self.close(Outcome::NotVerified, now)
            }
            // Whether it had its effect is for the readings to say; nothing is sent after it, nor again.
            None if self.lost => self.verify(now),
            None => self.next(now),
        }
    }

    /// Every object had its answer, and none of them that it was done: whatever readings show, it was not this.
    fn has_done_nothing(&self) -> bool {
        let mut fates = self.steps.iter().flat_map(StepState::fates).peekable();
        !self.lost && fates.peek().is_some() && fates.all(|(_, fate)| *fate != Fate::Done)
    }

    /// A step that never says anything is given up.
    fn overdue(&mut self, at: usize, now: Moment) -> Vec<Order> {
        let Some(state) = self.steps.get(at) else { return Vec::new() };
        let lasted = state.began.map_or(Duration::ZERO, |began| now.since(began));
        if lasted <= state.step.deadline + GRACE {
            return Vec::new();
        }
        let cause =
            crate::domain::Cause::Timeout { phase: crate::domain::cause::Phase::Whole, after: state.step.deadline };
        self.step_ended(at, StepEnd::Unknown(cause), now)
    }

    /// The answer of a step that was given up: what became of each object is known after all.
    fn late(&mut self, at: usize, end: StepEnd) {
        let Some(state) = self.steps.get_mut(at) else { return };
        if let (Some((when, StepEnd::Unknown(_))), StepEnd::Done { .. }) = (&state.ended, &end) {
            state.ended = Some((*when, end));
        }
    }

    /// A disk that does not answer must not keep anybody waiting for ever. Before the first byte that is a refusal.
    fn stuck(&mut self, now: Moment) -> Vec<Order> {
        if now.since(self.waits_since) <= DISK {
            return Vec::new();
        }
        self.reasons.push(Safe::of(format!("the disk of the audit and the locks did not answer within {DISK:?}")));
        let outcome = match self.phase {
            Phase::Closing(outcome) => outcome,
            _ => Outcome::Refused,
        };
        self.end(outcome, false, now)
    }

    fn verify(&mut self, now: Moment) -> Vec<Order> {
        self.phase = Phase::Verifying;
        self.verification.begin(now);
        self.judge(now)
    }

    fn judge(&mut self, now: Moment) -> Vec<Order> {
        if self.verification.has_passed() {
            return self.close(Outcome::Verified, now);
        }
        if self.verification.is_over(now) {
            self.reasons.push(self.verification.words());
            return self.close(self.verification.verdict(self.lost), now);
        }
        if self.verification.wants_objects(now) { vec![Order::ReadObjects] } else { Vec::new() }
    }

    fn close(&mut self, outcome: Outcome, now: Moment) -> Vec<Order> {
        self.over_at = Some(now);
        self.waits_since = now;
        self.phase = Phase::Closing(outcome);
        let note = match outcome {
            Outcome::Refused => Note::Refused(self.reasons.clone()),
            outcome => Note::Outcome(outcome),
        };
        vec![Order::Record(note)]
    }

    fn end(&mut self, outcome: Outcome, recorded: bool, now: Moment) -> Vec<Order> {
        self.over_at.get_or_insert(now);
        self.phase = Phase::Ended { outcome, recorded };
        vec![Order::Release]
    }

    /// Where it stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// What was allowed.
    #[must_use]
    pub fn warrant(&self) -> &Warrant {
        &self.warrant
    }

    /// When it began.
    #[must_use]
    pub fn began(&self) -> Moment {
        self.began
    }

    /// How long it took, or takes so far.
    #[must_use]
    pub fn lasted(&self, now: Moment) -> Duration {
        self.over_at.unwrap_or(now).since(self.began)
    }

    /// Its steps.
    #[must_use]
    pub fn steps(&self) -> &[StepState] {
        &self.steps
    }

    /// Whether anything was sent.
    #[must_use]
    pub fn has_acted(&self) -> bool {
        self.acted
    }

    /// Why it ended as it did.
    #[must_use]
    pub fn reasons(&self) -> &[Safe] {
        &self.reasons
    }

    /// A stop was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// The step that runs can be stopped in the middle.
    fn can_be_stopped(&self) -> bool {
        let Phase::Running { step } = self.phase else { return false };
        self.steps.get(step).is_some_and(|state| state.step.work.can_be_stopped())
    }

    /// What a stop can still do, truthfully.
    #[must_use]
    pub fn cancel_words(&self) -> &'static str {
        match self.phase {
            Phase::Holding | Phase::Recording => "nothing was sent yet: it stops before the first byte",
            Phase::Running { .. } if self.can_be_stopped() => "this step can be stopped in the middle",
            Phase::Running { step } if step + 1 < self.steps.len() => {
                "this step will finish; the next one will not start"
            }
            Phase::Running { .. } => "this step will finish; there is none after it",
            Phase::Verifying | Phase::Closing(_) => "everything was sent; it only watches for the result",
            Phase::Ended { .. } => "it is over",
        }
    }

    /// What became of each object, in the order of the card. Of what was sent and never answered nothing is known.
    #[must_use]
    pub fn fates(&self) -> Vec<(ObjectKey, Fate)> {
        let known: Vec<&(ObjectKey, Fate)> = self.steps.iter().flat_map(StepState::fates).collect();
        let fate = |key: &ObjectKey| known.iter().rev().find(|(k, _)| k == key).map(|(_, fate)| *fate);
        let keys = self.warrant.card().keys().into_iter();
        keys.filter_map(|key| fate(&key).or(self.lost.then_some(Fate::Unknown)).map(|fate| (key, fate))).collect()
    }

    /// Readings before and after, per trial: name, before, after, whether it passed.
    #[must_use]
    pub fn trials(&self) -> &[verification::TrialState] {
        self.verification.trials()
    }

    /// From when on readings count; not known before the effect.
    #[must_use]
    pub fn counts_from(&self) -> Option<Moment> {
        self.verification.counts_from()
    }

    /// The measures that readings are wanted of.
    pub fn measures(&self) -> impl Iterator<Item = &Measure> {
        self.verification.trials().iter().map(|state| &state.trial.measure)
    }
}

impl StepState {
    fn fates(&self) -> &[(ObjectKey, Fate)] {
        match &self.ended {
            Some((_, StepEnd::Done { fates, .. })) => fates,
            _ => &[],
        }
    }
}
