//! How an action ends: what is waited for from the disk, what is proved, the outcome and its record.

use std::time::Duration;

use crate::domain::{Moment, Safe};
use crate::remediation::outcome::Outcome;
use crate::remediation::turn;

use super::orders::{Note, Order, Phase, StepState};
use super::{Execution, Then};

/// A disk answers within this.
const DISK: Duration = Duration::from_secs(20);

impl Execution {
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
