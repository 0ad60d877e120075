//! Collects the children that a JSON body tells of. Inside `checks`, `components`, `entries` and their like every
//! entry is a child; elsewhere only what carries a listed word is one.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::domain::{Verdict, figure};

use super::failure::{failure, sentence};
use super::fold::Folded;
use super::json::Node;
use super::parts::{self, Beside};
use super::status::{SAID, Word, clip, hinted_word, is_status, scalar_word, stated_word};
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

const CONTAINERS: [&str; 6] = ["checks", "components", "entries", "results", "healthchecks", "subsystems"];
/// Containers that hold nothing but checks, even as an array, and where a bare word is one.
const CHECKS: [&str; 2] = ["checks", "healthchecks"];
/// Containers whose entries are children only where they carry a word, and whose own name is not part of the path.
const TRANSPARENT: [&str; 4] = ["details", "info", "error", "errors"];
/// Longest path of a child, in characters.
const NAME: usize = 120;
/// A name from the configuration or the body, folded without a limit of length.
fn fold_name(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
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

/// What of a body is looked at for children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of it: it was asked for as a health body.
    Whole,
    /// Only what can be nothing but checks: elsewhere a status is that of an order or a workflow, not of a part.
    Checks,
}

/// How children are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Search<'r> {
    /// Children whatever they say.
    pub required: &'r [String],
    /// Where they may stand.
    pub scope: Scope,
}

/// Every child below an object. What lies under the keys `opened` is read on its own.
#[must_use]
pub fn collect(entries: &Entries<'_>, search: Search<'_>, opened: &[&str]) -> Vec<Child> {
    let mut collector = Collector { search, opened, found: Vec::new() };
    let beside = match stated_word(entries) {
        None if parts::only_booleans(entries) => Beside::Booleans,
        _ => Beside::Parts,
    };
    collector.members(entries, "", beside);
    merged(collector.found)
}

/// Every child of an array of checks.
#[must_use]
pub fn collect_list(items: &[Node<'_>], search: Search<'_>) -> Vec<Child> {
    let mut collector = Collector { search, opened: &[], found: Vec::new() };
    if search.scope == Scope::Whole {
        collector.listed(items, "");
    }
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
    search: Search<'r>,
    opened: &'r [&'r str],
    found: Vec<Child>,
}

impl Collector<'_> {
    fn is_required(&self, name: &str) -> bool {
        self.search.required.iter().any(|r| is_named(name, r))
    }

    fn push(&mut self, name: &str, word: Word, said: Option<String>, counts: bool) {
        let Word { verdict, text } = word;
        let detail = match said {
            Some(said) if verdict != Verdict::Ok && said != text => format!("{text}: {said}"),
            _ => text.clone(),
        };
        self.found.push(Child { name: name.to_owned(), verdict, word: text, detail, counts });
    }

    fn push_silent(&mut self, name: &str, text: Option<String>) {
        let text = text.unwrap_or_else(|| "tells no status".to_owned());
        self.push(name, Word { verdict: Verdict::Unknown, text }, None, false);
    }

    /// The children among the members of an object.
    fn members(&mut self, entries: &Entries<'_>, prefix: &str, beside: Beside) {
        for (key, node) in entries {
            let folded = Folded::of(key);
            let folded = folded.as_str();
            if prefix.is_empty() && self.opened.contains(&folded) {
                continue;
            }
            match node {
                Node::Object(inner) if self.is_container(folded) => {
                    for (name, node) in inner {
                        self.child(&join(prefix, name), node);
                    }
                }
                Node::List(items) if self.is_list_of_checks(folded) => self.listed(items, prefix),
                Node::Text(_) | Node::Bool(_) if CHECKS.contains(&folded) => self.child(&join(prefix, key), node),
                _ if self.search.scope == Scope::Checks => {}
                Node::Object(inner) if TRANSPARENT.contains(&folded) => self.members(inner, prefix, Beside::Quiet),
                Node::Object(inner) if is_status(folded, node) => self.members(inner, prefix, Beside::Quiet),
                Node::List(_) => self.sibling(key, &join(prefix, key), node, beside),
                node if is_status(folded, node) => {}
                node => self.sibling(key, &join(prefix, key), node, beside),
            }
        }
    }

    fn is_container(&self, folded: &str) -> bool {
        let business = self.search.scope == Scope::Checks && matches!(folded, "results" | "entries");
        CONTAINERS.contains(&folded) && !business
    }

    fn is_list_of_checks(&self, folded: &str) -> bool {
        match self.search.scope {
            Scope::Whole => CONTAINERS.contains(&folded),
            Scope::Checks => CHECKS.contains(&folded),
        }
    }

    /// Something beside the status word: a child where it carries a listed word, or where it is required.
    fn sibling(&mut self, key: &str, name: &str, node: &Node<'_>, beside: Beside) {
        let loud = beside != Beside::Quiet;
        if loud && self.is_required(name) {
            return self.child(name, node);
        }
        match node {
            Node::Object(inner) => match stated_word(inner) {
                Some(word) if word.verdict != Verdict::Unknown && (loud || has_status(inner)) => {
                    self.push_told(name, word, inner);
                    self.members(inner, name, Beside::Quiet);
                }
                Some(_) => self.members(inner, name, Beside::Quiet),
                None => {
                    if let Some(error) = sentence(inner).filter(|_| loud) {
                        self.push(name, error_word(), Some(error), true);
                    }
                    self.members(inner, name, parts::below(Folded::of(key).as_str(), beside));
                }
            },
            Node::List(items) => {
                for item in items {
                    if let Node::Object(inner) = item
                        && let Some(word) = stated_word(inner).filter(|w| w.verdict != Verdict::Unknown)
                    {
                        let own = own_name(inner).map_or_else(|| name.to_owned(), |own| join(name, &own));
                        self.push_told(&own, word, inner);
                    }
                }
            }
            scalar => {
                if let Some(word) = parts::part_word(key, scalar, beside) {
                    self.push(name, word, None, true);
                }
            }
        }
    }

    /// The entries of a container that is an array, arrays in it included: all are children.
    fn listed(&mut self, items: &[Node<'_>], prefix: &str) {
        for (at, item) in items.iter().enumerate() {
            match item {
                Node::Object(inner) => {
                    let name = own_name(inner).unwrap_or_else(|| at.to_string());
                    self.object_child(&join(prefix, &name), inner);
                }
                Node::List(inner) => self.listed(inner, prefix),
                Node::Text(text) => match named_word(text) {
                    Some((name, word)) => self.push(&join(prefix, &name), word, None, true),
                    None => self.child(&join(prefix, &at.to_string()), item),
                },
                Node::Bool(_) | Node::Null => self.child(&join(prefix, &at.to_string()), item),
                Node::Number(_) => {}
            }
        }
    }

    /// An entry of a container: always a child.
    fn child(&mut self, name: &str, node: &Node<'_>) {
        match node {
            Node::Number(number) => self.push_silent(name, Some(figure::number(*number))),
            Node::Object(inner) => self.object_child(name, inner),
            Node::List(items) => {
                let telling = || items.iter().enumerate().filter(|(_, item)| !matches!(item, Node::Number(_)));
                let count = telling().count();
                if count == 0 {
                    self.push_silent(name, None);
                }
                for (at, item) in telling() {
                    if count == 1 {
                        self.child(name, item);
                    } else {
                        let own = if let Node::Object(inner) = item { own_name(inner) } else { None };
                        self.child(&join(name, &own.unwrap_or_else(|| at.to_string())), item);
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
        if let Some(word) = stated_word(inner) {
            self.push_told(name, word, inner);
            self.members(inner, name, Beside::Quiet);
        } else if let Some(error) = failure(inner) {
            self.push(name, error_word(), Some(error), true);
        } else {
            let beside = if parts::only_booleans(inner) { Beside::Booleans } else { Beside::Parts };
            self.members(inner, name, beside);
            match hinted_word(inner) {
                Some(word) => self.push(name, word, said(inner), true),
                None if self.found.len() == before => self.push_silent(name, said(inner)),
                None => {}
            }
        }
    }

    /// A part that states its status. One that is well and tells of an error is not.
    fn push_told(&mut self, name: &str, word: Word, inner: &Entries<'_>) {
        match failure(inner).filter(|_| word.verdict == Verdict::Ok) {
            Some(error) => {
                let text = format!("{}, with an error", word.text);
                self.push(name, Word { verdict: Verdict::Degraded, text }, Some(error), true);
            }
            None => self.push(name, word, said(inner), true),
        }
    }
}

fn error_word() -> Word {
    Word { verdict: Verdict::Down, text: "error".to_owned() }
}

/// `db: down`, as an entry of an array of checks.
fn named_word(text: &str) -> Option<(String, Word)> {
    let (name, said) = text.split_once([':', '='])?;
    let verdict = words::verdict(said);
    let is_name = !name.trim().is_empty() && words::meaning(name).is_none() && verdict != Verdict::Unknown;
    is_name.then(|| (clip(name.trim(), NAME), Word { verdict, text: clip(said.trim(), SAID) }))
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
