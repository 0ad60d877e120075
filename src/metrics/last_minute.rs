//! What was counted in the last minute, where it was watched without a gap. A shorter time gives a least figure, never a
//! whole one: what happened while nobody looked is not known.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::Moment;

/// The time that is looked over.
pub const MINUTE: Duration = Duration::from_secs(60);
/// What comes within this time is counted together, so that a fast source does not grow it.
const STEP: Duration = Duration::from_millis(500);

/// Steps of a counter, and since when they are all known.
#[derive(Clone, Debug, Default)]
pub struct LastMinute {
    since: Option<Moment>,
    steps: VecDeque<(Moment, f64)>,
}

impl LastMinute {
    /// Takes by how much it grew since the reading before; `None` where that is not known: a first reading, a reset, a gap.
    pub fn take(&mut self, by: Option<f64>, now: Moment) {
        let Some(by) = by.filter(|_| self.since.is_some()) else {
            self.steps.clear();
            self.since = Some(now);
            return;
        };
        while self.steps.front().is_some_and(|(at, _)| now.since(*at) >= MINUTE) {
            self.steps.pop_front();
        }
        match self.steps.back_mut().filter(|(at, _)| now.since(*at) < STEP) {
            Some((_, sum)) => *sum += by,
            None => self.steps.push_back((now, by)),
        }
    }

    /// Nothing is known any more.
    pub fn lose(&mut self) {
        *self = LastMinute::default();
    }

    /// What was counted, and over how much of the minute; `None` before the second reading.
    #[must_use]
    pub fn sum(&self, now: Moment) -> Option<(f64, Duration)> {
        let since = self.since?;
        self.steps.back()?;
        let within = self.steps.iter().filter(|(at, _)| now.since(*at) < MINUTE);
        Some((within.map(|(_, by)| by).sum(), now.since(since).min(MINUTE)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_begins_anew_and_what_is_older_than_a_minute_is_gone() {
        let mut counted = LastMinute::default();
        let at = |seconds: f64| Moment::fixed(seconds);
        assert_eq!(counted.sum(at(0.0)), None);
        counted.take(None, at(0.0));
        assert_eq!(counted.sum(at(1.0)), None, "one reading is no growth");
        counted.take(Some(2.0), at(2.0));
        counted.take(Some(1.0), at(30.0));
        assert_eq!(counted.sum(at(30.0)), Some((3.0, Duration::from_secs(30))));
        assert_eq!(counted.sum(at(61.0)), Some((3.0, MINUTE)));
        assert_eq!(counted.sum(at(63.0)), Some((1.0, MINUTE)), "the first is over");
        counted.take(None, at(70.0));
        assert_eq!(counted.sum(at(71.0)), None, "what happened in between is not known");
        counted.take(Some(4.0), at(72.0));
        assert_eq!(counted.sum(at(72.0)), Some((4.0, Duration::from_secs(2))));
    }
}
