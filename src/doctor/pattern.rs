//! A regular expression that is compiled at first use. One that could not be compiled matches nothing; a test reads them all.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A constant pattern.
pub struct Pattern(LazyLock<Option<Regex>>);

impl Pattern {
    pub const fn new(make: fn() -> Option<Regex>) -> Pattern {
        Pattern(LazyLock::new(make))
    }

    pub fn is_match(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|r| r.is_match(text))
    }

    /// The first group of every match.
    pub fn firsts<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let all = self.0.as_ref().map(|r| r.captures_iter(text).filter_map(|c| c.get(1)).map(|m| m.as_str()).collect());
        all.unwrap_or_default()
    }

    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.0.as_ref()?.captures(text)
    }

    /// Whether it can be compiled.
    #[cfg(test)]
    pub fn reads(&self) -> bool {
        self.0.is_some()
    }
}
