//! Raw samples of the last minutes, for percentiles that say over what window and how many samples they speak.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::Moment;

/// Most samples kept; when more arrive the stated window becomes shorter instead.
const CAPACITY: usize = 4096;
/// Resolution of a sample's time.
const TICK: Duration = Duration::from_millis(100);

/// Percentiles by nearest rank: each is a sample that really occurred.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percentiles {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Number of samples.
    pub count: usize,
    /// The window they speak of: the configured one, or less when samples had to be dropped.
    pub window: Duration,
}

/// Samples of a sliding window: eight bytes each, memory taken only as they come.
#[derive(Clone, Debug)]
pub struct Window {
    samples: VecDeque<Sample>,
    length: Duration,
    /// Time of the newest sample that was dropped for want of room.
    dropped: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    tick: u32,
    value: f32,
}

impl Window {
    /// An empty window of this length.
    #[must_use]
    pub fn new(length: Duration) -> Window {
        Window { samples: VecDeque::new(), length, dropped: None }
    }

    /// Takes a sample; what is not a finite number is not one. Samples come in the order of time.
    pub fn push(&mut self, at: Moment, value: f64) {
        if !value.is_finite() {
            return;
        }
        let tick = tick_of(at);
        self.forget_before(self.start(tick));
        if self.samples.len() >= CAPACITY {
            self.dropped = self.samples.pop_front().map(|s| s.tick);
        }
        if self.samples.len() == self.samples.capacity() {
            // In small steps: doubling would waste as much again in each of a thousand windows.
            self.samples.reserve_exact(self.samples.len() / 4 + 16);
        }
        let value = value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32;
        self.samples.push_back(Sample { tick, value });
    }

    /// The percentiles at `now`; `None` when the window holds no sample.
    #[must_use]
    pub fn percentiles(&self, now: Moment) -> Option<Percentiles> {
        let now = tick_of(now);
        let start = self.start(now);
        let mut values: Vec<f32> = self.samples.iter().filter(|s| s.tick >= start).map(|s| s.value).collect();
        values.sort_unstable_by(f32::total_cmp);
        let window = match self.dropped {
            Some(tick) if tick >= start => TICK * now.saturating_sub(tick),
            _ => self.length,
        };
        let count = values.len();
        let rank = |percent: usize| {
            let rank = (count * percent).div_ceil(100).max(1);
            values.get(rank - 1).copied().map(f64::from)
        };
        Some(Percentiles { p50: rank(50)?, p95: rank(95)?, p99: rank(99)?, count, window })
    }

    /// How many samples at `now` are above a value, and how many there are.
    #[must_use]
    pub fn above(&self, now: Moment, value: f32) -> (usize, usize) {
        let start = self.start(tick_of(now));
        let within = || self.samples.iter().filter(|s| s.tick >= start);
        (within().filter(|s| s.value > value).count(), within().count())
    }

    /// Samples in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    fn start(&self, now: u32) -> u32 {
        let ticks = u32::try_from(self.length.as_millis() / TICK.as_millis()).unwrap_or(u32::MAX);
        now.saturating_sub(ticks)
    }

    fn forget_before(&mut self, start: u32) {
        while self.samples.front().is_some_and(|s| s.tick < start) {
            self.samples.pop_front();
        }
        // A machine that slept, or a service that went quiet, gives the room back.
        if self.samples.is_empty() && self.samples.capacity() > 64 {
            self.samples = VecDeque::new();
        }
    }
}

fn tick_of(at: Moment) -> u32 {
    u32::try_from(at.boot.as_millis() / TICK.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(secs: f64) -> Moment {
        Moment::fixed(secs)
    }

    const FIVE_MINUTES: Duration = Duration::from_secs(300);

    #[test]
    fn nearest_rank() {
        let mut window = Window::new(FIVE_MINUTES);
        assert_eq!(window.percentiles(at(0.0)), None);
        for n in 1..=100 {
            window.push(at(f64::from(n)), f64::from(n));
        }
        let p = window.percentiles(at(100.0)).unwrap();
        assert_eq!((p.p50, p.p95, p.p99, p.count, p.window), (50.0, 95.0, 99.0, 100, FIVE_MINUTES));
        let mut one = Window::new(FIVE_MINUTES);
        one.push(at(0.0), 7.0);
        let p = one.percentiles(at(0.0)).unwrap();
        assert_eq!((p.p50, p.p99, p.count), (7.0, 7.0, 1));
    }

    #[test]
    fn samples_leave_the_window() {
        let mut window = Window::new(FIVE_MINUTES);
        window.push(at(0.0), 1.0);
        window.push(at(200.0), 2.0);
        assert_eq!(window.percentiles(at(301.0)).unwrap().count, 1);
        assert_eq!(window.percentiles(at(501.0)), None);
        assert_eq!((window.above(at(301.0), 1.5), window.above(at(300.0), 1.5)), ((1, 1), (1, 2)));
        window.push(at(600.0), 3.0);
        assert_eq!(window.len(), 1);
    }

    #[test]
    fn too_many_samples_shorten_the_stated_window() {
        let mut window = Window::new(FIVE_MINUTES);
        for n in 0..10_000 {
            window.push(at(f64::from(n) / 100.0), 1.0);
        }
        let p = window.percentiles(at(100.0)).unwrap();
        assert_eq!(p.count, CAPACITY);
        assert!(p.window <= Duration::from_secs(42), "{:?}", p.window);
    }

    #[test]
    fn what_is_not_a_number_is_no_sample() {
        let mut window = Window::new(FIVE_MINUTES);
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            window.push(at(0.0), value);
        }
        assert!(window.is_empty());
        assert_eq!(size_of::<Sample>(), 8);
    }

    proptest! {
        #[test]
        fn bounded_ordered_and_taken_from_the_samples(
            samples in prop::collection::vec((0.0f64..1000.0, prop::num::f32::ANY), 0..300),
            now in 0.0f64..2000.0,
        ) {
            let mut window = Window::new(FIVE_MINUTES);
            for (secs, value) in &samples {
                window.push(at(*secs), f64::from(*value));
                prop_assert!(window.len() <= CAPACITY);
            }
            if let Some(p) = window.percentiles(at(now)) {
                prop_assert!(p.p50 <= p.p95 && p.p95 <= p.p99 && p.count >= 1);
                for figure in [p.p50, p.p95, p.p99] {
                    prop_assert!(samples.iter().any(|(_, v)| f64::from(*v) == figure));
                }
            }
        }
    }
}
