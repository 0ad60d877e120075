//! Whether the wall clock may open a maintenance window. It is held against the boot-time clock, which counts suspend and
//! never steps; when the two fall apart, windows stay locked until a person has looked at the time.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{Moment, Safe, figure};

/// The clocks may differ by this from one trusted reading to the next.
const TOLERANCE: TimeDelta = TimeDelta::seconds(2);
/// A trusted reading stands at least so long before the next takes its place. Time servers slew a clock by less than two
/// seconds in an hour, also when a reading comes some minutes late; were each reading trusted in turn, any clock could be
/// moved unseen in many small steps.
const STANDS: Duration = Duration::from_secs(3000);

/// Time servers slew a clock by less than a second in so many.
const SLEWS: u32 = 2000;
/// More than this is never taken for slewing: most systems slew both clocks alike, and a reading of last year would else be
/// leave to move the wall clock by hours.
const SLEWED: TimeDelta = TimeDelta::seconds(30);

/// Watches the wall clock against the boot-time clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockTrust {
    trusted: Moment,
    locked: Option<ClockLock>,
}

/// Why the wall clock opens no window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClockLock {
    /// It moved against the boot-time clock.
    Jumped {
        /// By how much; forward is positive.
        by: TimeDelta,
        /// What the wall clock showed when that was seen.
        shows: DateTime<Utc>,
    },
    /// What it showed before cannot be read, so that nobody knows whether it moved.
    Unread {
        /// Why not.
        why: Safe,
        /// What the wall clock showed when that was seen.
        shows: DateTime<Utc>,
    },
}

impl ClockTrust {
    /// The first reading is trusted: there is nothing yet that it could be held against.
    #[must_use]
    pub fn begin(now: Moment) -> ClockTrust {
        ClockTrust { trusted: now, locked: None }
    }

    /// The reading that the clock is held against: what the next program has to hold its own first one against.
    #[must_use]
    pub fn trusted(&self) -> Moment {
        self.trusted
    }

    /// What an earlier program of this boot trusted: a jump since then was nobody's to see. It stands on as if that program had
    /// gone on, so that starting anew every minute moves nothing unseen.
    pub fn hold_against(&mut self, earlier: Moment, now: Moment) {
        if self.locked.is_some() || earlier.boot > now.boot {
            return;
        }
        let (by, age) = (drift(earlier, now), now.since(earlier));
        let slewed = TimeDelta::from_std(age / SLEWS).map_or(SLEWED, |slewed| slewed.min(SLEWED));
        let borne = if age < STANDS { TOLERANCE } else { TOLERANCE + slewed };
        if by.abs() > borne {
            self.locked = Some(ClockLock::Jumped { by, shows: now.wall });
        } else if age < STANDS {
            self.trusted = earlier;
        }
    }

    /// An earlier program left something behind that cannot be read: whether the clock jumped since is not known.
    pub fn distrust(&mut self, why: Safe, now: Moment) {
        self.locked.get_or_insert(ClockLock::Unread { why, shows: now.wall });
    }

    /// Takes a reading in.
    pub fn see(&mut self, now: Moment) {
        match self.trusts(now) {
            Err(lock) => self.locked = Some(lock),
            Ok(()) if now.since(self.trusted) >= STANDS => self.trusted = now,
            Ok(()) => {}
        }
    }

    /// Whether the wall clock can be trusted at this reading. Once it could not, it is not until a person confirms it,
    /// also when it jumped back in the meantime.
    pub fn trusts(&self, now: Moment) -> Result<(), ClockLock> {
        if let Some(lock) = &self.locked {
            return Err(lock.clone());
        }
        let by = drift(self.trusted, now);
        if by.abs() > TOLERANCE { Err(ClockLock::Jumped { by, shows: now.wall }) } else { Ok(()) }
    }

    /// A person looked at the time that was shown and says that it is right. It counts only if the clock has not moved
    /// since it was shown.
    pub fn confirm(&mut self, shown: Moment, now: Moment) -> Result<(), ClockLock> {
        let by = drift(shown, now);
        if by.abs() > TOLERANCE {
            let lock = ClockLock::Jumped { by, shows: now.wall };
            self.locked = Some(lock.clone());
            return Err(lock);
        }
        *self = ClockTrust::begin(now);
        Ok(())
    }
}

/// By how much the wall clock went ahead of the boot-time clock between two readings.
fn drift(from: Moment, to: Moment) -> TimeDelta {
    let passed = TimeDelta::from_std(to.boot.abs_diff(from.boot)).unwrap_or(TimeDelta::MAX);
    let passed = if to.boot < from.boot { -passed } else { passed };
    (to.wall - from.wall).checked_sub(&passed).unwrap_or(TimeDelta::MAX)
}

impl fmt::Display for ClockLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |shows: &DateTime<Utc>| shows.format("%a %Y-%m-%d %H:%M:%S UTC").to_string();
        match self {
            ClockLock::Jumped { by, shows } => {
                let way = if *by < TimeDelta::zero() { "back" } else { "ahead" };
                let by = figure::age(by.abs().to_std().unwrap_or_default());
                write!(f, "the wall clock jumped {way} by {by} and shows {}", time(shows))?;
            }
            ClockLock::Unread { why, shows } => write!(
                f,
                "whether the wall clock jumped is not known, for what it showed before cannot be read ({why}); it shows {}",
                time(shows)
            )?,
        }
        f.write_str("; look at the time and confirm it (:confirm-time)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wall_moved(at: Moment, millis: i64) -> Moment {
        Moment { wall: at.wall + TimeDelta::milliseconds(millis), ..at }
    }

    #[test]
    fn a_jump_locks_until_the_shown_time_is_confirmed() {
        let mut clock = ClockTrust::begin(Moment::fixed(0.0));
        let ahead = wall_moved(Moment::fixed(10.0), 3_600_000);
        assert!(clock.trusts(ahead).is_err(), "seen also without having been fed");
        clock.see(ahead);
        let lock = clock.trusts(Moment::fixed(20.0)).expect_err("locked though it jumped back");
        assert!(matches!(lock, ClockLock::Jumped { by, .. } if by == TimeDelta::hours(1)), "{lock}");
        assert!(lock.to_string().contains("ahead by 1h00m"), "{lock}");
        assert!(lock.to_string().contains("2026-01-02 13:00:10"), "{lock}");

        assert!(clock.confirm(ahead, Moment::fixed(12.0)).is_err(), "it moved while the operator looked");
        assert!(clock.trusts(Moment::fixed(12.0)).is_err());
        let shown = Moment::fixed(13.0);
        assert_eq!(clock.confirm(shown, Moment::fixed(15.0)), Ok(()));
        assert_eq!(clock.trusts(Moment::fixed(16.0)), Ok(()));
    }

    #[test]
    fn what_cannot_be_read_locks_until_the_shown_time_is_confirmed() {
        let now = Moment::fixed(10.0);
        let mut clock = ClockTrust::begin(now);
        clock.distrust(Safe::of("torn"), now);
        let lock = clock.trusts(Moment::fixed(20.0)).expect_err("nobody knows");
        assert!(lock.to_string().contains("cannot be read (torn); it shows Fri 2026-01-02 12:00:10"), "{lock}");
        assert_eq!(clock.confirm(Moment::fixed(20.0), Moment::fixed(21.0)), Ok(()));
        assert_eq!(clock.trusts(Moment::fixed(22.0)), Ok(()));
    }

    #[test]
    fn what_an_earlier_program_saw_locks_as_well() {
        let week = 7.0 * 86_400.0;
        let seen = |earlier: Moment, now: Moment| {
            let mut clock = ClockTrust::begin(now);
            clock.hold_against(earlier, now);
            clock
        };
        let (then, now) = (Moment::fixed(10.0), Moment::fixed(70.0));
        assert_eq!(seen(then, now).trusts(now), Ok(()));
        let mut clock = seen(wall_moved(then, 3_600_000), now);
        let lock = clock.trusts(now).expect_err("an hour");
        assert!(matches!(lock, ClockLock::Jumped { by, .. } if by == -TimeDelta::hours(1)), "{lock}");
        assert_eq!(clock.confirm(now, Moment::fixed(75.0)), Ok(()));
        assert_eq!(clock.trusts(Moment::fixed(80.0)), Ok(()));
        assert!(
            seen(then, wall_moved(now, 3000)).trusts(wall_moved(now, 3000)).is_err(),
            "in a minute nothing slews so far"
        );
        let late = Moment::fixed(week);
        assert_eq!(seen(then, wall_moved(late, 25_000)).trusts(wall_moved(late, 25_000)), Ok(()), "slewed for a week");
        assert!(seen(then, wall_moved(late, 250_000)).trusts(wall_moved(late, 250_000)).is_err());
        let year = Moment::fixed(52.0 * week);
        assert!(
            seen(then, wall_moved(year, 60_000)).trusts(wall_moved(year, 60_000)).is_err(),
            "an old record is no leave for hours"
        );
        let to_come = wall_moved(Moment::fixed(9e9), 3_600_000);
        assert!(seen(to_come, now).trusts(now).is_ok(), "what was not yet says nothing");
    }

    #[test]
    fn suspend_does_not_lock() {
        let mut clock = ClockTrust::begin(Moment::fixed(0.0));
        clock.see(Moment::fixed(8.0 * 3600.0));
        assert_eq!(clock.trusts(Moment::fixed(8.0 * 3600.0 + 1.0)), Ok(()));
    }

    #[test]
    fn many_small_steps_are_one_jump() {
        let mut clock = ClockTrust::begin(Moment::fixed(0.0));
        for second in 1..=60 {
            clock.see(wall_moved(Moment::fixed(f64::from(second)), i64::from(second) * 100));
        }
        assert!(clock.trusts(wall_moved(Moment::fixed(60.0), 6000)).is_err());
    }

    #[test]
    fn exactly_two_seconds_are_borne() {
        let clock = ClockTrust::begin(Moment::fixed(0.0));
        let later = Moment::fixed(60.0);
        assert_eq!(clock.trusts(wall_moved(later, 2000)), Ok(()));
        assert!(clock.trusts(wall_moved(later, 2001)).is_err());
        assert_eq!(clock.trusts(wall_moved(later, -2000)), Ok(()));
        assert!(clock.trusts(wall_moved(later, -2001)).is_err());
    }

    proptest! {
        /// A time server slews by up to 500 ppm, for days, and never locks.
        #[test]
        fn slewing_does_not_lock(ppm in -500i64..=500, every in 1u32..900) {
            let mut clock = ClockTrust::begin(Moment::fixed(0.0));
            let mut at = 0;
            while at < 3 * 86_400 {
                at += i64::from(every);
                let now = wall_moved(Moment::fixed(at as f64), at * ppm / 1000);
                clock.see(now);
                prop_assert_eq!(clock.trusts(now), Ok(()));
            }
        }

        /// Programs that follow each other hold the clock against the same reading as one that goes on.
        #[test]
        fn restarts_make_no_jump_of_many_small_steps_unseen(
            steps in proptest::collection::vec((1u32..60, 0i64..1500), 2..40)
        ) {
            let (mut boot, mut moved) = (0, 0);
            let mut kept = Moment::fixed(0.0);
            let mut locked = false;
            for (wait, step) in steps {
                (boot, moved) = (boot + wait, moved + step);
                let now = wall_moved(Moment::fixed(f64::from(boot)), moved);
                let mut clock = ClockTrust::begin(now);
                clock.hold_against(kept, now);
                locked |= clock.trusts(now).is_err();
                kept = clock.trusted();
                prop_assert_eq!(locked, moved > 2000);
                if locked {
                    break;
                }
            }
        }

        /// However the clock was read before, a step of more than four seconds locks (two may have been slewed before).
        #[test]
        fn every_jump_locks(before in 0u32..100_000, every in 1u32..4000, step in 4001i64..100_000_000, back: bool) {
            let mut clock = ClockTrust::begin(Moment::fixed(0.0));
            for at in (0..before).step_by(every as usize) {
                clock.see(Moment::fixed(f64::from(at)));
            }
            let by = if back { -step } else { step };
            let now = wall_moved(Moment::fixed(f64::from(before) + 1.0), by);
            clock.see(now);
            prop_assert!(clock.trusts(now).is_err());
        }
    }
}
