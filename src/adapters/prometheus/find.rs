//! Series by words, as far as a server can be asked for that: by the names of its metrics first, then by labels among them.

use std::sync::PoisonError;
use std::time::Instant;

use serde_json::Value;

use super::rules::list;
use super::{NAMES_KEPT, Prometheus};
use crate::domain::{Cause, Safe};
use crate::engine::output::{Answer, SeriesTold};
use crate::metrics::labels::Labels;

/// Names of metrics whose series are counted and read for one answer.
const NAMES: usize = 100;
/// Series that are read for one answer at most, beside the last metric's.
const SERIES: f64 = 2000.0;

impl Prometheus {
    pub(super) async fn find(&self, words: &str, most: usize, now: i64) -> Result<Answer, Cause> {
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        let all = self.names().await?;
        let (names, in_names) = candidates(&all, &words);
        if names.is_empty() {
            return Ok(Answer::Found { series: Vec::new(), in_all: 0 });
        }
        let asked = names.get(..names.len().min(NAMES)).unwrap_or_default();
        let counts = self.query(&format!("count by (__name__) ({})", selector(asked)), now).await?;
        let count =
            |name: &str| counts.iter().find(|(labels, _)| labels.metric() == name).map_or(0.0, |(_, count)| *count);
        let wanted = if in_names { most as f64 } else { SERIES };
        let mut room = wanted;
        let mut read: Vec<&str> = Vec::new();
        for name in asked.iter().filter(|name| count(name) > 0.0) {
            if room <= 0.0 || count(name) > SERIES && !read.is_empty() {
                break;
            }
            read.push(name);
            room -= count(name);
        }
        if read.is_empty() {
            return Ok(Answer::Found { series: Vec::new(), in_all: 0 });
        }
        let mut found = self.query(&selector(&read), now).await?;
        found.retain(|(labels, _)| words.iter().all(|word| holds(labels, word)));
        found.sort_by(|(left, _), (right, _)| left.metric().cmp(right.metric()).then_with(|| left.cmp(right)));
        let counted: f64 = asked.iter().map(|name| count(name)).sum();
        let in_all = if in_names { counted as usize + (names.len() - asked.len()) } else { found.len() };
        let told = |(labels, value): (Labels, f64)| SeriesTold {
            labels,
            value: Some(value),
            at: now,
            kind: None,
            help: Safe::default(),
        };
        Ok(Answer::Found { series: found.into_iter().take(most).map(told).collect(), in_all })
    }

    /// The names of its metrics.
    pub(super) async fn names(&self) -> Result<Vec<String>, Cause> {
        let kept = self.names.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, names)) = kept.filter(|(at, _)| at.elapsed() < NAMES_KEPT) {
            return Ok(names);
        }
        let data = self.data("/api/v1/label/__name__/values", &[]).await?;
        let mut names: Vec<String> = list(Some(&data)).iter().filter_map(Value::as_str).map(str::to_owned).collect();
        names.sort();
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), names.clone()));
        Ok(names)
    }
}

/// Names that hold all words; where none does, those that hold most of them, whose labels may hold the others.
fn candidates<'a>(names: &'a [String], words: &[String]) -> (Vec<&'a str>, bool) {
    let left = |name: &str| {
        let name = name.to_lowercase();
        words.iter().filter(|word| !name.contains(*word)).count()
    };
    let least = names.iter().map(|name| left(name)).min().unwrap_or(0);
    let found = names.iter().map(String::as_str).filter(|name| left(name) == least).collect();
    (found, least == 0)
}

fn holds(labels: &Labels, word: &str) -> bool {
    labels.iter().any(|(name, value)| name.to_lowercase().contains(word) || value.to_lowercase().contains(word))
}

/// A selector of metrics by name. What a regular expression would read otherwise is quoted.
fn selector(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    format!("{{__name__=~\"{}\"}}", quoted.join("|"))
}

fn quoted(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for char in name.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\\' => out.push_str("\\\\\\\\"),
            c if c.is_alphanumeric() || c == '_' || c == ':' => out.push(c),
            c => {
                out.push_str("\\\\");
                out.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_looked_for_in_names_first() {
        let names: Vec<String> =
            ["go_gc_seconds", "http_requests_total", "http_seconds_bucket", "up"].map(str::to_owned).to_vec();
        let of = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let (found, whole) = candidates(&names, &words);
            (found.join(" "), whole)
        };
        assert_eq!(of(&["http"]), ("http_requests_total http_seconds_bucket".to_owned(), true));
        assert_eq!(of(&["seconds", "http"]), ("http_seconds_bucket".to_owned(), true));
        assert_eq!(of(&["up", "api"]), ("up".to_owned(), false), "api may stand in a label");
        assert_eq!(of(&[]).0.split(' ').count(), 4);
        assert_eq!(selector(&["a:b", "x.\"y"]), "{__name__=~\"a:b|x\\\\.\\\"y\"}");
    }
}
