//! Instants as logs write them, to microseconds since 1970: ISO 8601 and its relatives, epoch numbers of any unit,
//! and forms without a year, which take it from the moment of arrival.

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
const MONTHS: [&[u8; 3]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// Days since 1970-01-01 of a day in the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // The year begins in March, so that the leap day is its last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year in which an instant lies.
fn year_of(micros: i64) -> i64 {
    let guess = 1970 + micros.div_euclid(DAY) * 400 / 146_097;
    if micros < days(guess, 1, 1) * DAY { guess - 1 } else { guess }
}

fn digits(text: &[u8], from: usize, count: usize) -> Option<i64> {
    text.get(from..from + count)?
        .iter()
        .try_fold(0i64, |sum, d| d.is_ascii_digit().then(|| sum * 10 + i64::from(d - b'0')))
}

/// `HH:MM:SS` with an optional fraction at `from`: microseconds of the day and where it ends.
fn clock(text: &[u8], from: usize) -> Option<(i64, usize)> {
    let (hour, minute, second) = (digits(text, from, 2)?, digits(text, from + 3, 2)?, digits(text, from + 6, 2)?);
    if text.get(from + 2) != Some(&b':') || text.get(from + 5) != Some(&b':') {
        return None;
    }
    if hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let mut micros = ((hour * 60 + minute) * 60 + second) * SECOND;
    let mut at = from + 8;
    if matches!(text.get(at), Some(b'.' | b',')) && text.get(at + 1).is_some_and(u8::is_ascii_digit) {
        at += 1;
        let mut unit = SECOND / 10;
        while let Some(d) = text.get(at).filter(|d| d.is_ascii_digit()) {
            micros += i64::from(d - b'0') * unit;
            unit /= 10;
            at += 1;
        }
    }
    Some((micros, at))
}

/// `Z`, `+02:00`, `+0200`, ` +0000`, ` UTC` at `from`: offset in microseconds and where it ends. None given is UTC.
fn zone(text: &[u8], from: usize) -> (i64, usize) {
    let at = if text.get(from) == Some(&b' ') { from + 1 } else { from };
    match text.get(at) {
        Some(b'Z' | b'z') if at == from => (0, at + 1),
        Some(sign @ (b'+' | b'-')) => {
            let colon = usize::from(text.get(at + 3) == Some(&b':'));
            let (Some(hours), Some(minutes)) = (digits(text, at + 1, 2), digits(text, at + 3 + colon, 2)) else {
                return (0, from);
            };
            let offset = (hours * 60 + minutes) * 60 * SECOND;
            (if *sign == b'-' { -offset } else { offset }, at + 5 + colon)
        }
        Some(b'U' | b'G') if text.get(at..at + 3).is_some_and(|w| w == b"UTC" || w == b"GMT") => (0, at + 3),
        _ => (0, from),
    }
}

/// A date with year, time and zone at the very beginning of `text`: the instant and where it ends.
/// `2026-01-02T12:00:00.123Z`, `2026-01-02 12:00:00,123 +0100`, `2026/01/02 12:00:00`.
pub fn iso(text: &[u8]) -> Option<(i64, usize)> {
    let separator = *text.get(4)?;
    if !matches!(separator, b'-' | b'/') || text.get(7) != Some(&separator) {
        return None;
    }
    let (year, month, day) = (digits(text, 0, 4)?, digits(text, 5, 2)?, digits(text, 8, 2)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !matches!(text.get(10), Some(b'T' | b't' | b' ')) {
        return None;
    }
    let (of_day, end) = clock(text, 11)?;
    let (offset, end) = zone(text, end);
    Some((days(year, month, day) * DAY + of_day - offset, end))
}

fn month(text: &[u8]) -> Option<i64> {
    let name = text.get(..3)?.to_ascii_lowercase();
    MONTHS.iter().position(|m| *m == name.as_slice()).map(|at| at as i64 + 1)
}

/// Without a year: the newest such instant that is not more than a day ahead of `now`.
fn with_year(now: i64, month: i64, day: i64, of_day: i64) -> i64 {
    let year = year_of(now);
    let guess = days(year, month, day) * DAY + of_day;
    if guess > now + DAY { days(year - 1, month, day) * DAY + of_day } else { guess }
}

/// Syslog's `Jan  2 12:00:00` at the beginning.
pub fn syslog(text: &[u8], now: i64) -> Option<(i64, usize)> {
    let month = month(text)?;
    let day = match text.get(4)? {
        b' ' => digits(text, 5, 1)?,
        _ => digits(text, 4, 2)?,
    };
    if text.get(3) != Some(&b' ') || text.get(6) != Some(&b' ') || !(1..=31).contains(&day) {
        return None;
    }
    let (of_day, end) = clock(text, 7)?;
    Some((with_year(now, month, day, of_day), end))
}

/// glog's and klog's `0102 12:00:00.123456` at the beginning.
pub fn glog(text: &[u8], now: i64) -> Option<(i64, usize)> {
    let (month, day) = (digits(text, 0, 2)?, digits(text, 2, 2)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || text.get(4) != Some(&b' ') {
        return None;
    }
    let (of_day, end) = clock(text, 5)?;
    Some((with_year(now, month, day, of_day), end))
}

/// Access logs' `02/Jan/2026:12:00:00 +0000` at the beginning.
pub fn access(text: &[u8]) -> Option<(i64, usize)> {
    let (day, month, year) = (digits(text, 0, 2)?, month(text.get(3..)?)?, digits(text, 7, 4)?);
    if text.get(2) != Some(&b'/') || text.get(6) != Some(&b'/') || text.get(11) != Some(&b':') {
        return None;
    }
    let (of_day, end) = clock(text, 12)?;
    let (offset, end) = zone(text, end);
    Some((days(year, month, day) * DAY + of_day - offset, end))
}

/// Redis' `02 Jan 2026 12:00:00.123` at the beginning.
pub fn redis(text: &[u8]) -> Option<(i64, usize)> {
    let (day, month, year) = (digits(text, 0, 2)?, month(text.get(3..)?)?, digits(text, 7, 4)?);
    if text.get(2) != Some(&b' ') || text.get(6) != Some(&b' ') || text.get(11) != Some(&b' ') {
        return None;
    }
    let (of_day, end) = clock(text, 12)?;
    Some((days(year, month, day) * DAY + of_day, end))
}

/// Seconds, milli-, micro- or nanoseconds since 1970, told apart by magnitude. Before 2001 it is taken for a duration.
pub fn epoch(text: &[u8]) -> Option<i64> {
    let point = text.iter().position(|b| *b == b'.').unwrap_or(text.len());
    let whole = digits(text, 0, point.min(19)).filter(|_| (10..=19).contains(&point))?;
    let micros = match point {
        10 | 11 => whole.checked_mul(SECOND)?,
        12..=14 => whole.checked_mul(1000)?,
        15..=17 => whole,
        _ => whole / 1000,
    };
    if point > 11 {
        return Some(micros);
    }
    let mut fraction = 0;
    let mut unit = SECOND / 10;
    for d in text.iter().skip(point + 1) {
        if !d.is_ascii_digit() {
            return None;
        }
        fraction += i64::from(d - b'0') * unit;
        unit /= 10;
    }
    Some(micros + fraction)
}

/// The value of a time field: an instant in any of the written forms, or an epoch number.
pub fn field(text: &[u8]) -> Option<i64> {
    iso(text).map(|(at, _)| at).or_else(|| epoch(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_767_355_200 * SECOND; // 2026-01-02T12:00:00Z

    #[test]
    fn written_forms() {
        for text in [
            "2026-01-02T12:00:00Z",
            "2026-01-02T12:00:00",
            "2026-01-02 12:00:00 UTC",
            "2026-01-02T14:00:00+02:00",
            "2026-01-02 07:00:00 -0500",
            "2026/01/02 12:00:00",
            "1767355200",
            "1767355200000",
            "1767355200000000",
            "1767355200000000000",
            "1767355200.000",
        ] {
            assert_eq!(field(text.as_bytes()), Some(NOON), "{text}");
        }
        assert_eq!(field(b"2026-01-02T12:00:00,123Z"), Some(NOON + 123_000));
        assert_eq!(field(b"2026-01-02T12:00:00.123456789Z"), Some(NOON + 123_456));
        assert_eq!(field(b"1767355200.25"), Some(NOON + 250_000));
        for wrong in ["", "12.5", "2026-13-02T12:00:00Z", "2026-01-02", "yesterday", "2026-01-02T1x:00:00"] {
            assert_eq!(field(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn forms_without_a_year_take_it_from_now() {
        assert_eq!(syslog(b"Jan  2 12:00:00 host", NOON), Some((NOON, 15)));
        assert_eq!(glog(b"0102 12:00:00.5 1 x", NOON), Some((NOON + 500_000, 15)));
        assert_eq!(syslog(b"Dec 31 12:00:00 host", NOON), Some((NOON - 2 * DAY, 15)));
        assert_eq!(access(b"02/Jan/2026:12:00:00 +0000]"), Some((NOON, 26)));
        assert_eq!(redis(b"02 Jan 2026 12:00:00.000 * x"), Some((NOON, 24)));
    }

    #[test]
    fn days_agree_with_a_calendar() {
        for (year, month, day) in
            [(1970, 1, 1), (1999, 12, 31), (2000, 2, 29), (2024, 2, 29), (2026, 3, 1), (2100, 3, 1)]
        {
            let expected = chrono::NaiveDate::from_ymd_opt(year, month, day).unwrap().to_epoch_days();
            assert_eq!(days(i64::from(year), i64::from(month), i64::from(day)), i64::from(expected));
            assert_eq!(year_of(i64::from(expected) * DAY), i64::from(year));
        }
    }
}
