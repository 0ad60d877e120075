//! A rule that records: what its expression gives, under its own name and labels.

use std::collections::BTreeSet;

use super::outcome::{Elements, Failure, Outcome};
use super::written::Written;
use crate::alerts::rules::Rule;
use crate::domain::Safe;
use crate::metrics::labels::NAME;

/// A rule that records.
#[derive(Clone, Debug)]
pub struct RecordingRule {
    /// As it was written.
    pub rule: Rule,
    /// Most series that it may give; 0 is no limit.
    pub limit: usize,
    /// Why the last evaluation gave nothing.
    pub failure: Option<Failure>,
    /// When it was evaluated last.
    pub evaluated_at: Option<i64>,
    pub(super) written: Written,
}

impl RecordingRule {
    /// A rule that has recorded nothing yet.
    #[must_use]
    pub fn new(rule: Rule, limit: usize) -> RecordingRule {
        RecordingRule { rule, limit, failure: None, evaluated_at: None, written: Written::default() }
    }

    /// Takes a result: the samples that are to be appended.
    pub fn step(&mut self, outcome: Outcome, at: i64) -> Elements {
        self.evaluated_at = Some(at);
        match outcome.and_then(|evaluation| self.named(evaluation.elements)) {
            Ok(elements) => {
                self.failure = None;
                self.written.step(elements)
            }
            Err(failure) => {
                self.failure = Some(failure);
                Elements::new()
            }
        }
    }

    /// It is not evaluated: what it wrote ends, and nothing is wrong with it.
    pub(super) fn rest(&mut self) -> Elements {
        self.failure = None;
        self.written.end()
    }

    fn named(&self, elements: Elements) -> Result<Elements, Failure> {
        let mut seen = BTreeSet::new();
        let mut named = Elements::with_capacity(elements.len());
        for (labels, value) in elements {
            let labels = labels.with(NAME, &self.rule.name);
            let labels = self.rule.labels.iter().fold(labels, |labels, (name, value)| labels.with(name, value));
            if !seen.insert(labels.clone()) {
                let words = "vector contains metrics with the same labelset after applying rule labels";
                return Err(Failure::Failed(Safe::of(words)));
            }
            named.push((labels, value));
        }
        if self.limit > 0 && named.len() > self.limit {
            let words = format!("exceeded limit of {} with {} series", self.limit, named.len());
            return Err(Failure::Failed(Safe::of(words)));
        }
        Ok(named)
    }
}
