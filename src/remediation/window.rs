//! Maintenance windows with real calendars, and whether an action may start in them. Half-open, `[start, end)`, in a zone
//! with its daylight saving. A time that does not exist on the day of a change moves forward by the gap; of one that exists
//! twice a window begins at the first and ends at the last, so it is never shorter than it says because of that.

mod calendar;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;

use crate::domain::{Moment, Safe, figure};

use super::clock_trust::{ClockLock, ClockTrust};

/// So many windows that open without a break one after the other are followed; more are not counted on.
const CHAIN: usize = 64;

/// A maintenance window: times at which what destroys may be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    text: Safe,
    zone: Tz,
    span: Span,
}

/// When, in local time.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Span {
    /// On each of some days, from a time to a time; over midnight when the end is not after the start.
    Days { days: Days, from: NaiveTime, to: End },
    /// Once.
    Once { from: NaiveDateTime, to: NaiveDateTime },
}

/// Where a window of some days ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// On the day on which it began.
    SameDay(NaiveTime),
    /// On the day after; midnight is the first instant of it.
    NextDay(NaiveTime),
}

/// On which days a window begins.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    /// On these days of the week, Monday first.
    Week([bool; 7]),
    /// On the n-th of a day of the week in each month, from one; none is the last.
    OfMonth { nth: Option<u8>, day: Weekday },
}

/// Whether a window is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowState {
    /// It is.
    Open {
        /// First instant at which it is not any more. One that never closes says one at least two weeks ahead.
        until: DateTime<Utc>,
    },
    /// It is not.
    Closed {
        /// When it opens; none if it never will.
        next: Option<DateTime<Utc>>,
    },
}

/// Why an action may not start now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowRefusal {
    /// It needs a window and none is declared.
    NoneDeclared,
    /// All are closed.
    Closed {
        /// When the next one opens.
        next: Option<DateTime<Utc>>,
    },
    /// It could still run when the window is over.
    EndsTooSoon {
        /// End of the window.
        until: DateTime<Utc>,
        /// What is left of it.
        left: Duration,
        /// What the action may take.
        needs: Duration,
    },
    /// The wall clock cannot be trusted.
    ClockLocked(ClockLock),
}

impl Window {
    /// Reads a window: `Sat 02:00-06:00 UTC`, `Mon-Fri 22:00-02:00 Europe/Berlin`, `daily 03:00-04:00 UTC`,
    /// `first Saturday of the month 02:00-06:00 UTC`, `2026-12-05 02:00 to 2026-12-05 06:00 UTC`. What is wrong is said
    /// together with what is allowed.
    pub fn parse(text: &str) -> Result<Window, String> {
        parse::window(text)
    }

    /// Whether it is open at an instant.
    #[must_use]
    pub fn at(&self, now: DateTime<Utc>) -> WindowState {
        self.state(now)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.as_str())
    }
}

/// Whether an action that may take `needs` may start now, in any of the windows. To be asked at the moment of effect.
pub fn judge(windows: &[Window], now: Moment, needs: Duration, clock: &ClockTrust) -> Result<(), WindowRefusal> {
    clock.trusts(now).map_err(WindowRefusal::ClockLocked)?;
    if windows.is_empty() {
        return Err(WindowRefusal::NoneDeclared);
    }
    let done = TimeDelta::from_std(needs).ok().and_then(|needs| now.wall.checked_add_signed(needs));
    let mut reached = now.wall;
    // One window may go on where another ends.
    for _ in 0..CHAIN {
        let Some(until) = windows.iter().filter_map(|window| window.open_until(reached)).max() else { break };
        reached = until;
        if done.is_some_and(|done| done <= reached) {
            return Ok(());
        }
    }
    if reached == now.wall {
        return Err(WindowRefusal::Closed { next: next(windows, now.wall) });
    }
    let left = (reached - now.wall).to_std().unwrap_or_default();
    Err(WindowRefusal::EndsTooSoon { until: reached, left, needs })
}

fn next(windows: &[Window], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let opens = |window: &Window| match window.at(now) {
        WindowState::Open { .. } => Some(now),
        WindowState::Closed { next } => next,
    };
    windows.iter().filter_map(opens).min()
}

impl fmt::Display for WindowRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |time: &DateTime<Utc>| time.format("%a %Y-%m-%d %H:%M UTC").to_string();
        match self {
            WindowRefusal::NoneDeclared => f.write_str("it needs a maintenance window and none is declared"),
            WindowRefusal::Closed { next: Some(next) } => {
                write!(f, "window closed; it opens {}", shown(next))
            }
            WindowRefusal::Closed { next: None } => f.write_str("window closed; it does not open again"),
            WindowRefusal::EndsTooSoon { until, left, needs } => write!(
                f,
                "the maintenance window ends {}, in {}, and this may take {}",
                shown(until),
                figure::age(*left),
                figure::age(*needs)
            ),
            WindowRefusal::ClockLocked(lock) => write!(f, "maintenance windows are locked: {lock}"),
        }
    }
}
