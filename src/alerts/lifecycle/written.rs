//! The series that a rule writes: what it wrote last and does not write now ends with a staleness marker.

use std::collections::BTreeSet;

use super::outcome::Elements;
use crate::metrics::labels::Labels;
use crate::metrics::store::STALE;

/// What was written last.
#[derive(Clone, Debug, Default)]
pub struct Written(BTreeSet<Labels>);

impl Written {
    /// What is to be appended: what is there now, and the ends of what is not any more.
    pub fn step(&mut self, now: Elements) -> Elements {
        let current: BTreeSet<Labels> = now.iter().map(|(labels, _)| labels.clone()).collect();
        let before = std::mem::replace(&mut self.0, current);
        let gone = before.difference(&self.0).map(|labels| (labels.clone(), f64::from_bits(STALE)));
        let gone: Elements = gone.collect();
        now.into_iter().chain(gone).collect()
    }

    /// The ends of all.
    pub fn end(&mut self) -> Elements {
        self.step(Elements::new())
    }

    /// Goes on from what another wrote.
    pub fn adopt(&mut self, other: Written) {
        self.0.extend(other.0);
    }
}
