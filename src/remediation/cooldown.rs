//! How long the same action on the same target still cools down, from the records of its last starts. Within one boot the
//! boot-time clock counts; over a restart of the machine wall time does, and where clocks disagree the stricter answer holds.

use std::time::Duration;

use crate::domain::Moment;

/// The kernel's name for the time since the machine was started; offsets of the boot-time clock compare only within one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BootId(String);

impl BootId {
    /// As the kernel writes it.
    #[must_use]
    pub fn new(id: &str) -> BootId {
        BootId(id.trim().to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An instant that can be compared also after a restart of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootMoment {
    /// In which boot; none where the system does not say.
    pub boot: Option<BootId>,
    /// When.
    pub at: Moment,
}

/// How long it still cools down after the last of these starts; `None`: it does not.
#[must_use]
pub fn left(starts: &[BootMoment], cool_down: Duration, now: &BootMoment) -> Option<Duration> {
    let rests = starts.iter().map(|start| cool_down.saturating_sub(passed(start, now)));
    rests.max().filter(|rest| !rest.is_zero())
}

/// The time that has surely passed since a start. A start in the future says nothing: no time has passed.
fn passed(start: &BootMoment, now: &BootMoment) -> Duration {
    let by_boot = now.at.boot.saturating_sub(start.at.boot);
    let by_wall = (now.at.wall - start.at.wall).to_std().unwrap_or_default();
    match (&start.boot, &now.boot) {
        (Some(then), Some(now)) if then == now => by_boot,
        // Since this boot began the start has lain behind, whatever the wall clock says: a clock that was set back
        // prolongs nothing beyond the whole time.
        (Some(_), Some(_)) => by_wall.max(now.at.boot),
        // One boot or two: what both clocks bear out.
        _ => by_boot.min(by_wall),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(boot: &str, uptime: u64, wall: i64) -> BootMoment {
        let fixed = Moment::fixed(0.0);
        let at = Moment { boot: Duration::from_secs(uptime), wall: fixed.wall + TimeDelta::seconds(wall) };
        BootMoment { boot: (!boot.is_empty()).then(|| BootId::new(boot)), at }
    }

    fn after(start: &BootMoment, now: &BootMoment) -> Option<u64> {
        left(std::slice::from_ref(start), MINUTE, now).map(|rest| rest.as_secs())
    }

    #[test]
    fn within_one_boot_only_the_boot_clock_counts() {
        let start = at("a", 1000, 0);
        assert_eq!(after(&start, &at("a", 1000, 0)), Some(60));
        assert_eq!(after(&start, &at("a", 1059, 86_400)), Some(1), "the wall clock was set forward");
        assert_eq!(after(&start, &at("a", 1060, -86_400)), None, "the wall clock was set back");
        assert_eq!(after(&start, &at("a", 900, 900)), Some(60), "a record from the future");
    }

    #[test]
    fn over_a_restart_wall_time_counts() {
        let start = at("a", 1000, 0);
        assert_eq!(after(&start, &at("b", 10, 30)), Some(30));
        assert_eq!(after(&start, &at("b", 10, 60)), None);
        assert_eq!(after(&start, &at("b", 10, -86_400)), Some(50), "set back: the whole time, counted from the boot");
        assert_eq!(after(&start, &at("b", 60, -86_400)), None, "never longer than the whole time");
    }

    #[test]
    fn when_the_boot_is_not_known_the_stricter_holds() {
        let start = at("", 1000, 0);
        assert_eq!(after(&start, &at("", 1100, 20)), Some(40));
        assert_eq!(after(&start, &at("b", 1010, 100)), Some(50));
        assert_eq!(after(&start, &at("b", 1060, 60)), None);
    }

    #[test]
    fn the_last_of_all_starts_counts_and_none_does_not_cool_down() {
        let starts = [at("a", 1000, 0), at("a", 1050, 50), at("a", 1020, 20)];
        assert_eq!(left(&starts, MINUTE, &at("a", 1070, 70)), Some(Duration::from_secs(40)));
        assert_eq!(left(&[], MINUTE, &at("a", 1000, 0)), None);
        assert_eq!(left(&starts, Duration::ZERO, &at("a", 1000, 0)), None);
    }

    proptest! {
        /// Truth first: with a true boot clock it is never free before the time, wherever the wall clock goes, and always
        /// free once the time has passed since the start in this boot, or since this boot.
        #[test]
        fn never_early_within_a_boot_and_never_for_ever(
            start in 0u64..10_000, later in 0u64..10_000, cool in 0u64..10_000, wall in -100_000i64..100_000, same: bool
        ) {
            let began = at("a", start, 0);
            let now = if same { at("a", start + later, wall) } else { at("b", later, wall) };
            let rest = left(std::slice::from_ref(&began), Duration::from_secs(cool), &now);
            if same {
                prop_assert_eq!(rest.is_some(), later < cool);
            } else if later >= cool {
                prop_assert_eq!(rest, None);
            }
            prop_assert!(rest.is_none_or(|rest| rest <= Duration::from_secs(cool)));
        }
    }
}
