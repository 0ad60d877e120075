//! Figures out of JSON endpoints: one value by its pointer, or the counters of a cache.

use std::time::Duration;

use chrono::DateTime;
use serde_json::{Map, Value};

use crate::config::resolved::{CacheSource, EndpointSpec};
use crate::domain::cache::CacheReading;
use crate::domain::signal::SignalValue;
use crate::domain::{Cause, Safe, Untrusted};
use crate::health::json::{self, Fault, Node};
use crate::health::text::is_page;

use super::http::client::{HttpClients, Identity};
use super::http::exchange::{Answer, Ask, BODY_LIMIT, exchange};

/// Most values of an answer that are read: more than a body of the largest size usually has.
const MOST: usize = 250_000;

/// One JSON endpoint.
pub struct JsonEndpoint {
    request: EndpointSpec,
    clients: HttpClients,
    identity: Identity,
    deadline: Duration,
}

impl JsonEndpoint {
    /// An endpoint; nothing is asked yet.
    #[must_use]
    pub fn new(request: EndpointSpec, clients: &HttpClients, deadline: Duration) -> JsonEndpoint {
        let identity = Identity::new(request.ca_file.as_ref(), None);
        JsonEndpoint { request, clients: clients.clone(), identity, deadline }
    }

    /// Asks once. Anything but success with JSON is a cause.
    pub async fn read(&mut self) -> Result<Value, Cause> {
        let ask = Ask {
            url: &self.request.url,
            head_only: false,
            form: None,
            headers: &self.request.headers,
            bearer: self.request.bearer.as_ref(),
            identity: &self.identity,
            expected_status: &[],
            deadline: self.deadline,
            enough: None,
            limit: BODY_LIMIT,
        };
        json_of(&exchange(&self.clients, &ask).await.result?)
    }
}

impl JsonEndpoint {
    /// Names with counts: an object of them, or a list of objects with `name` and `count`; at most so many.
    pub async fn counts(&mut self, pointer: &str, most: usize) -> Result<Vec<(Untrusted, f64)>, Cause> {
        counts_of(&self.read().await?, pointer, most)
    }
}

/// What stands at a pointer, as names with counts. A count that is no number is not known, and not zero.
pub fn counts_of(value: &Value, pointer: &str, most: usize) -> Result<Vec<(Untrusted, f64)>, Cause> {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64).unwrap_or(f64::NAN);
    let name = |value: &Value| match value {
        Value::String(text) => Some(Untrusted::from(text.as_str())),
        // An id: whole, however JSON numbers are read.
        Value::Number(number) => number.as_f64().map(|id| Untrusted::from(format!("{id}"))),
        _ => None,
    };
    let odd = || Cause::NoSuchFigure { pointer: Safe::of(format!("{pointer}: no names with counts")) };
    match value.pointer(pointer).ok_or_else(odd)? {
        Value::Object(members) => Ok(members
            .iter()
            .take(most)
            .map(|(name, count)| (Untrusted::from(name.as_str()), number(Some(count))))
            .collect()),
        Value::Array(items) => items
            .iter()
            .take(most)
            .map(|item| Ok((item.get("name").and_then(name).ok_or_else(odd)?, number(item.get("count")))))
            .collect(),
        _ => Err(odd()),
    }
}

fn json_of(answer: &Answer) -> Result<Value, Cause> {
    match answer.status {
        200..300 => {}
        429 => return Err(Cause::RateLimited { retry_after: answer.retry_after }),
        status @ (401 | 403) => return Err(Cause::HttpDenied { status }),
        status => return Err(Cause::HttpStatus { status }),
    }
    value_of(&answer.body)
}

/// Reads an answer as tolerantly as a health body: `NaN` and numbers beyond all bounds stand for themselves only, as
/// the texts `NaN` and `inf`. What is no JSON says nothing about the thing whose figures were wanted.
pub(super) fn value_of(body: &[u8]) -> Result<Value, Cause> {
    value_within(body, MOST)
}

/// The same of at most so many values.
pub(super) fn value_within(body: &[u8], most: usize) -> Result<Value, Cause> {
    let invalid = |why: &str| Cause::Other(Safe::of(format!("invalid JSON: {why}")));
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.is_empty() {
        return Err(invalid("empty"));
    }
    let text = std::str::from_utf8(body).map_err(|_not_text| invalid("not UTF-8"))?;
    match json::parse_within(text, most) {
        Ok(document) => Ok(owned(document.root)),
        Err(_) if is_page(body, "") => Err(invalid("an HTML page")),
        Err(Fault::Invalid { at, what }) => Err(invalid(&format!("{what} (byte {at})"))),
        Err(Fault::TooDeep) => {
            Err(Cause::Other(Safe::of(format!("JSON nested deeper than {} is not read", json::MAX_DEPTH))))
        }
        Err(Fault::TooMany) => Err(Cause::Other(Safe::of(format!("JSON of more than {most} values is not read")))),
    }
}

fn owned(node: Node<'_>) -> Value {
    match node {
        Node::Null => Value::Null,
        Node::Bool(yes) => Value::Bool(yes),
        Node::Number(number) => {
            serde_json::Number::from_f64(number).map_or_else(|| Value::String(number.to_string()), Value::Number)
        }
        Node::Text(text) => Value::String(text.into_owned()),
        Node::List(items) => Value::Array(items.into_iter().map(owned).collect()),
        Node::Object(entries) => {
            let members: Map<String, Value> =
                entries.into_iter().map(|(key, node)| (key.into_owned(), owned(node))).collect();
            Value::Object(members)
        }
    }
}

/// The figure at an RFC 6901 pointer: a number, a number as text (`"12"`, `"71.4 %"`), an RFC 3339 instant, a boolean.
pub fn figure_at(value: &Value, pointer: &str) -> Result<SignalValue, Cause> {
    let found = value.pointer(pointer).and_then(|node| match node {
        Value::Number(number) => number.as_f64().filter(|n| n.is_finite()).map(SignalValue::Number),
        Value::Bool(yes) => Some(SignalValue::Number(f64::from(u8::from(*yes)))),
        Value::String(text) => text_figure(text.trim()),
        _ => None,
    });
    found.ok_or_else(|| missing(value, pointer))
}

fn missing(value: &Value, pointer: &str) -> Cause {
    let told = no_value(value, pointer).map_or_else(|| pointer.to_owned(), |why| format!("{pointer}: {why}"));
    Cause::NoSuchFigure { pointer: Safe::of(told) }
}

/// Why what stands at a pointer is no value, in words: `null`, `NaN`, beyond all bounds. A ratio without traffic is
/// often told so. `None` where there is a value, or nothing at all.
fn no_value(value: &Value, pointer: &str) -> Option<&'static str> {
    match value.pointer(pointer)? {
        Value::Null => Some("it is null"),
        Value::String(text) => {
            let number: f64 = text.trim().trim_end_matches('%').trim_end().parse().ok()?;
            (!number.is_finite()).then_some("it is NaN or infinite")
        }
        _ => None,
    }
}

fn text_figure(text: &str) -> Option<SignalValue> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    if let Some(percent) = text.strip_suffix('%') {
        return number(percent).map(|n| SignalValue::Ratio(n / 100.0));
    }
    if let Some(number) = number(text) {
        return Some(SignalValue::Number(number));
    }
    let instant = DateTime::parse_from_rfc3339(text).ok()?;
    Some(SignalValue::Instant(instant.timestamp_micros() as f64 / 1e6))
}

/// The counters of a cache behind an endpoint.
pub struct CacheEndpoint {
    endpoint: JsonEndpoint,
    hits: Option<String>,
    misses: Option<String>,
    ratio: Option<String>,
}

impl CacheEndpoint {
    /// From a source; `None` where the source is no endpoint.
    #[must_use]
    pub fn new(source: &CacheSource, clients: &HttpClients, deadline: Duration) -> Option<CacheEndpoint> {
        let CacheSource::Endpoint { request, hits, misses, ratio } = source else { return None };
        Some(CacheEndpoint {
            endpoint: JsonEndpoint::new(request.clone(), clients, deadline),
            hits: hits.clone(),
            misses: misses.clone(),
            ratio: ratio.clone(),
        })
    }

    /// One look. A configured figure that is not there is a cause: it is never taken for zero. One that is `NaN` or
    /// `null` leaves the others as they are; where no ratio comes of them, that is the cause.
    pub async fn read(&mut self) -> Result<CacheReading, Cause> {
        let value = self.endpoint.read().await?;
        self.figures(&value)
    }

    fn figures(&self, value: &Value) -> Result<CacheReading, Cause> {
        let reading = CacheReading {
            hits: figure(value, self.hits.as_deref(), counter_at)?,
            misses: figure(value, self.misses.as_deref(), counter_at)?,
            lifetime_ratio: figure(value, self.ratio.as_deref(), ratio_at)?,
            ..CacheReading::default()
        };
        let counted = reading.hits.is_some() && reading.misses.is_some();
        let configured = [&self.hits, &self.misses, &self.ratio].into_iter().flatten();
        match configured.into_iter().find(|pointer| no_value(value, pointer).is_some()) {
            Some(pointer) if !counted && reading.lifetime_ratio.is_none() => Err(missing(value, pointer)),
            _ => Ok(reading),
        }
    }
}

/// The figure of a pointer that is configured; `None` where it is told to have no value.
fn figure<T>(
    value: &Value,
    pointer: Option<&str>,
    read: impl FnOnce(&Value, &str) -> Result<T, Cause>,
) -> Result<Option<T>, Cause> {
    pointer.filter(|pointer| no_value(value, pointer).is_none()).map(|pointer| read(value, pointer)).transpose()
}

fn counter_at(value: &Value, pointer: &str) -> Result<u64, Cause> {
    match figure_at(value, pointer)? {
        SignalValue::Number(number) if (0.0..1.8e19).contains(&number) => Ok(number as u64),
        _ => Err(Cause::NoSuchFigure { pointer: Safe::of(pointer) }),
    }
}

/// A ratio 0..1; a number above 1, up to 100, is a percentage. Exactly 1 is all hits.
fn ratio_at(value: &Value, pointer: &str) -> Result<f64, Cause> {
    let ratio = match figure_at(value, pointer)? {
        SignalValue::Ratio(ratio) => ratio,
        SignalValue::Number(number) if number > 1.0 => number / 100.0,
        SignalValue::Number(number) => number,
        SignalValue::Instant(_) => f64::NAN,
    };
    if (0.0..=1.0).contains(&ratio) { Ok(ratio) } else { Err(Cause::NoSuchFigure { pointer: Safe::of(pointer) }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Verdict;
    use serde_json::json;

    #[test]
    fn figures_by_pointer() {
        let body = json!({"a": {"b/c": [1, "2.5"]}, "at": "2026-01-02T12:00:00Z", "up": true, "p": "25 %",
                          "text": "x", "none": null, "big": u64::MAX});
        let at = |pointer| figure_at(&body, pointer);
        assert_eq!(at("/a/b~1c/0"), Ok(SignalValue::Number(1.0)));
        assert_eq!(at("/a/b~1c/1"), Ok(SignalValue::Number(2.5)));
        assert_eq!(at("/at"), Ok(SignalValue::Instant(1_767_355_200.0)));
        assert_eq!(at("/up"), Ok(SignalValue::Number(1.0)));
        assert_eq!(at("/p"), Ok(SignalValue::Ratio(0.25)));
        assert_eq!(at("/big"), Ok(SignalValue::Number(u64::MAX as f64)));
        assert_eq!(at("/none").unwrap_err().to_string(), "no number at /none: it is null");
        for missing in ["/text", "/a", "/zz", "a", "/a/b~1c/9"] {
            assert_eq!(at(missing), Err(Cause::NoSuchFigure { pointer: missing.into() }), "never zero");
        }
    }

    #[test]
    fn endless_numbers_stand_for_themselves() {
        let value = value_of(br#"{"r":NaN,"a":1e400,"b":-1e400,"t":"NaN %","n":3,"d":1,"d":2}"#).unwrap();
        assert_eq!(figure_at(&value, "/n"), Ok(SignalValue::Number(3.0)));
        assert_eq!(figure_at(&value, "/d"), Ok(SignalValue::Number(2.0)), "the last, as everywhere");
        for pointer in ["/r", "/a", "/b", "/t"] {
            let cause = figure_at(&value, pointer).unwrap_err();
            assert_eq!(cause.verdict(), Verdict::Unknown);
            assert_eq!(cause.to_string(), format!("no number at {pointer}: it is NaN or infinite"));
        }
    }

    #[test]
    fn what_is_no_json_is_unknown() {
        let deep = "[".repeat(1000);
        let many = format!("[{}0]", "0,".repeat(MOST));
        for (body, words) in [
            ("", "invalid JSON: empty"),
            ("<!doctype html>", "invalid JSON: an HTML page"),
            ("{\"a\":", "invalid JSON: it ends too early (byte 5)"),
            (&deep, "JSON nested deeper than 64 is not read"),
            (&many, "JSON of more than 250000 values is not read"),
        ] {
            let cause = value_of(body.as_bytes()).unwrap_err();
            assert_eq!((cause.to_string().as_str(), cause.verdict()), (words, Verdict::Unknown));
        }
        assert!(value_of(b"{\"a\":\"\xff\"}").unwrap_err().to_string().ends_with("not UTF-8"));
        assert!(value_of(format!("{{\"total\":1,\"items\":[{}0]}}", "0,".repeat(100_000)).as_bytes()).is_ok());
    }

    #[test]
    fn ratios_are_bounded() {
        let at = |value: Value| ratio_at(&json!({ "r": value }), "/r").ok();
        assert_eq!(
            [at(json!(0.8)), at(json!(1)), at(json!(80)), at(json!("80%"))],
            [Some(0.8), Some(1.0), Some(0.8), Some(0.8)]
        );
        assert_eq!([at(json!(-0.1)), at(json!(101)), at(json!("2026-01-02T12:00:00Z"))], [None, None, None]);
        assert!(counter_at(&json!({"h": -1}), "/h").is_err());
    }

    #[test]
    fn names_with_counts_in_two_shapes() {
        let told = |json: &str, pointer: &str, most| {
            let value = value_of(json.as_bytes()).unwrap();
            let found = counts_of(&value, pointer, most);
            found.map(|rows| rows.into_iter().map(|(name, n)| (name.one_line().to_string(), n)).collect::<Vec<_>>())
        };
        let rows = [("a".to_owned(), 3.0), ("7".to_owned(), 1.0)];
        let list = r#"{"to": [{"name": "a", "count": 3}, {"name": 7, "count": 1}]}"#;
        assert_eq!(told(list, "/to", 9).unwrap(), rows);
        assert_eq!(told(list, "/to", 1).unwrap(), rows[..1]);
        assert_eq!(told(r#"{"a": 3}"#, "", 9).unwrap(), rows[..1]);
        assert!(told(r#"{"a": "many"}"#, "", 9).unwrap()[0].1.is_nan(), "what is no number is not zero");
        for (json, pointer) in [(list, "/from"), (list, "/to/0/name"), (r#"[{"count": 3}]"#, ""), ("[1]", "")] {
            assert!(told(json, pointer, 9).is_err(), "{json} {pointer}");
        }
    }
}
