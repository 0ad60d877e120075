//! How long to wait before asking again: capped exponential back-off with jitter, slow where haste does harm.

use std::time::Duration;

use super::cause::Cause;

/// Longest pause after plain failures.
const CAP: Duration = Duration::from_secs(30);
/// Pause where a quick retry could lock an account out or is pointless until a person acts.
const SLOW: Duration = Duration::from_secs(60);

/// So often even a refused login is tried again soon: a role or a password may be just about to be made. Accounts are
/// locked after more.
const QUICK: u32 = 2;

/// The pause after the `failures`-th failure in a row (1 = first) of a source that is read every `interval`.
/// `chance` is a fresh random number in 0..1: the pause is spread over 75 % to 125 %.
#[must_use]
pub fn pause(interval: Duration, failures: u32, cause: &Cause, chance: f64) -> Duration {
    let base = match cause {
        Cause::RateLimited { retry_after: Some(after) } => (*after).clamp(interval, Duration::from_secs(3600)),
        cause if cause.retry_slowly() && failures > QUICK => SLOW.max(interval),
        _ => {
            let doublings = failures.saturating_sub(1).min(10);
            (interval.max(Duration::from_millis(500)) * 2u32.pow(doublings)).min(CAP.max(interval))
        }
    };
    base.mul_f64(0.75 + 0.5 * chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_the_cap_and_is_spread() {
        let refused = Cause::Refused { family: "IPv4" };
        let at = |n| pause(Duration::from_secs(2), n, &refused, 0.5);
        assert_eq!([at(1), at(2), at(3), at(9)].map(|d| d.as_secs()), [2, 4, 8, 30]);
        assert!(pause(Duration::from_secs(2), 9, &refused, 1.0) > pause(Duration::from_secs(2), 9, &refused, 0.0));
    }

    #[test]
    fn a_refused_login_is_not_hammered() {
        let denied = Cause::AuthenticationFailed("28P01".into());
        assert!(pause(Duration::from_secs(2), 1, &denied, 0.0) < Duration::from_secs(3));
        assert!(pause(Duration::from_secs(2), 3, &denied, 0.0) >= Duration::from_secs(45));
    }
}
