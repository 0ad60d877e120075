//! Recognises the shape of a JSON body: its family, its own status word, its version, and what lies in an envelope.

use crate::domain::Verdict;
use crate::domain::health::BodyFamily;

use super::children::{Child, Entries, Word, collect, collect_list, failure, scalar_word, word_of};
use super::fold::Folded;
use super::json::Node;

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
const ENVELOPES: usize = 4;

/// Reads a JSON value as a health body.
#[must_use]
pub fn tell(root: &Node<'_>, required: &[String]) -> Told {
    tell_at(root, required, ENVELOPES)
}

fn tell_at(root: &Node<'_>, required: &[String], envelopes: usize) -> Told {
    match root {
        Node::Object(entries) => tell_object(entries, required, envelopes),
        Node::List(items) => Told {
            family: BodyFamily::HealthReportEntries,
            word: None,
            children: collect_list(items, required),
            version: None,
        },
        scalar => {
            Told { family: BodyFamily::PlainWord, word: scalar_word(scalar), children: Vec::new(), version: None }
        }
    }
}

fn tell_object(entries: &Entries<'_>, required: &[String], envelopes: usize) -> Told {
    let success = success(entries);
    let word = word_of(entries);
    let content = if word.is_none() && envelopes > 0 { content(entries) } else { None };
    let mut told = Told {
        family: family(entries),
        word,
        children: collect(entries, required, content.map(|(key, _)| key)),
        version: version(entries),
    };
    if let Some((_, content)) = content {
        let inner = tell_at(content, required, envelopes - 1);
        told.family = BodyFamily::Envelope;
        told.word = inner.word;
        told.children.extend(inner.children);
        told.version = told.version.or(inner.version);
    }
    if told.word.is_none()
        && let Some(text) = failure(entries)
    {
        told.word = Some(Word { verdict: Verdict::Down, text: format!("error: {text}") });
    }
    told.word = match (told.word, success) {
        (_, Some(false)) => Some(Word { verdict: Verdict::Down, text: "success: false".to_owned() }),
        (None, Some(true)) => Some(Word { verdict: Verdict::Ok, text: "success: true".to_owned() }),
        (word, _) => word,
    };
    told
}

fn get<'e, 'a>(entries: &'e Entries<'a>, wanted: &str) -> Option<&'e Node<'a>> {
    entries.iter().find(|(key, _)| Folded::of(key).as_str() == wanted).map(|(_, node)| node)
}

/// `success`, the worst of them where the key stands twice.
fn success(entries: &Entries<'_>) -> Option<bool> {
    let values =
        entries.iter().filter(|(key, _)| Folded::of(key).as_str() == "success").filter_map(|(_, node)| match node {
            Node::Bool(yes) => Some(*yes),
            Node::Number(number) => Some(*number != 0.0),
            Node::Text(text) => Some(!matches!(text.trim().to_ascii_lowercase().as_str(), "false" | "no" | "0")),
            _ => None,
        });
    values.reduce(|a, b| a && b)
}

fn content<'e, 'a>(entries: &'e Entries<'a>) -> Option<(&'static str, &'e Node<'a>)> {
    ["data", "result", "payload"]
        .into_iter()
        .filter_map(|key| get(entries, key).map(|node| (key, node)))
        .find(|(_, node)| !matches!(node, Node::Null))
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
