//! Figures as text: three significant digits, unit attached; whole numbers whole, bounds as they were written. One place,
//! for panes, `check` and sentences alike.

use std::time::Duration;

/// `842us`, `12.4ms`, `1.25s`, `3m07s`, `2h14m`, `3d04h`.
#[must_use]
pub fn duration(d: Duration) -> String {
    let seconds = d.as_secs_f64();
    if seconds < 0.000_999_5 {
        return format!("{}us", d.as_micros());
    }
    if seconds < 0.999_5 {
        return format!("{}ms", three(seconds * 1000.0));
    }
    if seconds < 59.95 {
        return format!("{}s", three(seconds));
    }
    let whole = d.as_secs();
    match whole {
        0..3600 => format!("{}m{:02}s", whole / 60, whole % 60),
        3600..86_400 => format!("{}h{:02}m", whole / 3600, whole % 3600 / 60),
        _ => format!("{}d{:02}h", whole / 86_400, whole % 86_400 / 3600),
    }
}

/// An age in whole seconds below a minute, so that it does not dance: `4s`, `3m07s`.
#[must_use]
pub fn age(d: Duration) -> String {
    if d.as_secs() < 60 { format!("{}s", d.as_secs()) } else { duration(d) }
}

/// A length of time that was looked over: `5m`, `10s`, `200ms`, `1h`, `1d`; odd ones as an age.
#[must_use]
pub fn span(d: Duration) -> String {
    match d.as_secs() {
        0 => duration(d),
        whole if (60..3600).contains(&whole) && whole.is_multiple_of(60) => format!("{}m", whole / 60),
        whole if (3600..86_400).contains(&whole) && whole.is_multiple_of(3600) => format!("{}h", whole / 3600),
        whole if whole >= 86_400 && whole.is_multiple_of(86_400) => format!("{}d", whole / 86_400),
        _ => age(d),
    }
}

/// `412 MiB`, `1.25 GiB`, `87 B`.
#[must_use]
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 999.5 && unit < UNITS.len() - 1 {
        value /= 1024.0;
        unit += 1;
    }
    format!("{} {}", three(value), UNITS[unit])
}

/// From here on a figure is written with its exponent.
const HUGE: f64 = 1e15;

/// Whole numbers below this are written as they are.
const WHOLE: f64 = 1e4;

/// `312`, `1250`, `12.5k`, `41.2M`; the sign stays. What has no unit any more is written with its exponent.
#[must_use]
pub fn count(n: f64) -> String {
    if !n.is_finite() || n.abs() >= HUGE {
        return number(n);
    }
    const UNITS: [&str; 5] = ["", "k", "M", "G", "T"];
    let mut value = n + 0.0; // an empty sum is -0
    if value.fract() == 0.0 && value.abs() < WHOLE {
        return format!("{value:.0}");
    }
    let mut unit = 0;
    while value.abs() >= 999.5 && unit < UNITS.len() - 1 {
        value /= 1000.0;
        unit += 1;
    }
    format!("{}{}", three(value), UNITS[unit])
}

/// `1 record`, `0 records`, `12 records`.
#[must_use]
pub fn several(n: u64, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}

/// `71.4%` of a ratio 0..1.
#[must_use]
pub fn percent(ratio: f64) -> String {
    match ratio * 100.0 {
        share if share.abs() < HUGE => format!("{}%", three(share)),
        huge if huge.is_finite() => format!("{}%", number(huge)),
        _ => number(ratio),
    }
}

/// A bound as it was written: `80%`, `99.5%`.
#[must_use]
pub fn bound_percent(ratio: f64) -> String {
    let share = ratio * 100.0;
    let whole = share.round();
    // 0.07 * 100 is a little more than 7.
    if (share - whole).abs() < 1e-9 && whole.abs() < HUGE { format!("{whole:.0}%") } else { percent(ratio) }
}

/// A bare number with three significant digits, a whole one whole; NaN and infinities by name.
#[must_use]
pub fn number(n: f64) -> String {
    if n.is_nan() {
        "NaN".to_owned()
    } else if n.is_infinite() {
        if n > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() }
    } else if n.abs() >= HUGE || (n != 0.0 && n.abs() < 1e-4) {
        format!("{n:.2e}")
    } else if n.fract() == 0.0 {
        format!("{:.0}", n + 0.0)
    } else {
        three(n)
    }
}

fn three(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude >= 1e15 {
        return format!("{value:.0}");
    }
    // Whole numbers are put into words several times faster than fractions, and a frame has hundreds of figures.
    let (scale, digits) = match magnitude {
        0.0 | 99.95.. => (1u32, 0),
        9.995.. => (10, 1),
        0.995.. => (100, 2),
        _ => (1000, 3),
    };
    let scaled = (magnitude * f64::from(scale)).round() as u64;
    let sign = if value < 0.0 && scaled > 0 { "-" } else { "" };
    let (whole, rest) = (scaled / u64::from(scale), scaled % u64::from(scale));
    if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest:0digits$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (us, expected) in [
            (842, "842us"),
            (12_400, "12.4ms"),
            (999_600, "1.00s"),
            (1_250_000, "1.25s"),
            (59_960_000, "0m59s"),
            (187_000_000, "3m07s"),
            (8_040_000_000, "2h14m"),
            (273_600_000_000, "3d04h"),
            (0, "0us"),
            (999, "999us"),
        ] {
            assert_eq!(duration(Duration::from_micros(us)), expected);
        }
    }

    #[test]
    fn other_figures() {
        assert_eq!(bytes(432_013_312), "412 MiB");
        assert_eq!(bytes(87), "87 B");
        assert_eq!(bytes(1023 * 1024), "1.00 MiB");
        assert_eq!((count(1000.0), count(1250.0), count(-9999.0)), ("1000".into(), "1250".into(), "-9999".into()));
        assert_eq!((count(12_500.0), count(1250.5), count(-0.0)), ("12.5k".into(), "1.25k".into(), "0".into()));
        assert_eq!((number(20.0), number(31.0), number(0.82)), ("20".into(), "31".into(), "0.820".into()));
        assert_eq!(
            (bound_percent(0.8), bound_percent(0.07), bound_percent(0.995)),
            ("80%".into(), "7%".into(), "99.5%".into())
        );
        assert_eq!(count(312.0), "312");
        assert_eq!(
            (count(9.99e14), count(1e308), count(-1e300)),
            ("999T".into(), "1.00e308".into(), "-1.00e300".into())
        );
        assert_eq!(percent(1e300), "1.00e302%");
        assert_eq!(percent(0.714), "71.4%");
        assert_eq!(percent(1.0), "100%");
        assert_eq!(number(f64::NAN), "NaN");
    }

    proptest::proptest! {
        /// The figure is the number, to half of its last digit.
        #[test]
        fn a_figure_is_its_number(value in -1e15f64..1e15, shrink in 0u32..19) {
            let value = value / 10f64.powi(shrink as i32);
            let shown = three(value);
            let digits = shown.split_once('.').map_or(0, |(_, rest)| rest.len());
            let read: f64 = shown.parse().unwrap();
            proptest::prop_assert!((read - value).abs() <= 0.5001 * 10f64.powi(-(digits as i32)), "{} {}", value, shown);
            proptest::prop_assert!(value.abs() >= 1000.0 || shown.trim_start_matches('-').len() <= 5, "{}", shown);
        }
    }
}
