//! `label_replace` and `label_join`: elements under other labels.

use regex::Regex;

use super::failure::Failed;
use super::vector::{Point, distinct};
use crate::metrics::labels::NAME;

/// Longest value of a label that is made.
const VALUE: usize = 16 * 1024;

/// Sets a label from the match of a pattern on another; what does not match stays as it is. Returns what it touched.
pub fn replace(
    points: &mut [Point],
    target: &str,
    template: &str,
    source: &str,
    pattern: &Regex,
    loose: bool,
) -> Result<usize, Failed> {
    let mut touched = points.len();
    for point in points.iter_mut() {
        let mut value = String::new();
        let Some(found) = pattern.captures(point.label(source)) else { continue };
        found.expand(template, &mut value);
        touched += value.len();
        set(point, target, &value)?;
    }
    if loose { Ok(touched) } else { distinct(points).map(|()| touched) }
}

/// Sets a label to the joined values of others. Returns what it touched.
pub fn join(
    points: &mut [Point],
    target: &str,
    separator: &str,
    sources: &[Box<str>],
    loose: bool,
) -> Result<usize, Failed> {
    let mut touched = points.len();
    for point in points.iter_mut() {
        let values: Vec<&str> = sources.iter().map(|source| point.label(source)).collect();
        let value = values.join(separator);
        touched += value.len();
        set(point, target, &value)?;
    }
    if loose { Ok(touched) } else { distinct(points).map(|()| touched) }
}

fn set(point: &mut Point, target: &str, value: &str) -> Result<(), Failed> {
    // Nested calls could double a value each time.
    if value.len() > VALUE {
        return Err(Failed::too_much(format!("a label value of more than {VALUE} bytes")));
    }
    point.labels = point.own_labels().with(target, value);
    point.unnamed = false;
    if target == NAME {
        point.unnamed_later = false;
    }
    Ok(())
}
