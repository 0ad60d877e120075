//! Where a person decides: before a step, what is done by hand, and whether what was done is undone after a failure. Without
//! an answer nothing is sent.

use crate::domain::{Cause, Moment, Safe, figure};
use crate::remediation::outcome::Outcome;
use crate::remediation::runbook::ANSWER;
use crate::remediation::step::{StepEnd, Work};

use super::orders::{Depends, Gate, Note, Order, Phase, StepState};
use super::{Execution, Then};

impl Execution {
    /// A person is asked whether a step is done.
    pub(super) fn ask(&mut self, at: usize, now: Moment) -> Vec<Order> {
        self.phase = Phase::Asking { step: at };
        self.asked_at = now;
        match self.alone {
            true => self.unanswerable(now),
            // Whoever decides sees how it is now.
            false if !self.depends().is_empty() => self.read_now(now),
            false => Vec::new(),
        }
    }

    /// It waited for so long that whoever agreed may be gone: a person is asked once more.
    pub(super) fn ask_again(&mut self, at: usize, now: Moment) -> Vec<Order> {
        let waited = self.warrant.overslept(now).unwrap_or_default();
        let words = Safe::of(format!("it waited for {} since a person last agreed: go on?", figure::span(waited)));
        if let Some(state) = self.state_mut(at) {
            state.told.push(words);
        }
        self.asks_again = true;
        self.ask(at, now)
    }

    /// What the step that a person is asked about depends on: its condition, what must hold before the first effect, and
    /// what was looked at last before it.
    #[must_use]
    pub fn depends(&self) -> Vec<Depends<'_>> {
        let Phase::Asking { step } = self.phase else { return Vec::new() };
        let when = self.steps.get(step).and_then(|state| state.when.as_ref());
        let when = when.map(|when| Depends { name: &when.name, measure: &when.measure, when: Some(when) });
        let first = self.has_changed_nothing().then_some(&self.warrant.card().action.preconditions);
        let required = self.steps.get(step).map(|state| &state.requires);
        let wanted = first.into_iter().chain(required).flatten();
        let wanted = wanted.map(|wanted| Depends { name: &wanted.name, measure: &wanted.measure, when: None });
        let before = self.steps.iter().take(step).rev().filter(|state| state.is_done());
        let looked = before.filter_map(|state| match &state.step.work {
            Work::Look(look) => Some(Depends { name: &look.name, measure: &look.measure, when: None }),
            Work::WaitUntil(wait) => Some(Depends { name: &wait.trial.name, measure: &wait.trial.measure, when: None }),
            _ => None,
        });
        let mut all: Vec<Depends<'_>> = Vec::new();
        for one in when.into_iter().chain(wanted).chain(looked.take(1)) {
            if !all.iter().any(|known| known.measure == one.measure) {
                all.push(one);
            }
        }
        all
    }

    pub(super) fn answered(&mut self, at: usize, answer: Gate, now: Moment) -> Vec<Order> {
        if answer == Gate::Go && self.state(at).is_some_and(|state| state.barred.is_some()) {
            return Vec::new();
        }
        if answer != Gate::Stop {
            self.warrant.renew(now);
        }
        self.asks_again = false;
        let words = match answer {
            Gate::Go => "a person said: go on",
            Gate::Skip => "a person said: leave it out",
            Gate::Stop => "a person said: stop",
        };
        if answer == Gate::Skip {
            return self.skip(at, Safe::of(words), now);
        }
        if let Some(state) = self.state_mut(at) {
            state.told.push(Safe::of(words));
            state.answered = answer == Gate::Go;
        }
        if answer == Gate::Stop {
            let number = self.number(at);
            self.reasons.push(Safe::of(format!("{number}: {words}")));
            return self.record_answer(at, &Safe::of(words), Then::Stop(Outcome::Cancelled), now);
        }
        self.record_answer(at, &Safe::of(words), Then::Next, now)
    }

    /// An answer, or the lack of one, goes to the audit.
    pub(super) fn record_answer(&mut self, at: usize, words: &Safe, then: Then, now: Moment) -> Vec<Order> {
        let title = self.state(at).map_or_else(Safe::default, |state| state.step.title.clone());
        let title = Safe::of(format!("{}: {title}", self.number(at)));
        self.record(Note::Step { title, words: words.clone() }, then, now)
    }

    /// Nobody answers: that is no consent.
    pub(super) fn unanswered(&mut self, now: Moment) -> Vec<Order> {
        if now.since(self.asked_at) <= ANSWER {
            return Vec::new();
        }
        let why = Safe::of(format!("nobody answered within {}", figure::span(ANSWER)));
        self.without_answer(&why, Outcome::TimedOut, now)
    }

    fn unanswerable(&mut self, now: Moment) -> Vec<Order> {
        let why = Safe::of("nobody is there to answer");
        self.without_answer(&why, Outcome::Cancelled, now)
    }

    fn without_answer(&mut self, why: &Safe, outcome: Outcome, now: Moment) -> Vec<Order> {
        match self.phase {
            Phase::Asking { step } => {
                // Without the consent that it asks for anew it is what a guard refuses.
                let outcome = if self.asks_again { self.refusal() } else { outcome };
                let number = self.number(step);
                self.reasons.push(Safe::of(format!("{number}: {why}")));
                self.record_answer(step, why, Then::Stop(outcome), now)
            }
            Phase::Offering => self.leave_as_it_is(why, now),
            _ => Vec::new(),
        }
    }

    /// The screen is gone: who is waited for will not come.
    pub(super) fn left_alone(&mut self, now: Moment) -> Vec<Order> {
        self.alone = true;
        match (self.phase, self.question().is_some()) {
            (Phase::Running { step }, true) => {
                self.step_ended(step, StepEnd::Failed(Cause::Other(Safe::of("nobody is there to do it"))), now)
            }
            _ => self.unanswerable(now),
        }
    }

    /// It can be stopped in the middle.
    fn can_be_stopped(&self, step: usize) -> bool {
        self.state(step).is_some_and(|state| state.step.work.can_be_stopped())
    }

    /// A stop takes hold before the next step; where nothing is under way outside, at once.
    pub(super) fn cancel(&mut self, now: Moment) -> Vec<Order> {
        let again = std::mem::replace(&mut self.cancelled, true);
        let words = self.barred.clone().unwrap_or_else(|| Safe::of("a person stopped it"));
        match self.phase {
            Phase::Running { step } if self.state(step).is_some_and(|state| state.step.work.is_inward()) => {
                (self.waiting, self.glances) = (None, Vec::new());
                if let Some(state) = self.state_mut(step) {
                    state.ended = Some((now, StepEnd::Failed(Cause::Other(words))));
                }
                let undo = step >= self.steps.len();
                let then = if undo { Then::Close(self.escalate(false)) } else { Then::Stop(self.halted()) };
                self.note(step, then, now)
            }
            Phase::Looking { step } | Phase::Reviewing { step } | Phase::Asking { step } => {
                self.glances.clear();
                self.record_answer(step, &words, Then::Stop(self.halted()), now)
            }
            Phase::Offering if self.barred.is_some() => self.leave_as_it_is(&words, now),
            Phase::Offering => self.leave_as_it_is(&Safe::of("a person said: leave it"), now),
            Phase::Running { step } if !again && self.can_be_stopped(step) => vec![Order::Interrupt],
            // What is not taken yet is not taken any more: no approval is used up, and nothing cools down.
            Phase::Holding if !again => vec![Order::Interrupt],
            _ => Vec::new(),
        }
    }

    /// What it was consented to under does not hold any more: nothing more is sent, and what undoes is sent too.
    pub(super) fn bar(&mut self, why: &Safe, now: Moment) -> Vec<Order> {
        let is_over = matches!(self.phase, Phase::Verifying | Phase::Closing(_));
        if self.barred.is_some() || is_over && !self.lost {
            return Vec::new();
        }
        self.barred =
            Some(Safe::of(format!("the policy changed: nothing more is sent, nor is what was done undone ({why})")));
        self.cancel(now)
    }

    /// How it ends when the policy changed: before anything was changed that is a refusal.
    pub(super) fn halted(&self) -> Outcome {
        if self.barred.is_some() && self.has_changed_nothing() { self.refusal() } else { Outcome::Cancelled }
    }

    /// The runbook goes no further. What was done and has a compensation is offered to be undone, and before it, since it
    /// came last, what may have been done.
    pub(super) fn stop(&mut self, outcome: Outcome, now: Moment) -> Vec<Order> {
        if let Some(why) = self.barred.clone() {
            self.reasons.push(why);
            self.not_compensated();
            return self.close(outcome, now);
        }
        let steps = self.steps.iter().enumerate().rev();
        let done = steps.filter(|(_, state)| state.can_be_undone()).map(|(at, _)| at);
        self.undoing = done.collect();
        if self.undoing.is_empty() {
            return self.close(outcome, now);
        }
        self.stopped = Some(outcome);
        self.phase = Phase::Offering;
        self.asked_at = now;
        if self.alone { self.unanswerable(now) } else { Vec::new() }
    }

    /// A person decided whether what was done is undone.
    pub(super) fn compensate(&mut self, wanted: bool, now: Moment) -> Vec<Order> {
        if !wanted {
            return self.leave_as_it_is(&Safe::of("a person said: leave it"), now);
        }
        // A stop that was asked for before is over; one from here on holds for the compensations.
        self.cancelled = false;
        let words = Safe::of("a person said: undo what was done");
        self.record(Note::Step { title: Safe::of("compensations"), words }, Then::Undo, now)
    }

    pub(super) fn undo_next(&mut self, now: Moment) -> Vec<Order> {
        if self.cancelled {
            let words = self.barred.clone().unwrap_or_else(|| Safe::of("a person stopped it"));
            return self.leave_as_it_is(&words, now);
        }
        if let Some(of) = self.undoing.pop_front() {
            return self.start(self.steps.len() + of, now);
        }
        self.reasons.push(Safe::of("what was done and can be undone was undone"));
        let outcome = self.stopped.unwrap_or(Outcome::Failed);
        self.close(outcome, now)
    }

    /// What was offered is not done, or not all of it.
    fn leave_as_it_is(&mut self, why: &Safe, now: Moment) -> Vec<Order> {
        let outcome = self.stopped.unwrap_or(Outcome::Failed);
        self.reasons.extend(self.barred.clone());
        self.not_compensated();
        self.record(Note::Step { title: Safe::of("compensations"), words: why.clone() }, Then::Close(outcome), now)
    }

    /// A compensation cannot begin.
    pub(super) fn give_up(&mut self, now: Moment) -> Vec<Order> {
        let outcome = self.escalate(false);
        self.close(outcome, now)
    }

    /// A compensation failed: nothing more is sent, and people are called.
    pub(super) fn escalate(&mut self, unknown: bool) -> Outcome {
        self.not_compensated();
        let contacts = self.runbook().map(|runbook| runbook.contacts.clone()).unwrap_or_default();
        let whom: Vec<&str> = contacts.iter().map(Safe::as_str).collect();
        let whom = if whom.is_empty() { "nobody is named to be called".to_owned() } else { whom.join(", ") };
        self.reasons.push(Safe::of(format!("undoing failed: this needs a person now; call {whom}")));
        if unknown { Outcome::Unknown } else { self.stopped.unwrap_or(Outcome::Failed) }
    }

    fn not_compensated(&mut self) {
        let left =
            |state: &&StepState| state.can_be_undone() && state.undo.as_ref().is_some_and(|undo| !undo.is_done());
        let doubt = |state: &StepState| if state.is_in_doubt() { " (may have been done)" } else { "" };
        let words = |state: &StepState| format!("{}{}", state.step.title, doubt(state));
        let titles: Vec<String> = self.steps.iter().filter(left).map(words).collect();
        self.undoing.clear();
        if !titles.is_empty() {
            self.reasons.push(Safe::of(format!("not compensated: {}", titles.join(", "))));
        }
    }
}
