//! One action on its way: locks, intent on disk, the steps one by one, verification by fresh readings, outcome on disk. A pure
//! step machine: what is to be done comes out as orders, what became of it goes in as inputs. It sends nothing twice, goes on
//! after nothing that is not known, undoes nothing that nobody agreed to, and ends exactly once.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::{Moment, Safe};

use super::action::Plan;
use super::guard::Warrant;
use super::measure::Measure;
use super::object::{Fate, ObjectKey};
use super::outcome::Outcome;
use super::runbook::Runbook;
use super::step::{StepEnd, Work};

mod asked;
mod closing;
mod ended;
mod inward;
mod orders;
mod steps;
mod verification;
mod way;
mod words;
mod worse;

#[cfg(test)]
mod tests;

pub use orders::{Depends, Gate, Input, Note, Order, Phase, Question, StepState, Undoing};

use inward::Glance;
use verification::Verification;

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
    /// What the present step waits for.
    waiting: Option<Verification>,
    /// What is to be read for the present step.
    glances: Vec<Glance>,
    /// When what must hold before the first effect was last seen to.
    reviewed: Option<Moment>,
    /// When a person was asked, or a reading.
    asked_at: Moment,
    /// When readings were last asked for.
    refreshed: Moment,
    /// What comes when a note is on disk.
    then: Then,
    /// How a runbook that stopped will end.
    stopped: Option<Outcome>,
    /// What is still to be undone, by the places of the steps.
    undoing: VecDeque<usize>,
    /// Why nothing more may be sent, undoing neither.
    barred: Option<Safe>,
    /// A person is asked since it waited for long, not since the card says so.
    asks_again: bool,
    /// Nobody can answer.
    alone: bool,
    /// Records that were ordered so far: the number of the last of them.
    records: u64,
    /// Why it ended as it did.
    reasons: Vec<Safe>,
    over_at: Option<Moment>,
}

/// What comes after a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// The next step.
    Next,
    /// The runbook stops.
    Stop(Outcome),
    /// Fresh readings.
    Verify,
    /// The next compensation.
    Undo,
    /// The end.
    Close(Outcome),
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
            steps,
            cancelled: false,
            acted: false,
            lost: false,
            verification,
            waiting: None,
            glances: Vec::new(),
            reviewed: None,
            asked_at: now,
            refreshed: now,
            then: Then::Next,
            stopped: None,
            undoing: VecDeque::new(),
            barred: None,
            asks_again: false,
            alone: false,
            records: 0,
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
            (phase, Input::Written { number, written }) => match self.awaited(phase, number, written) {
                Some(written) => self.step(Input::Recorded(written), now),
                None => Vec::new(),
            },
            (Phase::Ended { .. }, _) => Vec::new(),
            (_, Input::CancelAsked) => self.cancel(now),
            (_, Input::Barred(why)) => self.bar(&why, now),
            (_, Input::Remarked(words)) => {
                if !self.reasons.contains(&words) {
                    self.reasons.push(words);
                }
                Vec::new()
            }
            (_, Input::NobodyThere) => self.left_alone(now),
            (Phase::Holding, Input::Held(Ok(()))) => {
                self.phase = Phase::Recording;
                self.waits_since = now;
                vec![self.ordered(Note::Intent)]
            }
            (Phase::Holding, Input::Held(Err(why))) => {
                self.reasons.extend(self.barred.clone());
                self.reasons.push(why);
                let outcome = if self.cancelled { self.halted() } else { Outcome::Refused };
                self.close(outcome, now)
            }
            (Phase::Recording, Input::Recorded(Ok(()))) => self.next(now),
            (Phase::Recording, Input::Recorded(Err(why))) => {
                self.reasons.push(Safe::of(format!("nothing was done: the audit cannot be written: {why}")));
                self.end(Outcome::Refused, false, now)
            }
            (Phase::Running { step }, input) => self.running(step, input, now),
            (Phase::Looking { step }, Input::Read(evidence)) => {
                self.glance_at(&evidence);
                self.decide(step, now)
            }
            (Phase::Looking { step }, Input::TimePassed) => {
                let orders = self.decide(step, now);
                if orders.is_empty() { self.refresh(now) } else { orders }
            }
            (Phase::Reviewing { step }, Input::Read(evidence)) => {
                self.glance_at(&evidence);
                self.judge_again(step, now)
            }
            (Phase::Reviewing { step }, Input::TimePassed) => {
                let orders = self.judge_again(step, now);
                if orders.is_empty() { self.refresh(now) } else { orders }
            }
            (Phase::Asking { step }, Input::GateAnswered(answer)) => self.answered(step, answer, now),
            (Phase::Offering, Input::CompensationsAnswered(wanted)) => self.compensate(wanted, now),
            (Phase::Asking { .. } | Phase::Offering, Input::TimePassed) => self.unanswered(now),
            (Phase::Verifying, Input::Read(evidence)) => {
                self.verification.take(&evidence);
                self.judge(now)
            }
            (Phase::Verifying, Input::TimePassed) => self.judge(now),
            (_, Input::StepEnded { step, end }) => {
                self.late(step, end);
                Vec::new()
            }
            (Phase::Noting, Input::Recorded(written)) => self.noted(written, now),
            (Phase::Holding | Phase::Recording | Phase::Closing(_) | Phase::Noting, Input::TimePassed) => {
                self.stuck(now)
            }
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

    /// The number of the record that was ordered last: one step orders one at most.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The runbook, if it is one.
    #[must_use]
    pub fn runbook(&self) -> Option<&Runbook> {
        match &self.warrant.card().action.plan {
            Plan::Runbook(runbook) => Some(runbook),
            _ => None,
        }
    }

    /// A step, or what undoes one.
    fn state(&self, at: usize) -> Option<&StepState> {
        match at.checked_sub(self.steps.len()) {
            None => self.steps.get(at),
            Some(of) => self.steps.get(of)?.undo.as_deref(),
        }
    }

    fn state_mut(&mut self, at: usize) -> Option<&mut StepState> {
        match at.checked_sub(self.steps.len()) {
            None => self.steps.get_mut(at),
            Some(of) => self.steps.get_mut(of)?.undo.as_deref_mut(),
        }
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

    /// Nothing was done, as far as that can be known for sure: what begins with an effect never began.
    #[must_use]
    pub fn surely_did_nothing(&self) -> bool {
        let undos = self.steps.iter().filter_map(|state| state.undo.as_deref());
        let mut begun = self.steps.iter().chain(undos).filter(|state| state.began.is_some());
        begun.all(StepState::surely_did_nothing)
    }

    /// Why it ended as it did.
    #[must_use]
    pub fn reasons(&self) -> &[Safe] {
        &self.reasons
    }

    /// What a person is asked is not on the card: it waited for long.
    #[must_use]
    pub fn asks_again(&self) -> bool {
        self.asks_again
    }

    /// A stop was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// What became of each object, in the order of the card. Of what was sent and never answered nothing is known.
    #[must_use]
    pub fn fates(&self) -> Vec<(ObjectKey, Fate)> {
        let card = self.warrant.card();
        let known: Vec<&(ObjectKey, Fate)> = self.steps.iter().flat_map(StepState::fates).collect();
        let unanswered = |state: &&StepState| {
            state.was_let_fail().is_none() && matches!(state.ended, Some((_, StepEnd::Unknown(_))))
        };
        let lost: Vec<ObjectKey> = match self.runbook() {
            None if self.lost => card.keys(),
            None => Vec::new(),
            Some(_) => {
                let parts = self.steps.iter().filter(unanswered).filter_map(|state| card.part(state.part?));
                parts.flat_map(|found| found.objects.iter().map(|object| object.key.clone())).collect()
            }
        };
        let fate = |key: &ObjectKey| {
            let mut all = known.iter().rev().filter(|(k, _)| k == key).map(|(_, fate)| *fate);
            let newest = all.next();
            // That it is gone or another by then is what was done to it before: that is not hidden by a later step.
            let is_effect = |fate: &Fate| matches!(fate, Fate::Done | Fate::Unknown);
            newest.filter(|fate| !matches!(fate, Fate::Gone | Fate::Changed)).or_else(|| all.find(is_effect)).or(newest)
        };
        let doubt = |key: &ObjectKey| lost.contains(key).then_some(Fate::Unknown);
        let keys = card.keys().into_iter();
        keys.filter_map(|key| fate(&key).or_else(|| doubt(&key)).map(|fate| (key, fate))).collect()
    }

    /// The name of what it made, as its target told it.
    #[must_use]
    pub fn made(&self) -> Option<String> {
        let agreed = self.warrant.card().keys();
        let mut told = self.steps.iter().flat_map(StepState::fates).filter(|(key, _)| !agreed.contains(key));
        told.find_map(|(key, fate)| match (key, fate) {
            (ObjectKey::Named(name), Fate::Done) => Some(name.one_line().to_string()),
            _ => None,
        })
    }

    /// What has to be gone for it to have succeeded: the objects of the card. What changed meanwhile is not what its card shows
    /// any more, and was left alone.
    #[must_use]
    pub fn to_be_gone(&self) -> Vec<ObjectKey> {
        let fates = self.fates();
        let changed = |key: &ObjectKey| fates.iter().any(|(known, fate)| known == key && *fate == Fate::Changed);
        self.warrant.card().keys().into_iter().filter(|key| !changed(key)).collect()
    }

    /// Readings before and after, per trial: name, before, after, whether it passed.
    #[must_use]
    pub fn trials(&self) -> &[verification::TrialState] {
        self.verification.trials()
    }

    /// From when on readings count; not known before the effect. What is only looked at counts as it is.
    #[must_use]
    pub fn counts_from(&self) -> Option<Moment> {
        match &self.waiting {
            Some(waiting) => waiting.counts_from(),
            None if !self.glances.is_empty() => None,
            None => self.verification.counts_from(),
        }
    }

    /// The measures that readings are wanted of now.
    pub fn measures(&self) -> impl Iterator<Item = &Measure> {
        let trials = match &self.waiting {
            Some(waiting) => waiting.trials(),
            None if !self.glances.is_empty() => &[],
            None => self.verification.trials(),
        };
        trials.iter().map(|state| &state.trial.measure).chain(self.glances.iter().map(Glance::measure))
    }

    /// What a person is waited for, if so.
    #[must_use]
    pub fn question(&self) -> Option<Question<'_>> {
        match self.phase {
            Phase::Asking { step } => self.state(step).map(Question::Gate),
            Phase::Offering => {
                let undos = self.undoing.iter().filter_map(|at| {
                    let of = self.steps.get(*at)?;
                    Some(Undoing { undo: of.undo.as_deref()?, of })
                });
                Some(Question::Compensate(undos.collect()))
            }
            Phase::Running { step } => {
                let state = self.state(step)?;
                match &state.step.work {
                    Work::Manual(manual) => Some(Question::Tick(state, manual)),
                    _ => None,
                }
            }
            _ => None,
        }
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
