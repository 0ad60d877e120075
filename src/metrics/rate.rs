//! What counters did between two readings: deltas that are never negative, and the hit ratio of the last minute.
//! Counters begin anew when a server restarts; that is seen and never becomes a figure.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::{Moment, Safe};

/// Most snapshots that a hit ratio keeps.
const SNAPSHOTS: usize = 256;
/// Readings that are less apart are one.
const AT_ONCE: Duration = Duration::from_millis(50);
/// A snapshot older than this many windows is no base for a ratio "of the last minute".
const TOO_OLD: u32 = 5;

/// By how much a counter grew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delta {
    /// Growth; after a reset what was counted since it.
    pub by: u64,
    /// The counter began anew in between.
    pub reset: bool,
}

impl Delta {
    /// Growth per second; `None` when no time passed.
    #[must_use]
    pub fn per_second(self, elapsed: Duration) -> Option<f64> {
        let seconds = elapsed.as_secs_f64();
        (seconds > 0.0).then(|| self.by as f64 / seconds)
    }
}

/// The step from one value of a counter to the next.
#[derive(Clone, Copy, Debug)]
pub struct CounterDelta;

impl CounterDelta {
    /// A counter that went down began anew at zero, so its value is its growth.
    #[must_use]
    pub fn step(previous: u64, current: u64) -> Delta {
        match current.checked_sub(previous) {
            Some(by) => Delta { by, reset: false },
            None => Delta { by: current, reset: true },
        }
    }
}

/// A total that is read now and then, and its growth per second between the two newest readings.
#[derive(Clone, Debug, Default)]
pub struct Growth {
    last: Option<(Moment, f64)>,
    over: Option<(Moment, Moment)>,
}

impl Growth {
    /// Takes one reading; its rate, unless there is nothing to compare it with: none before, or one that is older than
    /// `oldest`. Two readings at one moment are one.
    pub fn take(&mut self, total: f64, now: Moment, oldest: Duration) -> Option<f64> {
        let Some((then, before)) = self.last else {
            self.last = Some((now, total));
            return None;
        };
        let elapsed = now.since(then);
        if elapsed < AT_ONCE {
            return None;
        }
        self.last = Some((now, total));
        self.over = None;
        if elapsed > oldest {
            return None;
        }
        self.over = Some((then, now));
        // A counter that went down began anew at zero, so its value is its growth.
        let by = if total < before { total } else { total - before };
        Some(by / elapsed.as_secs_f64())
    }

    /// The readings that the newest rate lies between.
    #[must_use]
    pub fn over(&self) -> Option<(Moment, Moment)> {
        self.over
    }
}

/// The hit ratio of a window, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HitRate {
    /// There are not yet two readings to compare, or the counters have just begun anew.
    NotYet,
    /// Nobody asked the cache anything: neither good nor bad.
    NoTraffic {
        /// Time between the two readings that were compared.
        over: Duration,
    },
    /// Hits and misses in between.
    Measured {
        /// Hits divided by hits and misses, 0..1.
        ratio: f64,
        /// Hits.
        hits: u64,
        /// Misses.
        misses: u64,
        /// Time between the two readings that were compared.
        over: Duration,
    },
}

impl HitRate {
    /// The ratio, if there is one.
    #[must_use]
    pub fn ratio(self) -> Option<f64> {
        match self {
            HitRate::Measured { ratio, .. } => Some(ratio),
            HitRate::NotYet | HitRate::NoTraffic { .. } => None,
        }
    }
}

/// The standard error of a share that was seen in so many tries. Two of either outcome are added to what was seen (Agresti and
/// Coull): without that a hundred hits of a hundred would be held for certainty.
#[must_use]
pub fn standard_error(share: f64, tries: u64) -> f64 {
    let tries = tries as f64;
    let (seen, all) = (share * tries + 2.0, tries + 4.0);
    let share = seen / all;
    (share * (1.0 - share) / all).sqrt()
}

/// Snapshots of two counters over a sliding window.
#[derive(Clone, Debug)]
pub struct HitRatio {
    snapshots: VecDeque<Snapshot>,
    window: Duration,
    run: Safe,
}

#[derive(Clone, Copy, Debug)]
struct Snapshot {
    at: Duration,
    hits: u64,
    misses: u64,
}

impl Default for HitRatio {
    fn default() -> HitRatio {
        HitRatio::new(Duration::from_secs(60))
    }
}

impl HitRatio {
    /// An empty window of this length.
    #[must_use]
    pub fn new(window: Duration) -> HitRatio {
        HitRatio { snapshots: VecDeque::new(), window, run: Safe::default() }
    }

    /// Takes the counters of one reading; `run` names the run of the server (`run_id`, or empty where there is none).
    /// Returns whether the counters began anew: then nothing older is compared with, because behind one address
    /// another server with a life of its own may stand. A reading without both counters is passed over.
    pub fn push(&mut self, at: Moment, hits: Option<u64>, misses: Option<u64>, run: &Safe) -> bool {
        let (Some(hits), Some(misses)) = (hits, misses) else { return false };
        let reset = self.snapshots.back().is_some_and(|last| {
            *run != self.run
                || CounterDelta::step(last.hits, hits).reset
                || CounterDelta::step(last.misses, misses).reset
        });
        if reset {
            self.snapshots.clear();
        }
        if *run != self.run {
            self.run = run.clone();
        }
        self.snapshots.push_back(Snapshot { at: at.boot, hits, misses });
        self.slide(at.boot);
        reset
    }

    /// The ratio up to the newest reading. It does not depend on the present: how old that reading is, the pane says.
    #[must_use]
    pub fn rate(&self) -> HitRate {
        let (Some(first), Some(last)) = (self.snapshots.front(), self.snapshots.back()) else { return HitRate::NotYet };
        let over = last.at.saturating_sub(first.at);
        if over.is_zero() {
            return HitRate::NotYet;
        }
        let hits = last.hits.saturating_sub(first.hits);
        let misses = last.misses.saturating_sub(first.misses);
        if hits == 0 && misses == 0 {
            return HitRate::NoTraffic { over };
        }
        let ratio = hits as f64 / (hits as f64 + misses as f64);
        HitRate::Measured { ratio, hits, misses, over }
    }

    /// The same over the readings from a moment on, for telling what came after it from what was before.
    #[must_use]
    pub fn rate_since(&self, from: Moment) -> HitRate {
        let snapshots = self.snapshots.iter().filter(|snapshot| snapshot.at >= from.boot).copied().collect();
        HitRatio { snapshots, window: self.window, run: Safe::default() }.rate()
    }

    /// Keeps what lies in the window and the one snapshot at or before its beginning.
    fn slide(&mut self, now: Duration) {
        let start = now.saturating_sub(self.window);
        while self.snapshots.get(1).is_some_and(|next| next.at <= start) || self.snapshots.len() > SNAPSHOTS {
            self.snapshots.pop_front();
        }
        let oldest = now.saturating_sub(self.window.saturating_mul(TOO_OLD));
        while self.snapshots.len() > 1 && self.snapshots.front().is_some_and(|first| first.at < oldest) {
            self.snapshots.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fed(readings: &[(f64, u64, u64, &str)]) -> HitRatio {
        let mut ratio = HitRatio::default();
        for (secs, hits, misses, run) in readings {
            ratio.push(Moment::fixed(*secs), Some(*hits), Some(*misses), &Safe::of(run));
        }
        ratio
    }

    #[test]
    fn a_ratio_is_a_delta_over_the_window() {
        assert_eq!(fed(&[(0.0, 1000, 10, "a")]).rate(), HitRate::NotYet, "a lifetime is not a minute");
        let ratio = fed(&[(0.0, 1000, 10, "a"), (10.0, 1003, 11, "a")]);
        let over = Duration::from_secs(10);
        assert_eq!(ratio.rate(), HitRate::Measured { ratio: 0.75, hits: 3, misses: 1, over });
        assert_eq!(fed(&[(0.0, 5, 5, "a"), (10.0, 5, 5, "a")]).rate(), HitRate::NoTraffic { over });
    }

    #[test]
    fn what_is_older_than_the_window_falls_out() {
        let ratio = fed(&[(0.0, 0, 0, "a"), (30.0, 100, 0, "a"), (60.0, 100, 50, "a"), (90.0, 100, 100, "a")]);
        let over = Duration::from_secs(60);
        assert_eq!(ratio.rate(), HitRate::Measured { ratio: 0.0, hits: 0, misses: 100, over });
        let slow = fed(&[(0.0, 0, 0, "a"), (120.0, 4, 0, "a")]);
        assert_eq!(slow.rate().ratio(), Some(1.0), "readings rarer than the window still compare");
        assert_eq!(fed(&[(0.0, 0, 0, "a"), (3600.0, 9, 0, "a")]).rate(), HitRate::NotYet, "but not over an hour");
    }

    #[test]
    fn a_restart_is_seen_and_gives_no_figure() {
        let restarted = fed(&[(0.0, 1000, 10, "a"), (10.0, 2, 1, "b")]);
        assert_eq!(restarted.rate(), HitRate::NotYet);
        let failed_over = fed(&[(0.0, 1000, 10, "a"), (10.0, 900_000, 900_000, "b")]);
        assert_eq!(failed_over.rate(), HitRate::NotYet, "higher counters of another server are no growth");
        let mut statistics_reset = fed(&[(0.0, 1000, 10, "a")]);
        assert!(statistics_reset.push(Moment::fixed(1.0), Some(0), Some(0), &Safe::of("a")));
        assert!(!statistics_reset.push(Moment::fixed(2.0), Some(1), Some(0), &Safe::of("a")));
        assert_eq!(statistics_reset.rate().ratio(), Some(1.0));
    }

    #[test]
    fn a_reading_without_counters_is_passed_over() {
        let mut ratio = fed(&[(0.0, 10, 10, "a")]);
        assert!(!ratio.push(Moment::fixed(1.0), None, Some(1), &Safe::of("a")));
        assert_eq!(ratio.rate(), HitRate::NotYet);
    }

    #[test]
    fn a_total_becomes_its_growth_per_second() {
        let oldest = Duration::from_secs(60);
        let mut growth = Growth::default();
        let mut read = |total: f64, at: f64| growth.take(total, Moment::fixed(at), oldest);
        assert_eq!(read(1000.0, 0.0), None, "a total by itself is no rate");
        assert_eq!(read(1245.0, 10.0), Some(24.5));
        assert_eq!(read(1245.0, 10.0), None, "no time passed");
        assert_eq!(read(1245.0, 20.0), Some(0.0));
        assert_eq!(read(30.0, 30.0), Some(3.0), "it began anew");
        assert_eq!(read(9000.0, 3600.0), None, "an hour is not the last seconds");
        assert_eq!(read(9010.0, 3610.0), Some(1.0));
        assert_eq!(growth.over(), Some((Moment::fixed(3600.0), Moment::fixed(3610.0))));
    }

    #[test]
    fn counters_that_begin_anew() {
        assert_eq!(CounterDelta::step(10, 25), Delta { by: 15, reset: false });
        assert_eq!(CounterDelta::step(25, 10), Delta { by: 10, reset: true });
        assert_eq!(CounterDelta::step(25, 0).per_second(Duration::from_secs(2)), Some(0.0));
        assert_eq!(CounterDelta::step(0, 5).per_second(Duration::ZERO), None);
    }

    proptest! {
        #[test]
        fn a_rate_is_never_negative(a in any::<u64>(), b in any::<u64>(), millis in 0u64..10_000) {
            let delta = CounterDelta::step(a, b);
            prop_assert!(delta.by <= b && delta.reset == (b < a));
            if let Some(rate) = delta.per_second(Duration::from_millis(millis)) {
                prop_assert!(rate >= 0.0 && rate.is_finite());
            }
        }

        #[test]
        fn a_ratio_lies_between_zero_and_one(
            readings in prop::collection::vec((0.0f64..2000.0, any::<u64>(), any::<u64>(), 0u8..3), 0..600)
        ) {
            let mut ratio = HitRatio::default();
            for (secs, hits, misses, run) in readings {
                ratio.push(Moment::fixed(secs), Some(hits), Some(misses), &Safe::of(format!("{run}")));
                prop_assert!(ratio.snapshots.len() <= SNAPSHOTS);
                if let Some(r) = ratio.rate().ratio() {
                    prop_assert!((0.0..=1.0).contains(&r));
                }
            }
        }
    }
}
