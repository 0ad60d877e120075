//! Whether a body claims something that ought to change: a figure that is measured, or the time.

use super::children::Entries;
use super::fold::Folded;
use super::json::Node;

/// Words in keys of measured figures.
const MEASURED: [&str; 18] = [
    "uptime",
    "latency",
    "duration",
    "elapsed",
    "responsetime",
    "time",
    "observedvalue",
    "used",
    "usage",
    "free",
    "memory",
    "cpu",
    "load",
    "requests",
    "count",
    "total",
    "hits",
    "misses",
];
/// Words in keys of what stands still by its nature.
const STILL: [&str; 17] = [
    "version",
    "port",
    "pid",
    "max",
    "min",
    "limit",
    "size",
    "capacity",
    "threshold",
    "timeout",
    "interval",
    "start",
    "boot",
    "build",
    "deploy",
    "create",
    "release",
];

/// Whether the body claims figures or timestamps.
#[must_use]
pub fn claims_change(root: &Node<'_>) -> bool {
    match root {
        Node::Object(entries) => object_claims(entries),
        Node::List(items) => items.iter().any(claims_change),
        _ => false,
    }
}

fn object_claims(entries: &Entries<'_>) -> bool {
    entries.iter().any(|(key, node)| match node {
        Node::Object(_) | Node::List(_) => claims_change(node),
        Node::Number(number) => number.is_finite() && *number != 0.0 && key_claims(Folded::of(key).as_str()),
        Node::Text(text) => {
            let key = Folded::of(key);
            let key = key.as_str();
            let dated = is_timestamp(text) && !STILL.iter().any(|s| key.contains(s)) && !key.contains("expir");
            dated || (is_clock(text) && (key.contains("duration") || key.contains("uptime")))
        }
        _ => false,
    })
}

fn key_claims(key: &str) -> bool {
    let still = STILL.iter().any(|s| key.contains(s));
    let measured = MEASURED.iter().any(|m| key.contains(m)) || key.ends_with("ms") || key.ends_with("seconds");
    measured && !still
}

/// `2025-01-15T10:30:00…`
pub(super) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = b"dddd-dd-dd?dd:dd";
    bytes.len() >= shape.len()
        && bytes.iter().zip(shape).all(|(b, s)| match s {
            b'd' => b.is_ascii_digit(),
            b'?' => matches!(b, b'T' | b't' | b' '),
            s => b == s,
        })
}

/// `00:00:51.84`
fn is_clock(text: &str) -> bool {
    text.contains(':') && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::json::parse;

    fn claims(text: &str) -> bool {
        claims_change(&parse(text).unwrap().root)
    }

    #[test]
    fn only_figures_and_timestamps_claim() {
        assert!(claims(r#"{"status":"ok","timestamp":"2025-01-15T10:30:00Z"}"#));
        assert!(claims(r#"{"checks":{"db":{"latency_ms":3.2}}}"#));
        assert!(claims(r#"{"totalDuration":"00:00:51.84"}"#));
        assert!(!claims(r#"{"status":"ok","version":"1.2.3","port":8000,"started_at":"2025-01-15T10:30:00Z"}"#));
        assert!(!claims(r#"{"status":"ok","requests":0}"#), "nothing happens there");
        assert!(!claims(r#""ok""#));
    }
}
