//! Recognises the shape of a JSON body: its family, its own status word, its version, and what lies in an envelope.

use crate::domain::Verdict;
use crate::domain::health::BodyFamily;

use super::children::{Child, Entries, Scope, Search, collect, collect_list};
use super::failure::failure;
use super::fold::Folded;
use super::json::Node;
use super::status::{Word, clip, hinted_word, scalar_word, stated_word, success, worse};

/// What a JSON body tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Which family it belongs to.
    pub family: BodyFamily,
    /// Its own word, if it tells one.
    pub word: Option<Word>,
    /// Its children.
    pub children: Vec<Child>,
    /// `version` or `releaseId`.
    pub version: Option<String>,
}

/// Envelopes within envelopes that are opened.
const DEPTH: usize = 4;
/// Keys of envelopes, in the order in which one that holds a bare word is looked for.
const ENVELOPES: [&str; 4] = ["data", "result", "payload", "health"];

/// Reads a JSON value as a health body.
#[must_use]
pub fn tell(root: &Node<'_>, search: Search<'_>) -> Told {
    tell_at(root, search, DEPTH)
}

fn tell_at(root: &Node<'_>, search: Search<'_>, depth: usize) -> Told {
    match root {
        Node::Object(entries) => tell_object(entries, search, depth),
        Node::List(items) => Told {
            family: BodyFamily::HealthReportEntries,
            word: None,
            children: collect_list(items, search),
            version: None,
        },
        scalar => {
            Told { family: BodyFamily::PlainWord, word: scalar_word(scalar), children: Vec::new(), version: None }
        }
    }
}

fn tell_object(entries: &Entries<'_>, search: Search<'_>, depth: usize) -> Told {
    let stated = stated_word(entries);
    let opened = if stated.is_none() && depth > 0 { envelopes(entries) } else { Vec::new() };
    let mut told = Told {
        family: family(entries),
        word: stated,
        children: collect(entries, search, &opened),
        version: version(entries),
    };
    for content in opened.iter().flat_map(|key| all(entries, key)).filter(|node| **node != Node::Null) {
        let inner = tell_at(content, search, depth - 1);
        told.family = BodyFamily::Envelope;
        told.word = worse(told.word, inner.word);
        told.children.extend(inner.children);
        told.version = told.version.or(inner.version);
    }
    let failure = failure(entries);
    told.word = told.word.or_else(|| {
        let failed = failure.as_ref().map(|text| Word { verdict: Verdict::Down, text: format!("error: {text}") });
        failed.or_else(|| if search.scope == Scope::Whole { hinted_word(entries) } else { None })
    });
    // Of a page, what nobody knows is a message.
    let is_told = |success: &Word| search.scope == Scope::Whole || success.verdict != Verdict::Unknown;
    told.word = match (told.word, success(entries).filter(is_told)) {
        (_, Some(success)) if success.verdict == Verdict::Down => Some(success),
        (None, success) => success,
        (word, _) => word,
    };
    if let (Some(text), Some(word)) = (failure, &told.word)
        && word.verdict != Verdict::Down
    {
        told.children.push(error_beside(&text));
    }
    told
}

/// An error that stands beside a word which does not admit it: a child, so that it counts and is seen.
fn error_beside(text: &str) -> Child {
    let text = clip(text, 160);
    Child { name: "error".to_owned(), verdict: Verdict::Down, word: text.clone(), detail: text, counts: true }
}

fn all<'e, 'a>(entries: &'e Entries<'a>, wanted: &str) -> impl Iterator<Item = &'e Node<'a>> {
    entries.iter().filter(move |(key, _)| Folded::of(key).as_str() == wanted).map(|(_, node)| node)
}

fn get<'e, 'a>(entries: &'e Entries<'a>, wanted: &str) -> Option<&'e Node<'a>> {
    all(entries, wanted).next()
}

/// The envelopes that are opened: those that hold an object or an array, or else the first that holds a bare word.
fn envelopes(entries: &Entries<'_>) -> Vec<&'static str> {
    let holds = |key: &str, compound: bool| {
        all(entries, key).any(|node| match node {
            Node::Null => false,
            Node::Object(_) | Node::List(_) => compound,
            _ => !compound,
        })
    };
    let compound: Vec<&str> = ENVELOPES.into_iter().filter(|key| holds(key, true)).collect();
    if compound.is_empty() {
        ENVELOPES.into_iter().find(|key| holds(key, false)).into_iter().collect()
    } else {
        compound
    }
}

fn version(entries: &Entries<'_>) -> Option<String> {
    const KEYS: [&str; 5] = ["version", "releaseid", "release", "appversion", "serviceversion"];
    KEYS.iter().find_map(|key| match get(entries, key) {
        Some(Node::Text(text)) if !text.trim().is_empty() => Some(text.trim().chars().take(64).collect()),
        Some(Node::Number(number)) if number.is_finite() => Some(number.to_string().chars().take(64).collect()),
        _ => None,
    })
}

fn family(entries: &Entries<'_>) -> BodyFamily {
    let is_object = |key| matches!(get(entries, key), Some(Node::Object(_)));
    if is_object("components") || matches!(get(entries, "groups"), Some(Node::List(_))) {
        return BodyFamily::Actuator;
    }
    if ["entries", "results", "totalduration"].iter().any(|key| get(entries, key).is_some()) {
        return BodyFamily::HealthReportEntries;
    }
    if is_object("details") && (is_object("info") || is_object("error")) {
        return BodyFamily::Terminus;
    }
    match get(entries, "checks") {
        Some(Node::List(_)) => BodyFamily::HealthReportEntries,
        Some(Node::Object(checks)) if checks.iter().any(|(_, node)| matches!(node, Node::List(_))) => {
            BodyFamily::HealthJson
        }
        Some(Node::Object(_)) => BodyFamily::CheckWords,
        _ if get(entries, "releaseid").is_some() || get(entries, "serviceid").is_some() => BodyFamily::HealthJson,
        _ if matches!(get(entries, "status"), Some(Node::Text(t)) if is_draft_word(t)) => BodyFamily::HealthJson,
        _ => BodyFamily::FlatJson,
    }
}

fn is_draft_word(word: &str) -> bool {
    ["pass", "warn", "fail"].iter().any(|w| word.eq_ignore_ascii_case(w))
}
