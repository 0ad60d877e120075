//! A compiled expression, what bounds an evaluation, and what it gives.

use std::collections::BTreeMap;

use super::compile;
use super::failure::{Failed, Refused};
use super::ground::{self, Ground, See};
use super::judged;
use super::memo::Memo;
use super::plan::{Call, Node, Selector, Source, Window};
use super::run::{Out, Run};
use super::vector::{Point, distinct};
use crate::metrics::labels::Labels;
use crate::metrics::store::{Sample, Store};

/// A compiled expression.
#[derive(Debug)]
pub struct Query {
    root: Node,
}

/// What bounds an evaluation, and how it is done where servers differ by their settings.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most samples and elements touched.
    pub samples: u64,
    /// Most series of the result.
    pub series: usize,
    /// Most steps of a range, or of one subquery.
    pub steps: i64,
    /// For how long a sample speaks, in milliseconds.
    pub look_back: i64,
    /// Step of a subquery that names none, in milliseconds.
    pub subquery_step: i64,
    /// When an operation takes the metric's name away.
    pub unnamed: Unnamed,
    /// By how many milliseconds the wall clock is ahead of the times of samples: `time()` and its like tell the wall's.
    pub ahead: i64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            samples: 10_000_000,
            series: 50_000,
            steps: 11_000,
            look_back: 300_000,
            subquery_step: 60_000,
            unnamed: Unnamed::AtOnce,
            ahead: 0,
        }
    }
}

/// When an operation that gives another figure takes the metric's name away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unnamed {
    /// In its own result: as servers do.
    AtOnce,
    /// In the result of the whole: as servers do with the feature `promql-delayed-name-removal`.
    InTheEnd,
}

/// What a comparison could not judge.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Idle {
    /// A comparison had nothing else on a side: an empty result says nothing.
    pub all: bool,
    /// The labels of elements that were not compared, the first thousand.
    pub of: Vec<Labels>,
}

/// The result of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Scalar(f64),
    Text(String),
    /// Elements at the time of evaluation.
    Vector(Vec<(Labels, f64)>),
    /// Series over time.
    Matrix(Vec<(Labels, Vec<Sample>)>),
}

impl Value {
    /// Elements, as a rule takes them: a scalar is one without labels, text and ranges are none.
    #[must_use]
    pub fn into_elements(self) -> Option<Vec<(Labels, f64)>> {
        match self {
            Value::Scalar(value) => Some(vec![(Labels::default(), value)]),
            Value::Vector(elements) => Some(elements),
            Value::Text(_) | Value::Matrix(_) => None,
        }
    }
}

impl Query {
    /// Compiles an expression; what is not evaluated here is refused with its name.
    pub fn compile(text: &str) -> Result<Query, Refused> {
        compile::compiled(text).map(|root| Query { root })
    }

    /// The value at a time, in milliseconds since the Unix epoch.
    pub fn instant(&self, store: &Store, at: i64, limits: &Limits) -> Result<Value, Failed> {
        self.evaluated(&mut Run::new(store, limits), at, limits)
    }

    /// The same, and what could not be compared because it is NaN (0 of 0).
    /// `memo` is that of all rules of one evaluation; of `unready` metrics nobody knows yet whether they are absent.
    pub fn instant_or_idle<'a>(
        &'a self,
        store: &'a Store,
        at: i64,
        limits: &Limits,
        memo: &mut Memo,
        unready: &'a [String],
    ) -> Result<(Value, Idle), Failed> {
        let mut run = Run::new(store, limits);
        run.memo = std::mem::take(memo);
        run.unready = unready;
        let value = self.evaluated(&mut run, at, limits);
        *memo = run.memo;
        Ok((value?, run.idle))
    }

    /// The labels of everything that its conditions have before them at a time, whether they hold or not.
    pub fn judged(&self, store: &Store, at: i64, limits: &Limits) -> Result<Vec<Labels>, Failed> {
        judged::of(&self.root, store, at, limits)
    }

    /// What it stands on at a time: `see` tells of each selector.
    pub fn ground(&self, at: i64, limits: &Limits, see: &mut See<'_>) -> Ground {
        ground::of(&self.root, at, limits, see)
    }

    fn evaluated<'a>(&'a self, run: &mut Run<'a>, at: i64, limits: &Limits) -> Result<Value, Failed> {
        if let Node::Window(window) = &self.root {
            return matrix(run, window, at, limits);
        }
        match run.eval(&self.root, at)? {
            Out::Scalar(value) => Ok(Value::Scalar(value)),
            Out::Text(text) => Ok(Value::Text(text.to_owned())),
            Out::Vector(mut points) => {
                if run.names_go_later() {
                    in_the_end(&mut points)?;
                }
                within(points.len(), limits)?;
                Ok(Value::Vector(points.into_iter().map(Point::into_result).collect()))
            }
        }
    }

    /// The values at `from`, then every `step` up to `to`, in milliseconds, as series ordered by their labels.
    pub fn range(&self, store: &Store, from: i64, to: i64, step: i64, limits: &Limits) -> Result<Value, Failed> {
        if step <= 0 || to < from {
            return Err(Failed::data("a range needs a step above zero and an end that is not before its start"));
        }
        if to.saturating_sub(from) / step >= limits.steps {
            return Err(Failed::too_much(format!("more than {} steps", limits.steps)));
        }
        let mut series: BTreeMap<Labels, Vec<Sample>> = BTreeMap::new();
        let mut run = Run::new(store, limits);
        let mut at = from;
        while at <= to {
            let mut points = match run.eval(&self.root, at)? {
                Out::Scalar(value) => vec![Point::new(Labels::default(), value)],
                Out::Vector(points) => points,
                Out::Text(_) => return Err(Failed::data("only a scalar or a vector has a range")),
            };
            if run.names_go_later() {
                in_the_end(&mut points)?;
            }
            for point in points {
                let (labels, value) = point.into_result();
                series.entry(labels).or_default().push(Sample { at, value });
            }
            within(series.len(), limits)?;
            at = at.saturating_add(step);
        }
        Ok(Value::Matrix(series.into_iter().collect()))
    }

    /// Every selector of the expression: which series it asks for.
    #[must_use]
    pub fn selectors(&self) -> Vec<&Selector> {
        selectors(&self.root)
    }

    /// Milliseconds before the time of evaluation that it reads, the look-back not counted.
    #[must_use]
    pub fn reach(&self) -> i64 {
        reach(&self.root)
    }
}

fn matrix<'a>(run: &mut Run<'a>, window: &'a Window, at: i64, limits: &Limits) -> Result<Value, Failed> {
    let mut series: Vec<(Labels, Vec<Sample>)> = Vec::new();
    run.over(window, at, &mut |point, samples, _| {
        series.push((point.into_result().0, samples.to_vec()));
        Ok(())
    })?;
    within(series.len(), limits)?;
    Ok(Value::Matrix(series))
}

/// Names that counted until now go; only then can two elements be found to be one.
fn in_the_end(points: &mut [Point]) -> Result<(), Failed> {
    for point in points.iter_mut() {
        point.unnamed |= point.unnamed_later;
    }
    distinct(points)
}

fn within(series: usize, limits: &Limits) -> Result<(), Failed> {
    if series > limits.series {
        return Err(Failed::too_much(format!("more than {} series in the result", limits.series)));
    }
    Ok(())
}

/// Every selector of a part of an expression.
pub(super) fn selectors(node: &Node) -> Vec<&Selector> {
    let mut found = Vec::new();
    collect(node, &mut found);
    found
}

fn collect<'a>(node: &'a Node, found: &mut Vec<&'a Selector>) {
    if let Node::Select(selector) = node {
        found.push(selector);
    }
    if let Some(Window { source: Source::Series(selector), .. }) = node.window() {
        found.push(selector);
    }
    node.children(&mut |child| collect(child, found));
}

fn reach(node: &Node) -> i64 {
    let mut deepest = 0;
    node.children(&mut |child| deepest = deepest.max(reach(child)));
    match (node, node.window()) {
        (Node::Select(selector), _) => selector.offset,
        (_, Some(window)) => deepest.saturating_add(window.range).saturating_add(window.offset),
        _ => deepest,
    }
}

impl Node {
    /// The window that it is, or that it is over.
    pub(super) fn window(&self) -> Option<&Window> {
        match self {
            Node::Window(window) => Some(window),
            Node::Call(call) => match &**call {
                Call::Over { window, .. } | Call::AbsentOver { window, .. } => Some(window),
                _ => None,
            },
            _ => None,
        }
    }

    /// Tells every part of it that is a node.
    pub(super) fn children<'a>(&'a self, tell: &mut dyn FnMut(&'a Node)) {
        if let Some(Window { source: Source::Steps { node, .. }, .. }) = self.window() {
            tell(node);
        }
        match self {
            Node::Negate(of) => tell(of),
            Node::Binary(binary) => {
                tell(&binary.left);
                tell(&binary.right);
            }
            Node::Aggregate(aggregate) => {
                aggregate.parameter.iter().for_each(&mut *tell);
                tell(&aggregate.of);
            }
            Node::Call(call) => match &**call {
                Call::Over { parameter, .. } => parameter.iter().for_each(tell),
                Call::AbsentOver { .. } => {}
                Call::Each { of, arguments, .. } => {
                    arguments.iter().for_each(&mut *tell);
                    tell(of);
                }
                Call::Calendar { of, .. } => of.iter().for_each(tell),
                Call::HistogramQuantile { quantile, of } => {
                    tell(quantile);
                    tell(of);
                }
                Call::Absent { of, .. }
                | Call::Scalar(of)
                | Call::Vector(of)
                | Call::Timestamp(of)
                | Call::Sort { of, .. }
                | Call::Replace { of, .. }
                | Call::Join { of, .. } => tell(of),
            },
            Node::Number(_) | Node::Text(_) | Node::Time | Node::Select(_) | Node::Window(_) => {}
        }
    }
}
