//! The tripwire's rule: whether a figure got clearly worse after an action than it was in the minutes before it. It needs
//! several readings before and several in a row after; what the figure did by itself before does not trip it. Where there
//! are not enough readings the answer is unknown, never that all is well.

use std::time::Duration;

use crate::domain::figure;

/// It watches for so long after the end of an action, and compares with as long before its beginning.
pub const WATCHES: Duration = Duration::from_secs(300);
/// Readings before, at least.
pub const BEFORE: usize = 5;
/// Readings after that are held against them: the newest in a row.
pub const AFTER: usize = 5;
/// Of these, so many more probes must have failed than ever did in as many before.
const MORE_FAILURES: usize = 3;
/// A level must be higher than it usually was by this factor.
const FACTOR: f64 = 1.5;
/// Higher than this share of the readings before, so that one spike among them does not blind it.
const HIGH: f64 = 0.9;

/// A signal that usually stood below this was nothing.
const NOTHING: f64 = 0.01;
/// From nothing it rose when it stands so high.
const FROM_NOTHING: f64 = 0.05;
/// From something, when it is above what was high by this share of it.
const NOISE: f64 = 0.1;

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wire {
    /// Whether each probe of a service failed: 1, or 0.
    Failures,
    /// How long a service took to answer, in milliseconds.
    Latency,
    /// Connections in use of a database.
    Connections,
    /// Sessions of a database that others block.
    Blocked,
    /// A signal that is worse the higher it is: errors, what was to fall.
    Rising,
    /// A signal that is worse the lower it is: what was to rise.
    Falling,
    /// The hit ratio of a cache.
    HitRatio,
    /// The share of a server's requests that failed, as it counts them itself.
    Errors,
    /// The time that 95 of 100 of a server's requests stay under, as it counts them itself, in milliseconds.
    Percentile,
}

/// What is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Finding {
    /// As before, as far as it goes.
    Holds,
    /// Clearly worse.
    Worse {
        /// What was usual before.
        before: f64,
        /// What it is now.
        after: f64,
    },
    /// Too few readings to say anything.
    Unknown {
        /// Good readings of before.
        before: usize,
        /// Good readings of after.
        after: usize,
    },
}

impl Wire {
    /// What it is called, before the name of whose it is.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Wire::Failures => "failed probes of",
            Wire::Latency => "latency of",
            Wire::Connections => "connections in use of",
            Wire::Blocked => "blocked sessions of",
            Wire::Rising | Wire::Falling => "signal",
            Wire::HitRatio => "hit ratio of",
            Wire::Errors => "error ratio of",
            Wire::Percentile => "p95 of",
        }
    }

    /// A value of it, as people read it.
    #[must_use]
    pub fn words(self, value: f64) -> String {
        match self {
            Wire::Failures | Wire::HitRatio | Wire::Errors => figure::percent(value),
            Wire::Latency | Wire::Percentile => {
                figure::duration(Duration::from_secs_f64((value / 1000.0).clamp(0.0, 1e6)))
            }
            Wire::Connections | Wire::Blocked => figure::count(value),
            Wire::Rising | Wire::Falling => figure::count(value),
        }
    }

    /// What is too little to matter, whatever it was before: `usual` and at most `high`. What a signal counts is not known:
    /// where there was something, a part of that; where there was nothing, less than a share or a rate that anybody notices.
    fn floor(self, usual: f64, high: f64) -> f64 {
        match self {
            Wire::Rising if usual.abs() > NOTHING => high.abs() * NOISE,
            Wire::Rising => FROM_NOTHING,
            Wire::Failures | Wire::Falling => 0.0,
            Wire::HitRatio => 0.05,
            Wire::Errors => 0.01,
            Wire::Latency | Wire::Percentile => 20.0,
            Wire::Connections => 3.0,
            Wire::Blocked => 2.0,
        }
    }

    /// Holds the readings after against those before, both the oldest first; `None` is a reading that failed.
    #[must_use]
    pub fn judge(self, before: &[Option<f64>], after: &[Option<f64>]) -> Finding {
        let was: Vec<f64> = before.iter().flatten().copied().filter(|value| value.is_finite()).collect();
        let is = after.iter().flatten().filter(|value| value.is_finite()).count();
        // In a row: a failed reading among the newest tells nothing, and is no level.
        let newest = after.len().checked_sub(AFTER).and_then(|from| after.get(from..));
        let newest: Option<Vec<f64>> =
            newest.and_then(|row| row.iter().map(|value| value.filter(|v| v.is_finite())).collect());
        match newest {
            Some(now) if was.len() >= BEFORE => {
                if self == Wire::Failures {
                    failures(&was, &now)
                } else if matches!(self, Wire::Falling | Wire::HitRatio) {
                    self.ebb(was, &now)
                } else {
                    self.level(was, &now)
                }
            }
            _ => Finding::Unknown { before: was.len(), after: is },
        }
    }

    /// The lowest of the newest readings is higher than what was high before, and than what was usual by a factor.
    fn level(self, mut was: Vec<f64>, now: &[f64]) -> Finding {
        was.sort_by(f64::total_cmp);
        let at = |share: f64| was.get(((was.len() - 1) as f64 * share).round() as usize).copied().unwrap_or(f64::MAX);
        let usual = at(0.5);
        let limit = at(HIGH).max(usual * FACTOR);
        let limit = limit + self.floor(usual, at(HIGH));
        let mut sorted = now.to_vec();
        sorted.sort_by(f64::total_cmp);
        match (sorted.first(), sorted.get(sorted.len() / 2)) {
            (Some(lowest), Some(after)) if *lowest > limit => Finding::Worse { before: usual, after: *after },
            _ => Finding::Holds,
        }
    }

    /// The same for what is worse the lower it is.
    fn ebb(self, mut was: Vec<f64>, now: &[f64]) -> Finding {
        was.sort_by(f64::total_cmp);
        let at = |share: f64| was.get(((was.len() - 1) as f64 * share).round() as usize).copied().unwrap_or(f64::MIN);
        let usual = at(0.5);
        let limit = at(1.0 - HIGH).min(usual / FACTOR) - self.floor(usual, at(HIGH));
        let mut sorted = now.to_vec();
        sorted.sort_by(f64::total_cmp);
        match (sorted.last(), sorted.get(sorted.len() / 2)) {
            (Some(highest), Some(after)) if *highest < limit => Finding::Worse { before: usual, after: *after },
            _ => Finding::Holds,
        }
    }
}

/// Far more of the newest probes failed than in the worst stretch before.
fn failures(was: &[f64], now: &[f64]) -> Finding {
    let failed = |probes: &[f64]| probes.iter().filter(|value| **value > 0.5).count();
    let worst = was.windows(now.len()).map(failed).max().unwrap_or_else(|| failed(was));
    if failed(now) >= worst + MORE_FAILURES {
        let share = |probes: &[f64]| failed(probes) as f64 / probes.len().max(1) as f64;
        return Finding::Worse { before: share(was), after: share(now) };
    }
    Finding::Holds
}

#[cfg(test)]
mod tests;
