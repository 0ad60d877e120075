//! A limit on a chart: a target or a threshold, as a line at its height. On which side of it a value is bad is the
//! threshold's own comparison; what has no height on the chart (an age, a single wrong value) has no line.

use crate::domain::Safe;
use crate::domain::threshold::{Comparison, Threshold};

/// A line on a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Its height, in the values' own unit.
    pub at: f32,
    /// What it says at its right end, such as `80.0%`.
    pub label: Safe,
    bad: Comparison,
}

impl Limit {
    /// A value below it is bad.
    #[must_use]
    pub fn target(at: f64, label: Safe) -> Limit {
        Limit { at: at as f32, label, bad: Comparison::Below }
    }

    /// A value that reaches it is bad.
    #[must_use]
    pub fn ceiling(at: f64, label: Safe) -> Limit {
        Limit { at: at as f32, label, bad: Comparison::AtLeast }
    }

    /// The line of a threshold, if it has one.
    #[must_use]
    pub fn of(threshold: &Threshold, label: Safe) -> Option<Limit> {
        let line = matches!(
            threshold.comparison,
            Comparison::Above | Comparison::AtLeast | Comparison::Below | Comparison::AtMost
        );
        (line && threshold.bound.is_finite()).then_some(Limit {
            at: threshold.bound as f32,
            label,
            bad: threshold.comparison,
        })
    }

    /// Whether a value stands on the upper side: its bar covers the line. The line is seen above every other bar, so
    /// that the side of a value is told without colour, too.
    #[must_use]
    pub fn is_covered_by(&self, value: f32) -> bool {
        match self.bad {
            Comparison::Above | Comparison::AtMost => value > self.at,
            _ => value >= self.at,
        }
    }

    /// Whether a value is on the bad side.
    #[must_use]
    pub fn is_crossed_by(&self, value: f32) -> bool {
        let upper_is_bad = matches!(self.bad, Comparison::Above | Comparison::AtLeast);
        value.is_finite() && self.is_covered_by(value) == upper_is_bad
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Moment;
    use crate::domain::signal::SignalValue;

    #[test]
    fn it_judges_as_its_threshold_does() {
        for text in ["> 5", ">= 5", "< 5", "<= 5"] {
            let threshold = Threshold::parse(text).unwrap();
            let limit = Limit::of(&threshold, Safe::default()).unwrap();
            for value in [4.0f32, 5.0, 6.0] {
                let holds = threshold.holds(&SignalValue::Number(f64::from(value)), Moment::fixed(0.0));
                assert_eq!(Some(limit.is_crossed_by(value)), holds, "{value} {text}");
            }
            assert!(!limit.is_crossed_by(f32::NAN), "a failed attempt is on no side");
        }
        for text in ["== 5", "!= 5", "older than 5m"] {
            assert_eq!(Limit::of(&Threshold::parse(text).unwrap(), Safe::default()), None, "{text}");
        }
    }
}
