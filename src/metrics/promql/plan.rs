//! The compiled form of an expression: a tree of what to do, with every name resolved and every pattern compiled.

use regex::Regex;

use super::calendar::Part;
use super::elementwise::Elementwise;
use super::over_time::OverTime;
use super::vector::Grouping;
use crate::metrics::labels::Labels;

#[derive(Debug)]
pub enum Node {
    Number(f64),
    Text(Box<str>),
    /// The time of evaluation in seconds.
    Time,
    Select(Selector),
    Window(Box<Window>),
    Negate(Box<Node>),
    Binary(Box<Binary>),
    Aggregate(Box<Aggregate>),
    Call(Box<Call>),
}

/// Which series: by metric name and labels.
#[derive(Debug)]
pub struct Selector {
    pub(super) metric: Option<Box<str>>,
    pub(super) matchers: Vec<Matcher>,
    pub(super) offset: i64,
}

impl Selector {
    /// The metric's name, where the selector gives it.
    #[must_use]
    pub fn metric(&self) -> Option<&str> {
        self.metric.as_deref()
    }

    /// What it asks of the other labels.
    #[must_use]
    pub fn matchers(&self) -> &[Matcher] {
        &self.matchers
    }

    /// Whether it means the series with these labels.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.metric.as_deref().is_none_or(|metric| labels.metric() == metric) && self.wants(labels)
    }

    /// As [`Selector::matches`], where the metric's name is known to be right.
    pub(super) fn wants(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|matcher| matcher.matches(labels.get(&matcher.name)))
    }
}

/// One condition on a label.
#[derive(Debug)]
pub struct Matcher {
    pub(super) name: Box<str>,
    pub(super) test: Test,
}

#[derive(Debug)]
pub enum Test {
    Equal(Box<str>),
    NotEqual(Box<str>),
    Matches(Regex),
    MatchesNot(Regex),
}

impl Matcher {
    /// The label's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The only value that is wanted, where it is one.
    #[must_use]
    pub fn equal(&self) -> Option<&str> {
        if let Test::Equal(value) = &self.test { Some(value) } else { None }
    }

    /// Whether a value of the label (empty where there is none) is wanted.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        match &self.test {
            Test::Equal(wanted) => **wanted == *value,
            Test::NotEqual(unwanted) => **unwanted != *value,
            Test::Matches(pattern) => pattern.is_match(value),
            Test::MatchesNot(pattern) => !pattern.is_match(value),
        }
    }
}

/// A range of time over series, or over what an expression gives in steps.
#[derive(Debug)]
pub struct Window {
    pub source: Source,
    pub range: i64,
    pub offset: i64,
}

#[derive(Debug)]
pub enum Source {
    Series(Selector),
    Steps { node: Node, step: Option<i64> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Atan2,
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    And,
    Or,
    Unless,
}

#[derive(Debug)]
pub struct Binary {
    pub operator: Operator,
    pub left: Node,
    pub right: Node,
    /// A comparison gives 0 and 1 instead of filtering.
    pub as_bool: bool,
    /// By which labels elements of two vectors belong together.
    pub matching: Grouping,
    pub cardinality: Cardinality,
}

#[derive(Debug)]
pub enum Cardinality {
    OneToOne,
    /// The left side is the many side; these labels come from the right.
    ManyToOne(Vec<Box<str>>),
    /// The right side is the many side; these labels come from the left.
    OneToMany(Vec<Box<str>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summary {
    Sum,
    Average,
    Minimum,
    Maximum,
    Count,
    Group,
    Stddev,
    Stdvar,
    Top,
    Bottom,
    Quantile,
    CountValues,
}

#[derive(Debug)]
pub struct Aggregate {
    pub summary: Summary,
    pub of: Node,
    pub parameter: Option<Node>,
    pub grouping: Grouping,
}

#[derive(Debug)]
pub enum Call {
    Over { what: OverTime, window: Window, parameter: Option<Node> },
    AbsentOver { window: Window, labels: Labels },
    Absent { of: Node, labels: Labels },
    Each { what: Elementwise, of: Node, arguments: Vec<Node> },
    Scalar(Node),
    Vector(Node),
    Timestamp(Node),
    Calendar { part: Part, of: Option<Node> },
    Sort { of: Node, descending: bool },
    Replace { of: Node, target: Box<str>, template: Box<str>, source: Box<str>, pattern: Regex },
    Join { of: Node, target: Box<str>, separator: Box<str>, sources: Vec<Box<str>> },
    HistogramQuantile { quantile: Node, of: Node },
}
