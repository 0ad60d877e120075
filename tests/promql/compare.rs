//! A result against what is expected of it: the same series with nearly the same values, in the stated order where one is.

use quarterdeck::metrics::labels::Labels;
use quarterdeck::metrics::promql::Value;
use quarterdeck::metrics::store::Sample;

use crate::notation::{Described, Slot};
use crate::script::{Expected, When};

/// The share by which a value may differ, as in the original.
const TOLERANCE: f64 = 0.000_001;

pub fn compared(value: &Value, expected: &Expected, when: When) -> Result<(), String> {
    if let Some(text) = &expected.text {
        return hold(matches!(value, Value::Text(found) if found == text), || {
            format!("{text:?} expected, got {value:?}")
        });
    }
    match (value, expected.scalar) {
        (Value::Scalar(found), Some(scalar)) => {
            return hold(nearly(*found, scalar), || format!("{scalar} expected, got {found}"));
        }
        (_, Some(scalar)) => return Err(format!("the scalar {scalar} expected, got {value:?}")),
        (Value::Scalar(_) | Value::Text(_), None) => return Err(format!("a vector expected, got {value:?}")),
        _ => {}
    }
    match (value, when) {
        (Value::Vector(elements), When::At(_)) => vector(elements, expected),
        (Value::Matrix(series), When::At(_)) => {
            let steps = expected.range_vector.as_ref().map(|steps| (steps.from, steps.step));
            let (from, step) = match steps {
                None if !expected.series.is_empty() => return Err("a range vector was not expected".to_owned()),
                steps => steps.unwrap_or_default(),
            };
            matrix(series, &expected.series, from, step)
        }
        (Value::Matrix(series), When::Range { from, step, .. }) => matrix(series, &expected.series, from, step),
        _ => Err(format!("not expected: {value:?}")),
    }
}

fn vector(elements: &[(Labels, f64)], expected: &Expected) -> Result<(), String> {
    for (place, series) in expected.series.iter().enumerate() {
        let [Slot::Value(value)] = series.slots.as_slice() else {
            return Err(format!("{} has not one value", series.labels));
        };
        let position = elements.iter().position(|(labels, _)| *labels == series.labels);
        let found = position.and_then(|position| elements.get(position)).map(|(_, value)| *value);
        match found {
            None => return Err(format!("{} is missing from {elements:?}", series.labels)),
            Some(found) if !nearly(found, *value) => {
                return Err(format!("{} is {found} instead of {value}", series.labels));
            }
            Some(_) => {}
        }
        if expected.ordered && position != Some(place) {
            return Err(format!("{} is at place {position:?} instead of {place}", series.labels));
        }
    }
    hold(elements.len() == expected.series.len(), || format!("more than expected: {elements:?}"))
}

fn matrix(found: &[(Labels, Vec<Sample>)], expected: &[Described], from: i64, step: i64) -> Result<(), String> {
    for series in expected {
        let wanted: Vec<(i64, f64)> = series
            .slots
            .iter()
            .zip((0..).map(|n| from + n * step))
            .filter_map(|(slot, at)| if let Slot::Value(value) = slot { Some((at, *value)) } else { None })
            .collect();
        let samples = found.iter().find(|(labels, _)| *labels == series.labels).map(|(_, samples)| samples.as_slice());
        let samples = samples.unwrap_or_default();
        let same = samples.len() == wanted.len()
            && samples
                .iter()
                .zip(&wanted)
                .all(|(sample, (at, value))| sample.at == *at && nearly(sample.value, *value));
        hold(same, || format!("{}: {wanted:?} expected, got {samples:?}", series.labels))?;
    }
    for (labels, _) in found {
        hold(expected.iter().any(|series| series.labels == *labels), || format!("{labels} is not expected"))?;
    }
    Ok(())
}

fn hold(right: bool, why: impl Fn() -> String) -> Result<(), String> {
    if right { Ok(()) } else { Err(why()) }
}

fn nearly(one: f64, other: f64) -> bool {
    if one.is_nan() && other.is_nan() || one == other {
        return true;
    }
    let (sum, difference) = (one.abs() + other.abs(), (one - other).abs());
    if one == 0.0 || other == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < TOLERANCE
}
