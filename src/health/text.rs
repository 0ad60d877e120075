//! Reads health bodies that are plain text: one word, Kubernetes' verbose lines, or nothing; and knows a page.

use crate::domain::Verdict;
use crate::domain::health::BodyFamily;

use super::children::Child;
use super::shape::Told;
use super::status::{Word, worse};
use super::words;

/// Most good lines, and most bad ones, of a verbose text that are kept; all of them are read.
const KEPT: usize = 2000;

/// Reads text that is not JSON. An unlisted word is unknown.
#[must_use]
pub fn tell(text: &str) -> Told {
    let text = text.trim();
    if text.is_empty() {
        return Told { family: BodyFamily::Trivial, word: None, children: Vec::new(), version: None };
    }
    if text.starts_with("[+]") || text.starts_with("[-]") {
        return verbose(text);
    }
    let trivial = matches!(words::folded(text).as_str(), "ok" | "pong" | "true");
    let family = if trivial { BodyFamily::Trivial } else { BodyFamily::PlainWord };
    let word = Word { verdict: words::verdict(text), text: text.chars().take(60).collect() };
    Told { family, word: Some(word), children: Vec::new(), version: None }
}

/// `[+]ping ok`, `[-]etcd failed: reason withheld`, and at the end `healthz check failed`.
fn verbose(text: &str) -> Told {
    let (mut failing, mut passing) = (Vec::new(), Vec::new());
    let mut word = None;
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("[-]") {
            if failing.len() < KEPT {
                failing.push(child(rest, Verdict::Down));
            }
        } else if let Some(rest) = line.strip_prefix("[+]") {
            if passing.len() < KEPT {
                passing.push(child(rest, Verdict::Ok));
            }
        } else if let Some((_, last)) = line.rsplit_once(" check ") {
            let said = Word { verdict: words::verdict(last), text: line.chars().take(60).collect() };
            word = worse(word, Some(said));
        }
    }
    failing.append(&mut passing);
    Told { family: BodyFamily::KubernetesVerbose, word, children: failing, version: None }
}

fn child(line: &str, verdict: Verdict) -> Child {
    let (name, said) = line.split_once(' ').unwrap_or((line, ""));
    let said: String = said.chars().take(160).collect();
    let word = said.split(':').next().unwrap_or("").to_owned();
    Child { name: name.chars().take(120).collect(), verdict, word, detail: said, counts: true }
}

/// Whether this is a page for a browser. Many frameworks declare one by default, so that the body decides: a text
/// without a tag is none.
#[must_use]
pub fn is_page(body: &[u8], content_type: &str) -> bool {
    let start: Vec<u8> =
        body.iter().copied().skip_while(u8::is_ascii_whitespace).take(14).map(|b| b.to_ascii_lowercase()).collect();
    let declared = content_type.starts_with("text/html") && body.contains(&b'<');
    declared || start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}
