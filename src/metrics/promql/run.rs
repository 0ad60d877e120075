//! One evaluation at one time: walks the compiled tree over the store and counts what it touches.

use std::cell::Cell;

use super::aggregate;
use super::binary;
use super::failure::Failed;
use super::memo::Memo;
use super::over_time::Frame;
use super::plan::{Node, Selector, Source, Window};
use super::query::{Idle, Limits, Unnamed};
use super::vector::{Groups, Place, Point, WHOLE, drop_names};
use crate::metrics::labels::Labels;
use crate::metrics::store::{Sample, Store};

/// What a node gives.
#[derive(Debug)]
pub enum Out<'a> {
    Scalar(f64),
    Text(&'a str),
    Vector(Vec<Point>),
}

/// Takes one series of a window: its labels, its samples, and where they were taken from.
pub type Take<'t> = dyn FnMut(Point, &[Sample], &Frame) -> Result<(), Failed> + 't;

/// The state of an evaluation.
#[derive(Debug)]
pub struct Run<'a> {
    store: &'a Store,
    limits: Limits,
    left: u64,
    /// What comparisons could not judge.
    pub idle: Idle,
    /// Windows that were decoded before.
    pub memo: Memo,
    /// Metrics of which nobody knows yet whether they are absent.
    pub unready: &'a [String],
    /// Conditions let everything through that is there now: see [`super::judged`].
    pub loose: bool,
}

impl<'a> Run<'a> {
    pub fn new(store: &'a Store, limits: &Limits) -> Run<'a> {
        Run {
            store,
            limits: *limits,
            left: limits.samples,
            idle: Idle::default(),
            memo: Memo::default(),
            unready: &[],
            loose: false,
        }
    }

    pub fn spend(&mut self, touched: usize) -> Result<(), Failed> {
        match self.left.checked_sub(touched as u64) {
            Some(left) => self.left = left,
            None => return Err(too_many(&self.limits)),
        }
        Ok(())
    }

    /// What the wall clock shows at a time, in seconds.
    pub fn wall(&self, at: i64) -> f64 {
        at.saturating_add(self.limits.ahead) as f64 / 1000.0
    }

    /// Whether names go only in the result of the whole; where nothing is kept off, two that become one are no fault.
    pub fn names_go_later(&self) -> bool {
        self.loose || self.limits.unnamed == Unnamed::InTheEnd
    }

    pub fn eval(&mut self, node: &'a Node, at: i64) -> Result<Out<'a>, Failed> {
        Ok(match node {
            Node::Number(value) => Out::Scalar(*value),
            Node::Text(text) => Out::Text(text),
            Node::Time => Out::Scalar(self.wall(at)),
            Node::Select(selector) => Out::Vector(self.select(selector, at, |sample| sample.value)?),
            Node::Window(_) => return Err(Failed::data("a range vector is no instant vector")),
            Node::Negate(of) => match self.eval(of, at)? {
                Out::Scalar(value) => Out::Scalar(-value),
                Out::Text(_) => return Err(Failed::data("text cannot be negated")),
                Out::Vector(mut points) => {
                    for point in &mut points {
                        point.value = -point.value;
                    }
                    drop_names(&mut points, self.names_go_later())?;
                    Out::Vector(points)
                }
            },
            Node::Binary(operation) => binary::of(self, operation, at)?,
            Node::Aggregate(aggregate) => Out::Vector(aggregate::of(self, aggregate, at)?),
            Node::Call(call) => self.call(call, at)?,
        })
    }

    /// The elements of a node that is a vector.
    pub fn vector(&mut self, node: &'a Node, at: i64) -> Result<Vec<Point>, Failed> {
        match self.eval(node, at)? {
            Out::Vector(points) => Ok(points),
            _ => Err(Failed::data("an instant vector is needed")),
        }
    }

    /// The value of a node that is a scalar.
    pub fn scalar(&mut self, node: &'a Node, at: i64) -> Result<f64, Failed> {
        match self.eval(node, at)? {
            Out::Scalar(value) => Ok(value),
            _ => Err(Failed::data("a scalar is needed")),
        }
    }

    /// The newest sample of every series that is meant, as a figure made of it.
    pub fn select(
        &mut self,
        selector: &'a Selector,
        at: i64,
        figure: impl Fn(Sample) -> f64,
    ) -> Result<Vec<Point>, Failed> {
        let until = at.saturating_sub(selector.offset);
        let after = until.saturating_sub(self.limits.look_back);
        let mut points = Vec::new();
        let scanned = Cell::new(0);
        for (labels, samples) in self.store.select(selector.metric(), |labels| counted(&scanned, selector, labels)) {
            if let Some(sample) = samples.newest(after, until) {
                points.push(Point::new(labels.clone(), figure(sample)));
            }
        }
        self.spend(scanned.get())?;
        Ok(points)
    }

    /// Tells every series that has samples in a window.
    pub fn over(&mut self, window: &'a Window, at: i64, take: &mut Take<'_>) -> Result<(), Failed> {
        let end = at.saturating_sub(window.offset);
        let start = end.saturating_sub(window.range);
        let frame = Frame { start, end, at, seconds: window.range as f64 / 1000.0 };
        match &window.source {
            Source::Series(selector) => {
                let scanned = Cell::new(0);
                let wanted = |labels: &Labels| counted(&scanned, selector, labels);
                let mut left = self.left;
                let after = end.saturating_sub(self.limits.look_back);
                for (labels, samples) in self.store.select(selector.metric(), wanted) {
                    if self.loose && samples.newest(after, end).is_none() {
                        continue;
                    }
                    let found = self.memo.samples(samples, start, end);
                    left = left.checked_sub(found.len() as u64).ok_or_else(|| too_many(&self.limits))?;
                    if !found.is_empty() {
                        take(Point::new(labels.clone(), 0.0), found, &frame)?;
                    }
                }
                self.left = left;
                self.spend(scanned.get())?;
            }
            Source::Steps { node, step } => {
                let step = step.unwrap_or(self.limits.subquery_step);
                let rested = self.memo.rest(true);
                let series = self.steps(node, step, start, end);
                self.memo.rest(rested);
                for (point, samples) in series? {
                    take(point, &samples, &frame)?;
                }
            }
        }
        Ok(())
    }

    /// What a node gives at the multiples of a step later than `start` and not later than `end`.
    fn steps(&mut self, node: &'a Node, step: i64, start: i64, end: i64) -> Result<Vec<(Point, Vec<Sample>)>, Failed> {
        let step = step.max(1);
        let mut at = start.div_euclid(step).saturating_add(1).saturating_mul(step);
        if end.saturating_sub(at) / step >= self.limits.steps {
            return Err(Failed::too_much(format!("more than {} steps of a subquery", self.limits.steps)));
        }
        let mut groups = Groups::new(&WHOLE);
        let mut series: Vec<(Point, Vec<Sample>)> = Vec::new();
        while at <= end {
            let points = match self.eval(node, at)? {
                Out::Vector(points) => points,
                Out::Scalar(value) => vec![Point::new(Labels::default(), value)],
                Out::Text(_) => return Err(Failed::data("text has no range")),
            };
            self.spend(points.len() + 1)?;
            for point in points {
                let sample = Sample { at, value: point.value };
                match groups.find(&point, |place| series.get(place).map(|(point, _)| point)) {
                    Place::Known(place) => {
                        series.get_mut(place).into_iter().for_each(|(_, samples)| samples.push(sample));
                    }
                    Place::New(key) => {
                        groups.add(key, series.len());
                        series.push((point, vec![sample]));
                    }
                }
            }
            at = at.saturating_add(step);
        }
        if self.loose {
            let newest = at.saturating_sub(step);
            series.retain(|(_, samples)| samples.last().is_some_and(|last| last.at == newest));
        }
        Ok(series)
    }
}

fn too_many(limits: &Limits) -> Failed {
    Failed::too_much(format!("more than {} samples to look at", limits.samples))
}

/// Whether a series is meant; every one that is asked about costs time.
fn counted(scanned: &Cell<usize>, selector: &Selector, labels: &Labels) -> bool {
    scanned.set(scanned.get() + 1);
    selector.wants(labels)
}
