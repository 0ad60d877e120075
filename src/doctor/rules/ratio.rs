//! Division of one vector by another: series divided by themselves, sides that never match, shares without traffic.

use std::collections::BTreeSet;

use promql_parser::label::MatchOp;
use promql_parser::parser::token::T_DIV;
use promql_parser::parser::{BinaryExpr, Expr, LabelModifier, VectorMatchCardinality, VectorSelector};

use super::expression::{Kept, all, bare, is_scalar, kept, matchers, metric, plain_rate, selector};
use super::{Findings, Parsed};
use crate::doctor::code::Code;

/// Looks at every division of the expression.
pub fn check(parsed: &Parsed<'_>, to: &mut Findings) {
    for expr in all(&parsed.expr) {
        let Expr::Binary(b) = expr else { continue };
        if b.op.id() != T_DIV || is_scalar(&b.lhs) || is_scalar(&b.rhs) {
            continue;
        }
        if by_itself(b) {
            of_one(parsed, b, to);
        } else if never_match(b) {
            unmatched(parsed, b, to);
        } else {
            unguarded(parsed, b, to);
        }
    }
}

/// Nothing is said about how the sides match.
fn matches_whole(b: &BinaryExpr) -> bool {
    b.modifier.as_ref().is_none_or(|m| m.matching.is_none() && m.card == VectorMatchCardinality::OneToOne)
}

/// The series on one side, when no aggregation stands between: its selector and the function over it.
fn series(expr: &Expr) -> Option<(&VectorSelector, String)> {
    if let Some((call, m)) = plain_rate(expr) {
        return Some((&m.vs, format!("{} {:?}", call.func.name, m.range)));
    }
    match bare(expr) {
        Expr::VectorSelector(v) => Some((v, String::new())),
        _ => None,
    }
}

/// The selectors of both sides, when both are the same function of the same metric at the same time.
fn same_metric(b: &BinaryExpr) -> Option<(&VectorSelector, &VectorSelector)> {
    let ((left, how), (right, same)) = (series(&b.lhs)?, series(&b.rhs)?);
    let metrics = metric(left).is_some() && metric(left) == metric(right);
    (metrics && how == same && left.offset == right.offset && left.at == right.at && matches_whole(b))
        .then_some((left, right))
}

/// One side picks among the series of the other.
fn by_itself(b: &BinaryExpr) -> bool {
    let Some((left, right)) = same_metric(b) else { return false };
    let (left, right) = (matchers(left), matchers(right));
    right.iter().all(|m| left.contains(m)) || left.iter().all(|m| right.contains(m))
}

/// The sides ask for different values of one label.
fn contradict(b: &BinaryExpr) -> bool {
    let Some((left, right)) = same_metric(b) else { return false };
    let equal = |s| matchers(s).into_iter().filter(|m| m.op == MatchOp::Equal).collect::<Vec<_>>();
    let right = equal(right);
    equal(left).iter().any(|m| right.iter().any(|other| other.name == m.name && other.value != m.value))
}

fn of_one(parsed: &Parsed<'_>, b: &BinaryExpr, to: &mut Findings) {
    let by = grouping(&parsed.printed());
    let right = format!("sum{by}({}) / sum{by}({})", bare(&b.lhs), bare(&b.rhs));
    let why = "vectors are divided label by label, so each series is divided by itself: the value is 1 for every series that \
               both sides have, however few they are";
    parsed.add(to, Code::RatioOfOne, why, format!("expr: {}", replaced(parsed, b, &right)));
}

/// ` by (a, b) `, or a space.
fn grouping(labels: &[String]) -> String {
    if labels.is_empty() { String::new() } else { format!(" by ({}) ", labels.join(", ")) }
}

fn replaced(parsed: &Parsed<'_>, b: &BinaryExpr, with: &str) -> String {
    parsed.expr.to_string().replace(&Expr::Binary(b.clone()).to_string(), with)
}

/// One side has labels that the other was stripped of, and nothing says to match without them.
fn never_match(b: &BinaryExpr) -> bool {
    if !matches_whole(b) {
        return false;
    }
    let raw = |e: &Expr| {
        let plain = series(e).and_then(|(s, _)| metric(s));
        // What a recording rule made may have as few labels as the other side.
        plain.is_some_and(|name| !name.contains(':'))
    };
    let empty = |e: &Expr| matches!(bare(e), Expr::Aggregate(_)) && kept(e) == Kept::Only(BTreeSet::new());
    let grouped = |e: &Expr| match (bare(e), kept(e)) {
        (Expr::Aggregate(a), Kept::Only(names)) if a.modifier.as_ref().is_some_and(LabelModifier::is_include) => {
            Some(names)
        }
        _ => None,
    };
    let differ = match (grouped(&b.lhs), grouped(&b.rhs)) {
        (Some(left), Some(right)) => left.is_disjoint(&right) && left != right,
        _ => false,
    };
    contradict(b) || raw(&b.lhs) && empty(&b.rhs) || raw(&b.rhs) && empty(&b.lhs) || differ
}

fn unmatched(parsed: &Parsed<'_>, b: &BinaryExpr, to: &mut Findings) {
    let by = grouping(&parsed.printed());
    let side = |e: &Expr| match bare(e) {
        Expr::Aggregate(a) => format!("sum{by}({})", bare(&a.expr)),
        other => format!("sum{by}({other})"),
    };
    let why = "no series of the left side of / has the same labels as one of the right, and vectors match by all their labels: there is never a result, and the \
               alert can never fire";
    let right = format!("{} / {}", side(&b.lhs), side(&b.rhs));
    parsed.add(to, Code::SidesNeverMatch, why, format!("expr: {}", replaced(parsed, b, &right)));
}

/// A share of traffic: what is counted above is also counted below.
fn unguarded(parsed: &Parsed<'_>, b: &BinaryExpr, to: &mut Findings) {
    let rated = |side: &Expr| -> Option<BTreeSet<String>> {
        let counters: Option<BTreeSet<String>> =
            all(side).into_iter().filter(|e| selector(e).is_some()).map(counted).collect();
        counters.filter(|names| !names.is_empty())
    };
    let (Some(above), Some(below)) = (rated(&b.lhs), rated(&b.rhs)) else { return };
    if !parsed.rule.is_alert || !above.is_subset(&below) || guarded(&parsed.expr, b) {
        return;
    }
    let why = "when nothing happens this is 0/0, which is NaN and compares as false: the alert goes quiet and its `for` begins anew; \
               and when next to nothing happens one event decides";
    // Below the line the guard keeps the labels of that side, so both sides still match.
    let right = format!("{} / ({} > 0)", b.lhs, bare(&b.rhs));
    let floor = format!(
        "expr: {}   # higher than 0 makes it a floor of traffic; for none, an alert of its own",
        replaced(parsed, b, &right)
    );
    parsed.add(to, Code::UnguardedShare, why, floor);
}

/// A counter with its range and offset; `None` for what no range is taken of.
fn counted(expr: &Expr) -> Option<String> {
    match expr {
        Expr::MatrixSelector(m) => Some(format!("{} {:?} {:?}", metric(&m.vs)?, m.range, m.vs.offset)),
        _ => None,
    }
}

/// What it is divided by is compared elsewhere in the expression, or cannot be zero.
fn guarded(whole: &Expr, b: &BinaryExpr) -> bool {
    let below = bare(&b.rhs).to_string();
    let clamped = all(&b.rhs).iter().any(|e| match e {
        Expr::Call(c) => c.func.name.starts_with("clamp"),
        Expr::Binary(inner) => inner.op.is_comparison_operator() || inner.op.is_set_operator(),
        _ => false,
    });
    let compared = all(whole).iter().any(|e| {
        matches!(e, Expr::Binary(o) if o.op.is_comparison_operator() && (bare(&o.lhs).to_string() == below || bare(&o.rhs).to_string() == below))
    });
    clamped || compared
}
