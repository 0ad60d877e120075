//! `label_replace` and `label_join`: elements under other labels.

use regex::Regex;

use super::failure::Failed;
use super::vector::{Point, distinct};
use crate::metrics::labels::NAME;

/// Sets a label from the match of a pattern on another; what does not match stays as it is.
pub fn replace(
    points: &mut [Point],
    target: &str,
    template: &str,
    source: &str,
    pattern: &Regex,
) -> Result<(), Failed> {
    for point in points.iter_mut() {
        let mut value = String::new();
        let Some(found) = pattern.captures(point.label(source)) else { continue };
        found.expand(template, &mut value);
        set(point, target, &value);
    }
    distinct(points)
}

/// Sets a label to the joined values of others.
pub fn join(points: &mut [Point], target: &str, separator: &str, sources: &[Box<str>]) -> Result<(), Failed> {
    for point in points.iter_mut() {
        let values: Vec<&str> = sources.iter().map(|source| point.label(source)).collect();
        let value = values.join(separator);
        set(point, target, &value);
    }
    distinct(points)
}

fn set(point: &mut Point, target: &str, value: &str) {
    point.labels = point.own_labels().with(target, value);
    point.unnamed = false;
    if target == NAME {
        point.unnamed_later = false;
    }
}
