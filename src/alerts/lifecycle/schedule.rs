//! When a group is evaluated: on a grid of its interval. A cycle that takes longer than that leaves slots out, and they are
//! counted.

use std::time::Duration;

/// The grid of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    interval: i64,
    next: i64,
    missed: u64,
}

impl Schedule {
    /// A grid whose first slot is given. An interval of nothing is one of a second.
    #[must_use]
    pub fn from(first: i64, interval: Duration) -> Schedule {
        let interval = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).max(1);
        let interval = if interval == 1 { 1000 } else { interval };
        Schedule { interval, next: first, missed: 0 }
    }

    /// Goes on from now after a sleep: what was not looked at meanwhile was not left out.
    pub fn resume(&mut self, now: i64) {
        self.next = now;
    }

    /// The slot that is due, if one is: the newest. Those before it that were not looked at are missed.
    pub fn due(&mut self, now: i64) -> Option<i64> {
        if now < self.next {
            return None;
        }
        let over = now.saturating_sub(self.next) / self.interval;
        self.missed = self.missed.saturating_add(over.unsigned_abs());
        let slot = self.next.saturating_add(over.saturating_mul(self.interval));
        self.next = slot.saturating_add(self.interval);
        Some(slot)
    }

    /// When the next slot is.
    #[must_use]
    pub fn next(&self) -> i64 {
        self.next
    }

    /// How many slots were left out.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// How far slots are apart.
    #[must_use]
    pub fn interval(&self) -> Duration {
        Duration::from_millis(self.interval.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_lie_on_the_grid_and_those_left_out_are_counted() {
        let mut grid = Schedule::from(1000, Duration::from_secs(15));
        assert_eq!(grid.due(999), None);
        assert_eq!(grid.due(1000), Some(1000));
        assert_eq!((grid.due(15_999), grid.next()), (None, 16_000));
        assert_eq!(grid.due(16_020), Some(16_000));
        assert_eq!(grid.due(62_000), Some(61_000), "31 and 46 were left out");
        assert_eq!((grid.missed(), grid.next()), (2, 76_000));
    }

    #[test]
    fn a_sleep_leaves_no_slot_out() {
        let mut grid = Schedule::from(1000, Duration::from_secs(15));
        assert_eq!(grid.due(1000), Some(1000));
        grid.resume(99_000);
        assert_eq!((grid.due(99_000), grid.missed(), grid.next()), (Some(99_000), 0, 114_000));
    }
}
