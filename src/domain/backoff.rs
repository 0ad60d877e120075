//! How long to wait before asking again: capped exponential back-off with jitter, slow where haste does harm.

use std::time::Duration;

use super::cause::Cause;

/// Longest pause of a source that keeps a connection, after plain failures.
pub const CAP: Duration = Duration::from_secs(30);
/// Longest pause of a probe after plain failures: one bucket of its chart, so that each tells whether it is still down.
pub const PROBE_CAP: Duration = Duration::from_secs(5);
/// Pause where a quick retry could lock an account out or is pointless until a person acts.
const SLOW: Duration = Duration::from_secs(60);
/// A target that asks for more than this is asked again all the same, unless its own interval is longer.
const LONGEST_REQUEST: Duration = Duration::from_secs(3600);

/// So often even a refused login is tried again soon: a role or a password may be just about to be made. Accounts are
/// locked after more.
const QUICK: u32 = 2;

/// The pause after the `failures`-th failure in a row (1 = first) of a source that is read every `interval`.
/// `chance` is a fresh random number in 0..1: the pause is spread over the last quarter before its full length. What a
/// target asked for is spread beyond it: it is never asked too early.
#[must_use]
pub fn pause(interval: Duration, cap: Duration, failures: u32, cause: &Cause, chance: f64) -> Duration {
    let spread = 0.25 * chance.clamp(0.0, 1.0);
    match cause {
        Cause::RateLimited { retry_after: Some(after) } => {
            (*after).min(LONGEST_REQUEST).max(interval).mul_f64(1.0 + spread)
        }
        cause if cause.retry_slowly() && failures > QUICK => SLOW.max(interval).mul_f64(0.75 + spread),
        _ => {
            let doublings = failures.saturating_sub(1).min(10);
            let grown = interval.max(Duration::from_millis(500)).saturating_mul(2u32.pow(doublings));
            grown.min(cap.max(interval)).mul_f64(0.75 + spread)
        }
    }
}

/// When one source is asked next: its pause, and its failures in a row.
#[derive(Clone, Debug)]
pub struct Schedule {
    interval: Duration,
    cap: Duration,
    failures: u32,
}

impl Schedule {
    /// Of a source that is read every `interval`, and after failures more and more rarely, up to `cap`.
    #[must_use]
    pub fn new(interval: Duration, cap: Duration) -> Schedule {
        Schedule { interval, cap, failures: 0 }
    }

    /// Failures in a row.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// An attempt ended, with a failure or without. The pause before the next one.
    pub fn after(&mut self, failed: Option<&Cause>, chance: f64) -> Duration {
        let Some(cause) = failed else {
            self.failures = 0;
            return self.interval;
        };
        self.failures = self.failures.saturating_add(1);
        pause(self.interval, self.cap, self.failures, cause, chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TWO: Duration = Duration::from_secs(2);

    #[test]
    fn grows_to_the_cap_and_is_spread() {
        let refused = Cause::Refused { family: "IPv4" };
        let at = |cap, n| pause(TWO, cap, n, &refused, 1.0);
        assert_eq!([at(CAP, 1), at(CAP, 2), at(CAP, 3), at(CAP, 9)].map(|d| d.as_secs()), [2, 4, 8, 30]);
        assert_eq!([at(PROBE_CAP, 1), at(PROBE_CAP, 2), at(PROBE_CAP, 9)].map(|d| d.as_secs()), [2, 4, 5]);
        assert!(pause(TWO, CAP, 9, &refused, 1.0) > pause(TWO, CAP, 9, &refused, 0.0));
    }

    #[test]
    fn a_probe_that_fails_is_sent_more_and_more_rarely_never_in_step_with_others() {
        let lost = Cause::ConnectionLost("it closed the connection".into());
        let schedule = || Schedule::new(Duration::from_secs(1), PROBE_CAP);
        let mut of_one = schedule();
        let pauses: Vec<u64> = (0..6).map(|_| of_one.after(Some(&lost), 1.0).as_millis() as u64).collect();
        assert_eq!(pauses, [1000, 2000, 4000, 5000, 5000, 5000]);
        assert_eq!(of_one.after(None, 1.0), Duration::from_secs(1), "who answers is asked at the usual pace");
        assert_eq!((of_one.failures(), of_one.after(Some(&lost), 1.0)), (0, Duration::from_secs(1)));
        // Many that fail at once do not come back at once.
        let spread: std::collections::BTreeSet<Duration> = (0..100)
            .map(|number| {
                let mut one = schedule();
                (0..4).map(|_| one.after(Some(&lost), f64::from(number) / 100.0)).sum()
            })
            .collect();
        assert_eq!(spread.len(), 100);
        assert!(spread.last().unwrap().abs_diff(*spread.first().unwrap()) > Duration::from_secs(2));
    }

    #[test]
    fn a_refused_login_is_not_hammered() {
        let denied = Cause::AuthenticationFailed("28P01".into());
        assert!(pause(TWO, CAP, 1, &denied, 0.0) < Duration::from_secs(3));
        assert!(pause(TWO, CAP, 3, &denied, 0.0) >= Duration::from_secs(45));
    }

    proptest! {
        #[test]
        fn any_wait_is_asked_of_any_source(
            interval in 0_u64..200_000,
            failures in any::<u32>(),
            after in any::<u64>(),
            chance in -1.0_f64..2.0,
        ) {
            let interval = Duration::from_secs(interval);
            let limited = Cause::RateLimited { retry_after: Some(Duration::from_secs(after)) };
            let waited = pause(interval, CAP, failures, &limited, chance);
            prop_assert!(waited >= interval && waited >= Duration::from_secs(after.min(3600)));
            for cause in [Cause::Refused { family: "IPv4" }, Cause::RateLimited { retry_after: None }] {
                let waited = pause(interval, PROBE_CAP, failures, &cause, chance);
                prop_assert!(waited <= Duration::from_secs(60).max(interval));
                prop_assert!(waited >= interval.mul_f64(0.74));
            }
        }
    }
}
