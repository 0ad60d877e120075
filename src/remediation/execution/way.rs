//! From step to step, and to the end: the last look before the first byte, what the end of a step means, what is proved.

use std::time::Duration;

use crate::domain::cause::Phase as Waited;
use crate::domain::{Cause, Moment, Safe};
use crate::remediation::guard::CONSENT_LASTS;
use crate::remediation::level::Level;
use crate::remediation::measure::Precondition;
use crate::remediation::object::Fate;
use crate::remediation::outcome::Outcome;
use crate::remediation::runbook::Runbook;
use crate::remediation::step::{Binding, Step, StepEnd, Work};
use crate::remediation::turn;

use super::orders::{Input, Note, Order, Phase, StepState};
use super::{Execution, Then, steps};

/// A step that says nothing is given up so long after its own deadline: whoever runs it keeps the deadline too.
const GRACE: Duration = Duration::from_secs(2);
/// What was judged with the consent counts for an effect that comes within this: locks and the intent take milliseconds.
pub(super) const AT_ONCE: Duration = Duration::from_secs(2);
/// A disk answers within this.
const DISK: Duration = Duration::from_secs(20);

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
    fn was_answered_by_an_error(&self) -> bool {
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
    fn overdue(&mut self, at: usize, now: Moment) -> Vec<Order> {
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

    /// A disk that does not answer must not keep anybody waiting for ever. Before the first byte that is a refusal. Before the
    /// locks come the turns of databases, which take their own time and say themselves what became of them.
    pub(super) fn stuck(&mut self, now: Moment) -> Vec<Order> {
        let turns = match self.phase {
            Phase::Holding => turn::had_within(turn::of(self.warrant.card()).len()),
            _ => Duration::ZERO,
        };
        if now.since(self.waits_since) <= turns + DISK {
            return Vec::new();
        }
        let why = Safe::of(format!("the disk of the audit and the locks did not answer within {DISK:?}"));
        if self.phase == Phase::Noting {
            return self.noted(Err(why), now);
        }
        self.reasons.push(why);
        match self.phase {
            Phase::Closing(outcome) => self.end(outcome, false, now),
            // The intent may yet come to the disk: what follows it there says that nothing was sent.
            Phase::Recording => {
                let closing = self.ordered(Note::Refused(self.reasons.clone()));
                let mut orders = self.end(Outcome::Refused, false, now);
                orders.insert(0, closing);
                orders
            }
            _ => self.end(Outcome::Refused, false, now),
        }
    }

    /// A record goes to the audit, with the next number.
    pub(super) fn ordered(&mut self, note: Note) -> Order {
        self.records += 1;
        Order::Record(note)
    }

    /// What became of the record that is waited for; of another, or one that was given up, only words.
    pub(super) fn awaited(&mut self, phase: Phase, number: u64, written: Result<(), Safe>) -> Option<Result<(), Safe>> {
        let is_last = number == self.records;
        let waits = matches!(phase, Phase::Recording | Phase::Noting | Phase::Closing(_));
        match (phase, written) {
            (_, written) if is_last && waits => return Some(written),
            (Phase::Ended { outcome, recorded: false }, Ok(())) if is_last => {
                self.phase = Phase::Ended { outcome, recorded: true };
                self.reasons.push(Safe::of("the disk answered late: its end is on record after all"));
            }
            (_, Ok(())) if number < self.records => {
                let what = if number == 1 { "the intent".to_owned() } else { format!("record {number} of it") };
                self.reasons
                    .push(Safe::of(format!("the disk answered late: {what} was written after it was given up")));
            }
            _ => {}
        }
        None
    }

    pub(super) fn verify(&mut self, now: Moment) -> Vec<Order> {
        let changes = self.steps.iter().any(StepState::changes);
        if self.runbook().is_some() && changes && !self.steps.iter().any(StepState::has_changed_something) {
            // Whatever readings show, it was not this.
            self.reasons
                .push(Safe::of("nothing was changed: every step that would was left out, or had nothing to do"));
            return self.close(Outcome::NotVerified, now);
        }
        self.phase = Phase::Verifying;
        self.verification.begin(now);
        let mut orders = self.judge(now);
        if self.runbook().is_some() && self.phase == Phase::Verifying {
            orders.extend(self.read_now(now));
        }
        orders
    }

    pub(super) fn judge(&mut self, now: Moment) -> Vec<Order> {
        if self.verification.has_passed() {
            if self.lost && self.steps.iter().any(StepState::waits) {
                self.reasons.push(Safe::of("the steps after it were not run"));
                return self.stop(Outcome::Unknown, now);
            }
            if self.was_answered_by_an_error() {
                self.reasons.push(Safe::of("readings show what was wanted, but the target answered with an error: whether it was this is not known"));
                return self.stop(Outcome::Unknown, now);
            }
            return self.close(Outcome::Verified, now);
        }
        if self.verification.is_over(now) {
            self.reasons.push(self.verification.words());
            let verdict = self.verification.verdict(self.lost);
            return if self.lost { self.stop(verdict, now) } else { self.close(verdict, now) };
        }
        if self.verification.wants_objects(now) { vec![Order::ReadObjects] } else { Vec::new() }
    }

    pub(super) fn close(&mut self, outcome: Outcome, now: Moment) -> Vec<Order> {
        self.over_at = Some(now);
        self.waits_since = now;
        self.phase = Phase::Closing(outcome);
        let note = match outcome {
            Outcome::Refused => Note::Refused(self.reasons.clone()),
            // An outcome is the end of what an intent stands for.
            Outcome::Cancelled if self.records == 0 => Note::Cancelled(self.reasons.clone()),
            outcome => Note::Outcome(outcome),
        };
        vec![self.ordered(note)]
    }

    pub(super) fn end(&mut self, outcome: Outcome, recorded: bool, now: Moment) -> Vec<Order> {
        self.over_at.get_or_insert(now);
        self.phase = Phase::Ended { outcome, recorded };
        vec![Order::Release]
    }

    /// The end of a step goes to the audit before anything else happens.
    pub(super) fn note(&mut self, at: usize, then: Then, now: Moment) -> Vec<Order> {
        let Some(state) = self.state(at) else { return Vec::new() };
        let number = self.number(at);
        let note = Note::Step { title: Safe::of(format!("{number}: {}", state.step.title)), words: state.words() };
        self.record(note, then, now)
    }

    pub(super) fn record(&mut self, note: Note, then: Then, now: Moment) -> Vec<Order> {
        self.phase = Phase::Noting;
        (self.then, self.waits_since) = (then, now);
        vec![self.ordered(note)]
    }

    /// What happened is on disk, or cannot be written: then nothing more is sent.
    pub(super) fn noted(&mut self, written: Result<(), Safe>, now: Moment) -> Vec<Order> {
        let then = match (written, self.then) {
            (Ok(()), then) => then,
            (Err(why), then) => {
                self.reasons.push(Safe::of(format!("nothing more was sent: the audit cannot be written: {why}")));
                match then {
                    Then::Next => Then::Stop(Outcome::Failed),
                    Then::Undo => Then::Close(self.escalate(false)),
                    then => then,
                }
            }
        };
        match then {
            Then::Next => self.next(now),
            Then::Stop(outcome) => self.stop(outcome, now),
            Then::Verify => self.verify(now),
            Then::Undo => self.undo_next(now),
            Then::Close(outcome) => self.close(outcome, now),
        }
    }
}
