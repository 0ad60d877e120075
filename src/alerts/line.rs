//! The line of time on which samples and alerts stand: the wall clock when the program began, and the boot clock since. A
//! wall clock that is set changes nothing on it; a suspended machine goes on along it.

use crate::domain::Moment;

/// Where the line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    start: Moment,
}

impl Line {
    /// A line that begins now.
    #[must_use]
    pub fn begun(now: Moment) -> Line {
        Line { start: now }
    }

    /// Milliseconds since the Unix epoch along the line.
    #[must_use]
    pub fn at(self, now: Moment) -> i64 {
        let since = i64::try_from(now.since(self.start).as_millis()).unwrap_or(i64::MAX);
        self.start.wall.timestamp_millis().saturating_add(since)
    }

    /// What the wall clock, as it goes now, would have shown at a time of the line: what is kept beyond this run.
    #[must_use]
    pub fn to_wall(self, at: i64, now: Moment) -> i64 {
        at.saturating_add(self.ahead(now))
    }

    /// By how many milliseconds the wall clock is ahead of the line: not at all unless it was set.
    #[must_use]
    pub fn ahead(self, now: Moment) -> i64 {
        now.wall.timestamp_millis().saturating_sub(self.at(now))
    }

    /// The other way round.
    #[must_use]
    pub fn of_wall(self, wall: i64, now: Moment) -> i64 {
        wall.saturating_sub(self.ahead(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn a_wall_clock_that_is_set_moves_nothing() {
        let start = Moment::fixed(0.0);
        let line = Line::begun(start);
        let mut later = Moment::fixed(60.0);
        assert_eq!(line.at(later) - line.at(start), 60_000);
        later.wall += TimeDelta::hours(1);
        assert_eq!(line.at(later) - line.at(start), 60_000);
        let kept = line.to_wall(line.at(start), later);
        assert_eq!(kept, start.wall.timestamp_millis() + 3_600_000, "an hour ahead, as the clock is now");
        assert_eq!(line.of_wall(kept, later), line.at(start));
    }
}
