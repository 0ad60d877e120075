//! One exchange: request, redirects, answer, body, under one deadline and one cap on decompressed bytes. Whoever asks
//! over HTTP (probe, endpoint, discovery) asks through this.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use url::{Host, Url};

use crate::adapters::mask::Mask;
use crate::adapters::secret;
use crate::domain::cause::Phase;
use crate::domain::certificate::Certificate;
use crate::domain::hidden;
use crate::domain::secret::SecretRef;
use crate::domain::{Cause, Safe};

use super::client::{HttpClients, Identity};
use super::failure::{Around, cause_of};
use super::redirect::{self, MAX_HOPS};
use super::trace::{self, Trace};

/// Largest body that is read, decompressed, of whatever is no page of metrics.
pub const BODY_LIMIT: u64 = 1024 * 1024;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Address.
    pub url: &'a Url,
    /// Only the head.
    pub head_only: bool,
    /// Sent as a form; what is asked so changes nothing.
    pub form: Option<&'a [(&'a str, &'a str)]>,
    /// Extra headers.
    pub headers: &'a [(String, SecretRef)],
    /// `Authorization: Bearer …`.
    pub bearer: Option<&'a SecretRef>,
    /// Which client asks.
    pub identity: &'a Identity,
    /// Statuses that are an answer even where they would redirect.
    pub expected_status: &'a [u16],
    /// Deadline over everything.
    pub deadline: Duration,
    /// Stop reading the body here, without calling it too large.
    pub enough: Option<usize>,
    /// Most bytes of the body, decompressed.
    pub limit: u64,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<Vec<u8>>,
    /// `Retry-After`, as a pause.
    pub retry_after: Option<Duration>,
    /// Body, decompressed.
    pub body: Vec<u8>,
    /// From resolving the name to the last byte.
    pub latency: Duration,
    /// The family that did not answer and the one that did, where a name has both.
    pub fallback: Option<(&'static str, &'static str)>,
    /// Whether a new connection was made for it.
    pub made_connection: bool,
}

/// What an exchange gave.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The answer, or why there is none.
    pub result: Result<Answer, Cause>,
    /// The leaf certificate, if a handshake came that far.
    pub certificate: Option<Certificate>,
}

/// Runs one exchange.
pub async fn exchange(clients: &HttpClients, ask: &Ask<'_>) -> Outcome {
    let started = Instant::now();
    let trace = Arc::new(Trace::default());
    let work = trace::within(Arc::clone(&trace), attempt(clients, ask, &trace, started));
    let result = match tokio::time::timeout(ask.deadline, work).await {
        // Whoever repeats what it was asked tells no secret.
        Ok(Ok(answer)) => Ok(Answer { body: mask(ask, None).hide(answer.body), ..answer }),
        Ok(Err(cause)) => Err(cause),
        Err(_elapsed) => Err(Cause::Timeout { phase: trace.phase(), after: ask.deadline }),
    };
    Outcome { result, certificate: trace.certificate() }
}

async fn attempt(clients: &HttpClients, ask: &Ask<'_>, trace: &Arc<Trace>, started: Instant) -> Result<Answer, Cause> {
    let first = follow(clients, ask, trace, started).await;
    // A kept connection may have been closed by the server in the moment of asking: that says nothing about the server.
    if matches!(first, Err(Cause::ConnectionLost(_))) && !trace.made_connection() {
        return follow(clients, ask, trace, started).await;
    }
    first
}

/// Asks, and follows redirects. Credentials go only to the origin that was configured.
async fn follow(clients: &HttpClients, ask: &Ask<'_>, trace: &Arc<Trace>, started: Instant) -> Result<Answer, Cause> {
    let mut url = ask.url.clone();
    let mut headers = request_headers(ask)?;
    let mut identity = ask.identity.clone();
    let mut form = ask.form;
    let mut hops = 0;
    loop {
        let client = clients.get(&identity)?;
        let mut response = send(&client, ask, (&url, form), headers.clone(), trace, started).await?;
        let status = response.status();
        let location = response.headers().get(LOCATION).filter(|_| is_redirect(status.as_u16(), ask.expected_status));
        let Some(location) = location.cloned() else {
            return answer(response, ask, &url, trace, started).await;
        };
        if hops == MAX_HOPS {
            return Err(Cause::TooManyRedirects { limit: MAX_HOPS });
        }
        hops += 1;
        let next = redirect::target(&url, location.as_bytes())?;
        if !redirect::is_same_origin(&url, &next) {
            headers = bare_headers();
            identity.own = None;
            form = None;
            trace.goes_foreign();
        }
        // Read to its end, the connection is kept.
        let around = Around { trace, host: host_of(&url), elapsed: started.elapsed() };
        read_body(&mut response, Some(16 * 1024), BODY_LIMIT, &around).await?;
        url = next;
    }
}

fn is_redirect(status: u16, expected: &[u16]) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308) && !expected.contains(&status)
}

async fn send(
    client: &reqwest::Client,
    ask: &Ask<'_>,
    (url, form): (&Url, Option<&[(&str, &str)]>),
    headers: HeaderMap,
    trace: &Trace,
    started: Instant,
) -> Result<reqwest::Response, Cause> {
    match url.host() {
        Some(Host::Ipv4(ip)) => trace.addresses(std::iter::once(IpAddr::V4(ip))),
        Some(Host::Ipv6(ip)) => trace.addresses(std::iter::once(IpAddr::V6(ip))),
        _ => {}
    }
    trace.enter(Phase::Answer);
    let method = match form {
        Some(_) => reqwest::Method::POST,
        None if ask.head_only => reqwest::Method::HEAD,
        None => reqwest::Method::GET,
    };
    let mut request = client.request(method, url.clone()).headers(headers);
    if let Some(pairs) = form {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
    }
    request.send().await.map_err(|error| {
        let around = Around { trace, host: host_of(url), elapsed: started.elapsed() };
        cause_of(&error, &around)
    })
}

async fn answer(
    mut response: reqwest::Response,
    ask: &Ask<'_>,
    url: &Url,
    trace: &Trace,
    started: Instant,
) -> Result<Answer, Cause> {
    trace.enter(Phase::Body);
    let around = Around { trace, host: host_of(url), elapsed: started.elapsed() };
    let body =
        if ask.head_only { Vec::new() } else { read_body(&mut response, ask.enough, ask.limit, &around).await? };
    let header = |name| response.headers().get(name).map(|v: &HeaderValue| v.as_bytes().to_vec());
    Ok(Answer {
        status: response.status().as_u16(),
        content_type: header(CONTENT_TYPE),
        retry_after: header(RETRY_AFTER).and_then(|v| retry_after(&v, Utc::now())),
        body,
        latency: started.elapsed(),
        fallback: response.remote_addr().and_then(|a| trace.fallback(a.ip())),
        made_connection: trace.made_connection(),
    })
}

/// Reads the body and counts decompressed bytes. What the server announces is believed only where it is too much.
pub(super) async fn read_body(
    response: &mut reqwest::Response,
    enough: Option<usize>,
    limit: u64,
    around: &Around<'_>,
) -> Result<Vec<u8>, Cause> {
    let too_large = Cause::BodyTooLarge { limit };
    if enough.is_none() && response.content_length().is_some_and(|announced| announced > limit) {
        return Err(too_large);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| cause_of(&error, around))? {
        if enough.is_some_and(|enough| body.len() + chunk.len() >= enough) {
            body.extend_from_slice(&chunk);
            body.truncate(enough.unwrap_or(0));
            break;
        }
        if (body.len() + chunk.len()) as u64 > limit {
            return Err(too_large);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

pub(super) fn host_of(url: &Url) -> &str {
    url.host_str().unwrap_or("")
}

fn bare_headers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, */*;q=0.8"));
    headers
}

/// All headers; secrets are read now and live no longer than the request.
pub(super) fn request_headers(ask: &Ask<'_>) -> Result<HeaderMap, Cause> {
    let mut headers = bare_headers();
    for (name, reference) in ask.headers {
        let wrong = |what: &str| Cause::Misconfigured(Safe::of(format!("header {name:?}: {what}")));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_bad| wrong("no name of a header"))?;
        headers.insert(header, value(secret::read(reference)?.expose()).ok_or_else(|| wrong("no value of a header"))?);
    }
    if let Some(reference) = ask.bearer {
        let bearer = format!("Bearer {}", secret::read(reference)?.expose());
        let wrong = || Cause::Misconfigured(Safe::of("bearer: holds characters that a header cannot carry"));
        headers.insert(AUTHORIZATION, value(&bearer).ok_or_else(wrong)?);
    }
    Ok(headers)
}

/// The secrets of what is asked, in headers, address and body, to be taken out of what is answered.
pub(super) fn mask(ask: &Ask<'_>, body: Option<&str>) -> Mask {
    // What a file may hold in the clear is no secret, and may be any word.
    let secret_header = |(name, reference): &&(String, SecretRef)| {
        !matches!(reference, SecretRef::Inline(_)) || hidden::names_a_secret(name)
    };
    let references = ask.headers.iter().filter(secret_header).map(|(_, reference)| reference).chain(ask.bearer);
    let mut secrets: Vec<String> =
        references.filter_map(|reference| Some(secret::read(reference).ok()?.expose().to_owned())).collect();
    let named = ask.url.query_pairs().filter(|(name, _)| hidden::names_a_secret(name));
    secrets.extend(named.map(|(_, value)| value.into_owned()));
    secrets.extend(body.map(hidden::secrets_in_body).unwrap_or_default());
    Mask::of(secrets.iter().map(String::as_str))
}

fn value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// `Retry-After`: seconds, or a date.
fn retry_after(text: &[u8], now: DateTime<Utc>) -> Option<Duration> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    (date.with_timezone(&Utc) - now).to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_in_both_forms() {
        let now = DateTime::parse_from_rfc2822("Fri, 02 Jan 2026 12:00:00 GMT").unwrap().with_timezone(&Utc);
        assert_eq!(retry_after(b" 120 ", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after(b"Fri, 02 Jan 2026 12:00:30 GMT", now), Some(Duration::from_secs(30)));
        for nothing in [b"Fri, 02 Jan 2026 11:00:00 GMT".as_slice(), b"soon", b"-1", b"\xff"] {
            assert_eq!(retry_after(nothing, now), None);
        }
    }
}
