//! Division of one vector by another: series divided by themselves, sides that never match, what can be zero below the
//! line.

use std::collections::BTreeSet;

use promql_parser::label::MatchOp;
use promql_parser::parser::token::T_DIV;
use promql_parser::parser::{BinaryExpr, Expr, LabelModifier, MatrixSelector, VectorMatchCardinality, VectorSelector};

use super::expression::{Kept, all, bare, is_scalar, kept, matchers, metric, plain_rate, selector};
use super::{Findings, Parsed, guard, written};
use crate::doctor::code::Code;

/// Looks at every division of the expression.
pub fn check(parsed: &Parsed<'_>, to: &mut Findings) {
    for expr in all(&parsed.expr) {
        let Expr::Binary(b) = expr else { continue };
        if b.op.id() != T_DIV || is_scalar(&b.lhs) || is_scalar(&b.rhs) {
            continue;
        }
        if let Some(picked) = picked_by(b) {
            of_one(parsed, b, &picked, to);
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

/// One side of a division: the series that it begins with, what is done with them, and the labels that are left.
struct Side<'e> {
    selector: &'e VectorSelector,
    how: String,
    kept: Kept,
}

impl Side<'_> {
    /// With one aggregation around the series, or none.
    fn of(expr: &Expr) -> Option<Side<'_>> {
        let (inner, around) = match bare(expr) {
            Expr::Aggregate(a) if a.param.is_none() => (a.expr.as_ref(), a.op.to_string()),
            _ => (expr, String::new()),
        };
        let (selector, how) = series(inner)?;
        Some(Side { selector, how: format!("{around} {how}"), kept: kept(expr) })
    }
}

/// The labels by which two sides are matched one to one.
fn matched(b: &BinaryExpr) -> Option<Kept> {
    let Some(modifier) = &b.modifier else { return Some(Kept::AllBut(BTreeSet::new())) };
    let set = |labels: &[String]| labels.iter().cloned().collect();
    (modifier.card == VectorMatchCardinality::OneToOne).then(|| match &modifier.matching {
        None => Kept::AllBut(BTreeSet::new()),
        Some(LabelModifier::Include(on)) => Kept::Only(set(&on.labels)),
        Some(LabelModifier::Exclude(ignored)) => Kept::AllBut(set(&ignored.labels)),
    })
}

/// The labels by which one side picks among the series of the other, where each of what it picked meets itself: they are left on
/// both sides, and matched by.
fn picked_by(b: &BinaryExpr) -> Option<BTreeSet<String>> {
    let (above, below) = (Side::of(&b.lhs)?, Side::of(&b.rhs)?);
    let (left, right) = (above.selector, below.selector);
    let same = metric(left).is_some()
        && metric(left) == metric(right)
        && (&above.how, &above.kept) == (&below.how, &below.kept)
        && left.offset == right.offset
        && left.at == right.at;
    let (left, right) = (matchers(left), matchers(right));
    let among = right.iter().all(|m| left.contains(m)) || left.iter().all(|m| right.contains(m));
    let differ = left.iter().filter(|m| !right.contains(m)).chain(right.iter().filter(|m| !left.contains(m)));
    let names: BTreeSet<String> = differ.map(|m| m.name.clone()).collect();
    let matched = matched(b)?;
    let meets = names.iter().all(|name| above.kept.may_have(name) && matched.may_have(name));
    (same && among && meets).then_some(names)
}

/// The sides ask for different values of one label.
fn contradict(b: &BinaryExpr) -> bool {
    let Some((left, right)) = same_metric(b) else { return false };
    let equal = |s| matchers(s).into_iter().filter(|m| m.op == MatchOp::Equal).collect::<Vec<_>>();
    let right = equal(right);
    equal(left).iter().any(|m| right.iter().any(|other| other.name == m.name && other.value != m.value))
}

fn of_one(parsed: &Parsed<'_>, b: &BinaryExpr, picked: &BTreeSet<String>, to: &mut Findings) {
    let printed: Vec<String> = parsed.printed().into_iter().filter(|name| !picked.contains(name)).collect();
    let by = grouping(&printed);
    let inner = |side: &Expr| match bare(side) {
        Expr::Aggregate(a) => bare(&a.expr).to_string(),
        other => other.to_string(),
    };
    let right = format!("sum{by}({}) / sum{by}({})", inner(&b.lhs), inner(&b.rhs));
    let why = "vectors are divided label by label, so each series is divided by itself: the value is 1 for every series that \
               both sides have, however few they are";
    parsed.add(to, Code::RatioOfOne, why, written(&replaced(parsed, b, &right), ""));
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
    parsed.add(to, Code::SidesNeverMatch, why, written(&replaced(parsed, b, &right), ""));
}

/// What is divided by stands still when nothing happens, and nothing keeps that away.
fn unguarded(parsed: &Parsed<'_>, b: &BinaryExpr, to: &mut Findings) {
    if !parsed.rule.is_alert || guard::keeps_zero_away(&parsed.expr, b) {
        return;
    }
    let why = if is_share(b) {
        "when nothing happens this is 0/0, which is NaN and compares as false: the alert goes quiet and its `for` begins anew; \
         and when next to nothing happens one event decides"
            .to_owned()
    } else if let Some(limit) = no_limit(&b.rhs) {
        format!("{limit} is 0 where no limit is set, so this divides by 0: +Inf there, which is above every bound")
    } else if let Some((above, below)) = different(parsed, b) {
        format!(
            "when {below} stands still this divides by 0: +Inf, which is above every bound, if {above} moved, and NaN, which compares as \
             false, if it did not"
        )
    } else {
        return;
    };
    // Below the line the guard keeps the labels of that side, so both sides still match.
    let mut mended = b.clone();
    mended.rhs = Box::new(guard::above_zero(&b.rhs));
    let right = Expr::Binary(mended).to_string();
    let floor = written(
        &replaced(parsed, b, &right),
        "higher than 0 makes it a floor of traffic; for none, an alert of its own",
    );
    parsed.add(to, Code::UnguardedShare, why, floor);
}

/// What is counted above is also counted below.
fn is_share(b: &BinaryExpr) -> bool {
    let ranges = |side: &Expr| -> Option<BTreeSet<String>> {
        let counters: Option<BTreeSet<String>> =
            all(side).into_iter().filter(|e| selector(e).is_some()).map(counted).collect();
        counters.filter(|names| !names.is_empty())
    };
    matches!((ranges(&b.lhs), ranges(&b.rhs)), (Some(above), Some(below)) if above.is_subset(&below))
}

/// A counter with its range and offset; `None` for what no range is taken of.
fn counted(expr: &Expr) -> Option<String> {
    match expr {
        Expr::MatrixSelector(m) => Some(format!("{} {:?} {:?}", metric(&m.vs)?, m.range, m.vs.offset)),
        _ => None,
    }
}

/// Gauges in which 0 stands for none.
const ZERO_IS_NONE: &[&str] =
    &["container_spec_memory_limit_bytes", "redis_memory_max_bytes", "redis_config_maxmemory"];

fn no_limit(below: &Expr) -> Option<&str> {
    let mut named = all(below).into_iter().filter_map(selector).filter_map(metric);
    named.find(|name| ZERO_IS_NONE.contains(name))
}

/// Rates of one thing divided by rates of another, by name. A mean has no finding: of no events there is none.
fn different(parsed: &Parsed<'_>, b: &BinaryExpr) -> Option<(String, String)> {
    let (above, below) = (rates(&b.lhs)?, rates(&b.rhs)?);
    let always_moves = |m: &MatrixSelector| metric(&m.vs).is_some_and(|name| name.ends_with("cpu_seconds_total"));
    let longest = below.iter().map(|m| m.range).max()?;
    let lasts = parsed.rule.pending.is_some_and(|(pending, _)| pending >= longest * WINDOWS);
    let names = |of: &[&MatrixSelector]| {
        let names: BTreeSet<&str> = of.iter().filter_map(|m| metric(&m.vs)).collect();
        names.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let (upper, lower) = (names(&above), names(&below));
    let is_mean = match (upper.as_slice(), lower.as_slice()) {
        ([sum], [count]) => sum.strip_suffix("_sum").is_some_and(|base| count.strip_suffix("_count") == Some(base)),
        _ => false,
    };
    // The same at another time is compared, not shared.
    let same = upper.iter().all(|name| lower.contains(name));
    let is_silent =
        lasts || is_mean || same || upper.is_empty() || lower.is_empty() || below.into_iter().any(always_moves);
    (!is_silent).then(|| (upper.join(" + "), lower.join(" + ")))
}

/// An alert that waits for so many windows is not decided by what happened in one of them.
const WINDOWS: u32 = 3;

/// The counters of a side in which everything is the rate of one.
fn rates(side: &Expr) -> Option<Vec<&MatrixSelector>> {
    let found = all(side);
    let selectors = found.iter().filter(|e| selector(e).is_some()).count();
    let rates: Vec<&MatrixSelector> = found
        .into_iter()
        .filter_map(|e| {
            let call = matches!(e, Expr::Call(_));
            plain_rate(e).filter(|_| call).map(|(_, m)| m)
        })
        .collect();
    (selectors > 0 && rates.len() == selectors).then_some(rates)
}
