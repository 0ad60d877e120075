//! The one place that reads clocks: boot time, which counts suspend and never steps, and wall time.

use std::time::Duration;

use chrono::Utc;
use rustix::time::{ClockId, clock_gettime};

use crate::domain::Moment;

/// Now, on both clocks.
#[must_use]
pub fn now() -> Moment {
    #[cfg(target_os = "linux")]
    let clock = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::Monotonic;
    let time = clock_gettime(clock);
    let boot = Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0));
    Moment { boot, wall: Utc::now() }
}

/// Local time less UTC, as the system has it now.
#[must_use]
pub fn local_offset() -> chrono::FixedOffset {
    *chrono::Local::now().offset()
}
