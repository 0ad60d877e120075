//! Lines of no format: a time and a level where people and programs usually put them, within the first bytes.
//! Colour sequences are stepped over; a word in running text is no level.

use super::instant;
use super::level::Level;

/// How far into a line a time or level is looked for.
const HEAD: usize = 200;

/// What a plain line's beginning says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Head {
    /// Microseconds since 1970.
    pub time: Option<i64>,
    /// Level.
    pub level: Level,
    /// Where the text after a leading time begins; 0 without one.
    pub after_time: usize,
}

/// Looks at the beginning of a line that arrived at `now`.
pub fn head(line: &[u8], now: i64) -> Head {
    let text = line.get(..HEAD).unwrap_or(line);
    let mut seen = Head { time: None, level: Level::Unknown, after_time: 0 };
    let mut at = priority(text, &mut seen);
    at = glog(text, at, now, &mut seen);
    // Words count as "first" until any other word was passed; a first word may be a level in any spelling.
    let mut first = true;
    while let Some(&byte) = text.get(at) {
        if seen.level != Level::Unknown && seen.time.is_some() {
            break;
        }
        if byte == 0x1b {
            at = after_escape(text, at);
        } else if byte.is_ascii_digit() {
            at = number(text, at, &mut seen);
        } else if byte.is_ascii_alphabetic() {
            if let Some((time, length)) =
                text.get(at..).filter(|_| seen.time.is_none()).and_then(|t| instant::syslog(t, now))
            {
                seen.time = Some(time);
                at += length;
                continue;
            }
            let length = word_length(text, at);
            if seen.level == Level::Unknown {
                seen.level = word(text, at, length, first);
            }
            first = false;
            at += length;
        } else {
            at += 1;
        }
    }
    seen
}

fn word_length(text: &[u8], at: usize) -> usize {
    text.get(at..)
        .unwrap_or_default()
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
        .count()
}

/// Syslog's `<34>` at the very beginning.
fn priority(text: &[u8], seen: &mut Head) -> usize {
    let digits = text.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
    if text.first() != Some(&b'<') || !(1..=3).contains(&digits) || text.get(1 + digits) != Some(&b'>') {
        return 0;
    }
    let number = text.iter().skip(1).take(digits).fold(0u32, |sum, d| sum * 10 + u32::from(d - b'0'));
    seen.level = Level::of_number(number & 7);
    let version = usize::from(text.get(digits + 2) == Some(&b'1') && text.get(digits + 3) == Some(&b' ')) * 2;
    digits + 2 + version
}

/// `E0102 12:00:00.123456 …` at the beginning.
fn glog(text: &[u8], at: usize, now: i64, seen: &mut Head) -> usize {
    let Some(level @ (b'I' | b'W' | b'E' | b'F')) = text.get(at) else { return at };
    match text.get(at + 1..).and_then(|rest| instant::glog(rest, now)) {
        Some((time, length)) => {
            *seen = Head { time: Some(time), level: Level::parse(&[*level]), after_time: at + 1 + length };
            at + 1 + length
        }
        None => at,
    }
}

/// A run of digits: perhaps a time, and behind Redis' time a sign for the level. Gives the place after it.
fn number(text: &[u8], at: usize, seen: &mut Head) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    if seen.time.is_none() {
        if let Some((time, length)) = instant::iso(rest).or_else(|| instant::access(rest)) {
            seen.time = Some(time);
            if at <= 1 {
                seen.after_time = at + length;
            }
            return at + length;
        }
        if let Some((time, length)) = instant::redis(rest) {
            seen.time = Some(time);
            seen.level = match rest.get(length + 1) {
                Some(b'#') => Level::Warn,
                Some(b'*' | b'-') => Level::Info,
                Some(b'.') => Level::Debug,
                _ => Level::Unknown,
            };
            return at + length;
        }
    }
    at + rest.iter().take_while(|b| b.is_ascii_alphanumeric()).count().max(1)
}

fn after_escape(text: &[u8], at: usize) -> usize {
    if text.get(at + 1) != Some(&b'[') {
        return at + 1;
    }
    let rest = text.get(at + 2..).unwrap_or_default();
    at + 2 + rest.iter().take_while(|b| b.is_ascii_digit() || matches!(b, b';' | b':')).count() + 1
}

/// The level that the word at `at` states, or none.
fn word(text: &[u8], at: usize, length: usize, first: bool) -> Level {
    let Some(word) = text.get(at..at + length).filter(|w| w.len() <= 13) else { return Level::Unknown };
    let before = at.checked_sub(1).and_then(|i| text.get(i));
    let after = text.get(at + length);
    let enclosed =
        matches!(before, Some(b'[' | b'<' | b'(' | b'|')) && matches!(after, Some(b']' | b'>' | b')' | b'|'));
    if enclosed {
        return Level::parse(word);
    }
    if word.len() < 3 || matches!(before, Some(b'/' | b'.' | b'=' | b'"' | b'\'')) {
        return Level::Unknown;
    }
    let upper = word.iter().all(u8::is_ascii_uppercase);
    let colon = after == Some(&b':');
    let shouted = upper && word != b"LOG" && word != b"FINE" && !matches!(after, Some(b'/' | b'=' | b'.'));
    let spelled = matches!(word.to_ascii_lowercase().as_slice(), b"log" | b"fine" | b"failure" | b"alert" | b"notice");
    if shouted
        || (colon && (upper || !spelled))
        || (first && !spelled && matches!(after, Some(b' ' | b'\t' | 0x1b) | None))
    {
        return Level::parse(word);
    }
    Level::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_767_355_200_000_000;

    #[test]
    fn usual_beginnings() {
        for (line, timed, level) in [
            ("2026-01-02T12:00:00Z  INFO app::x: started", true, Level::Info),
            ("2026-01-02 12:00:00,000 - root - ERROR - it failed", true, Level::Error),
            ("[2026-01-02 12:00:00 +0000] [12] [WARNING] Booting", true, Level::Warn),
            ("2026/01/02 12:00:00 [error] 12#0: *1 open() failed", true, Level::Error),
            ("2026-01-02 12:00:00.000 UTC [12] LOG:  checkpoint", true, Level::Info),
            ("2026-01-02 12:00:00.000 UTC [12] FATAL:  no slot", true, Level::Fatal),
            ("Jan  2 12:00:00 host prog[1]: error: x", true, Level::Error),
            ("Jan  2 12:00:00 host prog[1]: all is well, no error here", true, Level::Unknown),
            ("<11>Jan  2 12:00:00 host x", true, Level::Error),
            ("<14>1 2026-01-02T12:00:00Z host app - - - x", true, Level::Info),
            ("E0102 12:00:00.000000       1 reflector.go:138] x", true, Level::Error),
            ("7:M 02 Jan 2026 12:00:00.000 # WARNING overcommit", true, Level::Warn),
            ("10.0.0.1 - - [02/Jan/2026:12:00:00 +0000] \"GET / HTTP/1.1\" 200 5", true, Level::Unknown),
            ("\x1b[32mINFO\x1b[0m 2026-01-02T12:00:00.000Z \x1b[1mx\x1b[0m", true, Level::Info),
            ("INFO:     127.0.0.1:5 - \"GET / HTTP/1.1\" 200 OK", false, Level::Info),
            ("ERROR:root:it failed", false, Level::Error),
            ("Error connecting to x", false, Level::Error),
            ("[E] x", false, Level::Error),
            ("panic: runtime error: index out of range", false, Level::Fatal),
            ("WARN/x INFORMATION", false, Level::Info),
            ("we saw an error in /var/log/error and the ERRORS went", false, Level::Unknown),
            ("", false, Level::Unknown),
        ] {
            let seen = head(line.as_bytes(), NOON);
            assert_eq!((seen.time, seen.level), (timed.then_some(NOON), level), "{line}");
        }
    }
}
