//! The course of one series on a grid of points: a counter as its rate, a gap as a gap.

use super::growth::grown;
use crate::metrics::exposition::Kind;
use crate::metrics::store::{Sample, Samples, is_stale};

/// Which points, in milliseconds.
#[derive(Clone, Copy)]
pub struct Reach {
    /// The newest.
    pub until: i64,
    /// Between two.
    pub step: i64,
    /// How many.
    pub points: usize,
    /// How far the samples are apart.
    pub pause: i64,
}

/// Whether a series counts, by what its page says of it, else by its name.
pub fn is_counter(metric: &str, kind: Option<Kind>) -> bool {
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| metric.ends_with(suffix));
    match kind {
        Some(Kind::Counter) => true,
        Some(Kind::Histogram) => ends(&["_bucket", "_count", "_sum"]),
        Some(Kind::Summary) => ends(&["_count", "_sum"]),
        Some(Kind::Unknown) | None => ends(&["_total", "_count", "_sum", "_bucket"]),
        Some(_) => false,
    }
}

/// A value per point, the oldest first.
pub fn of(samples: Samples<'_>, reach: Reach, is_rate: bool) -> Vec<Option<f64>> {
    let Reach { until, step, points, pause } = reach;
    // A sample speaks until the next one is due, and a little longer; a rate needs two.
    let width = step.max(pause.saturating_mul(if is_rate { 5 } else { 3 }) / 2);
    let first = until.saturating_sub(step.saturating_mul(points as i64 - 1));
    let mut all = Vec::new();
    samples.between(first.saturating_sub(width), until, &mut all);
    let at = |point: usize| {
        let end = first.saturating_add(step.saturating_mul(point as i64));
        let from = all.partition_point(|sample| sample.at <= end.saturating_sub(width));
        let to = all.partition_point(|sample| sample.at <= end);
        let within = all.get(from..to).unwrap_or_default();
        let last = within.last().filter(|last| !is_stale(last.value))?;
        if is_rate { rate(after_the_gap(within)) } else { Some(last.value) }
    };
    (0..points).map(at).collect()
}

/// What comes after the last staleness marker.
fn after_the_gap(samples: &[Sample]) -> &[Sample] {
    let begin = samples.iter().rposition(|sample| is_stale(sample.value)).map_or(0, |marker| marker + 1);
    samples.get(begin..).unwrap_or_default()
}

fn rate(samples: &[Sample]) -> Option<f64> {
    let (first, last) = (samples.first()?, samples.last()?);
    let seconds = last.at.saturating_sub(first.at) as f64 / 1000.0;
    (seconds > 0.0).then(|| grown(samples, false) / seconds)
}
