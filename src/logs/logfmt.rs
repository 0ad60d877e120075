//! `key=value key="quoted value"` lines: an iterator over the pairs. Keys inside quoted values are not seen.

use memchr::memchr2;

/// Pairs of a line, in order. Words without `=` are passed over.
pub struct Pairs<'a> {
    rest: &'a [u8],
}

/// One pair; `quoted` values are still escaped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair<'a> {
    pub key: &'a [u8],
    pub value: &'a [u8],
    pub quoted: bool,
}

/// The pairs of `line`.
pub fn pairs(line: &[u8]) -> Pairs<'_> {
    Pairs { rest: line }
}

/// Whether the line begins with `key=`, so that it is a logfmt line as a whole.
pub fn is_logfmt(line: &[u8]) -> bool {
    let length = key_length(line);
    length > 0 && line.get(length) == Some(&b'=') && line.get(length + 1) != Some(&b'=')
}

fn key_length(text: &[u8]) -> usize {
    if !text.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'@')) {
        return 0;
    }
    text.iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'@')).count()
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Pair<'a>;

    fn next(&mut self) -> Option<Pair<'a>> {
        loop {
            let text = self.rest.trim_ascii_start();
            if text.is_empty() {
                return None;
            }
            let length = key_length(text);
            if length > 0 && text.get(length) == Some(&b'=') {
                let (key, after) = (text.get(..length)?, text.get(length + 1..)?);
                let (value, quoted, taken) = value(after);
                self.rest = after.get(taken..).unwrap_or_default();
                return Some(Pair { key, value, quoted });
            }
            // Not a pair: on to the next word, quoted stretches as a whole.
            let taken = if text.first() == Some(&b'"') { value(text).2 } else { word_length(text).max(1) };
            self.rest = text.get(taken..).unwrap_or_default();
        }
    }
}

fn word_length(text: &[u8]) -> usize {
    memchr2(b' ', b'\t', text).unwrap_or(text.len())
}

/// The value at the beginning of `text`, whether it is quoted, and how many bytes it takes.
fn value(text: &[u8]) -> (&[u8], bool, usize) {
    if text.first() != Some(&b'"') {
        let length = word_length(text);
        return (text.get(..length).unwrap_or_default(), false, length);
    }
    let mut at = 1;
    while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if text.get(at) == Some(&b'"') {
            return (text.get(1..at).unwrap_or_default(), true, at + 1);
        }
        at += 2;
    }
    (text.get(1..).unwrap_or_default(), true, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_with_quotes_and_words_between() {
        let line = br#"ts=2026 level=info msg="a \" level=error" stray "quoted x=y" n=5 empty= url=http://x/?a=b"#;
        let found: Vec<_> = pairs(line)
            .map(|p| format!("{}:{}", String::from_utf8_lossy(p.key), String::from_utf8_lossy(p.value)))
            .collect();
        assert_eq!(found, ["ts:2026", "level:info", "msg:a \\\" level=error", "n:5", "empty:", "url:http://x/?a=b"]);
    }

    #[test]
    fn what_is_logfmt() {
        assert!(is_logfmt(b"level=info msg=x") && is_logfmt(b"time=\"x\""));
        assert!(!is_logfmt(b"a == b") && !is_logfmt(b"plain a=b") && !is_logfmt(b"=x") && !is_logfmt(b""));
    }
}
