//! Durations as Prometheus writes them: `5m`, `1h30m`, `1d`, `0`; units from years to milliseconds, each once, falling.

use std::time::Duration;

const DAY: u64 = 86_400_000;
/// From the largest, with their milliseconds.
const UNITS: [(&str, u64); 7] =
    [("y", 365 * DAY), ("w", 7 * DAY), ("d", DAY), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
/// Prometheus counts nanoseconds in 63 bits.
const MOST: u64 = i64::MAX as u64 / 1_000_000;

/// Reads a duration, or says why it is none.
pub fn parse(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let told = || format!("{:?} is no duration; write it as 30s, 5m, 1h30m or 1d", clipped(text));
    let mut rest = text;
    let mut total: u64 = 0;
    let mut next = 0;
    if rest.is_empty() {
        return Err("an empty duration; write it as 30s, 5m, 1h30m or 1d".to_owned());
    }
    while !rest.is_empty() {
        let (digits, after) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
        let (unit, after) = after.split_at(after.bytes().take_while(u8::is_ascii_lowercase).count());
        let at = UNITS.iter().skip(next).position(|(name, _)| *name == unit).ok_or_else(told)?;
        next += at + 1;
        let (_, size) = UNITS.get(next - 1).ok_or_else(told)?;
        let count: u64 = digits.parse().ok().filter(|_| !digits.is_empty()).ok_or_else(told)?;
        let sum = count.checked_mul(*size).and_then(|part| total.checked_add(part)).filter(|sum| *sum <= MOST);
        total = sum.ok_or_else(|| format!("{:?} is too long a duration", clipped(text)))?;
        rest = after;
    }
    Ok(Duration::from_millis(total))
}

fn clipped(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_prometheus_reads_them() {
        for (text, seconds) in [
            ("0", 0.0),
            ("0s", 0.0),
            ("5m", 300.0),
            ("1h30m", 5400.0),
            ("1d", 86400.0),
            ("1y", 31_536_000.0),
            ("2w", 1_209_600.0),
            ("1m500ms", 60.5),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in [
            "",
            "1",
            "5",
            "m",
            "-5m",
            "+5m",
            "1.5h",
            "5 m",
            "5m ",
            "5M",
            "1m1h",
            "1m1m",
            "5min",
            "1s1",
            "99999999999999999999s",
            "300y",
            "5ms1s",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
