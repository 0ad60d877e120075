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

    /// A grid as Prometheus lays it: the phase is a figure of the group's name and file, so that groups are spread and each
    /// keeps its slots over a restart. The first slot is the next one.
    #[must_use]
    pub fn aligned(file: &str, group: &str, interval: Duration, now: i64) -> Schedule {
        let mut grid = Schedule::from(now, interval);
        let phase = (hash(&[file, group]) % grid.interval.unsigned_abs()) as i64;
        let into = now.saturating_sub(phase).rem_euclid(grid.interval);
        grid.next = if into == 0 { now } else { now.saturating_add(grid.interval - into) };
        grid
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

/// FNV-1a with a border between the parts.
fn hash(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
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
    fn groups_are_spread_and_keep_their_slots() {
        let minute = Duration::from_secs(60);
        let a = Schedule::aligned("f", "a", minute, 1_000_000);
        let again = Schedule::aligned("f", "a", minute, 1_600_123);
        assert_eq!(a.next().rem_euclid(60_000), again.next().rem_euclid(60_000));
        assert!((1_000_000..1_060_000).contains(&a.next()));
        let phases: std::collections::BTreeSet<i64> =
            (0..20).map(|n| Schedule::aligned("f", &n.to_string(), minute, 0).next()).collect();
        assert!(phases.len() > 15, "{phases:?}");
    }
}
