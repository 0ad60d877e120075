//! What an evaluation gives: elements and what they stand on, or why there are none.

use std::time::Duration;

use crate::domain::Safe;
use crate::metrics::labels::Labels;

/// The elements of a result.
pub type Elements = Vec<(Labels, f64)>;

/// A result or a failure.
pub type Outcome = Result<Evaluation, Failure>;

/// A result.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Its elements.
    pub elements: Elements,
    /// What it stands on.
    pub basis: Basis,
    /// Elements that could not be judged, because nothing happened: 0 of 0.
    pub idle: Vec<Labels>,
    /// Whether the values of its elements are only known to be no less.
    pub is_least: bool,
    /// What who evaluated it says of it beside: it may be wrong though it is there.
    pub notes: Vec<Safe>,
}

impl Evaluation {
    /// A result that stands on all it needs.
    #[must_use]
    pub fn complete(elements: Elements) -> Evaluation {
        Evaluation::on(elements, Basis::Complete)
    }

    /// A result that stands on this.
    #[must_use]
    pub fn on(elements: Elements, basis: Basis) -> Evaluation {
        Evaluation { elements, basis, idle: Vec::new(), is_least: false, notes: Vec::new() }
    }
}

/// What a result stands on. A rule without alerts is ok only where its result is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Every series that was asked for was there, over the whole range.
    Complete,
    /// These selectors found nothing.
    Missing(Vec<Safe>),
    /// Nothing happened that could be measured: 0 of 0.
    NoTraffic,
    /// A range is not full yet.
    Warming {
        /// What there is.
        have: Duration,
        /// What is needed.
        need: Duration,
    },
    /// The metrics are there; of what these selectors ask of other labels there is nothing, or nothing any more.
    NoneYet(Vec<Safe>),
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The evaluation failed.
    Failed(Safe),
    /// There was none, and why: an expression that cannot be evaluated here.
    NotEvaluated(Safe),
}

impl Failure {
    /// The words.
    #[must_use]
    pub fn words(&self) -> &Safe {
        match self {
            Failure::Failed(words) | Failure::NotEvaluated(words) => words,
        }
    }
}
