//! What the end of a step means for what follows it: an error that was answered, a step that may fail, one that says nothing
//! any more, an answer that comes late.

use std::time::Duration;

use crate::domain::cause::Phase as Waited;
use crate::domain::{Cause, Moment, Safe};
use crate::remediation::object::Fate;
use crate::remediation::outcome::Outcome;
use crate::remediation::step::{StepEnd, Work};

use super::orders::{Order, StepState};
use super::{Execution, Then, steps};

/// A step that says nothing is given up so long after its own deadline: whoever runs it keeps the deadline too.
const GRACE: Duration = Duration::from_secs(2);

impl Execution {
    pub(super) fn step_ended(&mut self, at: usize, end: StepEnd, now: Moment) -> Vec<Order> {
        // Whoever stopped it, or barred it, stops it: then it does not go on.
        if !self.cancelled
            && self.barred.is_none()
            && let Some(why) = self.state(at).and_then(|state| state.lets_fail(&end))
        {
            return self.failed_and_goes_on(at, end, why, now);
        }
        let first = at == 0;
        let said = self.state(at).and_then(|state| state.failure_in(&end));
        self.spare_the_consent(at, &end, now);
        let (outcome, why) = match &end {
            StepEnd::Done { .. } => (None, None),
            StepEnd::OtherTarget(what) => {
                let why = Safe::of(format!("it is not the target of the card any more: {what}"));
                (Some(if first { Outcome::Refused } else { Outcome::Failed }), Some(why))
            }
            StepEnd::Failed(_) | StepEnd::Miscarried(_) => (Some(Outcome::Failed), said),
            StepEnd::Cancelled(left) => (Some(Outcome::Cancelled), Some(left.clone())),
            StepEnd::Unknown(cause) => {
                self.lost = true;
                (None, Some(Safe::of(format!("it may have had its effect: {cause}"))))
            }
        };
        if self.runbook().is_some() {
            return self.step_of_runbook_ended(at, end, outcome, why, now);
        }
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
            None => {
                self.reasons.extend(self.left_alone_as_changed());
                self.next(now)
            }
        }
    }

    /// What only reads failed, and may: what it would have shown is not known, and nothing else is lost.
    fn failed_and_goes_on(&mut self, at: usize, end: StepEnd, why: Safe, now: Moment) -> Vec<Order> {
        self.spare_the_consent(at, &end, now);
        self.reasons.push(Safe::of(format!("{}: {why}", self.number(at))));
        if let Some(state) = self.state_mut(at) {
            state.ended = Some((now, end));
            state.let_fail = Some(why);
        }
        self.note(at, Then::Next, now)
    }

    /// That some of the card changed meanwhile: they were not touched, and nothing that is read later is about them.
    fn left_alone_as_changed(&self) -> Option<Safe> {
        let all = self.warrant.card().preview.objects.len();
        let changed = all.saturating_sub(self.to_be_gone().len());
        let were = if changed == 1 { "was" } else { "were" };
        (changed > 0).then(|| Safe::of(format!("{changed} of {all} changed since the card, and {were} left alone")))
    }

    fn step_of_runbook_ended(
        &mut self,
        at: usize,
        end: StepEnd,
        outcome: Option<Outcome>,
        why: Option<Safe>,
        now: Moment,
    ) -> Vec<Order> {
        if let Some(why) = why {
            let number = self.number(at);
            self.reasons.push(Safe::of(format!("{number}: {why}")));
        }
        let undo = at >= self.steps.len();
        let unknown = matches!(end, StepEnd::Unknown(_));
        if let Some(state) = self.state_mut(at) {
            state.ended = Some((now, end));
        }
        let then = match outcome {
            _ if undo && (outcome.is_some() || unknown) => Then::Close(self.escalate(unknown)),
            _ if undo => Then::Undo,
            Some(outcome) => Then::Stop(outcome),
            None if unknown => Then::Verify,
            None => Then::Next,
        };
        self.note(at, then, now)
    }

    /// What the card says is waited for or read takes nothing from the consent, as long as it may take; and who ticks what
    /// they did is there.
    fn spare_the_consent(&mut self, at: usize, end: &StepEnd, now: Moment) {
        let Some(state) = self.state(at).filter(|state| !state.changes_what_is_watched()) else { return };
        let lasted = state.began.map_or(Duration::ZERO, |began| now.since(began)).min(state.step.deadline);
        match (&state.step.work, end) {
            (Work::Manual(_), StepEnd::Done { .. }) => self.warrant.renew(now),
            (Work::Manual(_), _) => {}
            _ => self.warrant.waited(lasted),
        }
    }

    /// The target itself said that it went wrong, and may have done something all the same: drift in the wanted direction
    /// must not pass for its effect.
    pub(super) fn was_answered_by_an_error(&self) -> bool {
        let by_status =
            |state: &StepState| matches!(state.ended, Some((_, StepEnd::Unknown(Cause::HttpStatus { .. }))));
        self.steps.iter().any(by_status)
    }

    /// Every object had its answer, and none of them that it was done: whatever readings show, it was not this.
    fn has_done_nothing(&self) -> bool {
        let mut fates = self.steps.iter().flat_map(StepState::fates).peekable();
        !self.lost && fates.peek().is_some() && fates.all(|(_, fate)| *fate != Fate::Done)
    }

    /// A step that never says anything is given up.
    pub(super) fn overdue(&mut self, at: usize, now: Moment) -> Vec<Order> {
        let Some(state) = self.state(at) else { return Vec::new() };
        let lasted = state.began.map_or(Duration::ZERO, |began| now.since(began));
        if lasted <= state.step.deadline + GRACE {
            return Vec::new();
        }
        let cause = Cause::Timeout { phase: Waited::Whole, after: state.step.deadline };
        self.step_ended(at, StepEnd::Unknown(cause), now)
    }

    /// The answer of a step that was given up: what became of each object is known after all.
    pub(super) fn late(&mut self, at: usize, end: StepEnd) {
        let Some(state) = self.state_mut(at) else { return };
        if let (Some((when, StepEnd::Unknown(_))), StepEnd::Done { .. }) = (&state.ended, &end) {
            state.ended = Some((*when, end));
        }
    }
}
