//! How fast the logs flow, and what an eye can follow of it. The border: which lines are kept and shown is not known here.

use std::time::Duration;

use crate::domain::Moment;
use crate::logs::LineAddress;

/// Lines that arrive within this time are counted together.
const STEP: Duration = Duration::from_millis(500);
/// The rate of lines is that of this time, the rate of errors that of a minute.
const RATE_WINDOW: Duration = Duration::from_secs(10);
const ERROR_WINDOW: Duration = Duration::from_secs(60);
/// A mosaic's few rows are read no faster than this: above it they stand still for a while, and cost a slow line less.
const READABLE_PER_SECOND: f64 = 50.0;
/// How long they stand still.
pub const STANDS_STILL: Duration = Duration::from_millis(1900);

/// What arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines.
    pub lines: u64,
    /// Errors among them.
    pub errors: u64,
    /// Warnings among them.
    pub warnings: u64,
}

/// Arrivals of the last minute.
#[derive(Clone, Debug)]
pub struct LogPace {
    since: Moment,
    /// When something was missed last: it failed, came back, or lost lines.
    missed: Option<Moment>,
    recent: Vec<(Moment, Tally)>,
    /// Where the mosaic's view ends, and since when.
    still: Option<(Moment, LineAddress)>,
}

impl LogPace {
    /// Nothing has arrived yet.
    #[must_use]
    pub fn new(now: Moment) -> LogPace {
        LogPace { since: now, missed: None, recent: Vec::new(), still: None }
    }

    /// Lines that state an earlier time were written before anybody looked: they say nothing about now.
    #[must_use]
    pub fn since_micros(&self) -> i64 {
        self.since.wall.timestamp_micros()
    }

    /// Lines arrived. One entry for each part of a second, so that a flood does not grow it.
    pub fn arrived(&mut self, now: Moment, fresh: Tally) {
        if let Some((_, known)) = self.recent.last_mut().filter(|(at, _)| now.since(*at) < STEP) {
            known.lines += fresh.lines;
            known.errors += fresh.errors;
            known.warnings += fresh.warnings;
        } else {
            self.recent.retain(|(at, ..)| now.since(*at) <= ERROR_WINDOW);
            self.recent.push((now, fresh));
        }
    }

    /// Lines per second over the last ten seconds, or over all of the time where that is less.
    #[must_use]
    pub fn per_second(&self, now: Moment) -> f64 {
        let over = RATE_WINDOW.min(now.since(self.since)).max(Duration::from_secs(1));
        let lines: u64 =
            self.recent.iter().filter(|(at, _)| now.since(*at) <= over).map(|(_, known)| known.lines).sum();
        lines as f64 / over.as_secs_f64()
    }

    /// For how long it is watched without a gap.
    #[must_use]
    pub fn watched(&self, now: Moment) -> Duration {
        now.since(self.missed.unwrap_or(self.since))
    }

    /// Something was missed up to now: what is counted from before is a least figure.
    pub fn missed(&mut self, now: Moment) {
        self.missed = Some(now);
    }

    /// Whether something was missed in the time over which the rate is taken.
    #[must_use]
    pub fn is_rate_least(&self, now: Moment) -> bool {
        self.missed.is_some_and(|at| now.since(at) < RATE_WINDOW)
    }

    /// Errors of the last minute.
    #[must_use]
    pub fn errors(&self, now: Moment) -> u64 {
        self.of_minute(now).map(|known| known.errors).sum()
    }

    /// Warnings of the last minute.
    #[must_use]
    pub fn warnings(&self, now: Moment) -> u64 {
        self.of_minute(now).map(|known| known.warnings).sum()
    }

    fn of_minute(&self, now: Moment) -> impl Iterator<Item = &Tally> {
        self.recent.iter().filter(move |(at, _)| now.since(*at) <= ERROR_WINDOW).map(|(_, known)| known)
    }

    /// Whether the mosaic shows them by stretches instead of as they come.
    #[must_use]
    pub fn is_unreadable(&self, now: Moment) -> bool {
        self.per_second(now) > READABLE_PER_SECOND
    }

    /// Lines were added: the mosaic's end moves on when it stood for long enough.
    pub fn follow(&mut self, now: Moment, newest: impl FnOnce() -> Option<LineAddress>) {
        if self.still.is_none_or(|(at, _)| now.since(at) >= STANDS_STILL) {
            self.still = newest().map(|newest| (now, newest));
        }
    }

    /// The line with which the mosaic ends; `None` for the newest.
    #[must_use]
    pub fn end(&self, now: Moment) -> Option<LineAddress> {
        let (at, end) = self.still?;
        // Nothing came for longer than it stands: it is at the end.
        (self.is_unreadable(now) && now.since(at) < STANDS_STILL * 2).then_some(end)
    }

    /// The place of that line, for whoever lets go of lines.
    pub fn end_mut(&mut self) -> Option<&mut LineAddress> {
        self.still.as_mut().map(|(_, end)| end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Moment {
        Moment::fixed(seconds)
    }

    fn line(sequence: u64) -> LineAddress {
        LineAddress { sequence, stream: crate::logs::Stream::default(), index: 0 }
    }

    /// `per_second` lines a second, told every tenth, until `end`.
    fn flow(pace: &mut LogPace, from: u32, to: u32, per_second: u64) {
        for tenth in from * 10..to * 10 {
            let now = at(f64::from(tenth) / 10.0);
            pace.arrived(now, Tally { lines: per_second / 10, ..Tally::default() });
            pace.follow(now, || Some(line(u64::from(tenth))));
        }
    }

    #[test]
    fn the_first_seconds_are_no_ten() {
        let mut pace = LogPace::new(at(0.0));
        flow(&mut pace, 0, 3, 100);
        assert!((90.0..=110.0).contains(&pace.per_second(at(3.0))), "{}", pace.per_second(at(3.0)));
        flow(&mut pace, 3, 30, 100);
        assert!((90.0..=110.0).contains(&pace.per_second(at(30.0))));
        assert!(pace.per_second(at(60.0)) < 0.1, "it stopped");
    }

    #[test]
    fn a_flood_moves_by_stretches_and_comes_to_rest_at_its_end() {
        let mut pace = LogPace::new(at(0.0));
        flow(&mut pace, 0, 60, 1000);
        let mut ends: Vec<_> = (0..20).map(|_| pace.end(at(60.0))).collect();
        ends.dedup();
        assert_eq!(ends.len(), 1);
        assert!(ends[0].is_some());
        let mut pace_then = pace.clone();
        flow(&mut pace_then, 60, 70, 1000);
        assert_ne!(pace_then.end(at(70.0)), ends[0], "it moves on");
        assert_eq!(pace.end(at(70.0)), None, "nothing came for a while: the newest line is the end");
        assert!(pace.recent.len() <= 200, "a flood does not grow it");
    }

    #[test]
    fn what_can_be_read_is_shown_as_it_comes() {
        let mut pace = LogPace::new(at(0.0));
        flow(&mut pace, 0, 60, 40);
        assert_eq!(pace.end(at(60.0)), None);
    }
}
