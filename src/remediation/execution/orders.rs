//! What an execution says and is told: orders out, inputs in, the records it leaves, and where it stands.

use crate::domain::{Cause, Moment, Safe};
use crate::remediation::guard::Approved;
use crate::remediation::inward::{Condition, Manual};
use crate::remediation::level::Level;
use crate::remediation::measure::{Evidence, Measure, Precondition};
use crate::remediation::object::Fate;
use crate::remediation::outcome::Outcome;
use crate::remediation::step::{Step, StepEnd, Work};

/// What is to be done.
#[derive(Debug)]
pub enum Order {
    /// Take the locks of the target, and note that the cool-down begins.
    Hold,
    /// Write this to the audit and sync it to disk.
    Record(Note),
    /// Do this, once.
    Run {
        /// Which step; what undoes step `n` of `N` is step `N + n`.
        step: usize,
        /// What, and on what.
        approved: Approved,
    },
    /// Count the objects of the card that are still as it shows them, or see whether what it is for is there.
    ReadObjects,
    /// Let the locks go, and the cool-down where nothing was done.
    Release,
    /// Read what is watched now: a step waits for it.
    Refresh,
    /// Stop the step that runs.
    Interrupt,
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
    /// A step of a runbook ended, or a person answered.
    Step {
        /// Which, as a person knows it.
        title: Safe,
        /// How, or what was answered.
        words: Safe,
    },
    /// A person stopped it before its intent: nothing was begun.
    Cancelled(Vec<Safe>),
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
    /// A person did what a step says, and noted this.
    Ticked {
        /// What they noted.
        note: Safe,
    },
    /// A person decided on the step that waits for it.
    GateAnswered(Gate),
    /// A person decided on the compensations that were offered: whether they run.
    CompensationsAnswered(bool),
    /// Nobody can answer any more: the screen is gone.
    NobodyThere,
    /// A record is on disk, or not, and why. Only the one that is awaited counts as [`Input::Recorded`].
    Written {
        /// Which of the run's records, counted from one.
        number: u64,
        /// What became of it.
        written: Result<(), Safe>,
    },
    /// The policy under which it was consented to is another now, in words: nothing more may be sent.
    Barred(Safe),
    /// Something that a person has to know of it afterwards; it changes nothing.
    Remarked(Safe),
}

/// What a person decides before a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It is done.
    Go,
    /// It is left out.
    Skip,
    /// The runbook stops here.
    Stop,
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
    /// Waits for the reading on which a step depends.
    Looking {
        /// Which.
        step: usize,
    },
    /// Waits for a person to decide on a step.
    Asking {
        /// Which.
        step: usize,
    },
    /// A step failed; waits for a person to decide whether what was done is undone.
    Offering,
    /// Waits for the end of a step to be on disk.
    Noting,
    /// Waits for readings that show that what must hold before the first effect does.
    Reviewing {
        /// Which step would have it.
        step: usize,
    },
}

/// What a person is waited for.
#[derive(Debug)]
pub enum Question<'a> {
    /// Whether a step is done.
    Gate(&'a StepState),
    /// That something was done by hand.
    Tick(&'a StepState, &'a Manual),
    /// Whether these are run, in this order.
    Compensate(Vec<Undoing<'a>>),
}

/// A step that was done, or may have been, and what undoes it.
#[derive(Clone, Copy, Debug)]
pub struct Undoing<'a> {
    /// What undoes.
    pub undo: &'a StepState,
    /// What is undone.
    pub of: &'a StepState,
}

/// What a person should see of before deciding on a step: how it is now.
#[derive(Clone, Copy, Debug)]
pub struct Depends<'a> {
    /// What it is, in words.
    pub name: &'a Safe,
    /// What is read.
    pub measure: &'a Measure,
    /// The step is only for when this holds.
    pub when: Option<&'a Condition>,
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
    /// When and why it was left out.
    pub skipped: Option<(Moment, Safe)>,
    /// It is done only when this holds.
    pub when: Option<Condition>,
    /// It is not begun where one of these does not hold.
    pub requires: Vec<Precondition>,
    /// A person is asked before it.
    pub ask: bool,
    /// It only reads, and where that fails the runbook goes on.
    pub may_fail: bool,
    /// It failed, and the runbook went on.
    pub(super) let_fail: Option<Safe>,
    /// What was read for it, and answered.
    pub told: Vec<Safe>,
    /// What undoes it.
    pub undo: Option<Box<StepState>>,
    /// Why it cannot run here: it is never begun.
    pub barred: Option<Safe>,
    /// Its place on the card of a runbook.
    pub(super) part: Option<usize>,
    /// When what must hold for it was seen to.
    pub(super) held_at: Option<Moment>,
    /// When what it requires was seen to hold.
    pub(super) met_at: Option<Moment>,
    /// A person said go on.
    pub(super) answered: bool,
}

impl StepState {
    /// A step that waits.
    pub(super) fn new(step: Step) -> StepState {
        StepState {
            step,
            began: None,
            ended: None,
            skipped: None,
            when: None,
            requires: Vec::new(),
            ask: false,
            may_fail: false,
            let_fail: None,
            told: Vec::new(),
            undo: None,
            barred: None,
            part: None,
            held_at: None,
            met_at: None,
            answered: false,
        }
    }

    /// It neither began nor was left out.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.began.is_none() && self.skipped.is_none()
    }

    /// It was done, as far as its target says.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.ended, Some((_, StepEnd::Done { .. })))
    }

    /// It ended without being done, and may have had an effect all the same, or a part of it.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.ended.as_ref().is_some_and(|(_, end)| self.leaves_doubt(end))
    }

    pub(super) fn leaves_doubt(&self, end: &StepEnd) -> bool {
        let by_hand = matches!(self.step.work, Work::Manual(_));
        match end {
            StepEnd::Unknown(_) | StepEnd::Cancelled(_) | StepEnd::Miscarried(_) => self.changes(),
            // A program that ends badly has run.
            StepEnd::Failed(Cause::CommandFailed { .. }) => self.changes(),
            StepEnd::Failed(_) => by_hand,
            StepEnd::Done { .. } | StepEnd::OtherTarget(_) => false,
        }
    }

    /// It was begun, and surely had no effect: it was refused before it could, or found nobody to touch. Of what a program did
    /// that ended badly, of upkeep and of a backup, which leave something behind, and of what a limit refused, that is not said.
    pub(super) fn surely_did_nothing(&self) -> bool {
        let leaves_something = matches!(self.step.work, Work::Upkeep(_) | Work::Backup(_) | Work::Manual(_));
        match self.ended.as_ref().map(|(_, end)| end) {
            Some(StepEnd::OtherTarget(_)) => !leaves_something,
            Some(StepEnd::Failed(Cause::CommandFailed { .. } | Cause::RateLimited { .. })) => false,
            Some(StepEnd::Failed(_)) => !leaves_something,
            Some(StepEnd::Done { fates, .. }) => {
                let untouched = |fate: &Fate| matches!(fate, Fate::Gone | Fate::Changed | Fate::Refused);
                self.step.work.is_inward() && !leaves_something
                    || !fates.is_empty() && fates.iter().all(|(_, fate)| untouched(fate))
            }
            Some(StepEnd::Unknown(_) | StepEnd::Cancelled(_) | StepEnd::Miscarried(_)) | None => false,
        }
    }

    /// There is, or may be, something to undo, and what undoes it.
    pub(super) fn can_be_undone(&self) -> bool {
        let nothing_to_do = match &self.ended {
            Some((_, StepEnd::Done { fates, .. })) => {
                !fates.is_empty() && fates.iter().all(|(_, fate)| *fate != Fate::Done)
            }
            _ => false,
        };
        self.undo.is_some() && (self.is_done() && !nothing_to_do || self.is_in_doubt())
    }

    /// Whether the runbook goes on after this end, which is none that was wanted: what only reads had no effect, however it ended.
    pub(super) fn goes_on_after(&self, end: &StepEnd) -> bool {
        let missed = match end {
            StepEnd::Failed(_) | StepEnd::Unknown(_) | StepEnd::Miscarried(_) | StepEnd::OtherTarget(_) => true,
            StepEnd::Done { .. } | StepEnd::Cancelled(_) => false,
        };
        self.may_fail && !self.changes() && missed
    }

    /// It is there to change something.
    pub(super) fn changes(&self) -> bool {
        match &self.step.work {
            Work::Sql(sql) => !sql.read_only,
            Work::Command(command) => !command.reads,
            Work::Service(work) => work.step.verb.changes(),
            Work::Redis(redis) => redis.demands() > Level::L0,
            Work::Explain(_) => false,
            work => !work.is_inward(),
        }
    }

    /// It is there to change something of what is watched. A backup only adds a file of its own: after it the app still is
    /// as it was, and so nothing that had to hold was used up.
    pub(super) fn changes_what_is_watched(&self) -> bool {
        self.changes() && !matches!(self.step.work, Work::Backup(_))
    }

    /// It changed something, as far as its target says, or may have.
    #[must_use]
    pub fn has_changed_something(&self) -> bool {
        let changed = match &self.ended {
            Some((_, StepEnd::Done { fates, .. })) => {
                fates.is_empty() || fates.iter().any(|(_, fate)| *fate == Fate::Done)
            }
            Some((_, StepEnd::Unknown(_) | StepEnd::Miscarried(_))) => true,
            _ => false,
        };
        self.changes() && changed
    }
}
