//! Patterns of matchers: RE2 as Prometheus reads it (anchored at both ends, `.` takes line ends, classes of ASCII), told to
//! the regex library in its own dialect.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

use super::failure::Refused;

/// Most memory of one compiled pattern.
const SIZE: usize = 1 << 20;

/// Compiles a pattern.
pub fn anchored(pattern: &str) -> Result<Regex, Refused> {
    let built = RegexBuilder::new(&format!("^(?s:{})$", translated(pattern))).size_limit(SIZE).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => Refused::outside("a pattern of this size"),
        _ => Refused::invalid(format!("illegal pattern {pattern:?}")),
    })
}

fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    while let Some(next) = chars.next() {
        match next {
            '\\' => escape(&mut chars, &mut out),
            '[' => class(&mut chars, &mut out),
            '{' if !is_repetition(chars.clone()) => out.push_str("\\{"),
            other => out.push(other),
        }
    }
    out
}

/// An escape outside a class.
fn escape(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    match chars.next() {
        Some('d') => out.push_str("[0-9]"),
        Some('D') => out.push_str("[^0-9]"),
        Some('w') => out.push_str("[0-9A-Za-z_]"),
        Some('W') => out.push_str("[^0-9A-Za-z_]"),
        Some('s') => out.push_str("[\\t\\n\\x0C\\r ]"),
        Some('S') => out.push_str("[^\\t\\n\\x0C\\r ]"),
        Some('b') => out.push_str("(?-u:\\b)"),
        Some('Q') => literally(chars, out),
        Some(sign @ ('<' | '>')) => out.push(sign),
        Some(other) => out.extend(['\\', other]),
        None => out.push('\\'),
    }
}

/// What stands between `\Q` and `\E`.
fn literally(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    while let Some(next) = chars.next() {
        if next == '\\' && chars.peek() == Some(&'E') {
            chars.next();
            return;
        }
        out.push_str(&regex::escape(next.encode_utf8(&mut [0; 4])));
    }
}

/// A class, from behind its bracket to the one that closes it.
fn class(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('[');
    if chars.peek() == Some(&'^') {
        chars.next();
        out.push('^');
    }
    if chars.peek() == Some(&']') {
        chars.next();
        out.push_str("\\]");
    }
    while let Some(next) = chars.next() {
        match next {
            ']' => {
                out.push(']');
                return;
            }
            '[' if chars.peek() == Some(&':') => {
                out.push('[');
                for named in chars.by_ref() {
                    out.push(named);
                    if named == ']' {
                        break;
                    }
                }
            }
            // The library would read set operations in them.
            '[' | '&' | '~' => out.extend(['\\', next]),
            '\\' => match chars.next() {
                Some('d') => out.push_str("0-9"),
                Some('w') => out.push_str("0-9A-Za-z_"),
                Some('s') => out.push_str("\\t\\n\\x0C\\r "),
                Some('D') => out.push_str("[^0-9]"),
                Some('W') => out.push_str("[^0-9A-Za-z_]"),
                Some('S') => out.push_str("[^\\t\\n\\x0C\\r ]"),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            other => out.push(other),
        }
    }
}

/// Whether what follows a brace is a repetition; else the brace is itself.
fn is_repetition(mut chars: Peekable<Chars<'_>>) -> bool {
    let (mut digits, mut commas) = (0, 0);
    loop {
        match chars.next() {
            Some('}') => return digits > 0,
            Some(',') if digits > 0 && commas == 0 => commas += 1,
            Some(digit) if digit.is_ascii_digit() => digits += 1,
            _ => return false,
        }
    }
}
