//! What grows over a range: extrapolation to its borders, counter resets, and the straight line through its samples.

use super::over_time::Frame;
use super::sums::Kahan;
use crate::metrics::store::Sample;

/// Growth over the range, extrapolated to its borders.
pub fn extrapolated(samples: &[Sample], frame: &Frame, counter: bool, per_second: bool) -> Option<f64> {
    let (first, last) = (samples.first()?, samples.last()?);
    if samples.len() < 2 {
        return None;
    }
    let mut growth = last.value - first.value;
    if counter {
        for pair in samples.windows(2) {
            let [before, now] = pair else { continue };
            if now.value < before.value {
                growth += before.value;
            }
        }
    }
    let mut to_start = (first.at - frame.start) as f64 / 1000.0;
    let mut to_end = (frame.end - last.at) as f64 / 1000.0;
    let covered = (last.at - first.at) as f64 / 1000.0;
    let average = covered / (samples.len() - 1) as f64;
    // A series that begins or ends within the range is taken to reach half an interval further, no more.
    let threshold = average * 1.1;
    if to_start >= threshold {
        to_start = average / 2.0;
    }
    if counter {
        // A counter does not begin below zero.
        let to_zero = if growth > 0.0 && first.value >= 0.0 { covered * (first.value / growth) } else { to_start };
        if to_zero < to_start {
            to_start = to_zero;
        }
    }
    if to_end >= threshold {
        to_end = average / 2.0;
    }
    let mut factor = (covered + to_start + to_end) / covered;
    if per_second {
        factor /= frame.seconds;
    }
    Some(growth * factor)
}

/// From the last sample but one to the last.
pub fn instant(samples: &[Sample], per_second: bool) -> Option<f64> {
    let [.., before, now] = samples else { return None };
    // What went down began anew: its value is its growth.
    let growth = if per_second && now.value < before.value { now.value } else { now.value - before.value };
    let elapsed = now.at - before.at;
    (elapsed != 0).then(|| if per_second { growth / (elapsed as f64 / 1000.0) } else { growth })
}

/// Slope per second and value at `origin` of the line of least squares.
pub fn regression(samples: &[Sample], origin: i64) -> Option<(f64, f64)> {
    let first = samples.first()?;
    if samples.len() < 2 {
        return None;
    }
    if samples.iter().all(|sample| sample.value == first.value) {
        return Some(if first.value.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first.value) });
    }
    let [mut x, mut y, mut xy, mut xx] = [Kahan::default(); 4];
    for sample in samples {
        let time = (sample.at - origin) as f64 / 1000.0;
        x.add(time);
        y.add(sample.value);
        xy.add(time * sample.value);
        xx.add(time * time);
    }
    let count = samples.len() as f64;
    let (x, y, xy, xx) = (x.total(), y.total(), xy.total(), xx.total());
    let slope = (xy - x * y / count) / (xx - x * x / count);
    Some((slope, y / count - slope * x / count))
}
