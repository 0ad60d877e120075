//! What a line says of itself (time, level, message) without parsing it in full: JSON, logfmt and plain lines, behind
//! a compose prefix (`app-1  | …`) or a runtime's time stamp, and lines wrapped by journald or a container runtime.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use memchr::memmem;

use super::instant;
use super::json::{self, Value};
use super::level::Level;
use super::logfmt;
use super::plain;

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One JSON object.
    Json,
    /// `key=value` pairs.
    Logfmt,
    /// Anything else.
    Plain,
}

/// What a scan found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scan<'a> {
    /// Service that a compose prefix names.
    pub service: Option<&'a [u8]>,
    /// The line without prefixes.
    pub body: &'a [u8],
    /// How the body is written.
    pub shape: Shape,
    /// Microseconds since 1970.
    pub time: Option<i64>,
    /// Level; of several statements under one key the worst.
    pub level: Level,
}

/// `"level"` again, further on in a line.
static LEVEL_AGAIN: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b"\"level\""));

/// Scans one line (without its end) that arrived at `now`, in microseconds since 1970.
#[must_use]
pub fn scan(line: &[u8], now: i64) -> Scan<'_> {
    if line.first() == Some(&b'{') {
        let (time, level) = scan_json(line, now, true);
        return Scan { service: None, body: line, shape: Shape::Json, time, level };
    }
    let (service, body) = split_service(line);
    scan_body(service, body, now)
}

fn scan_body<'a>(service: Option<&'a [u8]>, body: &'a [u8], now: i64) -> Scan<'a> {
    if body.trim_ascii_start().starts_with(b"{") {
        let (time, level) = scan_json(body, now, true);
        return Scan { service, body, shape: Shape::Json, time, level };
    }
    if logfmt::is_logfmt(body) {
        let (time, level) = scan_logfmt(body);
        return Scan { service, body, shape: Shape::Logfmt, time, level };
    }
    let head = plain::head(body, now);
    if let Some(inner) = wrapped(body, head.after_time) {
        let (time, level) = scan_json(inner, now, true);
        return Scan { service, body: inner, shape: Shape::Json, time: time.or(head.time), level };
    }
    let mut level = head.level;
    if level == Level::Unknown && memmem::find(body, b"level=").is_some() {
        level = scan_logfmt(body).1;
    }
    Scan { service, body, shape: Shape::Plain, time: head.time, level }
}

/// The JSON object behind a runtime's time stamp: `TIME {…}` or `TIME stdout F {…}`.
fn wrapped(body: &[u8], after_time: usize) -> Option<&[u8]> {
    if after_time == 0 {
        return None;
    }
    let rest = body.get(after_time..)?.trim_ascii_start();
    let rest = [b"stdout F ".as_slice(), b"stderr F "].iter().find_map(|p| rest.strip_prefix(*p)).unwrap_or(rest);
    rest.starts_with(b"{\"").then_some(rest)
}

/// Splits `app-1  | body`. A lone word before a bar is a service only when its shape says so.
fn split_service(line: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let none = (None, line);
    let start = colour_length(line);
    let Some(rest) = line.get(start..) else { return none };
    let name =
        rest.iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')).count();
    let spaces = rest.iter().skip(name).take_while(|b| **b == b' ').count();
    let bar = name + spaces;
    if name == 0 || spaces == 0 || rest.get(bar) != Some(&b'|') || !matches!(rest.get(bar + 1), Some(b' ') | None) {
        return none;
    }
    let (Some(name), Some(body)) = (rest.get(..name), rest.get((bar + 2).min(rest.len())..)) else { return none };
    let body = body.get(colour_length(body)..).unwrap_or_default();
    let digits = name.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let numbered = digits > 0 && matches!(name.iter().rev().nth(digits), Some(b'-' | b'_'));
    if numbered || spaces >= 2 || body.starts_with(b"{") { (Some(name), body) } else { none }
}

fn colour_length(text: &[u8]) -> usize {
    if !text.starts_with(b"\x1b[") {
        return 0;
    }
    text.iter().take(16).position(|b| *b == b'm').map_or(0, |at| at + 1)
}

pub(super) fn is_level_key(key: &[u8]) -> bool {
    matches!(
        key,
        b"level"
            | b"severity"
            | b"lvl"
            | b"log.level"
            | b"levelname"
            | b"PRIORITY"
            | b"Level"
            | b"LEVEL"
            | b"loglevel"
            | b"log_level"
            | b"logLevel"
            | b"levelName"
            | b"severity_text"
            | b"severityText"
            | b"@level"
            | b"@l"
    )
}

pub(super) fn is_time_key(key: &[u8]) -> bool {
    matches!(
        key,
        b"timestamp"
            | b"time"
            | b"ts"
            | b"@timestamp"
            | b"datetime"
            | b"t"
            | b"date"
            | b"asctime"
            | b"Timestamp"
            | b"Time"
            | b"TIMESTAMP"
            | b"@t"
            | b"timeMillis"
            | b"eventTime"
            | b"__REALTIME_TIMESTAMP"
            | b"written_at"
    )
}

/// Rank of a key that may hold the message, best first.
pub(super) fn message_rank(key: &[u8]) -> Option<usize> {
    const KEYS: [&[u8]; 11] = [
        b"message",
        b"msg",
        b"MESSAGE",
        b"@message",
        b"@m",
        b"short_message",
        b"event",
        b"log",
        b"text",
        b"Message",
        b"@mt",
    ];
    KEYS.iter().position(|k| *k == key)
}

/// Keys under which journald and container runtimes wrap a whole line of the program.
pub(super) fn is_wrapper_key(key: &[u8]) -> bool {
    matches!(key, b"MESSAGE" | b"log")
}

fn level_of(value: Value<'_>) -> Level {
    match value {
        Value::Text(text) | Value::Literal(text) => Level::parse(text),
        Value::Nested(_) => Level::Unknown,
    }
}

fn scan_json(body: &[u8], now: i64, unwrap: bool) -> (Option<i64>, Level) {
    let mut time = None;
    let mut level = Level::Unknown;
    let mut level_key: &[u8] = b"";
    let mut inner: Option<&[u8]> = None;
    json::walk(body, |key, value, end| {
        if is_level_key(key) {
            if level_key.is_empty() || level == Level::Unknown {
                (level, level_key) = (level_of(value), key);
            } else if key == level_key {
                level = level.max(level_of(value));
            }
        } else if time.is_none() && is_time_key(key) {
            if let Value::Text(text) | Value::Literal(text) = value {
                time = instant::field(text);
            }
            if key.first() == Some(&b'_') {
                return ControlFlow::Continue(());
            }
        } else if let (true, true, Value::Text(text)) = (unwrap, is_wrapper_key(key), value) {
            inner = Some(text);
        } else {
            return ControlFlow::Continue(());
        }
        // Both are known: only the same key once more could make the line worse.
        let settled = time.is_some() && level != Level::Unknown && level_key == b"level";
        if settled && body.get(end..).is_none_or(|rest| LEVEL_AGAIN.find(rest).is_none()) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    if let Some(text) = inner {
        let text = unescaped(text);
        let found = scan_inner(&text, now);
        if found.1 != Level::Unknown {
            level = found.1;
        }
        time = time.or(found.0);
    }
    (time, level)
}

/// A wrapped line's own words; they count more than what the wrapper made up.
fn scan_inner(text: &[u8], now: i64) -> (Option<i64>, Level) {
    let text = text.trim_ascii_end();
    if text.first() == Some(&b'{') {
        return scan_json(text, now, false);
    }
    if logfmt::is_logfmt(text) {
        return scan_logfmt(text);
    }
    let head = plain::head(text, now);
    (head.time, head.level)
}

fn scan_logfmt(body: &[u8]) -> (Option<i64>, Level) {
    let (mut time, mut level) = (None, Level::Unknown);
    let mut level_key: &[u8] = b"";
    for pair in logfmt::pairs(body) {
        if is_level_key(pair.key) && (level_key.is_empty() || level_key == pair.key) {
            level = level.max(Level::parse(pair.value));
            level_key = pair.key;
        } else if time.is_none() && is_time_key(pair.key) {
            time = instant::field(pair.value);
        }
    }
    (time, level)
}

fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() { Cow::Borrowed(text) } else { Cow::Owned(json::unescape(text)) }
}

/// A line without a compose prefix.
#[must_use]
pub fn body(line: &[u8]) -> &[u8] {
    if line.first() == Some(&b'{') { line } else { split_service(line).1 }
}

/// The words of a line for people: the value of its message key with escapes resolved, or the whole body.
#[must_use]
pub fn message(line: &[u8]) -> Cow<'_, [u8]> {
    message_of(body(line), true)
}

fn message_of(body: &[u8], unwrap: bool) -> Cow<'_, [u8]> {
    if body.trim_ascii_start().starts_with(b"{") {
        return json_message(body, unwrap).unwrap_or(Cow::Borrowed(body));
    }
    if logfmt::is_logfmt(body) {
        let best =
            logfmt::pairs(body).filter_map(|p| message_rank(p.key).map(|rank| (rank, p))).min_by_key(|(r, _)| *r);
        return best.map_or(Cow::Borrowed(body), |(_, p)| if p.quoted { unescaped(p.value) } else { p.value.into() });
    }
    let head = plain::head(body, 0);
    match wrapped(body, head.after_time) {
        Some(inner) => json_message(inner, unwrap).unwrap_or(Cow::Borrowed(inner)),
        None => Cow::Borrowed(body),
    }
}

fn json_message(body: &[u8], unwrap: bool) -> Option<Cow<'_, [u8]>> {
    let mut best: Option<(usize, bool, Value<'_>)> = None;
    json::walk(body, |key, value, _| {
        if let Some(rank) = message_rank(key).filter(|rank| best.is_none_or(|(seen, ..)| *rank < seen)) {
            let usable = match value {
                Value::Text(_) => true,
                Value::Nested(_) => key == b"MESSAGE",
                Value::Literal(_) => false,
            };
            if usable {
                best = Some((rank, is_wrapper_key(key), value));
            }
        }
        if matches!(best, Some((0, ..))) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let (_, wrapper, value) = best?;
    let text = match value {
        Value::Text(text) => unescaped(text),
        Value::Nested(list) => Cow::Owned(byte_list(list)),
        Value::Literal(_) => return None,
    };
    if wrapper && unwrap {
        let inner = text.trim_ascii_end();
        return Some(match message_of(inner, false) {
            Cow::Owned(message) => Cow::Owned(message),
            Cow::Borrowed(message) => Cow::Owned(message.to_vec()),
        });
    }
    Some(text)
}

/// journald gives text that is not UTF-8 as a list of byte values.
fn byte_list(list: &[u8]) -> Vec<u8> {
    list.split(|b| !b.is_ascii_digit())
        .filter(|digits| !digits.is_empty() && digits.len() <= 3)
        .map(|digits| digits.iter().fold(0u32, |sum, d| sum * 10 + u32::from(d - b'0')).min(255) as u8)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_767_355_200_000_000;

    fn check(line: &str, shape: Shape, timed: bool, level: Level, message: &str) {
        let seen = scan(line.as_bytes(), NOON);
        assert_eq!((seen.shape, seen.time, seen.level), (shape, timed.then_some(NOON), level), "{line}");
        assert_eq!(String::from_utf8_lossy(&super::message(line.as_bytes())), message, "{line}");
    }

    #[test]
    fn json_under_its_usual_names() {
        let json = |line: &str, level, message| check(line, Shape::Json, true, level, message);
        json(r#"{"timestamp": "2026-01-02T12:00:00Z", "level": "WARNING", "message": "m"}"#, Level::Warn, "m");
        json(r#"{"level":30,"time":1767355200000,"pid":7,"msg":"pino \u001b[2J"}"#, Level::Info, "pino \u{1b}[2J");
        json(r#"{"@timestamp":"2026-01-02T12:00:00.000Z","log.level":"error","message":"ecs"}"#, Level::Error, "ecs");
        json(r#"{"version":"1.1","timestamp":1767355200.0,"level":3,"short_message":"gelf"}"#, Level::Error, "gelf");
        json(
            r#"{"event": "structlog", "ts": "2026-01-02 12:00:00", "severity": "CRITICAL"}"#,
            Level::Fatal,
            "structlog",
        );
        let audit = r#"{"timestamp": "2026-01-02T12:00:00Z", "action": "x", "details": {"level": "error"}}"#;
        json(audit, Level::Unknown, audit);
    }

    #[test]
    fn not_fooled() {
        let json = |line: &str, level| assert_eq!(scan(line.as_bytes(), NOON).level, level, "{line}");
        json(r#"{"message":"{\"level\":\"error\"}","level":"info"}"#, Level::Info);
        json(r#"{"context":{"level":"error"},"level":"debug","time":"2026-01-02T12:00:00Z"}"#, Level::Debug);
        json(r#"{"time":"2026-01-02T12:00:00Z","level":"info","x":1,"level":"error"}"#, Level::Error);
        json(r#"{"level":"error","level":"info"}"#, Level::Error);
        json(
            r#"{"time":"2026-01-02T12:00:00Z","level":"info","a":{"level":"error"},"b":"\"level\":\"error\""}"#,
            Level::Info,
        );
        json(r#"{"level":{"name":"error"},"severity":"warn"}"#, Level::Warn);
        json(r#"msg="level=error" level=info"#, Level::Info);
    }

    #[test]
    fn wrapped_lines_speak_for_themselves() {
        let journal = r#"{"PRIORITY":"6","__REALTIME_TIMESTAMP":"1767355200000000","MESSAGE":"{\"level\":\"error\",\"msg\":\"in\\nside\"}"}"#;
        check(journal, Shape::Json, true, Level::Error, "in\nside");
        let plain = r#"{"MESSAGE":"started","PRIORITY":"4","__REALTIME_TIMESTAMP":"1767355200000000"}"#;
        check(plain, Shape::Json, true, Level::Warn, "started");
        let bytes = r#"{"__REALTIME_TIMESTAMP":"1767355200000000","PRIORITY":"3","MESSAGE":[27,91,104,105,255]}"#;
        check(bytes, Shape::Json, true, Level::Error, "\u{1b}[hi\u{fffd}");
        let docker = r#"{"log":"INFO: up\n","stream":"stdout","time":"2026-01-02T12:00:00.000000000Z"}"#;
        check(docker, Shape::Json, true, Level::Info, "INFO: up");
        let cri = r#"2026-01-02T12:00:00.000000000Z stdout F {"level":"error","msg":"m"}"#;
        check(cri, Shape::Json, true, Level::Error, "m");
    }

    #[test]
    fn compose_prefixes() {
        let line = br#"app-1  | {"level":"error","msg":"m","time":"2026-01-02T12:00:00Z"}"#;
        let seen = scan(line, NOON);
        assert_eq!((seen.service, seen.level, seen.time), (Some(b"app-1".as_slice()), Level::Error, Some(NOON)));
        assert_eq!(&*message(line), b"m");
        assert_eq!(scan(b"\x1b[36mdb_1 | \x1b[0mERROR: x", NOON).service, Some(b"db_1".as_slice()));
        assert_eq!(scan(b"a | b", NOON).service, None);
        assert_eq!(scan(b"this | that", NOON).body, b"this | that");
    }

    #[test]
    fn logfmt_and_plain() {
        check("ts=2026-01-02T12:00:00Z level=warn msg=\"a b\"", Shape::Logfmt, true, Level::Warn, "a b");
        check(
            "2026-01-02T12:00:00Z app: level=error msg=x",
            Shape::Plain,
            true,
            Level::Error,
            "2026-01-02T12:00:00Z app: level=error msg=x",
        );
        check("", Shape::Plain, false, Level::Unknown, "");
    }
}
