//! A request that changes something, sent once: no retry, no redirect, no kept connection that may have been closed. What
//! is not known to have stayed unsent is unknown.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue};

use crate::adapters::leave::Leave;
use crate::domain::cause::Phase;
use crate::domain::{Cause, Safe};
use crate::remediation::step::{HttpStep, StepEnd, WritingMethod};

use super::client::{HttpClients, Identity};
use super::exchange::{Ask, BODY_LIMIT, host_of, mask, read_body, request_headers};
use super::failure::{Around, cause_of};
use super::trace::{self, Trace};

/// Bytes of an answer that are looked at.
const ANSWER: usize = 16 * 1024;
/// Lines of an answer that are kept, and characters of each.
const LINES: usize = 20;
const LINE: usize = 200;
/// By these a request is turned away before anything is done for it: no such page or method, no length, a precondition that does
/// not hold, too large, of a kind that is not understood, sent to the wrong server, too early.
const TURNED_AWAY: [u16; 14] = [404, 405, 406, 411, 412, 413, 414, 415, 417, 421, 425, 426, 428, 431];

/// Sends it, within the deadline.
pub async fn change(clients: &HttpClients, step: &HttpStep, leave: &Leave) -> StepEnd {
    let deadline = match leave.ask() {
        Ok(left) => left,
        Err(late) => return StepEnd::Failed(late),
    };
    let trace = Arc::new(Trace::until(leave.clone()));
    let work = trace::within(Arc::clone(&trace), attempt(clients, step, &trace));
    match tokio::time::timeout(deadline, work).await {
        Ok(end) => end,
        Err(_elapsed) => unsent_or_unknown(&trace, Cause::Timeout { phase: trace.phase(), after: deadline }),
    }
}

/// As long as no connection stands, nothing can have been sent.
fn unsent_or_unknown(trace: &Trace, cause: Cause) -> StepEnd {
    let standing = trace.made_connection() && !matches!(trace.phase(), Phase::Resolve | Phase::Connect | Phase::Tls);
    if standing { StepEnd::Unknown(cause) } else { StepEnd::Failed(cause) }
}

async fn attempt(clients: &HttpClients, step: &HttpStep, trace: &Arc<Trace>) -> StepEnd {
    let identity = Identity::new(step.ca_file.as_ref(), None);
    let ask = Ask {
        url: &step.url,
        head_only: false,
        form: None,
        headers: &step.headers,
        bearer: step.bearer.as_ref(),
        identity: &identity,
        expected_status: &[],
        deadline: Duration::MAX,
        enough: None,
        limit: BODY_LIMIT,
    };
    let prepared = request_headers(&ask).and_then(|headers| Ok((headers, clients.fresh(&identity)?)));
    let (mut headers, client) = match prepared {
        Ok(prepared) => prepared,
        Err(cause) => return StepEnd::Failed(cause),
    };
    let method = match step.method {
        WritingMethod::Post => reqwest::Method::POST,
        WritingMethod::Put => reqwest::Method::PUT,
        WritingMethod::Patch => reqwest::Method::PATCH,
        WritingMethod::Delete => reqwest::Method::DELETE,
    };
    if step.body.is_some() {
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    }
    let mut request = client.request(method, step.url.clone()).headers(headers);
    if let Some(body) = &step.body {
        request = request.body(body.clone());
    }
    trace.enter(Phase::Answer);
    let around = || Around { trace, host: host_of(&step.url), elapsed: Duration::ZERO };
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => {
            let cause = trace.late().unwrap_or_else(|| cause_of(&error, &around()));
            return unsent_or_unknown(trace, cause);
        }
    };
    let status = response.status().as_u16();
    // The answer is worth having, but what was done is done.
    let body = read_body(&mut response, Some(ANSWER), BODY_LIMIT, &around()).await.unwrap_or_default();
    let body = mask(&ask, step.body.as_deref()).hide(body);
    let mut said = vec![Safe::of(format!("HTTP {status}"))];
    said.extend(body.split(|byte| *byte == b'\n').take(LINES).map(|line| Safe::one_line(line).clipped(LINE)));
    said.retain(|line| !line.as_str().trim().is_empty());
    let expected = if step.expected_status.is_empty() {
        (200..300).contains(&status)
    } else {
        step.expected_status.contains(&status)
    };
    match status {
        _ if expected => StepEnd::Done { fates: Vec::new(), said },
        401 | 403 => StepEnd::Failed(Cause::HttpDenied { status }),
        429 => StepEnd::Failed(Cause::RateLimited { retry_after: None }),
        _ if TURNED_AWAY.contains(&status) => StepEnd::Failed(Cause::HttpStatus { status }),
        // It says itself that it failed; how far it had come by then, it does not say.
        400..500 => StepEnd::Miscarried(Cause::HttpStatus { status }),
        // It sends elsewhere: to the page that shows what was done, or to one where a person logs in.
        // A gateway that gave up, or a handler that broke half-way, says nothing about what was done.
        _ => StepEnd::Unknown(Cause::HttpStatus { status }),
    }
}
