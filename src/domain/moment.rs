//! When something happened: an offset on the boot-time clock (it counts suspend and never steps) for every
//! duration, plus wall time for people. Handed in with each event; nothing on the lower floors reads a clock.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// One instant, on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Offset since boot, suspend included. Only this is used for ages, deadlines and rates.
    pub boot: Duration,
    /// Wall time, for people and exports. It may step.
    pub wall: DateTime<Utc>,
}

impl Moment {
    /// Time passed since `earlier`; zero when `earlier` lies ahead.
    #[must_use]
    pub fn since(self, earlier: Moment) -> Duration {
        self.boot.saturating_sub(earlier.boot)
    }

    /// The moment `by` later, on both clocks.
    #[must_use]
    pub fn plus(self, by: Duration) -> Moment {
        let delta = TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX);
        Moment { boot: self.boot.saturating_add(by), wall: self.wall.checked_add_signed(delta).unwrap_or(self.wall) }
    }

    /// A fixed moment for tests and previews: `secs` after 2026-01-02T12:00:00Z.
    #[must_use]
    pub fn fixed(secs: f64) -> Moment {
        let wall = DateTime::from_timestamp(1_767_355_200, 0).unwrap_or_default();
        Moment { boot: Duration::from_secs(1000), wall }.plus(Duration::from_secs_f64(secs.max(0.0)))
    }
}
