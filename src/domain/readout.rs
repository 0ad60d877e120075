//! What a pane shows of one source: the last good value, how the newest attempt went, and from both, at any moment,
//! exactly one of eight states in words. A failure never wipes the last known picture; it only makes it old.

use std::time::Duration;

use super::cause::Cause;
use super::figure;
use super::moment::Moment;
use super::safe::Safe;
use super::verdict::Verdict;

/// After this many missed intervals a value is shown as stale.
const STALE_AFTER_INTERVALS: u32 = 3;
/// A value younger than this is never called stale, however short the interval.
const NEVER_STALE_BEFORE: Duration = Duration::from_secs(3);

/// The last value of a source and the state of asking for it.
#[derive(Clone, Debug)]
pub struct Readout<T> {
    last: Option<(T, Moment)>,
    attempt: Attempt,
}

#[derive(Clone, Debug)]
enum Attempt {
    Off { why: Safe, turn_on: Safe },
    Loading { since: Moment },
    Good,
    Empty { asked: Safe, at: Moment },
    Failed { cause: Cause, since: Moment, times: u32, retry_at: Moment },
}

/// The eight states of a pane.
#[derive(Clone, Debug, PartialEq)]
pub enum PaneState {
    /// Asked for the first time, no answer yet.
    Loading { waiting: Duration },
    /// The value is fresh.
    Ok,
    /// The answer is that there is nothing; `asked` says what was asked.
    Empty { asked: Safe },
    /// The value is old.
    Stale { age: Duration },
    /// The newest attempt failed.
    Error { cause: Cause, since: Moment, times: u32, retry_in: Duration },
    /// A right or an extension is missing; the lines that give it.
    Denied { missing: Safe, fix: Vec<Safe> },
    /// Not configured, or not to be had; the line that turns it on.
    Off { why: Safe, turn_on: Safe },
    /// The person froze the screen.
    Frozen,
}

impl<T> Readout<T> {
    /// Asked for since `now`, nothing known.
    #[must_use]
    pub fn loading(now: Moment) -> Readout<T> {
        Readout { last: None, attempt: Attempt::Loading { since: now } }
    }

    /// Not there, with the line that turns it on.
    #[must_use]
    pub fn off(why: impl Into<Safe>, turn_on: impl Into<Safe>) -> Readout<T> {
        Readout { last: None, attempt: Attempt::Off { why: why.into(), turn_on: turn_on.into() } }
    }

    /// A good value arrived.
    pub fn set(&mut self, value: T, at: Moment) {
        self.last = Some((value, at));
        self.attempt = Attempt::Good;
    }

    /// The answer was that there is nothing.
    pub fn set_empty(&mut self, asked: impl Into<Safe>, at: Moment) {
        self.last = None;
        self.attempt = Attempt::Empty { asked: asked.into(), at };
    }

    /// The attempt failed; the last value stays, and ages.
    pub fn fail(&mut self, cause: Cause, at: Moment, retry_in: Duration) {
        let (since, times) = match &self.attempt {
            Attempt::Failed { since, times, .. } => (*since, times.saturating_add(1)),
            _ => (at, 1),
        };
        self.attempt = Attempt::Failed { cause, since, times, retry_at: at.plus(retry_in) };
    }

    /// The last good value with its time, however old.
    #[must_use]
    pub fn last(&self) -> Option<(&T, Moment)> {
        self.last.as_ref().map(|(value, at)| (value, *at))
    }

    /// The last good value, however old. Show it only together with [`Readout::state`].
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        self.last.as_ref().map(|(value, _)| value)
    }

    /// The cause, when the newest attempt failed.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        match &self.attempt {
            Attempt::Failed { cause, .. } => Some(cause),
            _ => None,
        }
    }

    /// Whether this is switched off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        matches!(self.attempt, Attempt::Off { .. })
    }

    /// The one state at `now`, for a source that is read every `interval`.
    #[must_use]
    pub fn state(&self, now: Moment, interval: Duration) -> PaneState {
        match &self.attempt {
            Attempt::Off { why, turn_on } => PaneState::Off { why: why.clone(), turn_on: turn_on.clone() },
            Attempt::Loading { since } => PaneState::Loading { waiting: now.since(*since) },
            Attempt::Failed { cause: Cause::Denied { missing, fix }, .. } => {
                PaneState::Denied { missing: missing.clone(), fix: fix.clone() }
            }
            Attempt::Failed { cause, since, times, retry_at } => {
                PaneState::Error { cause: cause.clone(), since: *since, times: *times, retry_in: retry_at.since(now) }
            }
            Attempt::Empty { asked, at } => {
                Self::stale(now.since(*at), interval).unwrap_or(PaneState::Empty { asked: asked.clone() })
            }
            Attempt::Good => {
                let age = self.last.as_ref().map_or(Duration::ZERO, |(_, at)| now.since(*at));
                Self::stale(age, interval).unwrap_or(PaneState::Ok)
            }
        }
    }

    /// For how long nobody has told anything of a source that is read every `interval`, where that is longer than it should
    /// be. That it failed is told too, and new, until the next attempt should long be over: `patience` is what one may take.
    #[must_use]
    pub fn silent(&self, now: Moment, interval: Duration, patience: Duration) -> Option<Duration> {
        match (&self.attempt, self.state(now, interval)) {
            (_, PaneState::Stale { age }) => Some(age),
            (Attempt::Failed { retry_at, .. }, _) => {
                let overdue = now.since(*retry_at);
                Self::stale(overdue.saturating_sub(patience), interval).map(|_| overdue)
            }
            _ => None,
        }
    }

    /// How old the last good value is, where that is older than it should be; also while every attempt since has failed.
    #[must_use]
    pub fn outdated(&self, now: Moment, interval: Duration) -> Option<Duration> {
        let (_, at) = self.last.as_ref()?;
        let age = now.since(*at);
        Self::stale(age, interval).map(|_| age)
    }

    fn stale(age: Duration, interval: Duration) -> Option<PaneState> {
        let limit = (interval * STALE_AFTER_INTERVALS).max(NEVER_STALE_BEFORE);
        (age > limit).then_some(PaneState::Stale { age })
    }
}

/// It is not tried again by itself: what is wrong is for a person to mend.
pub const NEVER: Duration = Duration::MAX;

/// When it is tried again: `retry in 4s`. A countdown that is over does not stand at zero: an attempt is being made.
#[must_use]
pub fn retry_words(verb: &str, retry_in: Duration) -> String {
    if retry_in == NEVER {
        "r reads it again".to_owned()
    } else if retry_in < Duration::from_secs(1) {
        "trying now".to_owned()
    } else {
        format!("{verb} in {}", figure::age(retry_in))
    }
}

impl PaneState {
    /// Whether figures shown in this state are those of now.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        matches!(self, PaneState::Ok | PaneState::Empty { .. })
    }

    /// The verdict of the state itself; figures of a fresh value are judged elsewhere. `None`: absent from `check`.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        match self {
            PaneState::Ok | PaneState::Empty { .. } => Some(Verdict::Ok),
            PaneState::Loading { .. } | PaneState::Stale { .. } | PaneState::Denied { .. } => Some(Verdict::Unknown),
            PaneState::Error { cause, .. } => Some(cause.verdict()),
            PaneState::Off { .. } | PaneState::Frozen => None,
        }
    }

    /// The state in words, for a pane's title or its middle.
    #[must_use]
    pub fn words(&self) -> Safe {
        Safe::of(match self {
            PaneState::Ok => "ok".to_owned(),
            PaneState::Frozen => "FROZEN".to_owned(),
            PaneState::Loading { waiting } => format!("loading {}", figure::age(*waiting)),
            PaneState::Empty { asked } => format!("empty: {asked}"),
            PaneState::Stale { age } => format!("STALE {}", figure::age(*age)),
            PaneState::Error { cause, times, retry_in, .. } => {
                format!("{} {times}x, {}", cause.short(), retry_words("retry", *retry_in))
            }
            PaneState::Denied { missing, .. } => format!("denied: {missing}"),
            PaneState::Off { why, .. } => format!("off: {why}"),
        })
    }
}
