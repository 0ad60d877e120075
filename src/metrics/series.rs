//! A bounded ring of time buckets for charts, and the marks on it. A gap is a gap: a bucket without a figure is never
//! filled in. Time comes in with each sample; only the boot clock is used, so a stepping wall clock moves nothing.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::{Moment, Safe};

/// Marks kept per series; the oldest goes first.
const MARKS: usize = 16;

/// The figures of one bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Largest sample.
    pub max: f64,
    /// Smallest sample.
    pub min: f64,
    /// Newest sample.
    pub last: f64,
    /// Sum of all samples.
    pub sum: f64,
    /// Number of samples, at least one.
    pub count: u32,
}

impl Bucket {
    /// The mean of the samples.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum / f64::from(self.count.max(1))
    }
}

/// What happened in one bucket of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slot {
    /// Nothing arrived.
    Empty,
    /// Attempts were made and all of them failed.
    Failed,
    /// Figures arrived.
    Filled(Bucket),
}

impl Slot {
    /// The figures, if any; a gap otherwise.
    #[must_use]
    pub fn bucket(self) -> Option<Bucket> {
        match self {
            Slot::Filled(bucket) => Some(bucket),
            Slot::Empty | Slot::Failed => None,
        }
    }
}

/// A bucket as it is kept: single precision is enough for a chart, and a thousand series stay small.
#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    max: f32,
    min: f32,
    last: f32,
    sum: f32,
    count: u32,
    failed: bool,
}

impl Kept {
    fn add(&mut self, sample: Option<f64>) {
        let Some(sample) = sample.filter(|s| s.is_finite()) else {
            self.failed = true;
            return;
        };
        let figure = sample.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32;
        let first = self.count == 0;
        self.max = if first { figure } else { self.max.max(figure) };
        self.min = if first { figure } else { self.min.min(figure) };
        self.last = figure;
        self.sum = (self.sum + figure).clamp(f32::MIN, f32::MAX);
        self.count = self.count.saturating_add(1);
    }

    fn slot(&self) -> Slot {
        if self.count == 0 {
            return if self.failed { Slot::Failed } else { Slot::Empty };
        }
        let [max, min, last, sum] = [self.max, self.min, self.last, self.sum].map(f64::from);
        Slot::Filled(Bucket { max, min, last, sum, count: self.count })
    }
}

/// Samples of one figure over the last `capacity` buckets of time. Memory is taken only as buckets fill.
#[derive(Clone, Debug)]
pub struct Series {
    buckets: VecDeque<Kept>,
    /// Number of the newest kept bucket: its time since boot divided by `width`.
    newest: u64,
    capacity: usize,
    width: Duration,
    marks: VecDeque<(Moment, Safe)>,
}

impl Series {
    /// An empty series. Choose `bucket` clearly longer than the pause between samples (twice is safe): a pause that
    /// drifts past a bucket's width would leave buckets empty and show gaps that nobody caused.
    #[must_use]
    pub fn new(capacity: usize, bucket: Duration) -> Series {
        Series {
            buckets: VecDeque::new(),
            newest: 0,
            capacity: capacity.max(1),
            width: bucket.max(Duration::from_millis(1)),
            marks: VecDeque::new(),
        }
    }

    /// Takes one sample; `None` is an attempt that failed. NaN and the infinities have no place on a chart and
    /// count as failed. A sample older than everything that is kept is dropped.
    pub fn push(&mut self, at: Moment, sample: Option<f64>) {
        let number = self.number_of(at);
        if self.buckets.is_empty() {
            self.newest = number;
            self.append();
        }
        self.advance(number);
        let back = usize::try_from(self.newest.saturating_sub(number)).unwrap_or(usize::MAX);
        let index = self.buckets.len().checked_sub(1).and_then(|last| last.checked_sub(back));
        if let Some(kept) = index.and_then(|i| self.buckets.get_mut(i)) {
            kept.add(sample);
        }
    }

    /// Puts a mark, such as a new version or a restart, on the chart.
    pub fn mark(&mut self, at: Moment, what: Safe) {
        if self.marks.len() == MARKS {
            self.marks.pop_front();
        }
        self.marks.push_back((at, what));
    }

    /// Says something else with a mark that stands, as far as it is kept.
    pub fn rename_mark(&mut self, at: Moment, before: &Safe, after: &Safe) {
        let mut standing = self.marks.iter_mut().rev();
        if let Some((_, what)) = standing.find(|(when, what)| when.boot == at.boot && what == before) {
            what.clone_from(after);
        }
    }

    /// The last `n` slots, oldest first. The slot that is being filled is shown once something arrived in it, so
    /// that a chart does not end in a gap that is only a pause between two samples.
    pub fn slots(&self, now: Moment, n: usize) -> impl Iterator<Item = Slot> + '_ {
        let (first, end) = self.span(now, n);
        (first..end).map(|number| self.slot(number))
    }

    /// As [`Series::slots`], figures only: `None` is a gap.
    pub fn buckets(&self, now: Moment, n: usize) -> impl Iterator<Item = Option<Bucket>> + '_ {
        self.slots(now, n).map(Slot::bucket)
    }

    /// The marks that fall on the last `n` slots, each with its column among them.
    pub fn marks(&self, now: Moment, n: usize) -> impl Iterator<Item = (usize, &Safe)> + '_ {
        let (first, end) = self.span(now, n);
        let columns = usize::try_from(end - first).unwrap_or(0);
        // A mark in the slot that is not shown yet stands on the last column.
        self.marks.iter().filter_map(move |(at, what)| {
            let column = usize::try_from(self.number_of(*at).checked_sub(first)?).ok()?;
            (columns > 0).then(|| (column.min(columns - 1), what))
        })
    }

    /// Every mark with its time, oldest first.
    pub fn all_marks(&self) -> impl Iterator<Item = (Moment, &Safe)> + '_ {
        self.marks.iter().map(|(at, what)| (*at, what))
    }

    /// Width of a bucket.
    #[must_use]
    pub fn width(&self) -> Duration {
        self.width
    }

    /// Buckets in memory, gaps included; never more than the capacity.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Whether nothing was ever pushed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    fn number_of(&self, at: Moment) -> u64 {
        u64::try_from(at.boot.as_nanos() / self.width.as_nanos().max(1)).unwrap_or(u64::MAX)
    }

    /// The numbers of the last `n` slots as a half-open range that holds at most `capacity` of them.
    fn span(&self, now: Moment, n: usize) -> (u64, u64) {
        let running = self.number_of(now);
        let shown = self.slot(running) != Slot::Empty;
        let end = running.saturating_add(u64::from(shown));
        (end.saturating_sub(n.min(self.capacity) as u64), end)
    }

    fn slot(&self, number: u64) -> Slot {
        let kept = self
            .newest
            .checked_sub(number)
            .and_then(|back| usize::try_from(back).ok())
            .and_then(|back| self.buckets.len().checked_sub(back.checked_add(1)?))
            .and_then(|index| self.buckets.get(index));
        kept.map_or(Slot::Empty, Kept::slot)
    }

    /// One more empty bucket; memory grows in small steps and never past the capacity.
    fn append(&mut self) {
        if self.buckets.len() >= self.capacity {
            self.buckets.pop_front();
        } else if self.buckets.len() == self.buckets.capacity() {
            let step = (self.buckets.len() / 4 + 8).min(self.capacity - self.buckets.len());
            self.buckets.reserve_exact(step);
        }
        self.buckets.push_back(Kept::default());
    }

    /// Moves on to bucket `number`, leaving empty ones between; a leap over the whole ring empties it at once.
    fn advance(&mut self, number: u64) {
        let Some(steps) = number.checked_sub(self.newest).filter(|s| *s > 0) else { return };
        let steps = usize::try_from(steps).unwrap_or(usize::MAX);
        if steps >= self.capacity {
            self.buckets.clear();
            self.append();
        } else {
            for _ in 0..steps {
                self.append();
            }
        }
        self.newest = number;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(secs: f64) -> Moment {
        Moment::fixed(secs)
    }

    fn five() -> Series {
        Series::new(12, Duration::from_secs(5))
    }

    fn lasts(series: &Series, now: f64, n: usize) -> Vec<Option<f64>> {
        series.buckets(at(now), n).map(|b| b.map(|b| b.last)).collect()
    }

    #[test]
    fn a_bucket_keeps_max_min_last_sum_and_count() {
        let mut series = five();
        for (secs, sample) in [(0.0, 3.0), (1.0, 9.0), (2.0, -1.0), (4.9, 2.0)] {
            series.push(at(secs), Some(sample));
        }
        let bucket = series.buckets(at(4.9), 1).next().unwrap().unwrap();
        assert_eq!(bucket, Bucket { max: 9.0, min: -1.0, last: 2.0, sum: 13.0, count: 4 });
        assert_eq!(bucket.mean(), 3.25);
    }

    #[test]
    fn a_gap_stays_a_gap_and_a_failure_is_told_from_silence() {
        let mut series = five();
        series.push(at(0.0), Some(1.0));
        series.push(at(6.0), None);
        series.push(at(16.0), Some(4.0));
        assert_eq!(lasts(&series, 16.0, 5), [None, Some(1.0), None, None, Some(4.0)]);
        let slots: Vec<Slot> = series.slots(at(16.0), 3).collect();
        assert_eq!((slots[0], slots[1]), (Slot::Failed, Slot::Empty));
    }

    #[test]
    fn the_slot_that_is_being_filled_is_no_gap_yet() {
        let mut series = five();
        series.push(at(4.0), Some(1.0));
        assert_eq!(lasts(&series, 5.1, 2), [None, Some(1.0)], "the bucket of 5 s has only begun");
        assert_eq!(lasts(&series, 10.1, 2), [Some(1.0), None], "a whole bucket passed without a sample");
        series.push(at(10.2), None);
        assert_eq!(lasts(&series, 10.3, 3), [Some(1.0), None, None]);
    }

    #[test]
    fn a_long_suspend_leaves_only_gaps() {
        let mut series = five();
        series.push(at(0.0), Some(1.0));
        assert_eq!(lasts(&series, 28_800.0, 12), [None; 12]);
        series.push(at(28_800.0), Some(2.0));
        assert_eq!((lasts(&series, 28_800.0, 2), series.len()), (vec![None, Some(2.0)], 1));
    }

    #[test]
    fn marks_stand_on_their_column_and_are_bounded() {
        let mut series = five();
        series.push(at(0.0), Some(1.0));
        series.push(at(10.0), Some(1.0));
        series.mark(at(6.0), "v1.2.3".into());
        assert_eq!(series.marks(at(10.0), 3).collect::<Vec<_>>(), [(1, &Safe::of("v1.2.3"))]);
        assert_eq!(series.marks(at(10.0), 1).count(), 0, "it lies before what is shown");
        for n in 0..100 {
            series.mark(at(10.0), Safe::of(format!("v{n}")));
        }
        assert_eq!(series.all_marks().count(), MARKS);
        assert_eq!(series.all_marks().last().unwrap().1.as_str(), "v99");
    }

    #[test]
    fn what_is_not_a_number_is_a_gap() {
        let mut series = five();
        for sample in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            series.push(at(0.0), Some(sample));
        }
        assert_eq!(series.slots(at(0.0), 1).next(), Some(Slot::Failed));
        series.push(at(1.0), Some(1e308));
        series.push(at(1.0), Some(1e308));
        let bucket = series.buckets(at(1.0), 1).next().unwrap().unwrap();
        assert!(bucket.sum.is_finite() && bucket.max > 1e38);
    }

    #[test]
    fn a_thousand_full_series_stay_small() {
        assert!(size_of::<Kept>() <= 24 && size_of::<Series>() <= 128);
    }

    proptest! {
        #[test]
        fn never_over_capacity_and_only_what_came_is_shown(
            capacity in 0usize..40,
            samples in prop::collection::vec((0.0f64..4000.0, prop::option::of(prop::num::f64::ANY)), 0..120),
            now in 0.0f64..5000.0,
        ) {
            let mut series = Series::new(capacity, Duration::from_secs(5));
            for (secs, sample) in &samples {
                series.push(at(*secs), *sample);
                prop_assert!(series.len() <= capacity.max(1));
            }
            let slots: Vec<Slot> = series.slots(at(now), 1000).collect();
            prop_assert!(slots.len() <= capacity.max(1));
            let shown: u64 = slots.iter().filter_map(|s| s.bucket()).map(|b| u64::from(b.count)).sum();
            let given = samples.iter().filter(|(_, s)| s.is_some_and(f64::is_finite)).count() as u64;
            prop_assert!(shown <= given);
        }

        #[test]
        fn in_order_every_bucket_holds_its_own_samples(times in prop::collection::vec(0u32..600, 1..80)) {
            let mut times = times;
            times.sort_unstable();
            let mut series = Series::new(200, Duration::from_secs(5));
            for t in &times {
                series.push(at(f64::from(*t)), Some(f64::from(*t)));
            }
            let now = *times.last().unwrap();
            let slots: Vec<Option<Bucket>> = series.buckets(at(f64::from(now)), 200).collect();
            for (back, bucket) in slots.iter().rev().enumerate() {
                let number = i64::from(now / 5) - back as i64;
                let own: Vec<u32> = times.iter().copied().filter(|t| i64::from(t / 5) == number).collect();
                prop_assert_eq!(bucket.map_or(0, |b| b.count) as usize, own.len());
                prop_assert_eq!(bucket.map(|b| b.last), own.last().map(|t| f64::from(*t)));
            }
        }
    }
}
