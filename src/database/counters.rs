//! Rates of a database between two readings of `pg_stat_database`, with resets seen.

use std::time::Duration;

use crate::domain::database::DatabaseCounters;

/// What the database did between two readings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DatabaseRates {
    /// Time between the readings.
    pub elapsed: Duration,
    /// Commits per second.
    pub commits_per_second: f64,
    /// Rollbacks per second.
    pub rollbacks_per_second: f64,
    /// Share of blocks found in shared buffers; `None` without traffic.
    pub hit_ratio: Option<f64>,
    /// Blocks asked for: the basis of the ratio.
    pub blocks: i64,
    /// Deadlocks.
    pub deadlocks: i64,
    /// Bytes written to temporary files.
    pub temp_bytes: i64,
    /// Growth of the database, bytes, when both sizes are known.
    pub growth_bytes: Option<i64>,
}

/// Compares two readings of one database. `None` when the counters were reset in between (or nothing passed): the
/// interval is a gap, not a zero.
#[must_use]
pub fn rates(earlier: &DatabaseCounters, later: &DatabaseCounters, elapsed: Duration) -> Option<DatabaseRates> {
    if elapsed.is_zero() || was_reset(earlier, later) {
        return None;
    }
    let seconds = elapsed.as_secs_f64();
    let hit = later.blocks_hit.saturating_sub(earlier.blocks_hit);
    let blocks = hit.saturating_add(later.blocks_read.saturating_sub(earlier.blocks_read));
    Some(DatabaseRates {
        elapsed,
        commits_per_second: later.commits.saturating_sub(earlier.commits) as f64 / seconds,
        rollbacks_per_second: later.rollbacks.saturating_sub(earlier.rollbacks) as f64 / seconds,
        hit_ratio: (blocks > 0).then(|| hit as f64 / blocks as f64),
        blocks,
        deadlocks: later.deadlocks.saturating_sub(earlier.deadlocks),
        temp_bytes: later.temp_bytes.saturating_sub(earlier.temp_bytes),
        growth_bytes: later.size_bytes.zip(earlier.size_bytes).map(|(now, before)| now.saturating_sub(before)),
    })
}

/// A counter that fell, or another time of reset, is a reset (or a restart after a crash).
#[must_use]
pub fn was_reset(earlier: &DatabaseCounters, later: &DatabaseCounters) -> bool {
    earlier.stats_reset_us != later.stats_reset_us
        || later.commits < earlier.commits
        || later.rollbacks < earlier.rollbacks
        || later.blocks_hit < earlier.blocks_hit
        || later.blocks_read < earlier.blocks_read
        || later.deadlocks < earlier.deadlocks
        || later.temp_bytes < earlier.temp_bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(commits: i64, hit: i64, read: i64) -> DatabaseCounters {
        DatabaseCounters {
            commits,
            rollbacks: 0,
            blocks_hit: hit,
            blocks_read: read,
            deadlocks: 0,
            temp_bytes: 0,
            size_bytes: None,
            stats_reset_us: Some(7),
        }
    }

    #[test]
    fn rates_and_ratio_of_the_interval() {
        let r = rates(&at(100, 900, 900), &at(120, 990, 910), Duration::from_secs(2)).unwrap();
        assert_eq!((r.commits_per_second, r.hit_ratio, r.blocks), (10.0, Some(0.9), 100));
    }

    #[test]
    fn no_traffic_is_not_zero_percent() {
        let r = rates(&at(1, 5, 5), &at(1, 5, 5), Duration::from_secs(2)).unwrap();
        assert_eq!(r.hit_ratio, None);
    }

    #[test]
    fn a_reset_is_a_gap() {
        assert_eq!(rates(&at(10, 5, 5), &at(2, 50, 50), Duration::from_secs(2)), None);
        let moved = DatabaseCounters { stats_reset_us: Some(8), ..at(10, 9, 9) };
        assert_eq!(rates(&at(10, 5, 5), &moved, Duration::from_secs(2)), None);
        assert_eq!(rates(&at(1, 1, 1), &at(2, 2, 2), Duration::ZERO), None);
    }
}
