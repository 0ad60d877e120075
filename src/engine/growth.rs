//! By how much counters of a target grew between two of its rounds: never negative, and a series that began in between counts
//! from zero, because the round before did not hold it.

use crate::metrics::labels::{Labels, NAME};
use crate::metrics::store::{Sample, Samples, Store, is_stale};

/// The counters of one target over a stretch of rounds without a gap.
pub struct Growth<'s> {
    store: &'s Store,
    target: &'s Labels,
    from: i64,
    to: i64,
    /// A series that was not there at the beginning began at zero.
    begins_at_zero: bool,
    buffer: Vec<Sample>,
}

impl<'s> Growth<'s> {
    /// From one round to another.
    pub fn new(store: &'s Store, target: &'s Labels, (from, to): (i64, i64), is_unbroken: bool) -> Growth<'s> {
        // A series that the store had to drop comes back as if it were new.
        let begins_at_zero = is_unbroken && store.dropped() == 0;
        Growth { store, target, from, to, begins_at_zero, buffer: Vec::new() }
    }

    /// Seconds.
    pub fn seconds(&self) -> f64 {
        self.to.saturating_sub(self.from) as f64 / 1000.0
    }

    /// Whether the target has such a series now.
    pub fn has(&self, metric: &str) -> bool {
        let target = self.target;
        self.store.select(Some(metric), |labels| is_of(labels, target)).any(|(_, samples)| self.is_there(samples))
    }

    fn is_there(&self, samples: Samples<'_>) -> bool {
        samples.newest(self.from.saturating_sub(1), self.to).is_some()
    }

    /// Tells the growth of every series of a metric.
    pub fn each(&mut self, metric: &str, mut tell: impl FnMut(&Labels, f64)) {
        let target = self.target;
        for (labels, samples) in self.store.select(Some(metric), |labels| is_of(labels, target)) {
            samples.between(self.from.saturating_sub(1), self.to, &mut self.buffer);
            let is_new = self.begins_at_zero && samples.first().is_some_and(|first| first > self.from);
            if !self.buffer.is_empty() {
                tell(labels, grown(&self.buffer, is_new));
            }
        }
    }

    /// The growth of all series of a metric together; none where there is no such series.
    pub fn sum(&mut self, metric: &str) -> Option<f64> {
        let mut sum = None;
        self.each(metric, |_, by| *sum.get_or_insert(0.0) += by);
        sum
    }
}

fn is_of(labels: &Labels, target: &Labels) -> bool {
    target.iter().all(|(name, value)| name == NAME || labels.get(name) == value)
}

/// How much a counter counted over these samples. One that went down began anew.
pub fn grown(samples: &[Sample], is_new: bool) -> f64 {
    let mut before = is_new.then_some(0.0);
    let mut sum = 0.0;
    for value in samples.iter().map(|sample| sample.value).filter(|value| !is_stale(*value) && !value.is_nan()) {
        sum += match before {
            Some(before) if value >= before => value - before,
            Some(_) => value.max(0.0),
            None => 0.0,
        };
        before = Some(value);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::store::STALE;

    #[test]
    fn a_counter_that_begins_anew_never_shrinks() {
        let samples: Vec<Sample> = [5.0, 9.0, 2.0, f64::from_bits(STALE), 3.0, 1.0]
            .iter()
            .zip(0..)
            .map(|(value, at)| Sample { at, value: *value })
            .collect();
        assert_eq!(grown(&samples, false), 4.0 + 2.0 + 1.0 + 1.0);
        assert_eq!(grown(&samples, true), 5.0 + 8.0);
        assert_eq!(grown(&[], true), 0.0);
    }
}
