//! The one small threshold grammar: `> 1000 for 5m`, `< 10 %`, `>= 1.5 GiB`, `older than 5m`. Signals, alerts, proofs and
//! preconditions use it.

use std::fmt;
use std::time::Duration;

use super::figure;
use super::moment::Moment;
use super::signal::{SignalValue, Unit};

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `older than`: the value is an instant
    OlderThan,
}

/// A parsed threshold: it is crossed when the comparison holds for `hold` without a break.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// What is compared.
    pub comparison: Comparison,
    /// The bound in base units: plain number, ratio 0..1 for `%`, bytes, seconds.
    pub bound: f64,
    /// How long it must hold; zero for at once.
    pub hold: Duration,
    /// As it was written, for people.
    text: Box<str>,
    /// The bound's own unit as it was written; empty for none.
    unit: Box<str>,
}

/// Units of time and size that a signal may have, and how many base units one of them is.
const SCALES: [(&str, Dimension, f64); 12] = [
    ("us", Dimension::Time, 1e-6),
    ("ms", Dimension::Time, 1e-3),
    ("s", Dimension::Time, 1.0),
    ("min", Dimension::Time, 60.0),
    ("h", Dimension::Time, 3600.0),
    ("d", Dimension::Time, 86_400.0),
    ("B", Dimension::Size, 1.0),
    ("bytes", Dimension::Size, 1.0),
    ("KiB", Dimension::Size, 1024.0),
    ("MiB", Dimension::Size, 1024.0 * 1024.0),
    ("GiB", Dimension::Size, 1024.0 * 1024.0 * 1024.0),
    ("TiB", Dimension::Size, 1024.0 * 1024.0 * 1024.0 * 1024.0),
];

/// Plain numbers under this are no instants: seconds from 1970 to the spring of 1973.
const FIRST_INSTANT: f64 = 1e8;
/// Clocks may differ by so many seconds.
const FUTURE: f64 = 60.0;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dimension {
    Time,
    Size,
}

/// Whether a threshold is crossed, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// The comparison does not hold.
    Clear,
    /// It holds, but not yet long enough.
    Pending {
        /// Since when it holds.
        since: Moment,
    },
    /// It held for the whole time.
    Crossed {
        /// Since when it holds.
        since: Moment,
    },
    /// The value is missing or not a number: neither clear nor crossed.
    Unknown,
}

impl Threshold {
    /// Reads the grammar. The error says what is allowed.
    ///
    /// # Errors
    /// When the text is not of the grammar.
    pub fn parse(text: &str) -> Result<Threshold, String> {
        let trimmed = text.trim();
        let (condition, hold) = match trimmed.rsplit_once(" for ") {
            Some((condition, time)) => (condition.trim(), parse_duration(time).ok_or_else(|| wrong_time(time))?),
            None => (trimmed, Duration::ZERO),
        };
        let (comparison, bound, unit) = parse_condition(condition)?;
        Ok(Threshold { comparison, bound, hold, text: trimmed.into(), unit: unit.into() })
    }

    /// The threshold for values of a signal that has this unit. Without a unit of its own a bound is in the signal's;
    /// a percentage beside another unit is refused, since nobody can tell what `5` would then mean.
    ///
    /// # Errors
    /// When bound and signal are not of one kind.
    pub fn in_unit(mut self, unit: &Unit) -> Result<Threshold, String> {
        if self.comparison == Comparison::OlderThan {
            return Ok(self);
        }
        let scale = SCALES.iter().find(|(word, ..)| *word == unit.0.as_str());
        match (&*self.unit, unit.is_percent()) {
            ("%", true) => {}
            ("", true) => self.bound /= 100.0,
            ("%", false) => {
                return Err(format!(
                    "\"{self}\" is in percent and the signal is not; write unit = \"%\" where its numbers are percent \
                     (5 is 5 %), or a plain bound where they are not (0.05)"
                ));
            }
            (other, true) => return Err(format!("\"{self}\" is in {other} and the signal in percent")),
            ("", false) => {}
            // A bound is kept in base units; the numbers of the signal come in the signal's own.
            (own, false) => match (scale, dimension_of(own)) {
                (Some((_, dimension, factor)), Some(of_bound)) if of_bound == *dimension => self.bound /= factor,
                (Some((word, ..)), Some(_)) => {
                    return Err(format!("\"{self}\" is in {own}, and what it is held against in {word}"));
                }
                _ => {}
            },
        }
        Ok(self)
    }

    /// Whether its bound was written as a time or a size.
    #[must_use]
    pub fn is_of_time_or_size(&self) -> bool {
        dimension_of(&self.unit).is_some()
    }

    /// Whether a unit of a figure is one of time or of size.
    #[must_use]
    pub fn measures(unit: &str) -> bool {
        SCALES.iter().any(|(word, ..)| *word == unit)
    }

    /// Whether the comparison holds for `value` at `now`; `None` for NaN.
    #[must_use]
    pub fn holds(&self, value: &SignalValue, now: Moment) -> Option<bool> {
        let number = match (self.comparison, value) {
            (Comparison::OlderThan, value) => match age_of(value, now) {
                // Nothing is from the future: a clock or a time zone is wrong, and the age is not known.
                age if age < -FUTURE => return None,
                age => age,
            },
            (_, value) => value.number(),
        };
        if number.is_nan() {
            return None;
        }
        Some(match self.comparison {
            Comparison::Above | Comparison::OlderThan => number > self.bound,
            Comparison::AtLeast => number >= self.bound,
            Comparison::Below => number < self.bound,
            Comparison::AtMost => number <= self.bound,
            Comparison::Equal => number == self.bound,
            Comparison::NotEqual => number != self.bound,
        })
    }

    /// The pure step: the crossing before, the newest value (`None` when it could not be read), the crossing after.
    /// A value that could not be read neither clears nor crosses; the time it held so far is forgotten.
    #[must_use]
    pub fn step(&self, before: Crossing, value: Option<&SignalValue>, now: Moment) -> Crossing {
        let Some(holds) = value.and_then(|v| self.holds(v, now)) else { return Crossing::Unknown };
        if !holds {
            return Crossing::Clear;
        }
        let since = match before {
            Crossing::Pending { since } | Crossing::Crossed { since } => since,
            Crossing::Clear | Crossing::Unknown => now,
        };
        if now.since(since) >= self.hold { Crossing::Crossed { since } } else { Crossing::Pending { since } }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn wrong_time(text: &str) -> String {
    format!("{:?} is not a time; write it as 30s, 5m, 2h or 1d", text.trim())
}

/// Seconds since the instant. A plain number is an instant too (seconds since 1970), unless it is so small that it can
/// only be an age in seconds, as an SQL `interval` or a counter of seconds gives it.
fn age_of(value: &SignalValue, now: Moment) -> f64 {
    match value {
        SignalValue::Number(age) if *age < FIRST_INSTANT => *age,
        value => now.wall.timestamp_micros() as f64 / 1e6 - value.number(),
    }
}

/// Whether a unit of a bound is one of time or of size.
fn dimension_of(unit: &str) -> Option<Dimension> {
    match unit {
        "us" | "ms" | "s" | "m" | "min" | "h" | "d" => Some(Dimension::Time),
        "B" | "KiB" | "MiB" | "GiB" | "TiB" => Some(Dimension::Size),
        _ => None,
    }
}

fn parse_condition(text: &str) -> Result<(Comparison, f64, &str), String> {
    if let Some(time) = text.strip_prefix("older than ") {
        let bound = parse_duration(time).ok_or_else(|| wrong_time(time))?;
        return Ok((Comparison::OlderThan, bound.as_secs_f64(), "s"));
    }
    const SIGNS: [(&str, Comparison); 6] = [
        (">=", Comparison::AtLeast),
        ("<=", Comparison::AtMost),
        ("==", Comparison::Equal),
        ("!=", Comparison::NotEqual),
        (">", Comparison::Above),
        ("<", Comparison::Below),
    ];
    for (sign, comparison) in SIGNS {
        if let Some(rest) = text.strip_prefix(sign) {
            let rest = rest.trim();
            return Ok((comparison, parse_bound(rest)?, number_and_unit(rest).1));
        }
    }
    Err(format!("{text:?} is not a threshold; write \"> 1000 for 5m\", \"< 10 %\" or \"older than 5m\""))
}

/// Reads a number with a unit, such as `10 %` or `1.5 GiB`, in base units. The one reader of such numbers.
///
/// # Errors
/// When it does not begin with a finite number, or the unit is not known.
pub fn parse_bound(text: &str) -> Result<f64, String> {
    let (digits, unit) = number_and_unit(text);
    let number: f64 = digits
        .replace('_', "")
        .parse()
        .ok()
        .filter(|n: &f64| n.is_finite())
        .ok_or_else(|| format!("{text:?} does not begin with a number"))?;
    let factor = match unit {
        "" | "s" => 1.0,
        "%" => return Ok(number / 100.0),
        "us" => 1e-6,
        "ms" => 1e-3,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "B" => 1.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        "TiB" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        other => {
            return Err(format!("unit {other:?} is not known; allowed: %, us ms s m h d, k M G, B KiB MiB GiB TiB"));
        }
    };
    Ok(number * factor)
}

fn number_and_unit(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E' | '_')))
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    (digits, unit.trim())
}

/// Reads `250ms`, `30s`, `5m`, `2h`, `1d`. The one reader of times in configuration and on the command line.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let (digits, unit) = text.split_at(end);
    let number: f64 = digits.parse().ok()?;
    let seconds = match unit.trim() {
        "ms" => number / 1000.0,
        "s" => number,
        "m" | "min" => number * 60.0,
        "h" => number * 3600.0,
        "d" => number * 86_400.0,
        _ => return None,
    };
    (seconds <= 366.0 * 86_400.0).then(|| Duration::from_secs_f64(seconds))
}

/// The words for a pending crossing, such as `pending 2m10s of 5m`.
#[must_use]
pub fn pending_words(threshold: &Threshold, since: Moment, now: Moment) -> String {
    format!("pending {} of {}", figure::age(now.since(since)), figure::age(threshold.hold))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Comparison, f64, u64) {
        let t = Threshold::parse(text).unwrap();
        (t.comparison, t.bound, t.hold.as_secs())
    }

    #[test]
    fn the_grammar() {
        assert_eq!(parsed("> 1000 for 5m"), (Comparison::Above, 1000.0, 300));
        assert_eq!(parsed("< 10 %"), (Comparison::Below, 0.1, 0));
        assert_eq!(parsed("older than 5m"), (Comparison::OlderThan, 300.0, 0));
        assert_eq!(parsed(">=1.5 GiB for 30s"), (Comparison::AtLeast, 1_610_612_736.0, 30));
        for wrong in ["", "1000", "> x", "> 5 parsecs", "> 1 for ever", "older than x", "> nan", "> 1e999"] {
            assert!(Threshold::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_bound_is_held_against_numbers_of_the_signals_unit() {
        let bound = |text: &str, unit: &str| {
            Threshold::parse(text).unwrap().in_unit(&Unit(crate::domain::Safe::of(unit))).map(|t| t.bound)
        };
        for (text, unit, expected) in [
            ("> 500", "ms", 500.0),
            ("> 500ms", "ms", 500.0),
            ("> 2 s", "ms", 2000.0),
            ("> 5m", "s", 300.0),
            ("> 1 GiB", "MiB", 1024.0),
            ("> 1 GiB", "bytes", 1_073_741_824.0),
            ("> 5k", "jobs", 5000.0),
            ("< 10 %", "%", 0.1),
            ("< 10", "%", 0.1),
            ("older than 5m", "%", 300.0),
        ] {
            assert_eq!(bound(text, unit), Ok(expected), "{text} of {unit}");
        }
        assert!(bound("< 10 %", "").unwrap_err().contains("unit = \"%\""));
        assert!(bound("< 10 %", "jobs").is_err() && bound("< 10 s", "%").is_err());
    }

    #[test]
    fn unknown_neither_crosses_nor_clears() {
        let t = Threshold::parse("> 10 for 5s").unwrap();
        let at = Moment::fixed;
        let high = SignalValue::Number(11.0);
        let pending = t.step(Crossing::Clear, Some(&high), at(0.0));
        assert_eq!(pending, Crossing::Pending { since: at(0.0) });
        assert_eq!(t.step(pending, Some(&high), at(5.0)), Crossing::Crossed { since: at(0.0) });
        assert_eq!(t.step(pending, None, at(5.0)), Crossing::Unknown);
        assert_eq!(t.step(pending, Some(&SignalValue::Number(f64::NAN)), at(5.0)), Crossing::Unknown);
        assert_eq!(t.step(pending, Some(&SignalValue::Number(1.0)), at(5.0)), Crossing::Clear);
    }

    #[test]
    fn age_of_an_instant() {
        let t = Threshold::parse("older than 5m").unwrap();
        let now = Moment::fixed(1000.0);
        let wall = now.wall.timestamp() as f64;
        assert_eq!(t.holds(&SignalValue::Instant(wall - 299.0), now), Some(false));
        assert_eq!(t.holds(&SignalValue::Instant(wall - 301.0), now), Some(true));
        assert_eq!(t.holds(&SignalValue::Number(wall - 301.0), now), Some(true));
        for (age, older) in [(299.0, false), (301.0, true), (-5.0, false)] {
            assert_eq!(t.holds(&SignalValue::Number(age), now), Some(older), "an age of {age} s");
        }
        assert_eq!(t.holds(&SignalValue::Instant(wall + 30.0), now), Some(false), "clocks differ a little");
        assert_eq!(t.holds(&SignalValue::Instant(wall + 3600.0), now), None, "an hour ahead: nobody knows its age");
    }
}
