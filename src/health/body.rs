//! Reads one HTTP answer as a health report: worst of status, word and children wins, and the report says which rule
//! decided. It never fails: what cannot be understood is a verdict too.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::domain::health::{BodyFamily, Check, HealthReport};
use crate::domain::{Safe, Untrusted, Verdict};

use super::change::claims_change;
use super::children::{Child, Scope, Search, is_named};
use super::json::{self, Fault};
use super::shape::{self, Told};
use super::text;

/// Bytes of the body that a report keeps.
const EXCERPT: usize = 2048;
/// Children that a report keeps, worst first; all of them count.
const CHECKS: usize = 256;
/// Longest detail for a table, in characters.
const DETAIL: usize = 100;

/// One answer.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type` as it came.
    pub content_type: Option<&'a [u8]>,
    /// The body, decompressed.
    pub body: &'a [u8],
}

impl<'a> Response<'a> {
    /// An answer that declares JSON.
    #[must_use]
    pub fn json(status: u16, body: &'a [u8]) -> Response<'a> {
        Response { status, content_type: Some(b"application/json"), body }
    }
}

/// What was asked for, and so what may come back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// A health endpoint: a page for a browser is no answer, and text must be a known word.
    #[default]
    Health,
    /// Any other path, asked whether it answers: a page or a text that tells no status leaves it to the status code,
    /// and of JSON only its own status word and its checks are judged, not the items that it lists.
    Page,
    /// Only the head: there is no body to read.
    Head,
}

/// What is expected of an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expectation<'a> {
    /// Statuses that count as success; empty is 200–299.
    pub expected_status: &'a [u16],
    /// Children that count in full.
    pub required: &'a [String],
    /// A 503 whose body says *degraded* is degraded, not down.
    pub body_decides: bool,
    /// JSON was promised, whatever the server declares.
    pub expect_json: bool,
    /// What was asked for.
    pub asked: Asked,
}

impl<'a> Expectation<'a> {
    /// Where children may stand. Whoever requires one says that the body is about parts.
    fn search(&self) -> Search<'a> {
        let is_page = self.asked == Asked::Page && self.required.is_empty();
        Search { required: self.required, scope: if is_page { Scope::Checks } else { Scope::Whole } }
    }
}

/// Whether a path looks like that of a health endpoint.
#[must_use]
pub fn is_health_path(path: &str) -> bool {
    const PARTS: [&str; 8] = ["health", "ready", "readiness", "live", "liveness", "status", "ping", "alive"];
    path.split('/').any(|part| {
        let part = part.to_ascii_lowercase();
        part.contains("health") || PARTS.contains(&part.trim_end_matches('z'))
    })
}

/// Reads an answer.
#[must_use]
pub fn read_body(response: &Response<'_>, expectation: &Expectation<'_>) -> HealthReport {
    let reading = understand(response, expectation);
    let mut judged = Judgement::new(response.status, &reading, expectation);
    let checks = judged.children(&reading.told.children, expectation.required);
    judged.finish(response, &reading, checks)
}

/// Whether a body is recognisably that of a health endpoint: it tells a status in words we know.
#[must_use]
pub fn tells_status(response: &Response<'_>) -> bool {
    let reading = understand(response, &Expectation::default());
    let word = reading.told.word.as_ref().is_some_and(|w| w.verdict != Verdict::Unknown);
    let child = reading.told.children.iter().any(|c| c.counts && c.verdict != Verdict::Unknown);
    reading.broken.is_none() && (word || child)
}

/// What stands in the body, before it is judged.
struct Understood<'a> {
    told: Told,
    /// Why nothing could be read, with the verdict of that.
    broken: Option<(Verdict, String)>,
    notes: Vec<String>,
    claims_change: bool,
    content_type: std::borrow::Cow<'a, str>,
}

fn understand<'a>(response: &Response<'a>, expectation: &Expectation<'_>) -> Understood<'a> {
    let content_type = String::from_utf8_lossy(response.content_type.unwrap_or_default());
    let declared = content_type.to_ascii_lowercase();
    let mut reading =
        Understood { told: text::tell(""), broken: None, notes: Vec::new(), claims_change: false, content_type };
    if expectation.asked == Asked::Head || (response.body.is_empty() && matches!(response.status, 204 | 304)) {
        return reading;
    }
    let promised = expectation.expect_json || is_json_type(&declared);
    let body = match response.body.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => {
            reading.notes.push("a byte order mark was skipped".to_owned());
            rest
        }
        None => response.body,
    };
    if promised || looks_like_json(body) {
        read_json(body, expectation, &mut reading);
    } else if text::is_page(body, &declared) {
        reading.notes.push("the body is a page for a browser".to_owned());
        if expectation.asked == Asked::Health {
            reading.broken = Some((Verdict::Down, "invalid JSON: an HTML page".to_owned()));
        }
    } else {
        reading.told = text::tell(&String::from_utf8_lossy(body));
        let unlisted = reading.told.word.as_ref().is_some_and(|w| w.verdict == Verdict::Unknown);
        if unlisted && expectation.asked == Asked::Page {
            reading.told.word = None;
        }
    }
    reading
}

fn is_json_type(declared: &str) -> bool {
    let essence = declared.split(';').next().unwrap_or("").trim();
    essence.ends_with("/json") || essence.ends_with("+json")
}

/// Whether text of no declared type can only be meant as JSON (in UTF-16, too, where it is broken JSON).
fn looks_like_json(body: &[u8]) -> bool {
    let mut start = body.iter().copied().skip_while(u8::is_ascii_whitespace);
    match (start.next(), start.next()) {
        (Some(b'{'), _) => true,
        (Some(b'['), second) => !matches!(second, Some(b'+' | b'-')),
        (Some(0xff), Some(0xfe)) | (Some(0xfe), Some(0xff)) | (Some(0), Some(b'{' | b'[')) => true,
        _ => false,
    }
}

fn read_json(body: &[u8], expectation: &Expectation<'_>, reading: &mut Understood<'_>) {
    let Ok(text) = std::str::from_utf8(body) else {
        reading.broken = Some((Verdict::Down, "invalid JSON: not UTF-8".to_owned()));
        return;
    };
    match json::parse(text) {
        Ok(document) => {
            reading.told = shape::tell(&document.root, expectation.search());
            reading.claims_change = claims_change(&document.root);
            if let Some(key) = document.duplicate {
                let key: String = key.chars().take(40).collect();
                reading.notes.push(format!("the key {key:?} stands twice, the worst counts"));
            }
        }
        Err(Fault::Invalid { at, what }) => {
            let why = match (body.is_empty(), text::is_page(body, "")) {
                (true, _) => "invalid JSON: empty".to_owned(),
                (_, true) => "invalid JSON: an HTML page".to_owned(),
                _ => format!("invalid JSON: {what} (byte {at})"),
            };
            reading.broken = Some((Verdict::Down, why));
        }
        Err(Fault::TooDeep) => {
            let why = format!("JSON nested deeper than {} is not read", json::MAX_DEPTH);
            reading.broken = Some((Verdict::Unknown, why));
        }
        Err(Fault::TooMany) => {
            let why = format!("JSON of more than {} values is not read", json::MAX_NODES);
            reading.broken = Some((Verdict::Unknown, why));
        }
    }
}

/// The verdict as it grows, with the rule that made it.
struct Judgement {
    verdict: Verdict,
    rule: String,
    /// What a table says is wrong, most telling first.
    wrong: Vec<String>,
    conflict: Option<String>,
}

impl Judgement {
    fn new(status: u16, reading: &Understood<'_>, expectation: &Expectation<'_>) -> Judgement {
        let mut judged = Judgement { verdict: Verdict::Ok, rule: String::new(), wrong: Vec::new(), conflict: None };
        let word = reading.told.word.as_ref();
        let code = judged.code(status, word.map(|w| w.verdict), expectation);
        if let Some((verdict, why)) = &reading.broken {
            judged.count(*verdict, || format!("body: {why}"));
            if code == Verdict::Ok {
                judged.wrong.push(why.clone());
            }
        }
        if let Some(word) = word {
            judged.count(word.verdict, || match word.verdict {
                Verdict::Unknown => format!("word: {:?} is not a word we know, so the state is unknown", word.text),
                _ => format!("word: the body says {:?}", word.text),
            });
            judged.compare(status, code, word.verdict, &word.text);
        }
        judged
    }

    /// Takes a verdict into account; the first rule of the worst verdict is the one that decided.
    fn count(&mut self, verdict: Verdict, rule: impl FnOnce() -> String) {
        if verdict > self.verdict {
            self.verdict = verdict;
            self.rule = rule();
        }
    }

    fn code(&mut self, status: u16, word: Option<Verdict>, expectation: &Expectation<'_>) -> Verdict {
        let listed = expectation.expected_status;
        let good = if listed.is_empty() { (200..300).contains(&status) } else { listed.contains(&status) };
        if good {
            return Verdict::Ok;
        }
        if expectation.body_decides && status == 503 && word == Some(Verdict::Degraded) {
            self.count(Verdict::Degraded, || "word: 503, and by configuration the body decides".to_owned());
            return Verdict::Degraded;
        }
        self.count(Verdict::Down, || format!("status: HTTP {status} is not what is expected"));
        Verdict::Down
    }

    fn compare(&mut self, status: u16, code: Verdict, word: Verdict, text: &str) {
        let disagree = match code {
            Verdict::Ok => word == Verdict::Down,
            _ => word < code,
        };
        if disagree {
            let told = format!("{status} but body says {text}");
            self.wrong.push(told.clone());
            self.conflict = Some(told);
        }
    }

    /// Counts the children: required ones in full, others so far that the service is at least degraded.
    fn children(&mut self, children: &[Child], required: &[String]) -> Vec<Check> {
        let mut checks = Vec::with_capacity(children.len());
        let mut failing: Vec<(Verdict, String)> = Vec::new();
        for child in children {
            let is_required = required.iter().any(|r| is_named(&child.name, r));
            let counted = match child.verdict {
                verdict if is_required => verdict,
                Verdict::Ok => Verdict::Ok,
                _ if !child.counts => Verdict::Ok,
                _ => Verdict::Degraded,
            };
            if counted != Verdict::Ok {
                failing.push((child.verdict, format!("{}: {}", child.name, child.word)));
                self.count(counted, || child_rule(child, is_required));
            }
            checks.push(Check {
                name: Safe::of(&child.name),
                verdict: child.verdict,
                detail: Safe::of(&child.detail),
                required: is_required,
            });
        }
        for name in required.iter().filter(|r| !children.iter().any(|c| is_named(&c.name, r))) {
            self.count(Verdict::Unknown, || format!("required child {name} is absent, so the state is unknown"));
            failing.push((Verdict::Unknown, format!("{name}: absent")));
            let (name, detail) = (Safe::of(name), Safe::of("absent"));
            checks.push(Check { name, verdict: Verdict::Unknown, detail, required: true });
        }
        failing.sort_by_key(|(verdict, _)| std::cmp::Reverse(*verdict));
        self.wrong.extend(failing.into_iter().take(4).map(|(_, text)| text));
        checks.sort_by_key(|check| std::cmp::Reverse(check.verdict));
        checks.truncate(CHECKS);
        checks
    }

    fn finish(self, response: &Response<'_>, reading: &Understood<'_>, checks: Vec<Check>) -> HealthReport {
        let status = response.status;
        let detail = match (self.verdict, self.wrong.is_empty(), &reading.told.word) {
            (Verdict::Ok, ..) => reading.told.version.as_deref().map(version_words).unwrap_or_default(),
            (_, false, _) => self.wrong.join(", "),
            (Verdict::Down, true, _) if !(200..300).contains(&status) => format!("HTTP {status}"),
            (_, true, Some(word)) => word.text.clone(),
            (_, true, None) => format!("HTTP {status}"),
        };
        let mut rule = if self.rule.is_empty() { agreement(status, reading, checks.len()) } else { self.rule };
        for note in &reading.notes {
            rule.push_str("; ");
            rule.push_str(note);
        }
        let mut hasher = DefaultHasher::new();
        response.body.hash(&mut hasher);
        HealthReport {
            verdict: self.verdict,
            status,
            detail: Safe::of(detail).clipped(DETAIL),
            rule: Safe::of(rule),
            conflict: self.conflict.map(Safe::of),
            family: reading.told.family,
            checks,
            version: reading.told.version.as_deref().map(Safe::of),
            content_type: response.content_type.map(|_| Safe::of(&reading.content_type).clipped(80)),
            excerpt: Untrusted::new(response.body.get(..EXCERPT).unwrap_or(response.body)),
            body_hash: hasher.finish(),
            claims_change: reading.claims_change,
        }
    }
}

fn child_rule(child: &Child, required: bool) -> String {
    let Child { name, word, .. } = child;
    match (required, child.verdict) {
        (true, _) => format!("required child: {name} is {word:?}, and counts in full"),
        (false, Verdict::Unknown) => format!("child: {name} is {word:?}, not a word we know, so at least degraded"),
        (false, _) => format!("child: {name} is {word:?}, so the service is at least degraded"),
    }
}

fn agreement(status: u16, reading: &Understood<'_>, children: usize) -> String {
    match (&reading.told.word, children) {
        (None, 0) if reading.told.family == BodyFamily::Trivial => format!("status: HTTP {status} decides alone"),
        (None, 0) => format!("status: HTTP {status}; the body tells no status"),
        (None, n) => format!("HTTP {status} and {n} children agree; the body has no word of its own"),
        (Some(word), 0) => format!("HTTP {status} and word {:?} agree", word.text),
        (Some(word), n) => format!("HTTP {status}, word {:?} and {n} children agree", word.text),
    }
}

fn version_words(version: &str) -> String {
    if version.starts_with(|c: char| c.is_ascii_digit()) { format!("v{version}") } else { version.to_owned() }
}
