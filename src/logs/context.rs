//! What stands behind the message on a line's row: its most useful other fields, few and short, `req=8f1c… status=503`.
//! Ids that tie lines together come first; time, level, message and what the message says already are left out.

use std::borrow::Cow;
use std::ops::ControlFlow;

use crate::domain::safe::Safe;

use super::json::{self, Value};
use super::logfmt;
use super::scan::{self, Shape};
use super::segment::Line;

/// Most fields shown.
const SHOWN: usize = 4;
/// Most characters of an id: enough to tell it from others by eye.
const ID: usize = 8;
/// Most characters of another value.
const VALUE: usize = 24;
/// Most characters of a key.
const KEY: usize = 16;
/// Most characters of all.
const WIDTH: usize = 96;
/// Most fields that are looked at.
const LOOKED_AT: usize = 64;
/// Bytes of a line that are looked at.
const BYTES: usize = 16 * 1024;

/// Objects whose fields are taken for fields of the line.
const GROUPS: [&[u8]; 8] = [b"context", b"ctx", b"fields", b"extra", b"error", b"err", b"exception", b"http"];

/// A field, and how useful it is: less is more.
struct Field<'a> {
    rank: u8,
    key: Cow<'a, str>,
    value: Cow<'a, [u8]>,
}

/// The fields of a line in words.
#[must_use]
pub fn context(line: &Line<'_>) -> Safe {
    let body = line.scan();
    let text = body.body.get(..BYTES).unwrap_or(body.body);
    let mut fields = Vec::new();
    match body.shape {
        Shape::Json => json_fields(text, None, &mut fields),
        Shape::Logfmt => {
            for pair in logfmt::pairs(text).take(LOOKED_AT) {
                let value = if pair.quoted { json::unescape(pair.value).into() } else { Cow::Borrowed(pair.value) };
                add(pair.key, None, value, &mut fields);
            }
        }
        Shape::Plain => return Safe::default(),
    }
    fields.sort_by_key(|field| field.rank);
    let message = line.message();
    let mut out = String::new();
    let mut shown = 0;
    let mut ids: Vec<&[u8]> = Vec::new();
    for field in &fields {
        let said = field.value.len() >= 3 && memchr::memmem::find(&message, &field.value).is_some();
        // One id often stands under two names.
        if said || shown == SHOWN || (field.rank < FIGURE && ids.contains(&&*field.value)) {
            continue;
        }
        ids.push(&field.value);
        let most = if field.rank < FIGURE { ID } else { VALUE };
        let value = Safe::one_line(field.value.get(..4 * VALUE).unwrap_or(&field.value)).clipped(most);
        let word = format!("{}={value}", Safe::of(&*field.key).clipped(KEY));
        if out.chars().count() + word.chars().count() < WIDTH {
            if shown > 0 {
                out.push(' ');
            }
            out.push_str(&word);
            shown += 1;
        }
    }
    Safe::of(out)
}

/// Fields of an object; of a group those inside it.
fn json_fields<'a>(text: &'a [u8], group: Option<&'a [u8]>, fields: &mut Vec<Field<'a>>) {
    json::walk(text, |key, value, _| {
        match value {
            Value::Nested(inner) if group.is_none() && GROUPS.contains(&key) => json_fields(inner, Some(key), fields),
            Value::Nested(_) => {}
            Value::Text(value) if memchr::memchr(b'\\', value).is_some() => {
                let short = value.get(..16 * VALUE).unwrap_or(value);
                add(key, group, json::unescape(short).into(), fields);
            }
            Value::Text(value) => add(key, group, value.into(), fields),
            Value::Literal(b"null") => {}
            Value::Literal(value) => add(key, group, value.into(), fields),
        }
        if fields.len() < LOOKED_AT { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
}

fn add<'a>(key: &'a [u8], group: Option<&[u8]>, value: Cow<'a, [u8]>, fields: &mut Vec<Field<'a>>) {
    if value.iter().all(u8::is_ascii_whitespace) {
        return;
    }
    if let Some((rank, short)) = rank(key, group) {
        let key = short.map_or_else(|| String::from_utf8_lossy(key), Cow::Borrowed);
        fields.push(Field { rank, key, value });
    }
}

/// Rank from which on fields are no ids.
const FIGURE: u8 = 4;

/// How useful a field is, and its short name; `None` for what says nothing beside the message.
fn rank(key: &[u8], group: Option<&[u8]>) -> Option<(u8, Option<&'static str>)> {
    let last = key.rsplit(|b| *b == b'.').next().unwrap_or(key);
    let known = match last.to_ascii_lowercase().as_slice() {
        b"request_id" | b"requestid" | b"req_id" | b"reqid" | b"x-request-id" | b"request-id" => (0, Some("req")),
        b"trace_id" | b"traceid" | b"trace-id" => (1, Some("trace")),
        b"correlation_id" | b"correlationid" => (2, Some("corr")),
        b"delivery_id" | b"job_id" | b"task_id" => (3, None),
        b"error" | b"err" | b"exception" | b"exc_type" | b"error_type" => (FIGURE, None),
        b"type" | b"code" | b"name" | b"kind" if matches!(group, Some(b"error" | b"err" | b"exception")) => {
            (FIGURE, Some("error"))
        }
        b"status" | b"status_code" | b"statuscode" => (5, Some("status")),
        b"path" | b"endpoint" | b"route" | b"url" | b"uri" => (6, None),
        b"method" => (6, None),
        b"duration_ms" | b"latency_ms" | b"elapsed_ms" | b"duration" | b"latency" | b"elapsed" | b"took" => (7, None),
        b"logger" | b"target" | b"component" => (8, None),
        b"span_id" | b"spanid" | b"pid" | b"hostname" | b"host" | b"v" | b"version" | b"thread" | b"thread_name"
        | b"file" | b"filename" | b"line" | b"lineno" | b"module" | b"process" | b"stack" | b"stacktrace"
        | b"stack_trace" | b"traceback" | b"exc_info" | b"stream" | b"caller" | b"func" | b"env" | b"environment" => {
            return None;
        }
        _ => (9, None),
    };
    let framed = scan::is_level_key(key) || scan::is_time_key(key) || scan::message_rank(key).is_some();
    // journald's own fields are shouted or begin with a bar.
    let journal = key.first() == Some(&b'_') || key.iter().all(|b| b.is_ascii_uppercase() || *b == b'_');
    (!framed && !journal).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::segment::tests::segment;

    fn of(line: &str) -> String {
        context(&segment(0, 0, &[line]).line(0).unwrap()).to_string()
    }

    #[test]
    fn ids_first_then_what_explains() {
        let line = r#"{"timestamp":"2026-01-02T12:00:00Z","level":"ERROR","logger":"db.pool","message":"pool timeout after 30s",
            "context":{"user_id":"u1","latency_ms":30001,"request_id":"8f1c22d0-aaaa","status_code":503,"tags":["x"]},"pid":7}"#;
        assert_eq!(of(line), "req=8f1c22d… status=503 latency_ms=30001 logger=db.pool");
        assert_eq!(
            of(r#"{"level":"info","msg":"m","trace_id":"abc","request_id":"abc","user":"é"}"#),
            "req=abc user=é"
        );
        assert_eq!(of(r#"level=warn msg="slow" path=/v1/x took=3s ts=2026-01-02T12:00:00Z"#), "path=/v1/x took=3s");
        assert_eq!(of(r#"{"level":"error","msg":"m","error":{"type":"KeyError","message":"x"}}"#), "error=KeyError");
    }

    #[test]
    fn nothing_twice_and_no_noise() {
        assert_eq!(of(r#"{"level":"info","msg":"GET /health 200","path":"/health","status":200,"pid":1,"v":1}"#), "");
        assert_eq!(of(r#"{"MESSAGE":"x","PRIORITY":"6","_PID":"7","SYSLOG_IDENTIFIER":"app"}"#), "");
        assert_eq!(of("2026-01-02T12:00:00Z ERROR request_id=5 plain"), "");
        assert_eq!(of(r#"{"level":"info","msg":"m","a":null,"b":"","c":"  "}"#), "");
    }

    #[test]
    fn hostile_fields_are_gated_and_bounded() {
        let text = of(
            "{\"msg\":\"m\",\"a\\u001b[2J\u{202e}\":\"x\\u001b]52;c;eA==\\u0007\\n\u{202e}\u{200b}\",\"request_id\":\"\\u001b[31mred\"}",
        );
        assert!(text.chars().all(|c| !c.is_control() && c != '\u{202e}' && c != '\u{200b}'), "{text:?}");
        assert!(text.starts_with("req=\\x1b[31"), "{text}");
        let field = |n: usize| format!(r#","k{n}":"{}""#, "w".repeat(n % 300));
        let many = (0..5000).map(field).collect::<Vec<_>>().concat();
        let text = of(&format!(r#"{{"msg":"m"{many}}}"#));
        assert!(text.chars().count() <= WIDTH && text.matches('=').count() <= SHOWN, "{text}");
        for broken in
            ["{\"msg\":\"m\",\"request_id\":\"ab", "{", "{\"a\":{\"b\":", "{\"context\":{\"request_id\":\"\\u12"]
        {
            let _ = of(broken);
        }
    }
}
