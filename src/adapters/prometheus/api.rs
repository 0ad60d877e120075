//! One question to an engine of the field: path and parameters behind its address, one exchange within a deadline, an answer in
//! JSON within bounds. What it says of a failure is told in its words.

use std::time::{Duration, Instant};

use serde_json::Value;
use url::Url;

use crate::adapters::endpoint;
use crate::adapters::http::client::{HttpClients, Identity};
use crate::adapters::http::exchange::{Answer, Ask, exchange};
use crate::config::resolved::EngineSpec;
use crate::domain::{Cause, Safe};

/// Largest answer that is read, decompressed.
pub const ANSWER_LIMIT: u64 = 16 << 20;
/// Most values of an answer.
pub const MOST: usize = 600_000;
/// Most characters of what a server says of a failure.
const WORDS: usize = 300;

/// An engine, as it is asked.
pub struct Api {
    spec: EngineSpec,
    clients: HttpClients,
    identity: Identity,
}

impl Api {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(spec: EngineSpec, clients: &HttpClients) -> Api {
        let identity = Identity::new(spec.request.ca_file.as_ref(), None);
        Api { spec, clients: clients.clone(), identity }
    }

    /// How it is asked.
    #[must_use]
    pub fn spec(&self) -> &EngineSpec {
        &self.spec
    }

    /// What stands under `data` of an answer that says `success`.
    pub async fn data(&self, path: &str, pairs: &[(&str, &str)], deadline: Duration) -> Result<Value, Cause> {
        let mut answer = self.json(path, pairs, deadline).await?;
        match answer.get("status").and_then(Value::as_str) {
            Some("success") => Ok(answer.get_mut("data").map(Value::take).unwrap_or_default()),
            _ => Err(told(&answer).unwrap_or_else(|| odd("it has no status"))),
        }
    }

    /// What is answered to a form, with its status: also where it is refused, which has words. Where forms are not taken it is
    /// asked as any other.
    pub async fn posted(&self, path: &str, pairs: &[(&str, &str)], deadline: Duration) -> Result<Answer, Cause> {
        let begun = Instant::now();
        let answer = self.exchanged(path, &[], Some(pairs), deadline).await?;
        match answer.status {
            405 | 501 => self.exchanged(path, pairs, None, deadline.saturating_sub(begun.elapsed())).await,
            _ => Ok(answer),
        }
    }

    /// An answer as it is.
    pub async fn json(&self, path: &str, pairs: &[(&str, &str)], deadline: Duration) -> Result<Value, Cause> {
        value_of(&self.exchanged(path, pairs, None, deadline).await?)
    }

    async fn exchanged(
        &self,
        path: &str,
        pairs: &[(&str, &str)],
        form: Option<&[(&str, &str)]>,
        deadline: Duration,
    ) -> Result<Answer, Cause> {
        let request = &self.spec.request;
        let ask = Ask {
            url: &at(&request.url, path, pairs),
            head_only: false,
            form,
            headers: &request.headers,
            bearer: request.bearer.as_ref(),
            identity: &self.identity,
            expected_status: &[],
            deadline,
            enough: None,
            limit: ANSWER_LIMIT,
        };
        exchange(&self.clients, &ask).await.result
    }
}

/// A path behind an address.
#[must_use]
pub fn at(base: &Url, path: &str, pairs: &[(&str, &str)]) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    url
}

pub fn value_of(answer: &Answer) -> Result<Value, Cause> {
    match answer.status {
        200..300 => endpoint::value_within(&answer.body, MOST),
        429 => Err(Cause::RateLimited { retry_after: answer.retry_after }),
        status @ (401 | 403) => Err(Cause::HttpDenied { status }),
        // A question that is refused is refused with words.
        status @ (400 | 422 | 503) => {
            let words = endpoint::value_within(&answer.body, MOST).ok().and_then(|value| told(&value));
            Err(words.unwrap_or(Cause::HttpStatus { status }))
        }
        status => Err(Cause::HttpStatus { status }),
    }
}

/// What a server says of a failure.
pub fn told(answer: &Value) -> Option<Cause> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    let words = text("error")?;
    let kind = text("errorType").map(|kind| format!("{kind}: ")).unwrap_or_default();
    Some(Cause::Other(Safe::one_line(format!("{kind}{words}").as_bytes()).clipped(WORDS)))
}

/// An answer that is not as it should be.
pub fn odd(what: &str) -> Cause {
    Cause::Protocol(Safe::of(format!("not an answer of this interface: {what}")))
}
