//! Numbers, counts and durations as the files write them.

/// How often a value is repeated.
pub fn times(text: &str) -> Option<usize> {
    text.strip_prefix('x')?.parse().ok()
}

/// A number with a sign, as far as it goes. There are no hexadecimal ones: `0x4` is a run of zeros.
pub fn leading_number(text: &str) -> Option<(f64, &str)> {
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
            next.is_ascii_digit() || matches!(next, '.' | 'e' | 'E' | '_') || signed
        });
        // All of them are one byte long.
        taken.count()
    };
    let (number, rest) = text.split_at(sign + length);
    Some((self::number(number)?, rest))
}

/// A number as Prometheus reads it: with 16, 8 or 2 as its base too (a leading zero says eight), digits set apart or not.
pub fn number(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.replace('_', "");
    let whole = match digits.to_ascii_lowercase().split_at_checked(2) {
        Some(("0x", rest)) => i64::from_str_radix(rest, 16).ok(),
        Some(("0o", rest)) => i64::from_str_radix(rest, 8).ok(),
        Some(("0b", rest)) => i64::from_str_radix(rest, 2).ok(),
        Some(_) if digits.starts_with('0') => i64::from_str_radix(&digits, 8).ok(),
        _ => None,
    };
    let unsigned = !digits.starts_with(['+', '-']);
    let found = whole.map(|whole| whole as f64).or_else(|| digits.parse().ok());
    found.filter(|_| unsigned).map(|found: f64| sign * found)
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

#[test]
fn numbers_are_read_in_each_base() {
    for (text, wanted) in [
        ("12.34e6", 12_340_000.0),
        ("+1e-1", 0.1),
        ("-.5", -0.5),
        ("0x1F", 31.0),
        ("-0b11", -3.0),
        ("0o17", 15.0),
        ("017", 15.0),
        ("08", 8.0),
        ("0", 0.0),
        ("1_000", 1000.0),
        ("-Inf", f64::NEG_INFINITY),
        ("+infinity", f64::INFINITY),
    ] {
        assert_eq!(number(text), Some(wanted), "{text}");
    }
    assert!(number("NaN").is_some_and(f64::is_nan));
    for text in ["", "-", "--1", "metric", "1 2", "0x", "expect"] {
        assert_eq!(number(text), None, "{text}");
    }
    assert_eq!(leading_number("0x4"), Some((0.0, "x4")));
    assert_eq!(leading_number("1_0-2x3"), Some((10.0, "-2x3")));
    assert_eq!(leading_number("-infx3").map(|(_, rest)| rest), Some("x3"));
}
