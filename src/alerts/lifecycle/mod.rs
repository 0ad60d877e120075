//! The life of alerts: rules with their alerts, groups that are evaluated in order and in time, what is kept over a restart.
//! A result comes in as an [`Outcome`]; which changes it makes and which series it writes goes out. Who evaluates is a
//! [`World`], which this module knows nothing of.

pub mod alert;
pub mod book;
mod gone;
pub mod group;
pub mod outcome;
pub mod recording;
pub mod rule;
pub mod saved;
pub mod schedule;
pub mod standing;
pub mod written;

#[cfg(test)]
mod tests;

pub use alert::{Alert, Gone, State};
pub use book::Book;
pub use group::Group;
pub use outcome::{Basis, Elements, Evaluation, Failure, Outcome};
pub use recording::RecordingRule;
pub use rule::{AlertingRule, Change, Step, What};
pub use saved::{Restore, Saved};
pub use schedule::Schedule;
pub use standing::{Standing, Verdict};

use crate::metrics::labels::Labels;

/// Who evaluates expressions and keeps series.
pub trait World {
    /// Evaluates an expression at a time.
    fn evaluate(&mut self, expr: &str, at: i64) -> Outcome;
    /// Takes a sample of a series in; a later rule of the same cycle must see it.
    fn append(&mut self, series: &Labels, at: i64, value: f64);
    /// The labels of what the conditions of an expression have before them at a time, whether they hold or not; none where
    /// nobody can tell.
    fn judged(&mut self, _expr: &str, _at: i64) -> Option<Vec<Labels>> {
        None
    }
    /// Whether rules that record a metric are evaluated at all.
    fn is_recorded(&self, _metric: &str) -> bool {
        true
    }
    /// By how many milliseconds the wall clock is ahead of the times that it is given.
    fn ahead(&self) -> i64 {
        0
    }
    /// Labels that the whole setting gives to templates.
    fn external_labels(&self) -> Labels {
        Labels::default()
    }
    /// Where this setting is found, for templates.
    fn external_url(&self) -> String {
        String::new()
    }
}
