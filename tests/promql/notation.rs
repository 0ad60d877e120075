//! The notation of series: labels, then values (`1 _ 2x3 1+2x4 stale`). Numbers and durations stand in `figures.rs`.

use quarterdeck::metrics::labels::{Labels, NAME};

use crate::figures::{leading_number, times};

/// What is said of lines that give samples a time of start.
pub const START: &str = "times of start";

/// Stands for a byte that is no text.
const NO_TEXT: char = '\u{fffd}';

/// A value of a series, or none.
#[derive(Clone, Copy, Debug)]
pub enum Slot {
    Gap,
    Value(f64),
    Stale,
}

/// A series as it is written.
#[derive(Debug)]
pub struct Described {
    pub labels: Labels,
    pub slots: Vec<Slot>,
    /// What it holds that is not read.
    pub unread: Option<&'static str>,
}

/// Reads a series.
pub fn described(line: &str) -> Result<Described, String> {
    let mut rest = line.trim();
    let mut pairs: Vec<(String, String)> = Vec::new();
    let name_length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))).unwrap_or(rest.len());
    let (name, behind) = rest.split_at(name_length);
    if !name.is_empty() {
        pairs.push((NAME.to_owned(), name.to_owned()));
    }
    rest = behind;
    if let Some(inside) = rest.strip_prefix('{') {
        rest = braces(inside, &mut pairs)?;
    } else if name.is_empty() {
        return Err(format!("no series: {line:?}"));
    }
    // Text that is no UTF-8 is kept by none of ours.
    let raw = pairs.iter().any(|(_, value)| value.contains(NO_TEXT));
    let unread = if raw {
        Some("text that is not UTF-8")
    } else if rest.contains("{{") {
        Some("native histograms")
    } else if rest.trim_start().starts_with('@') {
        Some(START)
    } else {
        None
    };
    let mut slots = Vec::new();
    if unread.is_none() {
        for item in rest.split_whitespace().take_while(|item| !item.starts_with('#')) {
            self::item(item, &mut slots)?;
        }
    }
    Ok(Described { labels: Labels::new(pairs), slots, unread })
}

/// Reads labels up to the closing brace; what stands behind it.
fn braces<'t>(mut rest: &'t str, pairs: &mut Vec<(String, String)>) -> Result<&'t str, String> {
    loop {
        rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix('}') {
            return Ok(behind);
        }
        if let Some(behind) = rest.strip_prefix(',') {
            rest = behind;
            continue;
        }
        let name = if rest.starts_with(['"', '\'', '`']) {
            let (name, behind) = quoted(rest)?;
            rest = behind.trim_start();
            name
        } else {
            let end = rest.find(['=', ' ', '}']).ok_or("labels without an end")?;
            let (name, behind) = rest.split_at(end);
            rest = behind.trim_start();
            name.to_owned()
        };
        match rest.strip_prefix('=') {
            Some(behind) => {
                let (value, behind) = quoted(behind.trim_start())?;
                rest = behind;
                pairs.push((name, value));
            }
            None => pairs.push((NAME.to_owned(), name)),
        }
    }
}

/// Reads a quoted text; what stands behind it.
pub fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut chars = text.char_indices();
    let quote = chars.next().map(|(_, quote)| quote).filter(|quote| "\"'`".contains(*quote)).ok_or("no quoted text")?;
    let mut out = Vec::new();
    while let Some((at, next)) = chars.next() {
        match next {
            _ if next == quote => {
                return Ok((String::from_utf8_lossy(&out).into_owned(), text.split_at(at + 1).1));
            }
            '\\' if quote != '`' => {
                let Some((_, letter)) = chars.next() else { break };
                escaped(letter, chars.by_ref().map(|(_, next)| next), &mut out)?;
            }
            other => out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Err(format!("text without an end: {text:?}"))
}

/// Reads what stands behind a backslash: escapes by number write a byte (two or, with eight as base, three digits) or a letter.
fn escaped(letter: char, mut rest: impl Iterator<Item = char>, out: &mut Vec<u8>) -> Result<(), String> {
    let mut number = |first: &str, digits: usize, radix: u32| {
        let code: String = first.chars().chain(rest.by_ref().take(digits)).collect();
        u32::from_str_radix(&code, radix).map_err(|why| format!("a bad escape: {code:?}: {why}"))
    };
    let byte = match letter {
        'a' => 7,
        'b' => 8,
        't' => 9,
        'n' => 10,
        'v' => 11,
        'f' => 12,
        'r' => 13,
        'x' => number("", 2, 16)?,
        '0'..='7' => number(&letter.to_string(), 2, 8)?,
        'u' | 'U' => {
            let code = number("", if letter == 'u' { 4 } else { 8 }, 16)?;
            let code = char::from_u32(code).ok_or("an escape of no letter")?;
            out.extend_from_slice(code.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(());
        }
        other => {
            out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(());
        }
    };
    out.push(u8::try_from(byte).map_err(|why| format!("an escape of no byte: {why}"))?);
    Ok(())
}

/// Reads one item: a gap, a value, or a run of them.
fn item(item: &str, slots: &mut Vec<Slot>) -> Result<(), String> {
    let bad = || format!("no values: {item:?}");
    if let Some(behind) = item.strip_prefix('_') {
        let count = if behind.is_empty() { 1 } else { times(behind).ok_or_else(bad)? };
        slots.extend((0..count).map(|_| Slot::Gap));
        return Ok(());
    }
    if let Some(behind) = item.strip_prefix("stale") {
        let count = if behind.is_empty() { 1 } else { times(behind).ok_or_else(bad)? + 1 };
        slots.extend((0..count).map(|_| Slot::Stale));
        return Ok(());
    }
    let (first, rest) = leading_number(item).ok_or_else(bad)?;
    if rest.is_empty() {
        slots.push(Slot::Value(first));
        return Ok(());
    }
    let (step, rest) = if rest.starts_with(['+', '-']) { leading_number(rest).ok_or_else(bad)? } else { (0.0, rest) };
    let count = times(rest).ok_or_else(bad)?;
    // Added up one by one, as the original does it: that differs from a product in the last digits.
    let mut value = first;
    for _ in 0..=count {
        slots.push(Slot::Value(value));
        value += step;
    }
    Ok(())
}
