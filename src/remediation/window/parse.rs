//! The text of a window. Whatever is not understood is refused with what is allowed: a window that was read otherwise than
//! it was meant opens a door at the wrong hour.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Weekday};
use chrono_tz::{TZ_VARIANTS, Tz};

use crate::domain::Safe;

use super::{Days, End, Span, Window};

/// Longest text that is looked at.
const LONGEST: usize = 200;
const ALLOWED: &str = "allowed are \"Sat 02:00-06:00 UTC\", \"Mon-Fri 22:00-02:00 Europe/Berlin\", \"Sat,Sun 02:00-06:00 UTC\", \
     \"daily 03:00-04:00 UTC\", \"first Saturday of the month 02:00-06:00 UTC\" (first to fourth, or last) and \
     \"2026-12-05 02:00 to 2026-12-05 06:00 UTC\"";
const NAMES: [(&str, &str, Weekday); 7] = [
    ("mon", "monday", Weekday::Mon),
    ("tue", "tuesday", Weekday::Tue),
    ("wed", "wednesday", Weekday::Wed),
    ("thu", "thursday", Weekday::Thu),
    ("fri", "friday", Weekday::Fri),
    ("sat", "saturday", Weekday::Sat),
    ("sun", "sunday", Weekday::Sun),
];

pub(super) fn window(text: &str) -> Result<Window, String> {
    if text.len() > LONGEST {
        return Err(format!("a maintenance window of more than {LONGEST} characters; {ALLOWED}"));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let (span, zone) = match words.as_slice() {
        [from_day, from, to_word, to_day, to, zone] if to_word.eq_ignore_ascii_case("to") => {
            (once([from_day, from], [to_day, to])?, zone)
        }
        [days @ .., times, zone] if !days.is_empty() && times.contains(':') => (on_days(days, times)?, zone),
        [.., last] if last.contains(':') => return Err(format!("{text:?} names no zone; {ALLOWED}")),
        _ => return Err(format!("{text:?} is no maintenance window; {ALLOWED}")),
    };
    Ok(Window { text: Safe::of(words.join(" ")), zone: self::zone(zone)?, span })
}

fn once(from: [&str; 2], to: [&str; 2]) -> Result<Span, String> {
    let (from, to) = (instant(from)?, instant(to)?);
    if to <= from {
        return Err(format!("the window ends ({to}) before it begins ({from}); the later instant comes last"));
    }
    Ok(Span::Once { from, to })
}

fn instant([day, time]: [&str; 2]) -> Result<NaiveDateTime, String> {
    let wrong = || format!("{day:?} is no day of the calendar; allowed is YYYY-MM-DD, as 2026-12-05");
    let digits = day.len() == 10 && day.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let date = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok().filter(|_| digits).ok_or_else(wrong)?;
    // What lies beyond is not in the tables of the zones.
    if !(2000..2100).contains(&date.year()) {
        return Err(format!("{day:?} is too far away; allowed are the years 2000 to 2099"));
    }
    match self::time(time)? {
        Some(time) => Ok(date.and_time(time)),
        None => date.succ_opt().map(|day| day.and_time(NaiveTime::MIN)).ok_or_else(wrong),
    }
}

fn on_days(days: &[&str], times: &str) -> Result<Span, String> {
    let (from_text, to_text) = times
        .split_once('-')
        .ok_or_else(|| format!("{times:?} is no span of a day; allowed is HH:MM-HH:MM, as 22:00-02:00"))?;
    let from =
        time(from_text)?.ok_or_else(|| "a window cannot begin at 24:00; write 00:00 of the day after".to_owned())?;
    let to = match time(to_text)? {
        None => End::NextDay(NaiveTime::MIN),
        Some(to) if to == from => {
            return Err(format!("{times:?} begins and ends at the same time; for the whole day write 00:00-24:00"));
        }
        Some(to) if to < from => End::NextDay(to),
        Some(to) => End::SameDay(to),
    };
    Ok(Span::Days { days: self::days(days)?, from, to })
}

/// A time of the day; none is 24:00, its end.
fn time(text: &str) -> Result<Option<NaiveTime>, String> {
    let wrong = || format!("{text:?} is no time of the day; allowed is HH:MM from 00:00 to 24:00");
    let two =
        |part: &str| part.parse::<u32>().ok().filter(|_| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()));
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    match (two(hour).ok_or_else(wrong)?, two(minute).ok_or_else(wrong)?) {
        (24, 0) => Ok(None),
        (hour, minute) => NaiveTime::from_hms_opt(hour, minute, 0).map(Some).ok_or_else(wrong),
    }
}

fn days(words: &[&str]) -> Result<Days, String> {
    let lower: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    let words: Vec<&str> = lower.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["daily"] => Ok(Days::Week([true; 7])),
        [nth, day, "of", "the", "month"] | [nth, day, "of", "month"] => {
            Ok(Days::OfMonth { nth: self::nth(nth)?, day: weekday(day)? })
        }
        [list] => week(list),
        _ => Err(format!("{:?} are no days; {ALLOWED}", words.join(" "))),
    }
}

fn nth(word: &str) -> Result<Option<u8>, String> {
    match word {
        "first" => Ok(Some(1)),
        "second" => Ok(Some(2)),
        "third" => Ok(Some(3)),
        "fourth" => Ok(Some(4)),
        "last" => Ok(None),
        _ => Err(format!("{word:?} of the month; allowed are first, second, third, fourth and last")),
    }
}

/// `sat`, `sat,sun`, `mon-fri`, `fri-mon`.
fn week(text: &str) -> Result<Days, String> {
    let mut chosen = [false; 7];
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (mut day, last) = (weekday(from)?, weekday(to)?);
        loop {
            if let Some(slot) = chosen.get_mut(day.num_days_from_monday() as usize) {
                *slot = true;
            }
            if day == last {
                break;
            }
            day = day.succ();
        }
    }
    Ok(Days::Week(chosen))
}

fn weekday(word: &str) -> Result<Weekday, String> {
    let found = NAMES.iter().find(|(short, long, _)| *short == word || *long == word);
    found.map(|(_, _, day)| *day).ok_or_else(|| {
        format!("{word:?} is no day of the week; allowed are Mon, Tue, Wed, Thu, Fri, Sat, Sun and their whole names")
    })
}

fn zone(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_unknown: chrono_tz::ParseError| {
        let meant = TZ_VARIANTS.iter().find(|zone| {
            let known = zone.name();
            known.eq_ignore_ascii_case(name)
                || known.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(name))
        });
        let hint = meant.map(|zone| format!("; did you mean {zone}?")).unwrap_or_default();
        format!("{name:?} is no zone; allowed are UTC and names such as Europe/Berlin or America/New_York{hint}")
    })
}
