//! Functions of a range of samples: one figure for each series that has any.

use super::rate::{extrapolated, instant, regression};
use super::sums::{Kahan, Mean, quantile, variance_over_time};
use crate::metrics::store::Sample;

/// What becomes of the samples of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverTime {
    Rate,
    Increase,
    Delta,
    Irate,
    Idelta,
    Deriv,
    PredictLinear,
    Changes,
    Resets,
    Average,
    Minimum,
    Maximum,
    Sum,
    Count,
    Last,
    Stddev,
    Stdvar,
    Quantile,
    Present,
}

/// The range that samples were taken from.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub start: i64,
    pub end: i64,
    /// The time of evaluation; an offset lies between it and the end.
    pub at: i64,
    /// Length.
    pub seconds: f64,
}

impl OverTime {
    /// Whether the result is a sample of the series, so that its name stands.
    pub fn keeps_name(self) -> bool {
        self == OverTime::Last
    }

    /// Fewer samples give no figure.
    pub fn least(self) -> usize {
        match self {
            OverTime::Rate
            | OverTime::Increase
            | OverTime::Delta
            | OverTime::Irate
            | OverTime::Idelta
            | OverTime::Deriv
            | OverTime::PredictLinear => 2,
            _ => 1,
        }
    }

    pub fn of(self, samples: &[Sample], frame: &Frame, parameter: f64) -> Option<f64> {
        let (first, last) = (samples.first()?, samples.last()?);
        let values = || samples.iter().map(|sample| sample.value);
        let steps = |counts: fn(f64, f64) -> bool| {
            samples.windows(2).filter(|pair| matches!(pair, [a, b] if counts(a.value, b.value))).count() as f64
        };
        Some(match self {
            OverTime::Rate => extrapolated(samples, frame, true, true)?,
            OverTime::Increase => extrapolated(samples, frame, true, false)?,
            OverTime::Delta => extrapolated(samples, frame, false, false)?,
            OverTime::Irate => instant(samples, true)?,
            OverTime::Idelta => instant(samples, false)?,
            OverTime::Deriv => regression(samples, first.at)?.0,
            OverTime::PredictLinear => {
                let (slope, intercept) = regression(samples, frame.at)?;
                slope * parameter + intercept
            }
            OverTime::Changes => steps(|before, now| now != before && !(now.is_nan() && before.is_nan())),
            OverTime::Resets => steps(|before, now| now < before),
            OverTime::Average => {
                let mut mean = Mean::default();
                values().for_each(|value| mean.add(value));
                mean.value()
            }
            OverTime::Minimum => {
                values().fold(first.value, |least, v| if v < least || least.is_nan() { v } else { least })
            }
            OverTime::Maximum => values().fold(first.value, |most, v| if v > most || most.is_nan() { v } else { most }),
            OverTime::Sum => {
                let mut sum = Kahan::default();
                values().for_each(|value| sum.add(value));
                sum.total()
            }
            OverTime::Count => samples.len() as f64,
            OverTime::Last => last.value,
            OverTime::Stddev => variance_over_time(values()).sqrt(),
            OverTime::Stdvar => variance_over_time(values()),
            OverTime::Quantile => quantile(parameter, &mut values().collect::<Vec<f64>>()),
            OverTime::Present => 1.0,
        })
    }
}
