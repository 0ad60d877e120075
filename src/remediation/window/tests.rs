//! Windows against a calendar that is walked minute by minute.

use chrono::{Datelike, NaiveDate, TimeZone as _, Timelike};
use proptest::prelude::*;

use super::*;

const ZONES: [&str; 6] =
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago"];
/// Changes of the time, at night after the day before.
const CHANGES: [(&str, &str); 8] = [
    ("Europe/Berlin", "2026-03-28"),
    ("Europe/Berlin", "2026-10-24"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-04"),
    ("Australia/Lord_Howe", "2026-10-03"),
    ("America/Santiago", "2026-04-04"),
    ("America/Santiago", "2026-09-05"),
];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

fn window(text: &str) -> Window {
    Window::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn utc(text: &str) -> DateTime<Utc> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap().and_utc()
}

fn open(text: &str, at: &str) -> bool {
    matches!(window(text).at(utc(at)), WindowState::Open { .. })
}

fn until(text: &str, at: &str) -> String {
    match window(text).at(utc(at)) {
        WindowState::Open { until } => format!("open until {}", until.format("%F %T")),
        WindowState::Closed { next: Some(next) } => format!("opens {}", next.format("%F %T")),
        WindowState::Closed { next: None } => "never opens".to_owned(),
    }
}

#[test]
fn both_ends_are_half_open() {
    let text = "Sat 02:00-06:00 UTC";
    assert_eq!(until(text, "2026-12-05 01:59:59"), "opens 2026-12-05 02:00:00");
    assert_eq!(until(text, "2026-12-05 02:00:00"), "open until 2026-12-05 06:00:00");
    assert_eq!(until(text, "2026-12-05 05:59:59"), "open until 2026-12-05 06:00:00");
    assert_eq!(until(text, "2026-12-05 06:00:00"), "opens 2026-12-12 02:00:00");
    let nanosecond = utc("2026-12-05 06:00:00") - TimeDelta::nanoseconds(1);
    assert!(matches!(window(text).at(nanosecond), WindowState::Open { .. }));
}

#[test]
fn over_midnight_belongs_to_the_day_on_which_it_begins() {
    let text = "Mon-Fri 22:00-02:00 Europe/Berlin";
    assert_eq!(until(text, "2026-01-03 00:30:00"), "open until 2026-01-03 01:00:00", "Saturday 01:30, since Friday");
    assert_eq!(until(text, "2026-01-03 01:00:00"), "opens 2026-01-05 21:00:00", "not on Saturday evening");
    assert_eq!(until("Fri-Mon 23:00-24:00 UTC", "2026-01-06 12:00:00"), "opens 2026-01-09 23:00:00");
}

#[test]
fn days_of_the_month() {
    assert_eq!(
        until("first Saturday of the month 02:00-06:00 UTC", "2026-08-01 05:00:00"),
        "open until 2026-08-01 06:00:00"
    );
    assert_eq!(
        until("first Saturday of the month 02:00-06:00 UTC", "2026-08-01 06:00:00"),
        "opens 2026-09-05 02:00:00"
    );
    assert_eq!(until("last Sunday of the month 02:00-06:00 UTC", "2026-02-01 00:00:00"), "opens 2026-02-22 02:00:00");
    assert_eq!(
        until("last sunday of the month 22:00-02:00 UTC", "2026-05-31 23:00:00"),
        "open until 2026-06-01 02:00:00"
    );
    assert_eq!(until("fourth Mon of month 00:00-24:00 UTC", "2026-06-01 00:00:00"), "opens 2026-06-22 00:00:00");
}

#[test]
fn once_and_never_again() {
    let text = "2026-12-05 02:00 to 2026-12-05 06:00 UTC";
    assert_eq!(until(text, "2020-01-01 00:00:00"), "opens 2026-12-05 02:00:00");
    assert_eq!(until(text, "2026-12-05 05:59:59"), "open until 2026-12-05 06:00:00");
    assert_eq!(until(text, "2026-12-05 06:00:00"), "never opens");
    assert_eq!(
        until("2026-12-05 22:00 to 2026-12-31 24:00 UTC", "2026-12-20 00:00:00"),
        "open until 2027-01-01 00:00:00"
    );
}

#[test]
fn in_berlin_an_hour_is_left_out_in_spring() {
    // 2026-03-29, 02:00 CET is 03:00 CEST, at 01:00 UTC.
    assert_eq!(
        until("Sun 02:30-05:00 Europe/Berlin", "2026-03-29 00:00:00"),
        "opens 2026-03-29 01:30:00",
        "03:30 CEST"
    );
    assert_eq!(until("Sun 01:30-02:30 Europe/Berlin", "2026-03-29 01:00:00"), "open until 2026-03-29 01:30:00");
    assert_eq!(until("Sun 02:15-02:45 Europe/Berlin", "2026-03-29 01:20:00"), "open until 2026-03-29 01:45:00");
    let gone = "Sun 02:00-03:00 Europe/Berlin";
    assert_eq!(until(gone, "2026-03-29 00:59:00"), "opens 2026-04-05 00:00:00", "nothing is left of it that day");
    assert!(!open("Sun 02:30-03:00 Europe/Berlin", "2026-03-29 01:15:00"));
}

#[test]
fn in_berlin_an_hour_comes_twice_in_autumn() {
    // 2026-10-25, 03:00 CEST is 02:00 CET, at 01:00 UTC.
    assert_eq!(until("Sun 02:00-03:00 Europe/Berlin", "2026-10-25 00:00:00"), "open until 2026-10-25 02:00:00");
    assert_eq!(until("Sun 01:30-02:30 Europe/Berlin", "2026-10-25 01:00:00"), "open until 2026-10-25 01:30:00");
    assert_eq!(until("Sun 02:30-02:45 Europe/Berlin", "2026-10-25 00:29:59"), "opens 2026-10-25 00:30:00");
    assert_eq!(until("Sun 02:30-02:45 Europe/Berlin", "2026-10-25 00:50:00"), "open until 2026-10-25 01:45:00");
}

#[test]
fn in_new_york_too() {
    // 2026-03-08 02:00 EST is 03:00 EDT (07:00 UTC); 2026-11-01 02:00 EDT is 01:00 EST (06:00 UTC).
    assert_eq!(until("Sun 02:30-04:00 America/New_York", "2026-03-08 07:00:00"), "opens 2026-03-08 07:30:00");
    assert_eq!(until("Sun 01:00-02:00 America/New_York", "2026-11-01 05:00:00"), "open until 2026-11-01 07:00:00");
    assert_eq!(until("Sat 22:00-01:30 America/New_York", "2026-11-01 05:45:00"), "open until 2026-11-01 06:30:00");
}

#[test]
fn a_day_that_a_zone_left_out_moves_on() {
    // Samoa went over the date line: there was no 2011-12-30.
    assert_eq!(until("Fri 02:00-06:00 Pacific/Apia", "2011-12-30 09:59:00"), "opens 2011-12-30 12:00:00");
}

#[test]
fn windows_that_touch_are_one() {
    assert!(until("daily 00:00-24:00 UTC", "2026-03-01 12:00:00").as_str() >= "open until 2026-03-15");
    assert_eq!(until("daily 22:00-21:00 UTC", "2026-03-01 12:00:00"), "open until 2026-03-01 21:00:00");
}

#[test]
fn what_is_wrong_is_said_with_what_is_allowed() {
    for (text, says) in [
        ("", "Sat 02:00-06:00 UTC"),
        ("always", "daily 03:00-04:00 UTC"),
        ("Sat 02:00-06:00", "names no zone"),
        ("Sat 2:00-06:00 UTC", "HH:MM"),
        ("Sat 02:00-25:00 UTC", "HH:MM"),
        ("Sat 02:60-03:00 UTC", "HH:MM"),
        ("Sat 24:00-02:00 UTC", "00:00 of the day after"),
        ("Sat 02:00 UTC", "HH:MM-HH:MM"),
        ("Sat 02:00-02:00 UTC", "00:00-24:00"),
        ("Caturday 02:00-06:00 UTC", "Mon, Tue"),
        ("Mon-Foo 02:00-06:00 UTC", "Mon, Tue"),
        ("Mon, 02:00-06:00 UTC", "Mon, Tue"),
        ("fifth Saturday of the month 02:00-06:00 UTC", "fourth and last"),
        ("first Saturday of every month 02:00-06:00 UTC", "first Saturday of the month"),
        ("Sat 02:00-06:00 Berlin", "did you mean Europe/Berlin?"),
        ("Sat 02:00-06:00 europe/berlin", "did you mean Europe/Berlin?"),
        ("Sat 02:00-06:00 Mars/Base", "is no zone"),
        ("2026-02-30 02:00 to 2026-12-05 06:00 UTC", "no day of the calendar"),
        ("2026-12-05 06:00 to 2026-12-05 02:00 UTC", "before it begins"),
        ("2026-12-05 06:00 to 2026-12-05 06:00 UTC", "before it begins"),
        ("9999-12-05 06:00 to 9999-12-06 06:00 UTC", "2000 to 2099"),
    ] {
        let said = Window::parse(text).expect_err(text);
        assert!(said.contains(says), "{text:?}: {said}");
    }
    assert!(Window::parse(&"Sat ".repeat(100)).is_err());
}

fn moment(at: &str) -> Moment {
    Moment { boot: Duration::from_secs(5000), wall: utc(at) }
}

#[test]
fn an_action_fits_into_what_is_left_of_the_window() {
    let windows = [window("Sat 02:00-06:00 UTC"), window("Sat 06:00-07:00 UTC")];
    let judged = |at: &str, minutes: u64| {
        judge(&windows, moment(at), Duration::from_secs(60 * minutes), &ClockTrust::begin(moment(at)))
    };
    assert_eq!(judged("2026-12-05 02:00:00", 300), Ok(()), "two windows that touch, to the very end");
    assert_eq!(judged("2026-12-05 06:50:00", 10), Ok(()));
    let soon = judged("2026-12-05 06:50:01", 10).expect_err("a second too late");
    assert_eq!(
        soon.to_string(),
        "the maintenance window ends Sat 2026-12-05 07:00 UTC, in 9m59s, and this may take 10m00s"
    );
    let closed = judged("2026-12-05 07:00:00", 0).expect_err("over");
    assert_eq!(closed.to_string(), "window closed; it opens Sat 2026-12-12 02:00 UTC");
    assert!(
        judge(
            &windows,
            moment("2026-12-05 03:00:00"),
            Duration::MAX,
            &ClockTrust::begin(moment("2026-12-05 03:00:00"))
        )
        .is_err()
    );
    let clock = ClockTrust::begin(moment("2026-12-05 03:00:00"));
    assert_eq!(judge(&[], moment("2026-12-05 03:00:00"), Duration::ZERO, &clock), Err(WindowRefusal::NoneDeclared));
}

#[test]
fn setting_the_clock_into_a_window_does_not_open_it() {
    let windows = [window("Sat 02:00-06:00 UTC")];
    let mut clock = ClockTrust::begin(moment("2026-12-04 20:00:00"));
    let inside = moment("2026-12-05 03:00:00");
    let said = judge(&windows, inside, Duration::ZERO, &clock).expect_err("the clock jumped");
    assert!(matches!(said, WindowRefusal::ClockLocked(_)), "{said}");
    assert!(said.to_string().contains("confirm"), "{said}");
    clock.see(inside);
    clock.confirm(inside, inside).expect("it has not moved since");
    assert_eq!(judge(&windows, inside, Duration::ZERO, &clock), Ok(()));
}

/// What a window should be, without its code: the text's parts, and a walk over all minutes of local time.
#[derive(Clone, Debug)]
struct Plain {
    days: Vec<usize>,
    nth: Option<u8>,
    from: u32,
    to: u32,
    zone: &'static str,
}

impl Plain {
    fn text(&self) -> String {
        let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        let names: Vec<&str> = self.days.iter().map(|day| DAYS[*day]).collect();
        let days = match self.nth {
            None => names.join(","),
            Some(nth) => {
                format!("{} {} of the month", ["first", "second", "third", "fourth", "last"][nth as usize], names[0])
            }
        };
        format!("{days} {}-{} {}", clock(self.from), clock(self.to), self.zone)
    }

    fn begins_on(&self, day: NaiveDate) -> bool {
        let weekday = day.weekday().num_days_from_monday() as usize;
        let Some(nth) = self.nth else { return self.days.contains(&weekday) };
        let same = |other: &NaiveDate| other.month() == day.month() && other.weekday() == day.weekday();
        let before = day.iter_days().rev().skip(1).take(31).filter(same).count();
        let after = day.iter_days().skip(1).take(31).filter(same).count();
        weekday == self.days[0] && if nth == 4 { after == 0 } else { before == nth as usize }
    }

    /// Every minute of some days: whether it is open.
    fn walk(&self, first: DateTime<Utc>, days: i64) -> Vec<(DateTime<Utc>, bool)> {
        let zone: Tz = self.zone.parse().unwrap();
        let early = first - TimeDelta::days(3);
        let minutes: Vec<(DateTime<Utc>, NaiveDateTime)> = (0..(days + 6) * 1440)
            .map(|n| early + TimeDelta::minutes(n))
            .map(|utc| (utc, zone.from_utc_datetime(&utc.naive_utc()).naive_local()))
            .collect();
        let mut spans = Vec::new();
        let mut day = minutes[0].1.date().succ_opt().unwrap();
        let last = minutes[minutes.len() - 1].1.date().pred_opt().unwrap().pred_opt().unwrap();
        while day <= last {
            if self.begins_on(day) {
                let end_day = if self.to <= self.from { day.succ_opt().unwrap() } else { day };
                let local = |day: NaiveDate, m: u32| day.and_hms_opt(m / 60, m % 60, 0).unwrap();
                spans.push((
                    find(&minutes, local(day, self.from), false),
                    find(&minutes, local(end_day, self.to), true),
                ));
            }
            day = day.succ_opt().unwrap();
        }
        let kept = minutes.into_iter().map(|(utc, _)| utc).filter(|utc| *utc >= first);
        let kept = kept.take((days * 1440) as usize);
        kept.map(|utc| (utc, spans.iter().any(|(from, to)| *from <= utc && utc < *to))).collect()
    }
}

/// The first or the last minute at which a clock on the wall shows a time; if it never does, the one that lies as far
/// behind the jump as the time lies behind the jump's beginning.
fn find(minutes: &[(DateTime<Utc>, NaiveDateTime)], wanted: NaiveDateTime, last: bool) -> DateTime<Utc> {
    let mut shown = minutes.iter().filter(|(_, local)| *local == wanted).map(|(utc, _)| *utc);
    let found = if last { shown.next_back() } else { shown.next() };
    found.unwrap_or_else(|| {
        let jump = minutes.windows(2).find(|pair| pair[0].1 < wanted && wanted < pair[1].1).unwrap();
        let late = wanted - (jump[0].1 + TimeDelta::minutes(1));
        jump[1].0 + late
    })
}

fn plain() -> impl Strategy<Value = Plain> {
    // Times around the changes, which are at night, are tried more often.
    let minute = || prop_oneof![0u32..300, 0u32..1440, (0u32..48).prop_map(|half| half * 30)];
    (
        proptest::collection::btree_set(0usize..7, 1..7),
        proptest::option::of(0u8..5),
        minute(),
        minute(),
        0usize..ZONES.len(),
    )
        .prop_filter("begins and ends at one time", |(_, _, from, to, _)| from != to)
        .prop_map(|(days, nth, from, to, zone)| Plain {
            days: days.into_iter().collect(),
            nth,
            from,
            to,
            zone: ZONES[zone],
        })
}

/// Days around which clocks change in some of the zones, and others.
fn first_day() -> impl Strategy<Value = DateTime<Utc>> {
    let changes = ["2026-03-07", "2026-03-28", "2026-04-04", "2026-09-05", "2026-10-03", "2026-10-24", "2026-10-31"];
    let near = (0usize..changes.len(), -2i64..2)
        .prop_map(move |(n, days)| utc(&format!("{} 00:00:00", changes[n])) + TimeDelta::days(days));
    prop_oneof![3 => near, 1 => (0i64..3000).prop_map(|days| utc("2024-01-01 00:00:00") + TimeDelta::days(days))]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// For every window and every minute the state is that of a calendar that was walked minute by minute, and both `until`
    /// and `next` are the first minute at which it changes.
    #[test]
    fn the_state_is_that_of_the_calendar(plain in plain(), first in first_day(), offset in 0usize..2880) {
        let window = window(&plain.text());
        let walked = plain.walk(first, 9);
        for (at, expected) in walked.iter().skip(offset).step_by(7).take(400) {
            let is = matches!(window.at(*at), WindowState::Open { .. });
            prop_assert_eq!(is, *expected, "{} at {}", window, at);
        }
        let (at, is_open) = walked[offset];
        let change = walked[offset..].iter().find(|(_, open)| *open != is_open).map(|(at, _)| *at);
        match (window.at(at), change) {
            (WindowState::Open { until }, Some(change)) => prop_assert_eq!(until, change, "{} at {}", window, at),
            (WindowState::Closed { next }, Some(change)) => prop_assert_eq!(next, Some(change), "{} at {}", window, at),
            (WindowState::Open { until }, None) => prop_assert!(until > walked[walked.len() - 1].0),
            (WindowState::Closed { next }, None) => prop_assert!(next.is_none_or(|next| next > walked[walked.len() - 1].0)),
        }
    }

    /// The same over every change of the time: windows of each day that begin and end at night, every minute of it.
    #[test]
    fn the_state_is_that_of_the_calendar_over_every_change(
        change in 0usize..CHANGES.len(), from in 0u32..16, to in 0u32..17, late: bool
    ) {
        let (zone, day) = CHANGES[change];
        let plain = Plain { days: (0..7).collect(), nth: None, from: if late { 1380 } else { from * 15 }, to: to * 15, zone };
        prop_assume!(plain.from != plain.to);
        let window = window(&plain.text());
        let walked = plain.walk(utc(&format!("{day} 00:00:00")), 2);
        for (at, expected) in &walked {
            prop_assert_eq!(matches!(window.at(*at), WindowState::Open { .. }), *expected, "{} at {}", window, at);
        }
    }

    /// An action may start exactly when every minute that it may take is open.
    #[test]
    fn an_action_fits_or_is_refused(plain in plain(), first in first_day(), offset in 0usize..2880, needs in 1u64..600) {
        let window = window(&plain.text());
        let walked = plain.walk(first, 3);
        let now = Moment { boot: Duration::from_secs(1), wall: walked[offset].0 };
        let verdict = judge(&[window], now, Duration::from_secs(60 * needs), &ClockTrust::begin(now));
        let fits = walked[offset..offset + needs as usize].iter().all(|(_, open)| *open);
        prop_assert_eq!(verdict.is_ok(), fits);
    }

    /// No text makes it fall over, and what is read once is read again.
    #[test]
    fn any_text_is_read_or_refused(text in "[a-zA-Z0-9:/, -]{0,60}", now in 0i64..4_000_000_000) {
        if let Ok(window) = Window::parse(&text) {
            let _state = window.at(DateTime::from_timestamp(now, 0).unwrap());
            prop_assert_eq!(Window::parse(&window.to_string()), Ok(window));
        }
    }
}

#[test]
fn the_ends_of_time_do_no_harm() {
    for text in ["daily 00:00-24:00 Europe/Berlin", "last Sun of the month 22:00-02:00 America/New_York"] {
        for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            let _state = window(text).at(at);
        }
    }
    assert_eq!(utc("2026-01-01 00:00:00").hour(), 0);
}
