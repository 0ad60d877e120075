//! One expression of a rule by the server's query, at one time: its elements, all of them or none, with what the server says
//! beside; or whether it is the expression that it refuses, or the server that does not answer.

use std::time::Duration;

use serde_json::Value;

use super::Prometheus;
use super::api::{self, odd};
use super::query::{Element, labels, sample, seconds};
use super::rules::list;
use crate::adapters::endpoint;
use crate::adapters::http::exchange::Answer;
use crate::domain::{Cause, Safe};

/// Most elements of a result: past it none is taken.
const ELEMENTS: usize = 50_000;
/// What a server says beside a result: so much of it.
const NOTES: usize = 4;
/// An answer of a part of the data would resolve what is in the other part: Thanos and VictoriaMetrics are asked for all or
/// nothing. Others do not know these words and pass them over.
const WHOLE: [(&str, &str); 2] = [("partial_response", "false"), ("deny_partial_response", "1")];
/// Characters of that.
const WORDS: usize = 300;

/// A result.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Its elements.
    pub elements: Vec<Element>,
    /// Warnings and infos.
    pub notes: Vec<Safe>,
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Unjudged {
    /// The server refuses the expression, or failed over its data; its words.
    Refused(Safe),
    /// The server does not answer, or not with that; another time it may.
    Unanswered(Cause),
}

impl Prometheus {
    /// The elements of a rule's expression; `at` in milliseconds of the wall clock.
    pub async fn judge(&self, expr: &str, at: i64, deadline: Duration) -> Result<Judged, Unjudged> {
        let time = seconds(at);
        // Who gives up tells the server, which need not go on then.
        let timeout = format!("{}ms", deadline.as_millis().max(1));
        let pairs = [("query", expr), ("time", time.as_str()), ("timeout", timeout.as_str()), WHOLE[0], WHOLE[1]];
        let answer = self.api.posted("/api/v1/query", &pairs, deadline).await.map_err(Unjudged::Unanswered)?;
        judged(&answer)
    }
}

fn judged(answer: &Answer) -> Result<Judged, Unjudged> {
    if matches!(answer.status, 400 | 422) {
        let words = endpoint::value_within(&answer.body, api::MOST).ok().and_then(|value| api::told(&value));
        return Err(match words {
            Some(Cause::Other(words)) => Unjudged::Refused(Safe::of(format!("the server refuses it: {words}"))),
            _ => Unjudged::Unanswered(Cause::HttpStatus { status: answer.status }),
        });
    }
    let value = api::value_of(answer).map_err(Unjudged::Unanswered)?;
    if value.get("status").and_then(Value::as_str) != Some("success") {
        return Err(Unjudged::Unanswered(api::told(&value).unwrap_or_else(|| odd("it has no status"))));
    }
    if value.get("isPartial").and_then(Value::as_bool) == Some(true) {
        return Err(Unjudged::Unanswered(odd("it is of a part of the data")));
    }
    let data = value.get("data").unwrap_or(&Value::Null);
    let result = data.get("result");
    let elements = match data.get("resultType").and_then(Value::as_str) {
        Some("vector") => elements(list(result))?,
        Some("scalar") => {
            let value = result.and_then(sample).ok_or_else(|| Unjudged::Unanswered(odd("its scalar has no value")))?;
            vec![(crate::metrics::labels::Labels::default(), value.1)]
        }
        Some("matrix" | "string") => {
            return Err(Unjudged::Refused(Safe::of("only a vector or a scalar can be a rule's result")));
        }
        _ => return Err(Unjudged::Unanswered(odd("its result has no elements"))),
    };
    Ok(Judged { elements, notes: notes(&value) })
}

fn elements(found: &[Value]) -> Result<Vec<Element>, Unjudged> {
    if found.len() > ELEMENTS {
        let words = format!("{} elements; {ELEMENTS} are the most", found.len());
        return Err(Unjudged::Refused(Safe::of(words)));
    }
    let element = |one: &Value| Some((labels(one.get("metric")), sample(one.get("value")?)?.1));
    let taken: Option<Vec<Element>> = found.iter().map(element).collect();
    // Half a result would resolve what is in the other half.
    taken.ok_or_else(|| Unjudged::Unanswered(odd("an element is no number: native histograms are not taken")))
}

/// What the server says beside a result.
fn notes(answer: &Value) -> Vec<Safe> {
    let of =
        |name: &str| list(answer.get(name)).iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
    let all = of("warnings").into_iter().chain(of("infos"));
    all.take(NOTES)
        .map(|words| Safe::of(format!("the server warns: {}", Safe::one_line(words.as_bytes()).clipped(WORDS))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answered(status: u16, body: &Value) -> Result<Judged, Unjudged> {
        judged(&Answer {
            status,
            content_type: None,
            retry_after: None,
            body: body.to_string().into_bytes(),
            latency: Duration::ZERO,
            fallback: None,
            made_connection: true,
        })
    }

    #[test]
    fn a_refused_expression_is_no_silent_server() {
        let told = |kind: &str, words: &str| json!({"status": "error", "errorType": kind, "error": words});
        let Err(Unjudged::Refused(words)) = answered(400, &told("bad_data", "parse error: \u{1b}[2Junexpected")) else {
            panic!()
        };
        assert!(words.as_str().starts_with("the server refuses it: bad_data: parse error: "), "{words}");
        assert!(!words.as_str().contains('\u{1b}'));
        assert!(matches!(answered(422, &told("execution", "many-to-many")), Err(Unjudged::Refused(_))));
        assert!(matches!(
            answered(400, &json!("<html>")),
            Err(Unjudged::Unanswered(Cause::HttpStatus { status: 400 }))
        ));
        for status in [401, 403] {
            assert_eq!(answered(status, &json!({})), Err(Unjudged::Unanswered(Cause::HttpDenied { status })));
        }
        assert_eq!(answered(429, &json!({})), Err(Unjudged::Unanswered(Cause::RateLimited { retry_after: None })));
        for status in [404, 500, 502, 503, 504] {
            assert!(matches!(answered(status, &told("timeout", "too long")), Err(Unjudged::Unanswered(_))), "{status}");
        }
        for odd in [
            json!({}),
            json!({"status": "success"}),
            json!({"status": "success", "data": {"resultType": "odd"}}),
            json!(7),
        ] {
            assert!(matches!(answered(200, &odd), Err(Unjudged::Unanswered(_))), "{odd}");
        }
        let matrix = json!({"status": "success", "data": {"resultType": "matrix", "result": []}});
        assert!(matches!(answered(200, &matrix), Err(Unjudged::Refused(_))));
    }

    #[test]
    fn a_result_is_taken_whole_or_not_at_all_and_warnings_stay_beside_it() {
        let element = |value: Value| json!({"metric": {"__name__": "a", "b": "c"}, "value": [1, value]});
        let answer = |elements: Vec<Value>| {
            json!({"status": "success", "warnings": ["partial \u{1b}[2Jresponse"], "infos": ["odd name"],
            "data": {"resultType": "vector", "result": elements}})
        };
        let whole = answered(200, &answer(vec![element(json!("2.5")), element(json!("+Inf"))])).unwrap();
        assert_eq!(whole.elements.iter().map(|(_, value)| *value).collect::<Vec<_>>(), [2.5, f64::INFINITY]);
        assert_eq!(whole.notes.len(), 2);
        assert!(whole.notes.iter().all(|note| !note.as_str().contains('\u{1b}')), "{whole:?}");
        let histogram = json!({"metric": {}, "histogram": [1, {}]});
        assert!(matches!(answered(200, &answer(vec![element(json!("1")), histogram])), Err(Unjudged::Unanswered(_))));
        let many = vec![element(json!("1")); ELEMENTS + 1];
        assert!(matches!(answered(200, &answer(many)), Err(Unjudged::Refused(_))));
        let scalar = json!({"status": "success", "data": {"resultType": "scalar", "result": [1, "7"]}});
        assert_eq!(answered(200, &scalar).unwrap().elements, [(crate::metrics::labels::Labels::default(), 7.0)]);
    }
}
