//! The words of an execution: what a stop can still do, truthfully, and how a step stands.

use std::time::Duration;

use crate::domain::{Moment, Safe};
use crate::remediation::step::{StepEnd, Work};

use super::Execution;
use super::orders::{Phase, StepState};

impl Execution {
    /// Whether a stop can still make a difference.
    #[must_use]
    pub fn can_be_cancelled(&self) -> bool {
        !matches!(self.phase, Phase::Verifying | Phase::Closing(_) | Phase::Ended { .. })
    }

    /// While it waits for readings that show its success: for how long already, and for how long at most.
    #[must_use]
    pub fn verifies(&self, now: Moment) -> Option<(Duration, Duration)> {
        (self.phase == Phase::Verifying).then(|| self.verification.elapsed(now)).flatten()
    }

    /// What a stop can still do, truthfully.
    #[must_use]
    pub fn cancel_words(&self) -> &'static str {
        match self.phase {
            Phase::Holding | Phase::Recording => "nothing was sent yet: it stops before the first byte",
            Phase::Running { step } => self.cancel_words_of(step),
            Phase::Verifying | Phase::Closing(_) => "everything was sent: there is nothing left to stop",
            Phase::Ended { .. } => "it is over",
            Phase::Looking { .. } | Phase::Reviewing { .. } | Phase::Asking { .. } => {
                "this step was not begun: it stops here at once"
            }
            Phase::Offering => "nothing more will be sent; what was done stays as it is",
            Phase::Noting => "the step is over; the next one will not start",
        }
    }

    fn cancel_words_of(&self, step: usize) -> &'static str {
        let inward = self.state(step).is_some_and(|state| state.step.work.is_inward());
        match self.state(step).map(|state| &state.step.work) {
            Some(Work::Manual(_)) => "it stops here at once; what was done by hand stays as it is",
            Some(work) if work.can_be_stopped() => "this step can be stopped in the middle",
            _ if inward => "nothing is under way: it stops here at once",
            _ if step >= self.steps.len() => "this compensation will finish; the next one will not start",
            _ if step + 1 < self.steps.len() => "this step will finish; the next one will not start",
            _ => "this step will finish; there is none after it",
        }
    }

    /// `3`, or `undo of 3`.
    #[must_use]
    pub fn number(&self, at: usize) -> String {
        let count = self.steps.len();
        if at < count { format!("step {}", at + 1) } else { format!("undo of step {}", at - count + 1) }
    }
}

impl StepState {
    /// Why it failed, and whether it may have had an effect all the same.
    #[must_use]
    pub fn failure(&self) -> Option<Safe> {
        self.failure_in(self.ended.as_ref().map(|(_, end)| end)?)
    }

    pub(super) fn failure_in(&self, end: &StepEnd) -> Option<Safe> {
        let (StepEnd::Failed(cause) | StepEnd::Miscarried(cause)) = end else { return None };
        let words = match (self.leaves_doubt(end), &self.step.work) {
            (true, Work::Manual(_)) => "whether it was done by hand is not known: ",
            (true, Work::Upkeep(_) | Work::Backup(_)) => "it was begun, and did not come to its end: ",
            (true, _) => "it was sent; what it did is not known: ",
            (false, _) if self.changes() => "nothing was done: ",
            (false, _) => "",
        };
        Some(Safe::of(format!("{words}{cause}")))
    }

    /// That the runbook goes on after this end, and what failed.
    pub(super) fn lets_fail(&self, end: &StepEnd) -> Option<Safe> {
        let why = match end {
            StepEnd::Failed(cause) | StepEnd::Miscarried(cause) | StepEnd::Unknown(cause) => cause.to_string(),
            StepEnd::OtherTarget(what) => format!("it is not the target of the card any more: {what}"),
            StepEnd::Done { .. } | StepEnd::Cancelled(_) => String::new(),
        };
        self.goes_on_after(end).then(|| Safe::of(format!("failed, goes on: {why}")))
    }

    /// The same, where the runbook did go on.
    #[must_use]
    pub fn was_let_fail(&self) -> Option<&Safe> {
        self.let_fail.as_ref()
    }

    /// How it ended, for the record.
    #[must_use]
    pub fn words(&self) -> Safe {
        if let Some((_, why)) = &self.skipped {
            return Safe::of(format!("skipped: {why}"));
        }
        let Some((_, end)) = &self.ended else { return Safe::of("not begun") };
        if let Some(why) = &self.let_fail {
            return why.clone();
        }
        let said = |said: &[Safe]| said.iter().map(Safe::as_str).collect::<Vec<_>>().join(" | ");
        Safe::of(match end {
            // Rows may be other people's statements with their literals: a record is kept for long and read by others. The last
            // line is their number.
            StepEnd::Done { said: lines, .. } if matches!(&self.step.work, Work::Sql(sql) if sql.read_only) => {
                format!("done: {}", lines.last().cloned().unwrap_or_default())
            }
            StepEnd::Done { said: lines, .. } => format!("done: {}", said(lines)),
            StepEnd::OtherTarget(what) => format!("another target: {what}"),
            StepEnd::Failed(_) | StepEnd::Miscarried(_) => {
                format!("failed: {}", self.failure_in(end).unwrap_or_default())
            }
            StepEnd::Unknown(cause) => format!("unknown: {cause}"),
            StepEnd::Cancelled(left) => format!("stopped: {left}"),
        })
    }
}
