//! Collects the children that a JSON body tells of. Inside `checks`, `components`, `entries` and their like every
//! entry is a child; elsewhere only what carries a listed word is one.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::domain::{Verdict, figure};

use super::fold::Folded;
use super::json::Node;
use super::words;

/// Entries of an object.
pub type Entries<'a> = [(Cow<'a, str>, Node<'a>)];

/// A child as the body tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// Dotted path without the names of containers.
    pub name: String,
    /// Its own verdict.
    pub verdict: Verdict,
    /// The word or figure it told.
    pub word: String,
    /// The word with what it said about itself.
    pub detail: String,
    /// Whether it told a verdict at all; a bare figure does not.
    pub counts: bool,
}

/// A word with its verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// What it means.
    pub verdict: Verdict,
    /// As it was written.
    pub text: String,
}

const CONTAINERS: [&str; 6] = ["checks", "components", "entries", "results", "healthchecks", "subsystems"];
/// Containers whose entries are children only where they carry a word, and whose own name is not part of the path.
const TRANSPARENT: [&str; 4] = ["details", "info", "error", "errors"];
/// Keys that describe; a word there is no state of a part.
const DESCRIPTIONS: [&str; 31] = [
    "success",
    "message",
    "msg",
    "error",
    "errors",
    "description",
    "detail",
    "details",
    "reason",
    "output",
    "title",
    "name",
    "service",
    "servicename",
    "serviceid",
    "app",
    "application",
    "environment",
    "env",
    "stage",
    "level",
    "loglevel",
    "severity",
    "mode",
    "host",
    "hostname",
    "version",
    "releaseid",
    "tags",
    "type",
    "componenttype",
];
/// Longest path of a child, in characters.
const NAME: usize = 120;
/// Longest word or message that is kept of a child, in characters.
const SAID: usize = 160;

/// A name from the configuration or the body, folded without a limit of length.
fn fold_name(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

fn clip(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Whether a child is meant by a name from the configuration: its path, its last part, or the part before a colon.
#[must_use]
pub fn is_named(child: &str, name: &str) -> bool {
    let (child, name) = (fold_name(child), fold_name(name));
    let bare = name.split_once('.').filter(|(first, _)| CONTAINERS.contains(first)).map_or(name.as_str(), |(_, r)| r);
    child == bare
        || child.rsplit('.').next() == Some(bare)
        || child.split(':').next() == Some(bare)
        || child.rsplit('.').next().and_then(|last| last.split(':').next()) == Some(bare)
}

/// The status word of an object: the worst of those it holds.
#[must_use]
pub fn word_of(entries: &Entries<'_>) -> Option<Word> {
    let mut worst: Option<Word> = None;
    for (key, node) in entries {
        if let Some(word) = status_word(Folded::of(key).as_str(), node)
            && worst.as_ref().is_none_or(|w| word.verdict > w.verdict)
        {
            worst = Some(word);
        }
    }
    worst
}

fn status_word(key: &str, node: &Node<'_>) -> Option<Word> {
    match (key, node) {
        ("status" | "healthstatus" | "overallstatus" | "health" | "overall", node) => scalar_word(node).or_else(|| {
            let Node::Object(inner) = node else { return None };
            if key != "status" {
                return None;
            }
            let coded = inner.iter().find(|(key, _)| matches!(Folded::of(key).as_str(), "code" | "value"));
            word_of(inner).or_else(|| scalar_word(&coded?.1))
        }),
        ("state" | "condition" | "availability", Node::Text(text)) => {
            words::meaning(text).map(|m| Word { verdict: m.verdict(), text: clip(text, SAID) })
        }
        (
            "ok" | "healthy" | "ishealthy" | "alive" | "isalive" | "live" | "ready" | "isready" | "up" | "isup",
            Node::Bool(yes),
        ) => Some(Word { verdict: bool_verdict(*yes), text: format!("{key}: {yes}") }),
        _ => None,
    }
}

/// The word that a scalar is; `None` for arrays and objects.
#[must_use]
pub fn scalar_word(node: &Node<'_>) -> Option<Word> {
    let (verdict, text) = match node {
        Node::Text(text) => match text.trim().parse::<f64>() {
            Ok(number) => (words::number_verdict(number), clip(text, SAID)),
            Err(_not_a_number) => (words::verdict(text), clip(text, SAID)),
        },
        Node::Bool(yes) => (bool_verdict(*yes), yes.to_string()),
        Node::Number(number) => (words::number_verdict(*number), figure::number(*number)),
        Node::Null => (Verdict::Unknown, "null".to_owned()),
        Node::List(_) | Node::Object(_) => return None,
    };
    Some(Word { verdict, text })
}

fn bool_verdict(yes: bool) -> Verdict {
    if yes { Verdict::Ok } else { Verdict::Down }
}

/// Every child below an object. `required` names those that are children whatever they say; what lies under the key
/// `envelope` is read on its own.
#[must_use]
pub fn collect(entries: &Entries<'_>, required: &[String], envelope: Option<&str>) -> Vec<Child> {
    let mut collector = Collector { required, envelope, found: Vec::new() };
    collector.members(entries, "", true);
    merged(collector.found)
}

/// Every child of an array of checks.
#[must_use]
pub fn collect_list(items: &[Node<'_>], required: &[String]) -> Vec<Child> {
    let mut collector = Collector { required, envelope: None, found: Vec::new() };
    collector.listed(items, "");
    merged(collector.found)
}

/// One row for each name: of several, the worst stays.
fn merged(found: Vec<Child>) -> Vec<Child> {
    let mut places: HashMap<String, usize> = HashMap::with_capacity(found.len());
    let mut kept: Vec<Child> = Vec::with_capacity(found.len());
    for child in found {
        match places.get(&child.name).and_then(|at| kept.get_mut(*at)) {
            Some(before) if (child.counts, child.verdict) > (before.counts, before.verdict) => *before = child,
            Some(_) => {}
            None => {
                places.insert(child.name.clone(), kept.len());
                kept.push(child);
            }
        }
    }
    kept
}

struct Collector<'r> {
    required: &'r [String],
    envelope: Option<&'r str>,
    found: Vec<Child>,
}

impl Collector<'_> {
    fn is_required(&self, name: &str) -> bool {
        self.required.iter().any(|r| is_named(name, r))
    }

    fn push(&mut self, name: &str, word: Word, said: Option<String>, counts: bool) {
        let Word { verdict, text } = word;
        let detail = match said {
            Some(said) if verdict != Verdict::Ok && said != text => format!("{text}: {said}"),
            _ => text.clone(),
        };
        self.found.push(Child { name: name.to_owned(), verdict, word: text, detail, counts });
    }

    /// The children among the members of an object. `words`: whether a bare listed word makes a child.
    fn members(&mut self, entries: &Entries<'_>, prefix: &str, words: bool) {
        for (key, node) in entries {
            let folded = Folded::of(key);
            let folded = folded.as_str();
            if prefix.is_empty() && self.envelope == Some(folded) {
                continue;
            }
            match node {
                Node::Object(inner) if CONTAINERS.contains(&folded) => {
                    for (name, node) in inner {
                        self.child(&join(prefix, name), node);
                    }
                }
                Node::List(items) if CONTAINERS.contains(&folded) => self.listed(items, prefix),
                Node::Object(inner) if TRANSPARENT.contains(&folded) => self.members(inner, prefix, false),
                node if status_word(folded, node).is_none() => self.sibling(folded, &join(prefix, key), node, words),
                _ => {}
            }
        }
    }

    /// Something beside the status word: a child where it carries a listed word, or where it is required.
    fn sibling(&mut self, folded: &str, name: &str, node: &Node<'_>, words: bool) {
        if words && self.is_required(name) {
            return self.child(name, node);
        }
        match node {
            Node::Text(text) if words && !DESCRIPTIONS.contains(&folded) => {
                if let Some(meaning) = words::meaning(text) {
                    self.push(name, Word { verdict: meaning.verdict(), text: clip(text, SAID) }, None, true);
                }
            }
            Node::Object(inner) => match word_of(inner) {
                Some(word) if word.verdict != Verdict::Unknown && (words || has_status(inner)) => {
                    self.push(name, word, said(inner), true);
                    self.members(inner, name, false);
                }
                Some(_) => self.members(inner, name, false),
                None => self.members(inner, name, words),
            },
            Node::List(items) => {
                for item in items {
                    if let Node::Object(inner) = item
                        && let Some(word) = word_of(inner).filter(|w| w.verdict != Verdict::Unknown)
                    {
                        let own = own_name(inner).map_or_else(|| name.to_owned(), |own| join(name, &own));
                        self.push(&own, word, said(inner), true);
                    }
                }
            }
            _ => {}
        }
    }

    fn listed(&mut self, items: &[Node<'_>], prefix: &str) {
        for (at, item) in items.iter().enumerate() {
            let Node::Object(inner) = item else { continue };
            let name = own_name(inner).unwrap_or_else(|| at.to_string());
            self.child(&join(prefix, &name), item);
        }
    }

    /// An entry of a container: always a child.
    fn child(&mut self, name: &str, node: &Node<'_>) {
        match node {
            Node::Number(number) => {
                let word = Word { verdict: Verdict::Unknown, text: figure::number(*number) };
                self.push(name, word, None, false);
            }
            Node::Object(inner) => self.object_child(name, inner),
            Node::List(items) => {
                let objects = items.iter().filter(|i| matches!(i, Node::Object(_))).count();
                if objects == 0 {
                    self.push(name, silent(), None, false);
                }
                for (at, item) in items.iter().enumerate() {
                    let Node::Object(inner) = item else { continue };
                    if objects == 1 {
                        self.object_child(name, inner);
                    } else {
                        let own = own_name(inner).unwrap_or_else(|| at.to_string());
                        self.object_child(&join(name, &own), inner);
                    }
                }
            }
            node => {
                if let Some(word) = scalar_word(node) {
                    self.push(name, word, None, true);
                }
            }
        }
    }

    fn object_child(&mut self, name: &str, inner: &Entries<'_>) {
        let before = self.found.len();
        if let Some(word) = word_of(inner) {
            self.push(name, word, said(inner), true);
            self.members(inner, name, false);
        } else if let Some(error) = failure(inner) {
            self.push(name, Word { verdict: Verdict::Down, text: "error".to_owned() }, Some(error), true);
        } else {
            self.members(inner, name, true);
            if self.found.len() == before {
                let text = said(inner).unwrap_or_else(|| silent().text);
                self.push(name, Word { verdict: Verdict::Unknown, text }, None, false);
            }
        }
    }
}

fn silent() -> Word {
    Word { verdict: Verdict::Unknown, text: "tells no status".to_owned() }
}

/// `prefix.key`, capped: keys are outside text and may be of any length.
fn join(prefix: &str, key: &str) -> String {
    let path = if prefix.is_empty() { clip(key, NAME) } else { format!("{prefix}.{}", clip(key, NAME)) };
    clip(&path, NAME)
}

fn own_name(entries: &Entries<'_>) -> Option<String> {
    const KEYS: [&str; 6] = ["name", "key", "component", "componentid", "id", "service"];
    KEYS.iter().find_map(|wanted| {
        entries.iter().find_map(|(key, node)| match node {
            Node::Text(text) if Folded::of(key).as_str() == *wanted && !text.is_empty() => Some(clip(text, NAME)),
            _ => None,
        })
    })
}

/// A non-empty `error` or `exception` of an object, as text.
#[must_use]
pub fn failure(entries: &Entries<'_>) -> Option<String> {
    entries.iter().find_map(|(key, node)| match node {
        Node::Text(text) if matches!(Folded::of(key).as_str(), "error" | "exception" | "errormessage") => {
            (!text.trim().is_empty() && words::meaning(text).is_none_or(|m| m.verdict() != Verdict::Ok))
                .then(|| clip(text, SAID))
        }
        _ => None,
    })
}

/// Whether an object has a status of its own, not merely a key that may be one.
fn has_status(entries: &Entries<'_>) -> bool {
    entries.iter().any(|(key, _)| Folded::of(key).as_str() == "status")
}

/// What an object says about itself: output, message, or the observed value with its unit.
fn said(entries: &Entries<'_>) -> Option<String> {
    let mut value = None;
    let mut unit = None;
    for (key, node) in entries {
        match (Folded::of(key).as_str(), node) {
            ("output" | "error" | "exception" | "message" | "description" | "reason", Node::Text(text))
                if !text.trim().is_empty() =>
            {
                return Some(clip(text, SAID));
            }
            ("observedvalue", Node::Number(number)) => value = Some(figure::number(*number)),
            ("observedvalue", Node::Text(text)) => value = Some(clip(text, SAID)),
            ("observedunit", Node::Text(text)) => unit = Some(clip(text, 20)),
            _ => {}
        }
    }
    match (value, unit) {
        (Some(value), Some(unit)) => Some(format!("{value} {unit}")),
        (value, _) => value,
    }
}
