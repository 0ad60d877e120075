//! The notation of series: labels, then values (`1 _ 2x3 1+2x4 stale`), and durations.

use quarterdeck::metrics::labels::{Labels, NAME};

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
    let unread = if rest.contains("{{") {
        Some("native histograms")
    } else if rest.trim_start().starts_with('@') {
        Some("times of start")
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
    let mut out = String::new();
    while let Some((at, next)) = chars.next() {
        match next {
            _ if next == quote => return Ok((out, text.split_at(at + 1).1)),
            '\\' if quote != '`' => match chars.next().map(|(_, escaped)| escaped) {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some(letter @ ('x' | 'u' | 'U')) => {
                    let digits = match letter {
                        'x' => 2,
                        'u' => 4,
                        _ => 8,
                    };
                    let code: String = chars.by_ref().take(digits).map(|(_, digit)| digit).collect();
                    let code = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32).ok_or("a bad escape")?;
                    out.push(code);
                }
                Some(other) => out.push(other),
                None => break,
            },
            other => out.push(other),
        }
    }
    Err(format!("text without an end: {text:?}"))
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
    let (first, rest) = number(item).ok_or_else(bad)?;
    if rest.is_empty() {
        slots.push(Slot::Value(first));
        return Ok(());
    }
    let (step, rest) = if rest.starts_with(['+', '-']) { number(rest).ok_or_else(bad)? } else { (0.0, rest) };
    let count = times(rest).ok_or_else(bad)?;
    // Added up one by one, as the original does it: that differs from a product in the last digits.
    let mut value = first;
    for _ in 0..=count {
        slots.push(Slot::Value(value));
        value += step;
    }
    Ok(())
}

fn times(text: &str) -> Option<usize> {
    text.strip_prefix('x')?.parse().ok()
}

/// A number with a sign, as far as it goes. There are no hexadecimal ones: `0x4` is a run of zeros.
fn number(text: &str) -> Option<(f64, &str)> {
    let sign = usize::from(text.starts_with(['+', '-']));
    let unsigned = text.split_at(sign).1;
    let word = unsigned.get(..3).map(str::to_ascii_lowercase);
    let length = if word.is_some_and(|word| word == "inf" || word == "nan") {
        3
    } else {
        let mut before = ' ';
        let taken = unsigned.chars().take_while(|next| {
            let signed = matches!(next, '+' | '-') && matches!(before, 'e' | 'E');
            before = *next;
            next.is_ascii_digit() || matches!(next, '.' | 'e' | 'E') || signed
        });
        // All of them are one byte long.
        taken.count()
    };
    let (number, rest) = text.split_at(sign + length);
    Some((number.parse().ok()?, rest))
}

/// Milliseconds of a duration as Prometheus writes it; a bare number is seconds.
pub fn duration(text: &str) -> Result<i64, String> {
    let bad = || format!("no duration: {text:?}");
    if let Some(positive) = text.strip_prefix('-') {
        return duration(positive).map(|milliseconds| -milliseconds);
    }
    if let Ok(seconds) = text.parse::<f64>() {
        return Ok((seconds * 1000.0).round() as i64);
    }
    let (mut total, mut rest) = (0_i64, text);
    while !rest.is_empty() {
        let (digits, behind) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?);
        let (unit, behind) = behind.split_at(behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len()));
        let unit: i64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 7 * 86_400_000,
            "y" => 365 * 86_400_000,
            _ => return Err(bad()),
        };
        total = digits.parse::<i64>().ok().and_then(|n| total.checked_add(n.checked_mul(unit)?)).ok_or_else(bad)?;
        rest = behind;
    }
    Ok(total)
}
