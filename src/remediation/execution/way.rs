//! From step to step, and to the end: the last look before the first byte, what the end of a step means, what is proved.

use std::time::Duration;

use crate::domain::{Moment, Safe};
use crate::remediation::guard::CONSENT_LASTS;
use crate::remediation::level::Level;
use crate::remediation::measure::Precondition;
use crate::remediation::outcome::Outcome;
use crate::remediation::runbook::Runbook;
use crate::remediation::step::{Binding, Step, Work};

use super::orders::{Input, Order, Phase, StepState};
use super::{Execution, Then};

/// What was judged with the consent counts for an effect that comes within this: locks and the intent take milliseconds.
pub(super) const AT_ONCE: Duration = Duration::from_secs(2);

impl Execution {
    /// The next step, when nothing speaks against it: the last look before the first byte.
    pub(super) fn next(&mut self, now: Moment) -> Vec<Order> {
        if self.steps.is_empty() {
            self.reasons.push(Safe::of("nothing was done: it does not fit what its card shows"));
            return self.close(Outcome::Refused, now);
        }
        let Some(at) = self.steps.iter().position(StepState::waits) else { return self.verify(now) };
        if self.cancelled {
            return self.stop(self.halted(), now);
        }
        if let Some(why) = self.consent_ran_out(now) {
            self.reasons.push(why);
            return self.refuse(now);
        }
        if now.since(self.began) > self.warrant.card().action.limits.deadline {
            self.reasons.push(Safe::of("it ran out of time between two steps"));
            return self.stop(Outcome::TimedOut, now);
        }
        if let Some(shut) = self.shut(at, now) {
            self.reasons.push(shut);
            return self.stop(if self.has_not_begun() { Outcome::Refused } else { Outcome::TimedOut }, now);
        }
        let Some(state) = self.steps.get(at) else { return Vec::new() };
        let is_old = |seen: Moment| now.since(seen) > CONSENT_LASTS;
        match (&state.when, state.ask, &state.barred) {
            // Whoever was asked may have thought for long.
            (Some(_), ..) if state.held_at.is_none_or(is_old) => self.look(at, now),
            (_, true, _) if !state.answered => self.ask(at, now),
            (.., Some(why)) => {
                let why = why.clone();
                self.cannot_run(at, &why, now)
            }
            _ if self.is_first_effect(state) && !self.warrant.is_good(now) => self.ask_again(at, now),
            _ if self.is_to_be_reviewed(state, now) => self.review(at, now),
            _ => self.start(at, now),
        }
    }

    /// Why nothing that changes something may be begun any more. Where only waiting took long, a person is asked later on.
    fn consent_ran_out(&self, now: Moment) -> Option<Safe> {
        if !self.has_changed_nothing() {
            return None;
        }
        if !self.warrant.is_good(now) && self.warrant.overslept(now).is_none() {
            return Some(Safe::of("the consent ran out before anything that changes something was sent"));
        }
        self.warrant.approval_ran_out(now)
    }

    /// Nothing of what is watched was changed yet, and this is there to change something.
    fn is_first_effect(&self, state: &StepState) -> bool {
        state.changes() && self.has_changed_nothing()
    }

    /// What had to hold at consent is looked at again before the first effect, where anything stood before it: a question,
    /// a wait, what is done by hand, a slow disk. Before later effects it is not: what the runbook itself did by then may be just what
    /// ends it, as a service that had to be degraded is not after its restart. For those a step has its own `when`.
    fn is_to_be_reviewed(&self, state: &StepState, now: Moment) -> bool {
        let conditions = !self.warrant.card().action.preconditions.is_empty();
        let later = !self.has_not_begun() || now.since(self.began) > AT_ONCE;
        let first = conditions && later && self.is_first_effect(state) && self.reviewed != Some(now);
        // What the step itself requires is looked at directly before it, whichever it is.
        first || !state.requires.is_empty() && state.met_at != Some(now)
    }

    /// What must hold for a step to be begun: what had to at consent where it is the first effect, and what it requires.
    pub(super) fn required(&self, at: usize) -> Vec<Precondition> {
        let Some(state) = self.state(at) else { return Vec::new() };
        let own = self.warrant.card().action.preconditions.iter().filter(|_| self.is_first_effect(state));
        own.chain(&state.requires).cloned().collect()
    }

    /// No step that is there to change something of what is watched was begun.
    pub(super) fn has_changed_nothing(&self) -> bool {
        !self.steps.iter().any(|state| state.changes_what_is_watched() && state.began.is_some())
    }

    /// A guard speaks against the first effect.
    pub(super) fn refuse(&mut self, now: Moment) -> Vec<Order> {
        self.stop(self.refusal(), now)
    }

    /// What was done by hand before the first effect, or read, is a beginning all the same.
    pub(super) fn refusal(&self) -> Outcome {
        let began = self.acted || self.steps.iter().any(StepState::can_be_undone);
        if began { Outcome::Failed } else { Outcome::Refused }
    }

    /// A step that cannot run here is needed, and nobody is to be asked.
    fn cannot_run(&mut self, at: usize, why: &Safe, now: Moment) -> Vec<Order> {
        if self.state(at).is_some_and(|state| state.may_fail) {
            return self.skip(at, Safe::of(format!("it cannot run here, and may fail: {why}")), now);
        }
        let why = Safe::of(format!("it would be needed, and cannot run here: {why}"));
        self.reasons.push(Safe::of(format!("{}: {why}", self.number(at))));
        self.record_answer(at, &why, Then::Stop(Outcome::Failed), now)
    }

    /// No step was begun, left out or asked about.
    fn has_not_begun(&self) -> bool {
        self.steps.iter().all(|state| state.waits() && state.told.is_empty())
    }

    /// An order that could come after one of ours is bound to the very process of the card where none of ours was sent.
    fn bind(&self, step: &mut Step) {
        let Work::Service(work) = &mut step.work else { return };
        let is_of_it = |state: &&StepState| matches!(&state.step.work, Work::Service(other) if other.step.verb.changes() && other.step.is_to(&work.step));
        let mut ours = self.steps.iter().filter(is_of_it);
        if work.binding == Binding::Later && !ours.any(|state| state.has_changed_something() || state.is_in_doubt()) {
            work.binding = Binding::First;
        }
    }

    /// Begins a step, or what undoes one.
    pub(super) fn start(&mut self, at: usize, now: Moment) -> Vec<Order> {
        let undo = at >= self.steps.len();
        // What brings something back is not kept from it by a window that ended, unless it destroys by itself.
        if undo
            && self.destroys(at)
            && let Some(shut) = self.shut(at, now)
        {
            self.reasons.push(shut);
            return self.give_up(now);
        }
        let Some(state) = self.state(at) else { return Vec::new() };
        if matches!(state.step.work, Work::Sessions(_)) && self.touches_nobody(state) {
            return self.skip(at, Safe::of("the card lists nobody"), now);
        }
        let (inward, part, mut step) = (state.step.work.is_inward(), state.part, state.step.clone());
        if !undo {
            self.bind(&mut step);
        }
        self.phase = Phase::Running { step: at };
        if let Some(state) = self.state_mut(at) {
            state.began = Some(now);
        }
        if inward {
            return self.begin_inward(&step.work, step.deadline, now);
        }
        self.acted = true;
        vec![Order::Run { step: at, approved: self.warrant.approve(&step, part, now) }]
    }

    fn destroys(&self, at: usize) -> bool {
        let items = self.runbook().map(Runbook::items).unwrap_or_default();
        items.into_iter().any(|(place, item)| place == at && item.deed.demands() >= Level::L3)
    }

    fn touches_nobody(&self, state: &StepState) -> bool {
        let found = state.part.and_then(|part| self.warrant.card().part(part));
        found.is_some_and(|found| found.objects.is_empty())
    }

    /// Why the maintenance window lets a step not begin now: the first has to leave room for all that come after it.
    fn shut(&self, at: usize, now: Moment) -> Option<Safe> {
        let step = self.state(at).map_or(Duration::ZERO, |state| state.step.deadline);
        let whole = self.warrant.card().action.limits.deadline;
        let needs = if self.has_not_begun() { step.max(whole) } else { step };
        self.warrant.shut(now, needs).map(|shut| Safe::of(shut.to_string()))
    }

    /// What happens while a step runs.
    pub(super) fn running(&mut self, at: usize, input: Input, now: Moment) -> Vec<Order> {
        let inward = self.state(at).is_some_and(|state| state.step.work.is_inward());
        match input {
            input if inward => self.inward(at, &input, now),
            Input::StepEnded { step, end } if step == at => self.step_ended(at, end, now),
            Input::StepEnded { step, end } => {
                self.late(step, end);
                Vec::new()
            }
            Input::TimePassed => self.overdue(at, now),
            _ => Vec::new(),
        }
    }
}
