//! Whether something keeps zero away from below the line of a division: a comparison, a least value, an addend. What only adds
//! series, such as `or vector(1)`, changes no series that is there.

use std::collections::BTreeSet;

use promql_parser::parser::token::{T_ADD, T_EQLC, T_GTE, T_GTR, T_LSS, T_LTE, T_LUNLESS, T_NEQ};
use promql_parser::parser::{BinaryExpr, Expr};

use super::expression::{all, bare, metric, number, selector};

/// Whether what `b` divides by is never zero where the whole has a result.
pub fn keeps_zero_away(whole: &Expr, b: &BinaryExpr) -> bool {
    let counted = metrics(&b.rhs);
    let division = Expr::Binary(b.clone()).to_string();
    // What a right side of `unless` keeps is what the whole leaves out.
    let left_out: Vec<&Expr> = all(whole)
        .into_iter()
        .filter_map(|e| match e {
            Expr::Binary(u) if u.op.id() == T_LUNLESS => Some(all(&u.rhs)),
            _ => None,
        })
        .flatten()
        .collect();
    let kept = all(whole).into_iter().filter(|e| !left_out.iter().any(|left_out| std::ptr::eq(*left_out, *e)));
    let compared = kept.into_iter().any(|e| match e {
        // `unless` takes away where its right side has a result.
        Expr::Binary(u) if u.op.id() == T_LUNLESS => all(&u.rhs)
            .into_iter()
            .any(|e| matches!(e, Expr::Binary(o) if about(o, &counted, &division) && is_of_zero(o))),
        Expr::Binary(o) => about(o, &counted, &division) && excludes_zero(o),
        _ => false,
    });
    compared || never_zero(&b.rhs)
}

fn metrics(expr: &Expr) -> BTreeSet<String> {
    all(expr).into_iter().filter_map(selector).filter_map(metric).map(str::to_owned).collect()
}

/// A comparison of what the division divides by, also over another range or with other labels; and not of the division itself.
fn about(o: &BinaryExpr, counted: &BTreeSet<String>, division: &str) -> bool {
    let text = Expr::Binary(o.clone()).to_string();
    let filters = o.op.is_comparison_operator() && !o.modifier.as_ref().is_some_and(|m| m.return_bool);
    filters && !text.contains(division) && !metrics(&o.lhs).union(&metrics(&o.rhs)).all(|name| !counted.contains(name))
}

/// The comparison as if the number stood on its right; `None` where neither side is one.
fn ordered(o: &BinaryExpr) -> Option<(u16, f64)> {
    let turned = match o.op.id() {
        T_LSS => T_GTR,
        T_LTE => T_GTE,
        T_GTR => T_LSS,
        T_GTE => T_LTE,
        same => same,
    };
    number(&o.rhs).map(|n| (o.op.id(), n)).or_else(|| number(&o.lhs).map(|n| (turned, n)))
}

fn excludes_zero(o: &BinaryExpr) -> bool {
    match ordered(o) {
        Some((T_GTR, n)) => n >= 0.0,
        Some((T_GTE, n)) => n > 0.0,
        Some((T_NEQ, n)) => n == 0.0,
        Some((T_EQLC, n)) => n != 0.0,
        Some(_) => false,
        // Against another vector: what that holds is not known here.
        None => true,
    }
}

fn is_of_zero(o: &BinaryExpr) -> bool {
    match ordered(o) {
        Some((T_EQLC, n)) => n == 0.0,
        Some((T_LTE, n)) => n >= 0.0,
        Some((T_LSS, n)) => n > 0.0,
        Some(_) => false,
        None => true,
    }
}

/// A least value above zero, or something above zero added.
fn never_zero(below: &Expr) -> bool {
    match bare(below) {
        Expr::Aggregate(a) => never_zero(&a.expr),
        Expr::Call(c) if matches!(c.func.name, "clamp_min" | "clamp") => {
            c.args.args.get(1).is_some_and(|least| number(least).is_none_or(|n| n > 0.0))
        }
        Expr::Binary(b) if b.op.id() == T_ADD => {
            [&b.lhs, &b.rhs].into_iter().any(|side| number(side).is_some_and(|n| n > 0.0))
        }
        _ => false,
    }
}

/// The same where it is above zero.
pub fn above_zero(below: &Expr) -> Expr {
    let inner = bare(below);
    // What binds weaker than the comparison would lose its end to it.
    let is_weak = matches!(inner, Expr::Binary(b) if b.op.is_set_operator() || b.op.is_comparison_operator());
    let text = if is_weak { format!("(({inner}) > 0)") } else { format!("({inner} > 0)") };
    super::parse(&text).unwrap_or_else(|_| below.clone())
}
