//! The status words of one object: what its `status`, `state`, `healthy` or `success` says. What lies below it, and
//! what stands beside it, is read elsewhere.

use crate::domain::{Verdict, figure};

use super::children::Entries;
use super::fold::Folded;
use super::json::Node;
use super::words;

/// A word with its verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// What it means.
    pub verdict: Verdict,
    /// As it was written.
    pub text: String,
}

/// Longest word or message that is kept, in characters.
pub(super) const SAID: usize = 160;

pub(super) fn clip(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// How much a word says about its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// It states the status.
    Stated,
    /// It may mean something else, and counts where nothing is stated: a `state` with a word that nobody knows.
    Hinted,
}

/// The status word of an object: the worst of those it states, or else of those that may be meant as one.
#[must_use]
pub fn word_of(entries: &Entries<'_>) -> Option<Word> {
    stated_word(entries).or_else(|| hinted_word(entries))
}

/// The worst word that an object states.
#[must_use]
pub fn stated_word(entries: &Entries<'_>) -> Option<Word> {
    weighed(entries, Weight::Stated)
}

/// The worst word that an object may mean as its status.
#[must_use]
pub fn hinted_word(entries: &Entries<'_>) -> Option<Word> {
    weighed(entries, Weight::Hinted)
}

/// Whether a member is the status of its object, not a part of it.
#[must_use]
pub fn is_status(folded: &str, node: &Node<'_>) -> bool {
    weigh(folded, node).is_some()
}

/// The worse of two words, the first where they are alike.
#[must_use]
pub fn worse(a: Option<Word>, b: Option<Word>) -> Option<Word> {
    match (a, b) {
        (Some(a), Some(b)) if b.verdict > a.verdict => Some(b),
        (a, b) => a.or(b),
    }
}

fn weighed(entries: &Entries<'_>, wanted: Weight) -> Option<Word> {
    let is_tally = |key: &str, node: &Node<'_>| matches!(node, Node::Number(_)) && is_switch(key) && tallies(entries);
    let mut worst = None;
    for (key, node) in entries {
        let key = Folded::of(key);
        if let Some((_, word)) = weigh(key.as_str(), node).filter(|(weight, _)| *weight == wanted)
            && !is_tally(key.as_str(), node)
        {
            worst = worse(worst, Some(word));
        }
    }
    worst
}

fn is_switch(key: &str) -> bool {
    matches!(key, "ok" | "healthy" | "ishealthy" | "alive" | "isalive" | "live" | "ready" | "isready" | "up" | "isup")
}

/// Whether the numbers of an object say how many there are of each kind: `{"healthy":0,"unhealthy":0}`.
fn tallies(entries: &Entries<'_>) -> bool {
    const KINDS: [&str; 20] = [
        "unhealthy",
        "down",
        "failed",
        "failing",
        "failure",
        "failures",
        "error",
        "errors",
        "degraded",
        "dead",
        "offline",
        "notready",
        "notok",
        "unavailable",
        "unknown",
        "pending",
        "desired",
        "warning",
        "total",
        "count",
    ];
    entries.iter().any(|(key, node)| matches!(node, Node::Number(_)) && KINDS.contains(&Folded::of(key).as_str()))
}

fn weigh(key: &str, node: &Node<'_>) -> Option<(Weight, Word)> {
    match key {
        "status" | "healthstatus" | "overallstatus" | "health" | "overall" => {
            let compound = || match node {
                Node::List(items) => listed_word(items),
                Node::Object(inner) if key == "status" => object_word(inner),
                _ => None,
            };
            scalar_word(node).or_else(compound).map(|word| (Weight::Stated, word))
        }
        "state" | "condition" | "availability" => {
            let Node::Text(text) = node else { return None };
            let known = words::meaning(text).is_some() || words::begins_badly(text);
            let weight = if known { Weight::Stated } else { Weight::Hinted };
            Some((weight, Word { verdict: words::verdict(text), text: clip(text, SAID) }))
        }
        key if is_switch(key) => switch_word(key, node),
        _ => None,
    }
}

/// `"status": ["DOWN"]`: the worst of the words in it. Objects in it are children.
fn listed_word(items: &[Node<'_>]) -> Option<Word> {
    items.iter().filter_map(scalar_word).fold(None, |worst, word| worse(worst, Some(word)))
}

/// `"status": {"code": "UP", "description": ""}`
fn object_word(entries: &Entries<'_>) -> Option<Word> {
    let of = |keys: &[&str]| {
        let words =
            entries.iter().filter(|(key, _)| keys.contains(&Folded::of(key).as_str())).map(|(_, n)| scalar_word(n));
        words.fold(None, worse)
    };
    let listed = |word: &Word| word.verdict != Verdict::Unknown;
    let coded = of(&["code", "value"]);
    let word = worse(word_of(entries), coded.clone().filter(listed));
    let named = || of(&["name", "text", "label", "level"]).filter(listed);
    word.or_else(named).or(coded)
}

/// `"healthy": false`, and what stands for it: `"no"`, `0`.
fn switch_word(key: &str, node: &Node<'_>) -> Option<(Weight, Word)> {
    let word = |verdict, said: &str| Word { verdict, text: format!("{key}: {}", clip(said, SAID)) };
    let switched = |yes: bool, said: &str| word(if yes { Verdict::Ok } else { Verdict::Down }, said);
    Some(match node {
        Node::Bool(yes) => (Weight::Stated, switched(*yes, &yes.to_string())),
        // How many are ready, alive or live is a figure.
        Node::Number(number) if *number == 0.0 || *number == 1.0 => {
            let counted = matches!(key, "alive" | "live" | "ready");
            (if counted { Weight::Hinted } else { Weight::Stated }, switched(*number != 0.0, &figure::number(*number)))
        }
        Node::Text(text) => {
            let verdict = words::switch(text).map(|yes| if yes { Verdict::Ok } else { Verdict::Down });
            let known = verdict.is_some() || words::meaning(text).is_some() || words::begins_badly(text);
            let weight = if known { Weight::Stated } else { Weight::Hinted };
            (weight, word(verdict.unwrap_or_else(|| words::verdict(text)), text))
        }
        Node::Null => (Weight::Hinted, word(Verdict::Unknown, "null")),
        Node::Number(_) | Node::List(_) | Node::Object(_) => return None,
    })
}

/// The word that a scalar is; `None` for arrays and objects.
#[must_use]
pub fn scalar_word(node: &Node<'_>) -> Option<Word> {
    let (verdict, text) = match node {
        Node::Text(text) => match text.trim().parse::<f64>() {
            Ok(number) => (words::number_verdict(number), clip(text, SAID)),
            Err(_not_a_number) => (words::verdict(text), clip(text, SAID)),
        },
        Node::Bool(yes) => (if *yes { Verdict::Ok } else { Verdict::Down }, yes.to_string()),
        Node::Number(number) => (words::number_verdict(*number), figure::number(*number)),
        Node::Null => (Verdict::Unknown, "null".to_owned()),
        Node::List(_) | Node::Object(_) => return None,
    };
    Some(Word { verdict, text })
}

/// What `success` says, the worst of them where the key stands twice.
#[must_use]
pub fn success(entries: &Entries<'_>) -> Option<Word> {
    entries
        .iter()
        .filter(|(key, _)| Folded::of(key).as_str() == "success")
        .filter_map(|(_, node)| {
            let (verdict, said) = match node {
                Node::Bool(yes) => (if *yes { Verdict::Ok } else { Verdict::Down }, yes.to_string()),
                Node::Number(number) if number.is_finite() => {
                    let yes = *number != 0.0;
                    (if yes { Verdict::Ok } else { Verdict::Down }, yes.to_string())
                }
                Node::Text(text) => match words::switch(text) {
                    Some(yes) => (if yes { Verdict::Ok } else { Verdict::Down }, clip(text, SAID)),
                    None => (words::verdict(text), clip(text, SAID)),
                },
                _ => return None,
            };
            Some(Word { verdict, text: format!("success: {said}") })
        })
        .fold(None, |worst, word| worse(worst, Some(word)))
}
