//! Asks a bare origin at the usual paths what it offers. Gentle: a few requests at a time, a short deadline for each.
//! An origin that answers every path alike is recognised by a path that cannot exist.

use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use url::Url;

use crate::adapters::endpoint;
use crate::config::candidates::{CANDIDATES, Candidate, Kind, Pace};
use crate::config::resolved::{CacheSource, EndpointSpec};
use crate::domain::{Cause, Safe, Verdict};
use crate::health::{Response, tells_status};

use super::client::{HttpClients, Identity};
use super::exchange::{Answer, Ask, BODY_LIMIT, exchange};
use super::figures;

/// Deadline of one path.
const DEADLINE: Duration = Duration::from_secs(2);
/// Enough of a metrics page to know it for one.
const METRICS_BYTES: usize = 64 * 1024;

/// What an origin offers.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// Each path that was asked and what came, in words, in the table's order.
    pub asked: Vec<Asked>,
    /// Health endpoints, in the table's order.
    pub services: Vec<Found>,
    /// The first endpoint with figures of a cache.
    pub cache: Option<CacheSource>,
    /// The metrics page.
    pub metrics: Option<Url>,
    /// The origin answers any path alike: what looks like that answer was not taken for a find.
    pub answers_everything: bool,
    /// Nobody answers there at all; nothing else was asked.
    pub unreachable: Option<Cause>,
}

/// One path that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Path.
    pub path: &'static str,
    /// What came, in two or three words.
    pub answer: Safe,
    /// Whether it was what the path was asked for.
    pub found: bool,
}

/// A health endpoint that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Path, for the name.
    pub path: &'static str,
    /// Full address.
    pub url: Url,
    /// How often to ask.
    pub pace: Pace,
}

/// What a path that cannot exist was answered with.
struct Anything {
    status: u16,
    body: u64,
    page: bool,
}

/// Asks one origin. Takes at most a few deadlines, also where every path hangs.
pub async fn discover(clients: &HttpClients, origin: &Url) -> Discovery {
    let nowhere = format!("/quarterdeck-{:016x}", RandomState::new().hash_one(0u8));
    let anything = match ask(clients, origin, &nowhere, None).await {
        Ok(answer) => Anything { status: answer.status, body: hash(&answer.body), page: is_page(&answer) },
        Err(cause) if cause.verdict() == Verdict::Down && !matches!(cause, Cause::BodyTooLarge { .. }) => {
            return Discovery { unreachable: Some(cause), ..Discovery::default() };
        }
        Err(_other) => Anything { status: 0, body: 0, page: false },
    };
    let answers = Mutex::new(Vec::with_capacity(CANDIDATES.len()));
    let next = std::sync::atomic::AtomicUsize::new(0);
    let lane = || async {
        while let Some(candidate) = CANDIDATES.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            let enough = (candidate.kind == Kind::Metrics).then_some(METRICS_BYTES);
            let answer = ask(clients, origin, candidate.path, enough).await;
            answers.lock().unwrap_or_else(PoisonError::into_inner).push((candidate, answer));
        }
    };
    tokio::join!(lane(), lane(), lane(), lane());
    let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    answers.sort_by_key(|(candidate, _)| CANDIDATES.iter().position(|c| c == *candidate));
    let mut discovery = Discovery { answers_everything: (200..300).contains(&anything.status), ..Discovery::default() };
    for (candidate, answer) in &answers {
        discovery.take(origin, candidate, answer, &anything);
    }
    discovery
}

async fn ask(clients: &HttpClients, origin: &Url, path: &str, enough: Option<usize>) -> Result<Answer, Cause> {
    let mut url = origin.clone();
    url.set_path(path);
    url.set_query(None);
    url.set_fragment(None);
    let ask = Ask {
        url: &url,
        head_only: false,
        form: None,
        headers: &[],
        bearer: None,
        identity: &Identity::default(),
        expected_status: &[],
        deadline: DEADLINE,
        enough,
        limit: BODY_LIMIT,
    };
    exchange(clients, &ask).await.result
}

impl Discovery {
    fn take(&mut self, origin: &Url, candidate: &Candidate, answer: &Result<Answer, Cause>, anything: &Anything) {
        let mut url = origin.clone();
        url.set_path(candidate.path);
        let (words, found) = match answer {
            Err(cause) => (cause.short(), false),
            Ok(answer) => {
                let alike = (200..300).contains(&anything.status)
                    && (hash(&answer.body) == anything.body || (anything.page && is_page(answer)));
                let found = !alike && self.keep(candidate, &url, answer);
                let cut = candidate.kind == Kind::Metrics && answer.body.len() >= METRICS_BYTES;
                (words(answer, alike, found, cut), found)
            }
        };
        self.asked.push(Asked { path: candidate.path, answer: words, found });
    }

    /// Keeps what a path offers; `false` where it is not what the path was asked for.
    fn keep(&mut self, candidate: &Candidate, url: &Url, answer: &Answer) -> bool {
        match candidate.kind {
            Kind::Health => {
                let found = is_health(answer);
                if found {
                    self.services.push(Found { path: candidate.path, url: url.clone(), pace: candidate.pace });
                }
                found
            }
            Kind::CacheStats => match cache_source(url, answer) {
                Some(source) => {
                    self.cache.get_or_insert(source);
                    true
                }
                None => false,
            },
            Kind::Metrics => {
                let found = is_metrics(answer);
                if found {
                    self.metrics = Some(url.clone());
                }
                found
            }
        }
    }
}

fn words(answer: &Answer, alike: bool, found: bool, cut: bool) -> Safe {
    let status = answer.status;
    Safe::of(match (alike, found, status) {
        (true, ..) => format!("{status}, as any path"),
        (_, true, _) if cut => format!("{status}, found; only its first {} KiB read", METRICS_BYTES / 1024),
        (_, true, _) => format!("{status}, found"),
        (_, _, 200..300) => format!("{status}, something else"),
        (_, _, 401 | 403) => format!("denied ({status})"),
        _ => format!("HTTP {status}"),
    })
}

fn hash(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    hasher.finish()
}

fn is_page(answer: &Answer) -> bool {
    let declared = String::from_utf8_lossy(answer.content_type.as_deref().unwrap_or_default()).to_ascii_lowercase();
    crate::health::text::is_page(&answer.body, &declared)
}

/// 2xx or 503 with a body that tells a status in words we know, or an empty success.
fn is_health(answer: &Answer) -> bool {
    if !matches!(answer.status, 200..300 | 503) || is_page(answer) {
        return false;
    }
    let response = Response { status: answer.status, content_type: answer.content_type.as_deref(), body: &answer.body };
    tells_status(&response) || (answer.body.is_empty() && answer.status != 503)
}

fn is_metrics(answer: &Answer) -> bool {
    if !(200..300).contains(&answer.status) || is_page(answer) {
        return false;
    }
    let text = String::from_utf8_lossy(&answer.body);
    let lines = text.lines().take(200).map(str::trim);
    lines.clone().any(|l| l.starts_with("# TYPE ") || l.starts_with("# HELP ")) || lines.clone().any(is_sample)
}

/// `name{labels} 1.5`, as an exposition without comments has it.
fn is_sample(line: &str) -> bool {
    let Some((series, value)) = line.rsplit_once(' ') else { return false };
    let name = series.split('{').next().unwrap_or("").trim();
    let mut letters = name.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
        && value.parse::<f64>().is_ok()
}

fn cache_source(url: &Url, answer: &Answer) -> Option<CacheSource> {
    if !(200..300).contains(&answer.status) {
        return None;
    }
    let value = endpoint::value_of(&answer.body).ok()?;
    let figures = figures::of_cache(&value)?;
    let request = EndpointSpec { url: url.clone(), headers: Vec::new(), bearer: None, ca_file: None };
    Some(CacheSource::Endpoint { request, hits: figures.hits, misses: figures.misses, ratio: figures.ratio })
}
