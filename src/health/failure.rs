//! Whether a body tells of an error beside its status: `error`, `errors`, `exception`. Counters of errors, and what
//! says that there is none, are no failure.

use crate::domain::{Verdict, figure};

use super::change::is_timestamp;
use super::children::Entries;
use super::fold::Folded;
use super::json::Node;
use super::status::{SAID, clip, word_of};
use super::words::{self, Meaning};

/// What an error says of itself, most telling first.
const MESSAGES: [&str; 7] = ["message", "msg", "description", "detail", "title", "reason", "error"];
/// Members of an error whose number is no figure.
const CODES: [&str; 6] = ["code", "errorcode", "status", "statuscode", "errno", "error"];

/// The error that an object tells of, as text.
#[must_use]
pub fn failure(entries: &Entries<'_>) -> Option<String> {
    entries.iter().find_map(|(key, node)| match Folded::of(key).as_str() {
        "error" | "exception" | "errormessage" => told(node, is_http_error),
        "errors" | "exceptions" => told(node, never),
        _ => None,
    })
}

/// The error that an object tells of which need not be a part: `{"links":{"error":"/error"}}` tells of none, nor do
/// counters, colours and files under that name.
#[must_use]
pub fn sentence(entries: &Entries<'_>) -> Option<String> {
    let text = failure(entries)?;
    let said = text.trim();
    let begins = said.starts_with(char::is_alphabetic) && said != "true";
    let word = words::meaning(said) == Some(Meaning::Unhealthy) && !said.eq_ignore_ascii_case("red");
    let says = word || said.contains(' ') || said.chars().all(char::is_uppercase);
    (begins && says).then_some(text)
}

/// What stands under a key for errors. `counts`: whether a bare number there is an error; most are how many there
/// were.
fn told(node: &Node<'_>, counts: fn(f64) -> bool) -> Option<String> {
    match node {
        Node::Null => None,
        Node::Bool(yes) => yes.then(|| "true".to_owned()),
        Node::Number(number) => counts(*number).then(|| figure::number(*number)),
        Node::Text(text) => match text.trim().parse::<f64>() {
            Ok(number) => counts(number).then(|| clip(text, SAID)),
            Err(_not_a_number) => is_message(text).then(|| clip(text, SAID)),
        },
        Node::List(items) => items.iter().find_map(|item| told(item, never)),
        Node::Object(inner) => told_within(inner),
    }
}

fn never(_: f64) -> bool {
    false
}

fn is_http_error(number: f64) -> bool {
    number.fract() == 0.0 && (400.0..600.0).contains(&number)
}

/// An error that is an object: its message, its code, or any text. Parts that tell their own status are children.
fn told_within(entries: &Entries<'_>) -> Option<String> {
    let is_part = |node: &Node<'_>| matches!(node, Node::Object(inner) if word_of(inner).is_some());
    if entries.iter().all(|(_, node)| is_part(node)) {
        return None;
    }
    let under = |wanted: &str, read: &dyn Fn(&Node<'_>) -> Option<String>| {
        entries.iter().find_map(|(key, node)| (Folded::of(key).as_str() == wanted).then(|| read(node)).flatten())
    };
    let message = |node: &Node<'_>| match node {
        Node::Text(text) if is_message(text) => Some(clip(text, SAID)),
        _ => None,
    };
    let code = |node: &Node<'_>| match node {
        Node::Number(_) | Node::Text(_) => told(node, is_code).map(|code| format!("code {code}")),
        _ => None,
    };
    let words = |node: &Node<'_>| match node {
        Node::Text(text) if is_message(text) && text.trim_start().starts_with(char::is_alphabetic) => {
            Some(clip(text, SAID))
        }
        Node::List(items) => items.iter().find_map(|item| told(item, never)),
        Node::Object(inner) => told_within(inner),
        _ => None,
    };
    MESSAGES
        .iter()
        .find_map(|key| under(key, &message))
        .or_else(|| CODES.iter().find_map(|key| under(key, &code)))
        .or_else(|| entries.iter().filter(|(_, node)| !is_part(node)).find_map(|(_, node)| words(node)))
}

/// Whether a number under `error` or `code` means one: zero and the codes of success do not.
fn is_code(number: f64) -> bool {
    number.is_finite() && number != 0.0 && !(200.0..400.0).contains(&number)
}

fn is_message(text: &str) -> bool {
    const NOTHING: [&str; 9] = ["", "none", "no", "null", "nil", "n/a", "noerror", "noerrors", "nothing"];
    let text = text.trim();
    let nothing = text.is_empty()
        || words::switch(text) == Some(false)
        || NOTHING.iter().skip(1).any(|n| words::folded(text).as_str() == *n)
        || words::meaning(text).is_some_and(|m| m.verdict() == Verdict::Ok);
    !nothing && !is_timestamp(text) && text.contains(char::is_alphanumeric)
}
