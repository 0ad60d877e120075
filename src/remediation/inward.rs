//! Steps of a runbook for which nothing is sent: waiting until readings show something, looking, what a person does. The
//! execution itself sees them through.

use std::time::Duration;

use crate::domain::Safe;

use super::measure::{Expectation, Measure, Trial};

/// Waits until readings that were begun after the step show it. When the step's deadline passes, it has failed.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitUntil {
    /// What must be seen.
    pub trial: Trial,
    /// Without a break for so long.
    pub stable: Duration,
}

/// A fresh reading, shown with its value. It fails only when there is none within the step's deadline.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Of what.
    pub measure: Measure,
    /// What it is, in words.
    pub name: Safe,
}

/// What a person does by hand, and ticks with a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manual {
    /// What is to be done.
    pub instruction: Safe,
}

/// A step is done only when this holds in a reading begun just before it; what is not known holds for nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Of what.
    pub measure: Measure,
    /// What must hold.
    pub expect: Expectation,
    /// What it is, in words.
    pub name: Safe,
}

impl Condition {
    /// In words: `hit ratio of redis is < 80 %`.
    #[must_use]
    pub fn words(&self) -> Safe {
        Safe::of(format!("{} {}", self.name, self.expect.words()))
    }
}
