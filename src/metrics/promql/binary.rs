//! Binary operations: scalars, a vector with a scalar, and two vectors whose elements are matched by their labels.

use super::failure::Failed;
use super::plan::{Binary, Cardinality, Operator};
use super::run::{Out, Run};
use super::vector::{Grouping, Groups, Place, Point, WHOLE, distinct, drop_names, is_metadata, unique};
use crate::metrics::labels::Labels;

/// Most elements of which it is noted that they were not compared.
const MOST_IDLE: usize = 1000;

impl Operator {
    pub fn is_set(self) -> bool {
        matches!(self, Operator::And | Operator::Or | Operator::Unless)
    }

    pub fn is_comparison(self) -> bool {
        self.compared(0.0, 0.0).is_some()
    }

    /// What a comparison says.
    fn compared(self, left: f64, right: f64) -> Option<bool> {
        Some(match self {
            Operator::Equal => left == right,
            Operator::NotEqual => left != right,
            Operator::Greater => left > right,
            Operator::Less => left < right,
            Operator::GreaterOrEqual => left >= right,
            Operator::LessOrEqual => left <= right,
            _ => return None,
        })
    }

    fn computed(self, left: f64, right: f64) -> f64 {
        match self {
            Operator::Add => left + right,
            Operator::Subtract => left - right,
            Operator::Multiply => left * right,
            Operator::Divide => left / right,
            Operator::Modulo => left % right,
            Operator::Power => left.powf(right),
            Operator::Atan2 => left.atan2(right),
            _ => f64::NAN,
        }
    }

    /// The value of an element, if there is one; a filter keeps `kept`.
    fn element(self, left: f64, right: f64, kept: f64, as_bool: bool, loose: bool) -> Option<f64> {
        match self.compared(left, right) {
            Some(holds) if as_bool => Some(f64::from(u8::from(holds))),
            Some(holds) => (holds || loose).then_some(kept),
            None => Some(self.computed(left, right)),
        }
    }
}

pub fn of<'a>(run: &mut Run<'a>, operation: &'a Binary, at: i64) -> Result<Out<'a>, Failed> {
    let (operator, as_bool, loose) = (operation.operator, operation.as_bool, run.loose);
    let left = run.eval(&operation.left, at)?;
    let (all, idle) = (run.idle.all, run.idle.of.len());
    let right = run.eval(&operation.right, at)?;
    if operator == Operator::Unless {
        // What it takes away is no result.
        run.idle.all = all;
        run.idle.of.truncate(idle);
    }
    if operator.is_comparison() && !as_bool {
        run.idle.all |= is_hollow(&left) || is_hollow(&right);
        for side in [&left, &right] {
            note(&mut run.idle.of, side);
        }
    }
    match (left, right) {
        (Out::Scalar(left), Out::Scalar(right)) => {
            Ok(Out::Scalar(operator.element(left, right, left, true, loose).unwrap_or(f64::NAN)))
        }
        (Out::Vector(points), Out::Scalar(scalar)) => {
            let value = |value| operator.element(value, scalar, value, as_bool, loose);
            with_scalar(run, operation, points, value)
        }
        (Out::Scalar(scalar), Out::Vector(points)) => {
            let value = |value| operator.element(scalar, value, value, as_bool, loose);
            with_scalar(run, operation, points, value)
        }
        (Out::Vector(left), Out::Vector(right)) => {
            run.spend(left.len() + right.len())?;
            let points = match operator {
                // What would be taken away is there.
                Operator::Unless if loose => Ok(left),
                Operator::And | Operator::Unless => Ok(filtered(left, &right, operation)),
                Operator::Or => joined(left, right, operation, loose),
                _ if loose => paired(run, &left, &right, operation),
                _ => matched(run, left, right, operation),
            }?;
            Ok(Out::Vector(points))
        }
        _ => Err(Failed::data("text takes part in no operation")),
    }
}

/// Notes elements that no comparison lets through.
fn note(idle: &mut Vec<Labels>, side: &Out<'_>) {
    let Out::Vector(points) = side else { return };
    let left = MOST_IDLE.saturating_sub(idle.len());
    idle.extend(points.iter().filter(|point| point.value.is_nan()).take(left).map(Point::own_labels));
}

/// Nothing but NaN: 0 of 0, which no comparison lets through.
fn is_hollow(side: &Out<'_>) -> bool {
    matches!(side, Out::Vector(points) if !points.is_empty() && points.iter().all(|point| point.value.is_nan()))
}

fn with_scalar<'a>(
    run: &Run<'a>,
    operation: &Binary,
    mut points: Vec<Point>,
    value: impl Fn(f64) -> Option<f64>,
) -> Result<Out<'a>, Failed> {
    points.retain_mut(|point| {
        let made = value(point.value);
        point.value = made.unwrap_or_default();
        made.is_some()
    });
    if operation.as_bool || !operation.operator.is_comparison() {
        drop_names(&mut points, run.names_go_later())?;
    }
    Ok(Out::Vector(points))
}

/// The groups that elements fall into; of several in one the first stands for it.
fn groups<'g>(points: &[Point], grouping: &'g Grouping) -> Groups<'g> {
    let mut groups = Groups::new(grouping);
    for (place, point) in points.iter().enumerate() {
        if let Place::New(key) = groups.find(point, |place| points.get(place)) {
            groups.add(key, place);
        }
    }
    groups
}

pub(super) fn filtered(mut left: Vec<Point>, right: &[Point], operation: &Binary) -> Vec<Point> {
    let groups = groups(right, &operation.matching);
    let wanted = operation.operator == Operator::And;
    left.retain(|point| matches!(groups.find(point, |place| right.get(place)), Place::Known(_)) == wanted);
    left
}

fn joined(mut left: Vec<Point>, right: Vec<Point>, operation: &Binary, loose: bool) -> Result<Vec<Point>, Failed> {
    let groups = groups(&left, &operation.matching);
    let others: Vec<Point> = right
        .into_iter()
        .filter(|point| matches!(groups.find(point, |place| left.get(place)), Place::New(_)))
        .collect();
    left.extend(others);
    let later = loose || left.iter().any(|point| point.unnamed_later);
    // Elements that differ in all labels together cannot become one by being put side by side.
    if !later && !matches!(&operation.matching, Grouping::Without(names) if names.is_empty()) {
        distinct(&left)?;
    }
    Ok(left)
}

fn matched(run: &mut Run<'_>, left: Vec<Point>, right: Vec<Point>, operation: &Binary) -> Result<Vec<Point>, Failed> {
    if left.is_empty() || right.is_empty() {
        return Ok(Vec::new());
    }
    let swapped = matches!(operation.cardinality, Cardinality::OneToMany(_));
    let (many, one) = if swapped { (right, left) } else { (left, right) };
    let matching = &operation.matching;
    let groups = unique(&one, matching).map_err(|pair| duplicate(&one, pair, matching, swapped))?;
    let mut taken = vec![false; one.len()];
    let mut result = Vec::with_capacity(many.len());
    for point in many {
        let Place::Known(place) = groups.find(&point, |place| one.get(place)) else { continue };
        let Some(other) = one.get(place) else { continue };
        let (l, r) = if swapped { (other.value, point.value) } else { (point.value, other.value) };
        let Some(value) = operation.operator.element(l, r, l, operation.as_bool, false) else { continue };
        match &operation.cardinality {
            Cardinality::OneToOne => {
                let taken = taken.get_mut(place).map(|taken| std::mem::replace(taken, true));
                if taken == Some(true) {
                    return Err(Failed::data(
                        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
                    ));
                }
                result.push(one_to_one(point, value, operation));
            }
            Cardinality::ManyToOne(names) | Cardinality::OneToMany(names) => {
                result.push(with_included(point, other, names, value, operation));
            }
        }
    }
    if !matches!(operation.cardinality, Cardinality::OneToOne) && unique(&result, &WHOLE).is_err() {
        return Err(Failed::data("multiple matches for labels: grouping labels must ensure unique matches"));
    }
    if operation.as_bool {
        drop_names(&mut result, run.names_go_later())?;
    }
    if !run.names_go_later() {
        distinct(&result)?;
    }
    run.spend(result.len())?;
    Ok(result)
}

/// The same where nothing is kept off: conditions that stand further in left what makes a match unambiguous to each other, so
/// every match counts and none is too much.
fn paired(run: &mut Run<'_>, left: &[Point], right: &[Point], operation: &Binary) -> Result<Vec<Point>, Failed> {
    let swapped = matches!(operation.cardinality, Cardinality::OneToMany(_));
    let (many, one) = if swapped { (right, left) } else { (left, right) };
    let mut groups = Groups::new(&operation.matching);
    let mut alike: Vec<Vec<&Point>> = vec![Vec::new(); one.len()];
    for (place, point) in one.iter().enumerate() {
        let first = match groups.find(point, |place| one.get(place)) {
            Place::Known(first) => first,
            Place::New(key) => {
                groups.add(key, place);
                place
            }
        };
        alike.get_mut(first).into_iter().for_each(|alike| alike.push(point));
    }
    let mut result = Vec::new();
    for point in many {
        let Place::Known(place) = groups.find(point, |place| one.get(place)) else { continue };
        let others = alike.get(place).map_or(&[][..], Vec::as_slice);
        run.spend(others.len())?;
        result.extend(others.iter().filter_map(|other| {
            let (l, r) = if swapped { (other.value, point.value) } else { (point.value, other.value) };
            let value = operation.operator.element(l, r, l, operation.as_bool, true)?;
            Some(match &operation.cardinality {
                Cardinality::OneToOne => one_to_one(point.clone(), value, operation),
                Cardinality::ManyToOne(names) | Cardinality::OneToMany(names) => {
                    with_included(point.clone(), other, names, value, operation)
                }
            })
        }));
    }
    Ok(result)
}

fn one_to_one(mut point: Point, value: f64, operation: &Binary) -> Point {
    point.value = value;
    let keeps_name = operation.operator.is_comparison();
    match &operation.matching {
        Grouping::By(names) => {
            let hidden = point.unnamed || !keeps_name;
            point.labels = point
                .labels
                .filtered(|name| names.iter().any(|known| **known == *name) && !(hidden && is_metadata(name)));
        }
        Grouping::Without(names) if !names.is_empty() => {
            point.labels = point.labels.filtered(|name| !names.iter().any(|known| **known == *name));
            point.unnamed |= !keeps_name;
        }
        _ => point.unnamed |= !keeps_name,
    }
    point
}

fn with_included(mut point: Point, other: &Point, names: &[Box<str>], value: f64, operation: &Binary) -> Point {
    point.value = value;
    point.unnamed |= !operation.operator.is_comparison();
    if names.iter().any(|name| point.label(name) != other.label(name)) {
        let kept: Labels = point.own_labels();
        point.labels = names.iter().fold(kept, |labels, name| labels.with(name, other.label(name)));
        point.unnamed = false;
    }
    point
}

fn duplicate(points: &[Point], (first, second): (usize, usize), matching: &Grouping, left: bool) -> Failed {
    let labels = |place: usize| points.get(place).map(Point::own_labels).unwrap_or_default();
    let group = points.get(first).map(|point| matching.labels(point)).unwrap_or_default();
    let side = if left { "left" } else { "right" };
    Failed::data(format!(
        "found duplicate series for the match group {group} on the {side} hand-side of the operation: [{}, {}]; \
         many-to-many matching not allowed: matching labels must be unique on one side",
        labels(second),
        labels(first),
    ))
}
