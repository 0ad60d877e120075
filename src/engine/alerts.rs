//! Alerts as the engine tells them: a snapshot of every rule with its alerts. Labels, annotations and expressions are outside
//! text: who shows them passes them through the gate.

use std::time::Duration;

use crate::alerts::lifecycle::{Alert, Change, Standing};
use crate::alerts::rules::Problem;
use crate::domain::Moment;

/// All rules after an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertsTold {
    /// When.
    pub at: Moment,
    /// The same on the line of samples and alerts.
    pub line: i64,
    /// Rules that alert, in the order of the files.
    pub rules: Vec<RuleTold>,
    /// Rules that record, and of them those that fail.
    pub recording: (usize, usize),
    /// What happened since the last time.
    pub changes: Vec<Change>,
    /// Evaluations that were left out since the start, because one before took too long.
    pub skipped: u64,
    /// How long the last evaluation of everything due took.
    pub took: Duration,
    /// Why what was read last is not in force.
    pub problems: Vec<Problem>,
    /// What is in force and deserves a look.
    pub remarks: Vec<Problem>,
}

/// One rule that alerts.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleTold {
    /// In which file.
    pub file: String,
    /// On which line.
    pub line: usize,
    /// In which group.
    pub group: String,
    /// Its name.
    pub name: String,
    /// Its expression.
    pub expr: String,
    /// How long before it fires.
    pub hold: Duration,
    /// How often it is evaluated.
    pub interval: Duration,
    /// When it was evaluated last, on the line of samples and alerts.
    pub evaluated_at: Option<i64>,
    /// Labels that it gives.
    pub labels: Vec<(String, String)>,
    /// Its annotations as they are written.
    pub annotations: Vec<(String, String)>,
    /// How it stands.
    pub standing: Standing,
    /// Its alerts, those resolved less than 15 minutes ago among them.
    pub alerts: Vec<Alert>,
}

impl RuleTold {
    /// Whether it was evaluated at all.
    #[must_use]
    pub fn is_evaluated(&self) -> bool {
        self.evaluated_at.is_some()
    }
}
