//! From the local calendar to instants: on which days a window begins, and when that is.

use chrono::{DateTime, Datelike as _, Days as Count, NaiveDate, NaiveDateTime, Offset as _, TimeDelta, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

use super::{Days, End, Span, Window, WindowState};

/// Days before today on which a window that is still open can have begun: over midnight, and over a day that a zone left
/// out when it went to the other side of the date line.
const BACK: u64 = 3;
/// Days that are looked over for the next opening: more than two months, because a change of time can take one away.
const AHEAD: u64 = 100;
/// Years in which windows are looked for.
const YEARS: std::ops::Range<i32> = 1970..2200;
/// An end farther away than this is not looked for.
const FAR: TimeDelta = TimeDelta::days(15);

impl Window {
    pub(super) fn state(&self, now: DateTime<Utc>) -> WindowState {
        // Beyond, local time ends before the calendar does; a clock that shows this is wrong anyway.
        if !YEARS.contains(&now.year()) {
            return WindowState::Closed { next: None };
        }
        let mut open: Option<DateTime<Utc>> = None;
        for (from, to) in self.times(now) {
            match open {
                // It goes on where, or before, the one before it ends.
                Some(until) if from <= until && until - now < FAR => open = Some(until.max(to)),
                Some(_) => break,
                None if to <= now => {}
                None if from <= now => open = Some(to),
                None => return WindowState::Closed { next: Some(from) },
            }
        }
        open.map_or(WindowState::Closed { next: None }, |until| WindowState::Open { until })
    }

    pub(super) fn open_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.state(now) {
            WindowState::Open { until } => Some(until),
            WindowState::Closed { .. } => None,
        }
    }

    /// The times around an instant, the earliest first. One that the change of time left nothing of is not among them.
    fn times(&self, now: DateTime<Utc>) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        let today = now.with_timezone(&self.zone).date_naive();
        let first = today.checked_sub_days(Count::new(BACK)).unwrap_or(today);
        let (days, once) = match &self.span {
            Span::Days { .. } => (BACK + AHEAD, None),
            Span::Once { from, to } => (0, Some((*from, *to))),
        };
        let local = (0..days).filter_map(move |n| self.on(first.checked_add_days(Count::new(n))?)).chain(once);
        let times = local.filter_map(|(from, to)| Some((first_of(self.zone, from)?, last_of(self.zone, to)?)));
        times.filter(|(from, to)| from < to)
    }

    /// Its local start and end, if it begins on this day.
    fn on(&self, day: NaiveDate) -> Option<(NaiveDateTime, NaiveDateTime)> {
        let Span::Days { days, from, to } = &self.span else { return None };
        if !days.has(day) {
            return None;
        }
        let end = match to {
            End::SameDay(time) => day.and_time(*time),
            End::NextDay(time) => day.succ_opt()?.and_time(*time),
        };
        Some((day.and_time(*from), end))
    }
}

impl Days {
    fn has(&self, day: NaiveDate) -> bool {
        match self {
            Days::Week(days) => days.get(day.weekday().num_days_from_monday() as usize).copied().unwrap_or(false),
            Days::OfMonth { nth: Some(nth), day: wanted } => {
                day.weekday() == *wanted && (day.day0() / 7 + 1) == u32::from(*nth)
            }
            Days::OfMonth { nth: None, day: wanted } => {
                let week_later = day.checked_add_days(Count::new(7));
                day.weekday() == *wanted && week_later.is_none_or(|later| later.month() != day.month())
            }
        }
    }
}

fn first_of(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    zone.from_local_datetime(&local).earliest().map(|time| time.with_timezone(&Utc)).or_else(|| over_gap(zone, local))
}

fn last_of(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    zone.from_local_datetime(&local).latest().map(|time| time.with_timezone(&Utc)).or_else(|| over_gap(zone, local))
}

/// A local time that is left out, read with the offset that held before: this moves it forward by the gap.
fn over_gap(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    let (_, before) = GapInfo::new(&local, &zone)?.begin?;
    Some(before.fix().from_local_datetime(&local).single()?.with_timezone(&Utc))
}
