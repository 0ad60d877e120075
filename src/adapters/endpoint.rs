//! Figures out of JSON endpoints: one value by its pointer, or the counters of a cache.

use std::time::Duration;

use chrono::DateTime;
use serde_json::Value;

use crate::config::resolved::{CacheSource, EndpointSpec};
use crate::domain::cache::CacheReading;
use crate::domain::signal::SignalValue;
use crate::domain::{Cause, Safe};

use super::http::client::{HttpClients, Identity};
use super::http::exchange::{Answer, Ask, exchange};

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
            headers: &self.request.headers,
            bearer: self.request.bearer.as_ref(),
            identity: &self.identity,
            expected_status: &[],
            deadline: self.deadline,
            enough: None,
        };
        json_of(&exchange(&self.clients, &ask).await.result?)
    }
}

fn json_of(answer: &Answer) -> Result<Value, Cause> {
    match answer.status {
        200..300 => {}
        429 => return Err(Cause::RateLimited { retry_after: answer.retry_after }),
        status @ (401 | 403) => return Err(Cause::HttpDenied { status }),
        status => return Err(Cause::HttpStatus { status }),
    }
    let body = answer.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.body);
    if body.is_empty() {
        return Err(Cause::NotJson(Safe::of("empty")));
    }
    serde_json::from_slice(body).map_err(|error| Cause::NotJson(Safe::of(error.to_string())))
}

/// The figure at an RFC 6901 pointer: a number, a number as text (`"12"`, `"71.4 %"`), an RFC 3339 instant, a boolean.
pub fn figure_at(value: &Value, pointer: &str) -> Result<SignalValue, Cause> {
    let found = value.pointer(pointer).and_then(|node| match node {
        Value::Number(number) => number.as_f64().filter(|n| n.is_finite()).map(SignalValue::Number),
        Value::Bool(yes) => Some(SignalValue::Number(f64::from(u8::from(*yes)))),
        Value::String(text) => text_figure(text.trim()),
        _ => None,
    });
    found.ok_or_else(|| Cause::NoSuchFigure { pointer: Safe::of(pointer) })
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

    /// One look. A configured figure that is not there is a cause: it is never taken for zero.
    pub async fn read(&mut self) -> Result<CacheReading, Cause> {
        let value = self.endpoint.read().await?;
        let counter = |pointer: &Option<String>| pointer.as_deref().map(|p| counter_at(&value, p)).transpose();
        Ok(CacheReading {
            hits: counter(&self.hits)?,
            misses: counter(&self.misses)?,
            lifetime_ratio: self.ratio.as_deref().map(|p| ratio_at(&value, p)).transpose()?,
            ..CacheReading::default()
        })
    }
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
    use serde_json::json;

    #[test]
    fn figures_by_pointer() {
        let body = json!({"a": {"b/c": [1, "2.5"]}, "at": "2026-01-02T12:00:00Z", "up": true, "p": "25 %",
                          "nan": "NaN", "text": "x", "none": null, "big": u64::MAX});
        let at = |pointer| figure_at(&body, pointer);
        assert_eq!(at("/a/b~1c/0"), Ok(SignalValue::Number(1.0)));
        assert_eq!(at("/a/b~1c/1"), Ok(SignalValue::Number(2.5)));
        assert_eq!(at("/at"), Ok(SignalValue::Instant(1_767_355_200.0)));
        assert_eq!(at("/up"), Ok(SignalValue::Number(1.0)));
        assert_eq!(at("/p"), Ok(SignalValue::Ratio(0.25)));
        assert_eq!(at("/big"), Ok(SignalValue::Number(u64::MAX as f64)));
        for missing in ["/nan", "/text", "/none", "/a", "/zz", "a", "/a/b~1c/9"] {
            assert_eq!(at(missing), Err(Cause::NoSuchFigure { pointer: missing.into() }), "never zero");
        }
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
}
