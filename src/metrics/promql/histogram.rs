//! The quantile of a classic histogram: buckets of one label set, repaired where they are not monotone.

use super::vector::{Grouping, Groups, Place, Point};

/// The label of a bucket's upper bound.
const BOUND: &str = "le";
/// Decreases smaller than this share come from arithmetic.
const TOLERANCE: f64 = 1e-12;
/// Buckets that most histograms do not have more of.
const USUAL: usize = 16;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    bound: f64,
    count: f64,
}

/// The quantile of each histogram among the elements.
pub fn quantiles(quantile: f64, points: &[Point]) -> Vec<Point> {
    // The name is among the labels that tell them apart: histograms of two metrics are two.
    let alike = Grouping::AllBut(vec![BOUND.into()]);
    let mut groups = Groups::new(&alike);
    let mut found: Vec<(&Point, Vec<Bucket>)> = Vec::new();
    for point in points {
        let Ok(bound) = point.label(BOUND).parse::<f64>() else { continue };
        let bucket = Bucket { bound, count: point.value };
        match groups.find(point, |place| found.get(place).map(|(point, _)| *point)) {
            Place::Known(place) => found.get_mut(place).into_iter().for_each(|(_, buckets)| buckets.push(bucket)),
            Place::New(key) => {
                groups.add(key, found.len());
                let mut buckets = Vec::with_capacity(USUAL);
                buckets.push(bucket);
                found.push((point, buckets));
            }
        }
    }
    let result = found.into_iter().map(|(point, buckets)| {
        let labels = point.labels.filtered(|name| name != BOUND);
        Point { labels, value: of_buckets(quantile, buckets), ..point.clone() }
    });
    result.collect()
}

/// The quantile of one histogram: upper bounds with how many lie at or below them. NaN where there is none.
#[must_use]
pub fn quantile(quantile: f64, buckets: impl IntoIterator<Item = (f64, f64)>) -> f64 {
    of_buckets(quantile, buckets.into_iter().map(|(bound, count)| Bucket { bound, count }).collect())
}

fn of_buckets(quantile: f64, mut buckets: Vec<Bucket>) -> f64 {
    if quantile.is_nan() {
        return f64::NAN;
    }
    if quantile < 0.0 {
        return f64::NEG_INFINITY;
    }
    if quantile > 1.0 {
        return f64::INFINITY;
    }
    buckets.sort_by(|one, other| one.bound.total_cmp(&other.bound));
    if buckets.last().is_none_or(|last| last.bound != f64::INFINITY) {
        return f64::NAN;
    }
    buckets.dedup_by(|next, kept| {
        let same = next.bound == kept.bound;
        if same {
            kept.count += next.count;
        }
        same
    });
    make_monotone(&mut buckets);
    let [.., highest, last] = buckets.as_slice() else { return f64::NAN };
    if last.count == 0.0 {
        return f64::NAN;
    }
    let rank = quantile * last.count;
    // As Prometheus searches: the first of all but the last bucket that reaches the rank.
    let found = buckets.partition_point(|bucket| !(bucket.bound == f64::INFINITY || bucket.count >= rank));
    let (Some(bucket), below) = (buckets.get(found), found.checked_sub(1).and_then(|below| buckets.get(below))) else {
        return f64::NAN;
    };
    if found + 1 >= buckets.len() {
        return highest.bound;
    }
    match below {
        None if bucket.bound <= 0.0 => bucket.bound,
        None => bucket.bound * (rank / bucket.count),
        Some(below) => {
            below.bound + (bucket.bound - below.bound) * ((rank - below.count) / (bucket.count - below.count))
        }
    }
}

fn make_monotone(buckets: &mut [Bucket]) {
    let Some((first, others)) = buckets.split_first_mut() else { return };
    let mut before = first.count;
    for bucket in others {
        if bucket.count == before {
            continue;
        }
        if nearly_equal(before, bucket.count) || bucket.count < before {
            bucket.count = before;
        } else {
            before = bucket.count;
        }
    }
}

fn nearly_equal(one: f64, other: f64) -> bool {
    if one.is_nan() && other.is_nan() || one == other {
        return true;
    }
    let sum = one.abs() + other.abs();
    let difference = (one - other).abs();
    if one == 0.0 || other == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < TOLERANCE
}
