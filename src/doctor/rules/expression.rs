//! Walking an expression: its children (an aggregation's parameter too), its selectors, and which labels its result can have.

use std::collections::BTreeSet;

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::token::{
    T_BOTTOMK, T_COUNT_VALUES, T_LAND, T_LIMIT_RATIO, T_LIMITK, T_LOR, T_LUNLESS, T_TOPK,
};
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{BinaryExpr, Call, Expr, LabelModifier, VectorMatchCardinality, VectorSelector};

/// What an expression is made of.
pub fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Aggregate(a) => a.param.iter().map(AsRef::as_ref).chain([a.expr.as_ref()]).collect(),
        Expr::Unary(u) => vec![&u.expr],
        Expr::Binary(b) => vec![&b.lhs, &b.rhs],
        Expr::Paren(p) => vec![&p.expr],
        Expr::Subquery(s) => vec![&s.expr],
        Expr::Call(c) => c.args.args.iter().map(AsRef::as_ref).collect(),
        Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::VectorSelector(_)
        | Expr::MatrixSelector(_)
        | Expr::Extension(_) => Vec::new(),
    }
}

/// It and everything in it, outermost first.
pub fn all(expr: &Expr) -> Vec<&Expr> {
    let mut open = vec![expr];
    let mut found = Vec::new();
    while let Some(next) = open.pop() {
        found.push(next);
        open.extend(children(next).into_iter().rev());
    }
    found
}

/// How deep it is nested.
pub fn depth(expr: &Expr) -> usize {
    let mut open = vec![(expr, 1)];
    let mut deepest = 0;
    while let Some((next, level)) = open.pop() {
        deepest = deepest.max(level);
        open.extend(children(next).into_iter().map(|child| (child, level + 1)));
    }
    deepest
}

/// Without parentheses around it.
pub fn bare(expr: &Expr) -> &Expr {
    let mut expr = expr;
    while let Expr::Paren(p) = expr {
        expr = &p.expr;
    }
    expr
}

/// A number, with its sign.
pub fn number(expr: &Expr) -> Option<f64> {
    match bare(expr) {
        Expr::NumberLiteral(n) => Some(n.val),
        Expr::Unary(u) => number(&u.expr).map(|n| -n),
        _ => None,
    }
}

/// A scalar: it has no labels and matches anything.
pub fn is_scalar(expr: &Expr) -> bool {
    expr.value_type() == ValueType::Scalar
}

/// The metric's name, also where it is written as a matcher.
pub fn metric(selector: &VectorSelector) -> Option<&str> {
    selector.name.as_deref().or_else(|| {
        let named = selector.matchers.matchers.iter().find(|m| m.name == "__name__" && m.op == MatchOp::Equal);
        named.map(|m| m.value.as_str())
    })
}

/// Matchers without the name, sorted by how they are written.
pub fn matchers(selector: &VectorSelector) -> Vec<&Matcher> {
    let mut found: Vec<&Matcher> = selector.matchers.matchers.iter().filter(|m| m.name != "__name__").collect();
    found.sort_by_key(ToString::to_string);
    found
}

/// A selector: a vector's, or that of the range which a counter's function reads.
pub fn selector(expr: &Expr) -> Option<&VectorSelector> {
    match expr {
        Expr::VectorSelector(v) => Some(v),
        Expr::MatrixSelector(m) => Some(&m.vs),
        _ => None,
    }
}

/// `rate`, `increase` or `irate`.
pub fn is_rate(call: &Call) -> bool {
    matches!(call.func.name, "rate" | "increase" | "irate")
}

/// The selector and the function's name of a plain rate.
pub fn plain_rate(expr: &Expr) -> Option<(&Call, &promql_parser::parser::MatrixSelector)> {
    let Expr::Call(call) = bare(expr) else { return None };
    match call.args.args.first().map(|a| bare(a)) {
        Some(Expr::MatrixSelector(m)) if is_rate(call) => Some((call, m)),
        _ => None,
    }
}

/// Which labels a result can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Those of the series, but these.
    AllBut(BTreeSet<String>),
    /// These at most.
    Only(BTreeSet<String>),
}

impl Kept {
    fn all() -> Kept {
        Kept::AllBut(BTreeSet::new())
    }

    fn of<'a>(names: impl IntoIterator<Item = &'a String>) -> Kept {
        Kept::Only(names.into_iter().cloned().collect())
    }

    /// Whether the result may have it.
    pub fn may_have(&self, label: &str) -> bool {
        match self {
            Kept::AllBut(gone) => !gone.contains(label),
            Kept::Only(names) => names.contains(label),
        }
    }

    fn with<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Kept {
        for name in names {
            match &mut self {
                Kept::AllBut(gone) => drop(gone.remove(name)),
                Kept::Only(kept) => drop(kept.insert(name.to_owned())),
            }
        }
        self
    }

    fn without<'a>(mut self, names: impl IntoIterator<Item = &'a String>) -> Kept {
        for name in names {
            match &mut self {
                Kept::AllBut(gone) => drop(gone.insert(name.clone())),
                Kept::Only(kept) => drop(kept.remove(name)),
            }
        }
        self
    }

    fn or(self, other: Kept) -> Kept {
        match (self, other) {
            (Kept::Only(a), Kept::Only(b)) => Kept::Only(a.union(&b).cloned().collect()),
            (Kept::AllBut(a), Kept::AllBut(b)) => Kept::AllBut(a.intersection(&b).cloned().collect()),
            (Kept::AllBut(a), Kept::Only(b)) | (Kept::Only(b), Kept::AllBut(a)) => {
                Kept::AllBut(a.difference(&b).cloned().collect())
            }
        }
    }
}

/// The labels that the result of an expression can have.
pub fn kept(expr: &Expr) -> Kept {
    match expr {
        Expr::Aggregate(a) => {
            let inner = kept(&a.expr);
            match (a.op.id(), &a.modifier) {
                (T_TOPK | T_BOTTOMK | T_LIMITK | T_LIMIT_RATIO, _) => inner,
                (op, modifier) => {
                    let grouped = match modifier {
                        Some(LabelModifier::Include(names)) => Kept::of(&names.labels),
                        Some(LabelModifier::Exclude(names)) => inner.without(&names.labels),
                        None => Kept::of([]),
                    };
                    match (op, a.param.as_deref().map(bare)) {
                        (T_COUNT_VALUES, Some(Expr::StringLiteral(name))) => grouped.with([name.val.as_str()]),
                        _ => grouped,
                    }
                }
            }
        }
        Expr::Unary(u) => kept(&u.expr),
        Expr::Paren(p) => kept(&p.expr),
        Expr::Subquery(s) => kept(&s.expr),
        Expr::Binary(b) => of_binary(b),
        Expr::Call(c) => of_call(c),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) => Kept::of([]),
        Expr::VectorSelector(_) | Expr::MatrixSelector(_) | Expr::Extension(_) => Kept::all(),
    }
}

fn of_call(call: &Call) -> Kept {
    let args: Vec<&Expr> = call.args.args.iter().map(AsRef::as_ref).collect();
    let text = |at: usize| match args.get(at).map(|a| bare(a)) {
        Some(Expr::StringLiteral(s)) => Some(s.val.as_str()),
        _ => None,
    };
    let first = || args.iter().find(|a| !matches!(bare(a), Expr::NumberLiteral(_) | Expr::StringLiteral(_)));
    match call.func.name {
        "vector" | "time" | "scalar" | "pi" => Kept::of([]),
        "absent" | "absent_over_time" => match args.first().and_then(|a| selector(bare(a))) {
            Some(s) => {
                let equal = s.matchers.matchers.iter().filter(|m| m.op == MatchOp::Equal);
                Kept::Only(equal.map(|m| m.name.clone()).collect())
            }
            None => Kept::of([]),
        },
        "label_replace" | "label_join" => args.first().map_or_else(Kept::all, |a| kept(a)).with(text(1)),
        // It joins labels of another metric to the series: any may come.
        "info" => Kept::all(),
        "histogram_quantile" => first().map_or_else(Kept::all, |a| kept(a)).without([&"le".to_owned()]),
        _ => first().map_or_else(|| Kept::of([]), |a| kept(a)),
    }
}

fn of_binary(b: &BinaryExpr) -> Kept {
    match (is_scalar(&b.lhs), is_scalar(&b.rhs)) {
        (true, true) => return Kept::of([]),
        (true, false) => return kept(&b.rhs),
        (false, true) => return kept(&b.lhs),
        (false, false) => {}
    }
    let (left, right) = (kept(&b.lhs), kept(&b.rhs));
    match b.op.id() {
        T_LAND | T_LUNLESS => return left,
        T_LOR => return left.or(right),
        _ => {}
    }
    let Some(modifier) = &b.modifier else { return narrower(left, right) };
    match (&modifier.card, &modifier.matching) {
        (VectorMatchCardinality::ManyToOne(more), _) => left.with(more.labels.iter().map(String::as_str)),
        (VectorMatchCardinality::OneToMany(more), _) => right.with(more.labels.iter().map(String::as_str)),
        (_, Some(LabelModifier::Include(on))) => Kept::of(&on.labels),
        (_, Some(LabelModifier::Exclude(names))) => narrower(left.without(&names.labels), right.without(&names.labels)),
        (_, None) => narrower(left, right),
    }
}

/// Where both sides have to have the same labels, the side that has fewer decides.
fn narrower(left: Kept, right: Kept) -> Kept {
    match (left, right) {
        (Kept::Only(a), Kept::Only(b)) => Kept::Only(a.intersection(&b).cloned().collect()),
        (Kept::Only(names), Kept::AllBut(gone)) | (Kept::AllBut(gone), Kept::Only(names)) => {
            Kept::Only(names.difference(&gone).cloned().collect())
        }
        (Kept::AllBut(a), Kept::AllBut(b)) => Kept::AllBut(a.union(&b).cloned().collect()),
    }
}
