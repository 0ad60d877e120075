//! The written form of a series, `name{a="b"}`, taken apart: pairs as they stand on the page, and labels made of them. It takes
//! what the reader of lines has found well-formed, and stops quietly at anything else.

use std::borrow::Cow;

use crate::metrics::labels::{Labels, NAME};

/// Names and values of a written series, escapes still in them; the metric's own name comes with no label's name.
#[derive(Clone, Debug)]
pub struct Pairs<'a> {
    rest: &'a [u8],
    inside: bool,
}

impl<'a> Pairs<'a> {
    /// Of the bytes that the reader gave out.
    #[must_use]
    pub fn of(series: &'a [u8]) -> Pairs<'a> {
        Pairs { rest: series, inside: false }
    }

    fn skip(&mut self, skipped: impl Fn(u8) -> bool) {
        let count = self.rest.iter().take_while(|b| skipped(**b)).count();
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    fn word(&mut self) -> &'a [u8] {
        let count = self.rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':')).count();
        let (word, rest) = self.rest.split_at_checked(count).unwrap_or_default();
        self.rest = rest;
        word
    }

    fn quoted(&mut self) -> Option<&'a [u8]> {
        let inner = self.rest.strip_prefix(b"\"")?;
        let length = closing(inner)?;
        self.rest = inner.get(length + 1..)?;
        inner.get(..length)
    }

    fn blanks(&mut self) {
        self.skip(|b| matches!(b, b' ' | b'\t'));
    }
}

/// Where the quote closes that was opened before these bytes.
pub(super) fn closing(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (Option<&'a [u8]>, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.blanks();
        if !self.inside {
            self.inside = true;
            let name = self.word();
            self.blanks();
            self.rest = self.rest.strip_prefix(b"{").unwrap_or_default();
            if !name.is_empty() {
                return Some((None, name));
            }
        }
        self.skip(|b| matches!(b, b' ' | b'\t' | b','));
        let quoted = self.quoted();
        let name = match quoted {
            Some(name) => name,
            None => Some(self.word()).filter(|word| !word.is_empty())?,
        };
        self.blanks();
        let Some(rest) = self.rest.strip_prefix(b"=") else {
            return quoted.map(|name| (None, name));
        };
        self.rest = rest;
        self.blanks();
        Some((Some(name), self.quoted()?))
    }
}

/// With `\\`, `\"` and `\n` put back; any other escape stays as it is written, as Prometheus has it.
fn plain(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if memchr::memchr(b'\\', bytes).is_none() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => out.push('\n'),
            Some(escaped @ ('\\' | '"')) => out.push(escaped),
            other => out.extend(['\\'].into_iter().chain(other)),
        }
    }
    Cow::Owned(out)
}

/// The labels of a written series.
#[must_use]
pub fn labels(series: &[u8]) -> Labels {
    Labels::new(Pairs::of(series).map(|(name, value)| (name.map_or(Cow::Borrowed(NAME), plain), plain(value))))
}

/// Whether two labels have one name; `__name__` counts as the metric's.
pub(super) fn repeats(series: &[u8]) -> bool {
    let name = |pair: (Option<&'_ [u8]>, &[u8])| pair.0.map_or(Cow::Borrowed(NAME), plain).into_owned();
    let mut names: Vec<String> = Pairs::of(series).map(name).collect();
    names.sort_unstable();
    names.windows(2).any(|two| two.first() == two.last())
}
