//! A signal: one figure that the team cares about, with its unit.

use super::moment::Moment;
use super::safe::Safe;

/// The unit in which plain numbers are percent.
pub const PERCENT: &str = "%";

/// One reading of a signal.
#[derive(Clone, Debug, PartialEq)]
pub enum SignalValue {
    /// A number in the signal's unit.
    Number(f64),
    /// A ratio 0..1, shown in percent.
    Ratio(f64),
    /// An instant as seconds since 1970, judged by its age.
    Instant(f64),
}

impl SignalValue {
    /// The number that thresholds and charts see.
    #[must_use]
    pub fn number(&self) -> f64 {
        match self {
            SignalValue::Number(n) | SignalValue::Ratio(n) | SignalValue::Instant(n) => *n,
        }
    }

    /// The value of a signal that has this unit: where the unit is `%` a plain number is percent. Done once, where a
    /// reading arrives, so that threshold, chart and words all see the same ratio.
    #[must_use]
    pub fn in_unit(self, unit: &Unit) -> SignalValue {
        match self {
            SignalValue::Number(n) if unit.is_percent() => SignalValue::Ratio(n / 100.0),
            other => other,
        }
    }

    /// The number as it leaves the program, and the unit in which it is: a ratio in percent, an instant as its age.
    #[must_use]
    pub fn told(&self, unit: &Unit, now: Moment) -> (f64, Safe) {
        match self {
            SignalValue::Ratio(ratio) => (ratio * 100.0, Safe::of(PERCENT)),
            SignalValue::Instant(at) => (now.wall.timestamp_micros() as f64 / 1e6 - at, Safe::of("s")),
            SignalValue::Number(n) => (*n, unit.0.clone()),
        }
    }
}

/// The unit of a signal as configured: `bytes`, `s`, `%` or a word of the team's own; empty is a plain number.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Unit(pub Safe);

impl Unit {
    /// Whether plain numbers are percent.
    #[must_use]
    pub fn is_percent(&self) -> bool {
        self.0.as_str() == PERCENT
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::threshold::Threshold;

    fn unit(word: &str) -> Unit {
        Unit(Safe::of(word))
    }

    #[test]
    fn a_value_leaves_in_the_unit_that_is_named() {
        let now = Moment::fixed(1000.0);
        let wall = now.wall.timestamp() as f64;
        assert_eq!(SignalValue::Ratio(0.25).told(&unit("%"), now), (25.0, Safe::of("%")));
        assert_eq!(SignalValue::Ratio(0.25).told(&unit(""), now), (25.0, Safe::of("%")));
        assert_eq!(SignalValue::Number(7.0).told(&unit("jobs"), now), (7.0, Safe::of("jobs")));
        assert_eq!(SignalValue::Instant(wall - 90.0).told(&unit(""), now), (90.0, Safe::of("s")));
    }

    proptest! {
        /// `5`, `5 %` and `5%` of one signal in percent are judged alike, against `5 %` and against `5`.
        #[test]
        fn percent_is_percent_however_it_is_written(value in -1000i32..1000, bound in -1000i32..1000) {
            let (percent, now) = (unit("%"), Moment::fixed(0.0));
            let (value, shown) = (f64::from(value), f64::from(value));
            for sign in [">", ">=", "<", "<="] {
                let expected = match sign {
                    ">" => value > f64::from(bound),
                    ">=" => value >= f64::from(bound),
                    "<" => value < f64::from(bound),
                    _ => value <= f64::from(bound),
                };
                for text in [format!("{sign} {bound} %"), format!("{sign} {bound}")] {
                    let threshold = Threshold::parse(&text).unwrap().in_unit(&percent).unwrap();
                    for given in [SignalValue::Number(value), SignalValue::Ratio(value / 100.0)] {
                        let taken = given.in_unit(&percent);
                        prop_assert_eq!(threshold.holds(&taken, now), Some(expected), "{} {}", value, text);
                        let (number, told) = taken.told(&percent, now);
                        prop_assert!((number - shown).abs() < 1e-9 && told.as_str() == "%");
                    }
                }
            }
        }
    }
}
