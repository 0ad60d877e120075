//! Figures for people, in Prometheus' forms.

use chrono::DateTime;

use super::float::go;

fn four(value: f64) -> String {
    go(value, 'g', Some(4))
}

/// `1.235M`.
pub fn humanize(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return four(value);
    }
    if value.abs() >= 1.0 {
        let (value, prefix) = larger(value, 1000.0, &["k", "M", "G", "T", "P", "E", "Z", "Y"]);
        return format!("{}{prefix}", four(value));
    }
    let (value, prefix) = smaller(value);
    format!("{}{prefix}", four(value))
}

/// `1.177Mi`.
pub fn humanize_1024(value: f64) -> String {
    if value.abs() <= 1.0 || !value.is_finite() {
        return four(value);
    }
    let (value, prefix) = larger(value, 1024.0, &["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"]);
    format!("{}{prefix}", four(value))
}

/// `1d 2h 3m 4s`, of seconds.
pub fn duration(value: f64) -> String {
    if !value.is_finite() {
        return four(value);
    }
    if value == 0.0 {
        return format!("{}s", four(value));
    }
    if value.abs() < 1.0 {
        let (value, prefix) = smaller(value);
        return format!("{}{prefix}s", four(value));
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let whole = value.abs() as i64;
    let (seconds, minutes, hours, days) = (whole % 60, whole / 60 % 60, whole / 3600 % 24, whole / 86400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{sign}{}s", four(value.abs())),
        (0, 0, _) => format!("{sign}{minutes}m {seconds}s"),
        (0, _, _) => format!("{sign}{hours}h {minutes}m {seconds}s"),
        _ => format!("{sign}{days}d {hours}h {minutes}m {seconds}s"),
    }
}

/// `12.35%`, of a share.
pub fn percentage(value: f64) -> String {
    format!("{}%", four(value * 100.0))
}

/// `2015-06-23 13:19:44.128 +0000 UTC`, of seconds since the epoch.
pub fn timestamp(value: f64) -> Result<String, String> {
    if !value.is_finite() {
        return Ok(four(value));
    }
    let nanoseconds = value * 1e9;
    let outside = || {
        let told = super::float::plain(value);
        format!("{told} cannot be represented as a nanoseconds timestamp since it overflows int64")
    };
    if nanoseconds.abs() >= i64::MAX as f64 {
        return Err(outside());
    }
    let milliseconds = nanoseconds as i64 / 1_000_000;
    let time = DateTime::from_timestamp_millis(milliseconds).ok_or_else(outside)?;
    let told = time.format("%Y-%m-%d %H:%M:%S").to_string();
    let part = milliseconds.rem_euclid(1000);
    let part = if part == 0 { String::new() } else { format!(".{part:03}").trim_end_matches('0').to_owned() };
    Ok(format!("{told}{part} +0000 UTC"))
}

fn larger<'a>(mut value: f64, step: f64, prefixes: &[&'a str]) -> (f64, &'a str) {
    let mut prefix = "";
    for next in prefixes {
        if value.abs() < step {
            break;
        }
        prefix = next;
        value /= step;
    }
    (value, prefix)
}

fn smaller(mut value: f64) -> (f64, &'static str) {
    let mut prefix = "";
    for next in ["m", "u", "n", "p", "f", "a", "z", "y"] {
        if value.abs() >= 1.0 {
            break;
        }
        prefix = next;
        value *= 1000.0;
    }
    (value, prefix)
}
