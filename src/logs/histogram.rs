//! Lines and errors over time: a few bars over the last minutes. Bars lie on fixed borders of the clock, so that they
//! move on as a whole and never flicker.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::moment::Moment;

use super::segment::Segment;

/// Which time places a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeBasis {
    /// When it arrived here.
    Arrival,
    /// The time it states; when it arrived, where it states none.
    Stated,
}

/// One bar for each stretch of time, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// Length of a stretch.
    pub bucket: Duration,
    /// Lines of each.
    pub lines: Vec<u32>,
    /// Errors of each, lines that continue one not counted.
    pub errors: Vec<u32>,
}

impl Histogram {
    /// Counts the kept lines of the last `buckets` stretches of `bucket` up to `now`, of one log or of all.
    pub fn of<'a>(
        segments: impl IntoIterator<Item = &'a Arc<Segment>>,
        log: Option<u16>,
        now: Moment,
        bucket: Duration,
        buckets: usize,
        basis: TimeBasis,
    ) -> Histogram {
        let bucket = bucket.max(Duration::from_millis(1));
        let buckets = buckets.min(10_000);
        let mut out = Histogram { bucket, lines: vec![0; buckets], errors: vec![0; buckets] };
        for segment in segments {
            if log.is_some_and(|log| log != segment.log()) {
                continue;
            }
            match basis {
                TimeBasis::Arrival => {
                    let stretch = i128::from(bucket.as_micros() as u64);
                    let newest = now.boot.as_micros() as i128 / stretch;
                    let mine = segment.arrived().boot.as_micros() as i128 / stretch;
                    out.add(newest - mine, segment.len() as u32, segment.counts().errors() as u32);
                }
                TimeBasis::Stated => out.add_stated(segment, now),
            }
        }
        out
    }

    /// How many errors all bars hold.
    #[must_use]
    pub fn total_errors(&self) -> u64 {
        self.errors.iter().map(|n| u64::from(*n)).sum()
    }

    fn add_stated(&mut self, segment: &Segment, now: Moment) {
        let stretch = (self.bucket.as_micros() as i64).max(1);
        let newest = now.wall.timestamp_micros().div_euclid(stretch);
        let arrived = segment.arrived().wall.timestamp_micros();
        let mut entry = arrived;
        for line in segment.lines() {
            // A trace stands where its entry stands.
            if !line.continuation {
                entry = line.time.unwrap_or(arrived);
            }
            let age = i128::from(newest - entry.div_euclid(stretch));
            self.add(age, 1, u32::from(line.level.is_error() && !line.continuation));
        }
    }

    fn add(&mut self, age: i128, lines: u32, errors: u32) {
        let Some(at) = usize::try_from(age).ok().and_then(|age| self.lines.len().checked_sub(age + 1)) else { return };
        if let (Some(all), Some(bad)) = (self.lines.get_mut(at), self.errors.get_mut(at)) {
            *all = all.saturating_add(lines);
            *bad = bad.saturating_add(errors);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::segment::tests::segment;

    #[test]
    fn by_arrival_and_by_what_lines_state() {
        // Segments arrive at the second of their sequence; Moment::fixed(0) is 2026-01-02T12:00:00Z.
        let kept = [
            Arc::new(segment(0, 1, &["ERROR: a", "  at x"])),
            Arc::new(segment(1, 8, &["2026-01-02T12:00:02Z ERROR b", "  at y", "INFO: c"])),
        ];
        let now = Moment::fixed(9.0);
        let five = Duration::from_secs(5);
        let all = |basis| Histogram::of(&kept, None, now, five, 3, basis);
        assert_eq!((all(TimeBasis::Arrival).lines, all(TimeBasis::Arrival).errors), (vec![0, 2, 3], vec![0, 1, 1]));
        assert_eq!((all(TimeBasis::Stated).lines, all(TimeBasis::Stated).errors), (vec![0, 4, 1], vec![0, 2, 0]));
        let one = Histogram::of(&kept, Some(1), now, five, 1, TimeBasis::Arrival);
        assert_eq!((one.lines, one.errors), (vec![3], vec![1]));
        let past = Histogram::of(&kept, None, Moment::fixed(600.0), five, 3, TimeBasis::Arrival);
        assert_eq!(past.total_errors(), 0);
    }
}
