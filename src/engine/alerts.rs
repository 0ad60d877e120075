//! Alerts as the engine tells them: a snapshot of every rule with its alerts. Labels, annotations and expressions are outside
//! text: who shows them passes them through the gate.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use super::by_server::Cost;
use crate::alerts::lifecycle::{Alert, Change, Failure, Standing};
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
    /// The first of those that fail.
    pub failing: Vec<FailingRecord>,
    /// What happened since the last time.
    pub changes: Vec<Change>,
    /// Evaluations that were left out since the start, because one before took too long.
    pub skipped: u64,
    /// Resolved alerts that were forgotten early, because there were too many.
    pub dropped: u64,
    /// How long the last evaluation of everything due took.
    pub took: Duration,
    /// What asking costs, where a server evaluates them.
    pub cost: Option<Cost>,
    /// Why what was read last is not in force.
    pub problems: Vec<Problem>,
    /// What is in force and deserves a look.
    pub remarks: Vec<Problem>,
}

/// A rule that records and gave nothing the last time.
#[derive(Clone, Debug, PartialEq)]
pub struct FailingRecord {
    /// In which file.
    pub file: String,
    /// On which line.
    pub line: usize,
    /// What it records.
    pub name: String,
    /// Why it gave nothing.
    pub failure: Failure,
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
    /// By which labels they differ, once somebody asked.
    pub apart: Apart,
}

/// Names of labels, found once for a telling. It says nothing that the alerts do not say.
#[derive(Clone, Default)]
pub struct Apart(OnceLock<BTreeSet<String>>);

/// The same whether somebody asked or not.
impl std::fmt::Debug for Apart {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Apart")
    }
}

impl PartialEq for Apart {
    fn eq(&self, _other: &Apart) -> bool {
        true
    }
}

impl RuleTold {
    /// The names of the labels by which its alerts differ; none where it has one alone.
    pub fn apart(&self) -> &BTreeSet<String> {
        self.apart.0.get_or_init(|| {
            let Some((first, others)) = self.alerts.split_first() else { return BTreeSet::new() };
            let mut names = BTreeSet::new();
            for other in others {
                // In both directions: a label that only one of them has tells them apart.
                for (one, other) in [(&first.labels, &other.labels), (&other.labels, &first.labels)] {
                    let differing = one.iter().filter(|(name, value)| other.get(name) != *value);
                    for (name, _) in differing {
                        if !names.contains(name) {
                            names.insert(name.to_owned());
                        }
                    }
                }
            }
            names
        })
    }

    /// Whether it was evaluated at all.
    #[must_use]
    pub fn is_evaluated(&self) -> bool {
        self.evaluated_at.is_some()
    }
}
