//! Aggregations: elements grouped by labels, one figure or a choice of elements for each group.

use super::failure::Failed;
use super::plan::{Aggregate, Node, Summary};
use super::run::Run;
use super::sums::{Kahan, Mean, Variance, nan_last, quantile};
use super::vector::{Grouping, Groups, Place, Point};

/// A group so far.
#[derive(Debug)]
struct Group {
    first: Point,
    count: f64,
    state: State,
}

#[derive(Debug)]
enum State {
    Sum(Kahan),
    Mean(Mean),
    Variance(Variance),
    One(f64),
    Many(Vec<f64>),
    Chosen(Vec<Point>),
}

pub fn of<'a>(run: &mut Run<'a>, aggregate: &'a Aggregate, at: i64) -> Result<Vec<Point>, Failed> {
    let parameter = match &aggregate.parameter {
        Some(Node::Text(label)) => return count_values(run, aggregate, label, at),
        Some(node) => run.scalar(node, at)?,
        None => 0.0,
    };
    let points = run.vector(&aggregate.of, at)?;
    run.spend(points.len())?;
    let chooses = matches!(aggregate.summary, Summary::Top | Summary::Bottom);
    if chooses && parameter < 1.0 {
        return Ok(Vec::new());
    }
    if chooses && parameter.is_nan() {
        return Err(Failed::data("Parameter value is NaN"));
    }
    if chooses && parameter >= i64::MAX as f64 {
        return Err(Failed::data(format!("Scalar value {parameter} overflows int64")));
    }
    let mut groups = Groups::new(&aggregate.grouping);
    let mut found: Vec<Group> = Vec::new();
    for point in points {
        match groups.find(&point, |place| found.get(place).map(|group| &group.first)) {
            Place::Known(place) => {
                found.get_mut(place).into_iter().for_each(|group| group.add(&point, aggregate.summary));
            }
            Place::New(key) => {
                groups.add(key, found.len());
                found.push(Group::begin(&point, aggregate.summary));
            }
        }
    }
    let parameter = if chooses && run.loose { f64::INFINITY } else { parameter };
    let mut result = Vec::with_capacity(found.len());
    for group in found {
        group.end(aggregate, parameter, &mut result);
    }
    Ok(result)
}

impl Group {
    fn begin(point: &Point, summary: Summary) -> Group {
        let state = match summary {
            Summary::Sum => State::Sum(Kahan::default()),
            Summary::Average => State::Mean(Mean::default()),
            Summary::Stddev | Summary::Stdvar => State::Variance(Variance::default()),
            Summary::Quantile => State::Many(Vec::new()),
            Summary::Top | Summary::Bottom => State::Chosen(Vec::new()),
            Summary::Minimum | Summary::Maximum | Summary::Count | Summary::Group | Summary::CountValues => {
                State::One(point.value)
            }
        };
        let mut group = Group { first: point.clone(), count: 0.0, state };
        group.add(point, summary);
        group
    }

    fn add(&mut self, point: &Point, summary: Summary) {
        let value = point.value;
        self.count += 1.0;
        // One of them that loses its name takes it from all.
        self.first.unnamed_later |= point.unnamed_later;
        match &mut self.state {
            State::Sum(sum) => sum.add(value),
            State::Mean(mean) => mean.add(value),
            State::Variance(variance) => variance.add(value),
            State::Many(values) => values.push(value),
            State::Chosen(points) => points.push(point.clone()),
            State::One(one) => {
                let better = match summary {
                    Summary::Minimum => value < *one,
                    Summary::Maximum => value > *one,
                    _ => false,
                };
                if better || one.is_nan() {
                    *one = value;
                }
            }
        }
    }

    fn end(self, aggregate: &Aggregate, parameter: f64, into: &mut Vec<Point>) {
        let value = match (self.state, aggregate.summary) {
            (State::Chosen(points), summary) => {
                into.extend(chosen(points, summary == Summary::Top, parameter));
                return;
            }
            (State::Sum(sum), _) => sum.total(),
            (State::Mean(mean), _) => mean.value(),
            (State::Variance(variance), Summary::Stddev) => variance.value().sqrt(),
            (State::Variance(variance), _) => variance.value(),
            (State::Many(mut values), _) => quantile(parameter, &mut values),
            (State::One(_), Summary::Count | Summary::CountValues) => self.count,
            (State::One(_), Summary::Group) => 1.0,
            (State::One(value), _) => value,
        };
        let labels = aggregate.grouping.labels(&self.first);
        into.push(Point { labels, value, unnamed: false, unnamed_later: self.first.unnamed_later });
    }
}

/// The first `k` in their order; NaN comes last in both.
fn chosen(mut points: Vec<Point>, top: bool, k: f64) -> Vec<Point> {
    points.sort_by(|one, other| {
        let (one, other) = (one.value, other.value);
        if top && !one.is_nan() && !other.is_nan() { nan_last(other, one) } else { nan_last(one, other) }
    });
    points.truncate(k as usize);
    points
}

/// How many elements have each value, which becomes a label.
fn count_values<'a>(run: &mut Run<'a>, aggregate: &'a Aggregate, label: &str, at: i64) -> Result<Vec<Point>, Failed> {
    let points = run.vector(&aggregate.of, at)?;
    run.spend(points.len())?;
    let grouping = match &aggregate.grouping {
        Grouping::By(names) => Grouping::by(names.iter().cloned().chain([Box::from(label)])),
        other => other.clone(),
    };
    let mut groups = Groups::new(&grouping);
    let mut found: Vec<Group> = Vec::new();
    for mut point in points {
        point.labels = point.own_labels().with(label, &written(point.value));
        point.unnamed = false;
        match groups.find(&point, |place| found.get(place).map(|group| &group.first)) {
            Place::Known(place) => {
                found.get_mut(place).into_iter().for_each(|group| group.add(&point, Summary::CountValues));
            }
            Place::New(key) => {
                groups.add(key, found.len());
                found.push(Group::begin(&point, Summary::CountValues));
            }
        }
    }
    let counted = found.into_iter().map(|group| Point {
        labels: grouping.labels(&group.first),
        value: group.count,
        unnamed: false,
        unnamed_later: group.first.unnamed_later,
    });
    Ok(counted.collect())
}

/// As Prometheus writes a value: the shortest digits that read back, never with an exponent.
fn written(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    format!("{value}")
}
