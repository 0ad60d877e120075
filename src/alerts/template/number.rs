//! Numbers as Go writes them in source.

use super::value::Value;

/// A literal: a whole number where it is written as one, else a float.
pub fn literal(text: &str) -> Option<Value> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1_i128, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (1, text),
    };
    let plain = digits.replace('_', "");
    let lower = plain.to_ascii_lowercase();
    let whole = match lower.get(..2) {
        Some("0x") => i128::from_str_radix(lower.get(2..)?, 16).ok(),
        Some("0b") => i128::from_str_radix(lower.get(2..)?, 2).ok(),
        Some("0o") => i128::from_str_radix(lower.get(2..)?, 8).ok(),
        _ if lower.len() > 1 && lower.starts_with('0') && lower.bytes().all(|b| b.is_ascii_digit()) => {
            Some(i128::from_str_radix(&lower, 8).ok()?)
        }
        _ => lower.parse().ok(),
    };
    if let Some(whole) = whole {
        return i64::try_from(sign * whole).ok().map(Value::Int);
    }
    let float: f64 = lower.bytes().next().filter(|b| b.is_ascii_digit() || *b == b'.').and(lower.parse().ok())?;
    Some(Value::Float(float * sign as f64))
}

/// A float from text, as Go's `ParseFloat` takes it.
pub fn float(text: &str) -> Option<f64> {
    let bare = text.trim_start_matches(['+', '-']);
    let named = ["inf", "infinity", "nan"].iter().any(|name| bare.eq_ignore_ascii_case(name));
    let digits = bare.bytes().next().is_some_and(|b| b.is_ascii_digit() || b == b'.');
    if named || digits { text.parse().ok() } else { None }
}
