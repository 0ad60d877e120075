//! When a source is asked next: on a shared grid of slots, so that many sources cost few wake-ups, and in phases, so
//! that they do not all ask in the same instant.

use std::time::Duration;

/// Width of a slot.
const SLOT: Duration = Duration::from_millis(100);
/// Sources that share one slot.
const PER_SLOT: u64 = 64;

/// The offset of source number `index` within an interval of `interval`.
#[must_use]
pub fn phase(index: usize, interval: Duration) -> Duration {
    let slots = (interval.as_millis() / SLOT.as_millis()).max(1) as u64;
    SLOT * u32::try_from((index as u64 / PER_SLOT) % slots).unwrap_or(0)
}

/// The next instant on the source's grid that is at least `pause` less half a slot after `now`; all are offsets since
/// one common start.
#[must_use]
pub fn next(now: Duration, pause: Duration, phase: Duration) -> Duration {
    if pause < SLOT {
        return now + pause;
    }
    let wanted = (now + pause).saturating_sub(phase + SLOT / 2);
    let slot = SLOT.as_micros();
    let slots = wanted.as_micros().div_ceil(slot);
    let micros = u64::try_from(slots * slot).unwrap_or(u64::MAX);
    phase + Duration::from_micros(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn sources_of_one_slot_wake_together_and_keep_their_beat() {
        for took in [0, 12, 40] {
            assert_eq!(next(ms(3000 + took), ms(1000), ms(0)), ms(4000), "took {took}");
        }
        assert_eq!(next(ms(3100), ms(1000), ms(100)), ms(4100));
        assert_eq!(next(ms(5), ms(20), ms(0)), ms(25));
    }

    #[test]
    fn a_thousand_sources_are_spread() {
        let phases: std::collections::BTreeSet<_> = (0..1000).map(|i| phase(i, ms(1000))).collect();
        assert_eq!(phases.len(), 10);
        assert_eq!(phase(5, ms(1000)), ms(0));
    }
}
