//! Lines and errors over time, counted once as they come: by the time that a line states, else by its arrival.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::telemetry::log_pace::Tally;
use crate::domain::Moment;
use crate::logs::{Level, Segment};

/// Width of a stretch, microseconds.
const STRETCH: i64 = 10_000_000;
/// Stretches that are kept.
const KEPT: usize = 360;

/// Counts by stretch of time.
#[derive(Clone, Debug, Default)]
pub struct LogCourse {
    counts: BTreeMap<i64, (u32, u32)>,
}

/// One count a stretch, oldest first; `None` before the first line that was seen.
pub type Counts = Arc<[Option<u32>]>;

impl LogCourse {
    /// Counts the lines of a segment. A line that continues an entry counts as a line, at the entry's time. Gives the
    /// counts of what is not from before `since` (microseconds, wall time).
    pub fn take(&mut self, segment: &Segment, now: Moment, since: i64) -> Tally {
        let mut fresh = Tally::default();
        let mut time = now.wall.timestamp_micros();
        for line in segment.lines() {
            time = line.time.unwrap_or(time);
            let error = line.level.is_error() && !line.continuation;
            let count = self.counts.entry(time.div_euclid(STRETCH)).or_default();
            count.0 = count.0.saturating_add(1);
            count.1 = count.1.saturating_add(u32::from(error));
            if time >= since {
                fresh.lines += 1;
                fresh.errors += u64::from(error);
                fresh.warnings += u64::from(line.level == Level::Warn && !line.continuation);
            }
        }
        while self.counts.len() > KEPT {
            self.counts.pop_first();
        }
        fresh
    }

    /// Lines and errors of the last `n` stretches.
    #[must_use]
    pub fn last(&self, now: Moment, n: usize) -> (Counts, Counts) {
        let newest = now.wall.timestamp_micros().div_euclid(STRETCH);
        let oldest = self.counts.keys().next().copied();
        let stretch = |back: usize| {
            let at = newest - back as i64;
            // Before the first line nothing is known: that is not zero.
            let known = oldest.is_some_and(|oldest| at >= oldest);
            known.then(|| self.counts.get(&at).copied().unwrap_or_default())
        };
        let both: Vec<Option<(u32, u32)>> = (0..n).rev().map(stretch).collect();
        let lines = both.iter().map(|c| c.map(|(lines, _)| lines)).collect();
        let errors = both.iter().map(|c| c.map(|(_, errors)| errors)).collect();
        (lines, errors)
    }
}
