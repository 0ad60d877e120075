//! A signal: one figure that the team cares about, with its unit.

use super::safe::Safe;

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
}

/// The unit of a signal as configured: `bytes`, `s`, `%` or a word of the team's own; empty is a plain number.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Unit(pub Safe);
