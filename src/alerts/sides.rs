//! The two sides of an expression that alerts: what is measured, and what it is held against. Where the bound is a number it
//! can stand as a line on the chart of what is measured.

use promql_parser::parser::token::{T_EQLC, T_GTE, T_GTR, T_LSS, T_LTE, T_NEQ};
use promql_parser::parser::{Expr, UnaryExpr};

/// Signs in an expression that is taken apart.
const MOST_SIGNS: usize = 2000;

/// How the one is held against the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Held {
    /// As it is written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Held::Above => ">",
            Held::AtLeast => ">=",
            Held::Below => "<",
            Held::AtMost => "<=",
            Held::Equal => "==",
            Held::NotEqual => "!=",
        }
    }

    fn turned(self) -> Held {
        match self {
            Held::Above => Held::Below,
            Held::AtLeast => Held::AtMost,
            Held::Below => Held::Above,
            Held::AtMost => Held::AtLeast,
            same => same,
        }
    }
}

/// What is measured and against what it is held.
#[derive(Clone, Debug, PartialEq)]
pub struct Sides {
    /// The expression of what is measured.
    pub measured: String,
    /// How it is held against the bound.
    pub held: Held,
    /// The bound.
    pub bound: f64,
}

/// Takes an expression apart: the first comparison with a number. Of `a > 1 and b > 2` the first is what the alert's value
/// comes from.
#[must_use]
pub fn of(expr: &str) -> Option<Sides> {
    // What nests needs signs: few of them are a shallow tree.
    let signs =
        expr.bytes().filter(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b' ' | b':')).count();
    if signs > MOST_SIGNS {
        return None;
    }
    sides(&promql_parser::parser::parse(expr).ok()?)
}

/// Asks whether what is measured is anything but NaN, where it may be NaN as 0 of 0 is: it divides, or is a quantile. One element
/// comes, and it is NaN only where all are. Of `a or b` neither side alone says why there is nothing.
#[must_use]
pub fn traffic(expr: &str) -> Option<String> {
    let measured = of(expr)?.measured;
    let may_be_hollow = ["/", "%", "quantile"].iter().any(|sign| measured.contains(sign));
    (may_be_hollow && !has_or(expr)).then(|| format!("max({measured})"))
}

fn has_or(expr: &str) -> bool {
    use promql_parser::parser::token::T_LOR;
    let mut expr = promql_parser::parser::parse(expr).ok();
    while let Some(found) = expr {
        expr = match bare(&found) {
            Expr::Binary(binary) if binary.op.id() == T_LOR => return true,
            Expr::Binary(binary) if binary.op.is_set_operator() => Some((*binary.lhs).clone()),
            _ => None,
        };
    }
    false
}

/// What is measured: the left side, or all of it where nothing is compared with a number.
#[must_use]
pub fn measured(expr: &str) -> String {
    of(expr).map_or_else(|| expr.to_owned(), |sides| sides.measured)
}

/// What the conditions of an expression have before them, whether they hold or not: the expression without its comparisons with
/// numbers. None where there is none to take away, or where it is not so simple.
#[must_use]
pub fn judged(expr: &str) -> Option<String> {
    of(expr)?;
    without(&promql_parser::parser::parse(expr).ok()?)
}

fn without(expr: &Expr) -> Option<String> {
    use promql_parser::parser::token::{T_LAND, T_LOR, T_LUNLESS};
    let Expr::Binary(binary) = bare(expr) else { return Some(bare(expr).to_string()) };
    match binary.op.id() {
        // What was kept off by the other side is right where that side is wrong: it is judged all the same.
        T_LAND | T_LUNLESS => without(&binary.lhs),
        T_LOR => Some(format!("({}) or ({})", without(&binary.lhs)?, without(&binary.rhs)?)),
        _ if !binary.op.is_comparison_operator() => Some(bare(expr).to_string()),
        _ => sides(expr).map(|sides| sides.measured),
    }
}

fn sides(expr: &Expr) -> Option<Sides> {
    let Expr::Binary(binary) = bare(expr) else { return None };
    if binary.op.is_set_operator() {
        return sides(&binary.lhs);
    }
    let held = match binary.op.id() {
        T_GTR => Held::Above,
        T_GTE => Held::AtLeast,
        T_LSS => Held::Below,
        T_LTE => Held::AtMost,
        T_EQLC => Held::Equal,
        T_NEQ => Held::NotEqual,
        _ => return None,
    };
    match (number(&binary.lhs), number(&binary.rhs)) {
        (None, Some(bound)) => Some(Sides { measured: bare(&binary.lhs).to_string(), held, bound }),
        (Some(bound), None) => Some(Sides { measured: bare(&binary.rhs).to_string(), held: held.turned(), bound }),
        _ => None,
    }
}

fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => bare(&inner.expr),
        other => other,
    }
}

/// A number that is written out, as `80`, `-1` or `0.8 * 100`.
fn number(expr: &Expr) -> Option<f64> {
    use promql_parser::parser::token::{T_ADD, T_DIV, T_MUL, T_SUB};
    match bare(expr) {
        Expr::NumberLiteral(literal) => Some(literal.val),
        Expr::Unary(UnaryExpr { expr }) => number(expr).map(|value| -value),
        Expr::Binary(binary) => {
            let (left, right) = (number(&binary.lhs)?, number(&binary.rhs)?);
            match binary.op.id() {
                T_ADD => Some(left + right),
                T_SUB => Some(left - right),
                T_MUL => Some(left * right),
                T_DIV => Some(left / right),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_conditions_have_before_them() {
        for (expr, judged) in [
            ("up == 0", Some("up")),
            ("(a > 1) and on (job) b > 2", Some("a")),
            ("a > 1 unless b", Some("a")),
            ("a > 1 or b < 2", Some("(a) or (b)")),
            ("a > 1 or rate(b[5m]) > 2", Some("(a) or (rate(b[5m]))")),
            ("a > 1 or b > c", None),
            ("absent(up)", None),
            ("a > b", None),
        ] {
            assert_eq!(super::judged(expr).as_deref(), judged, "{expr}");
        }
    }

    #[test]
    fn what_is_measured_and_the_bound_that_it_is_held_against() {
        for (expr, measured, sign, bound) in [
            ("up == 0", "up", "==", 0.0),
            (
                "(rate(errors_total[5m]) / rate(requests_total[5m])) > 0.05",
                "rate(errors_total[5m]) / rate(requests_total[5m])",
                ">",
                0.05,
            ),
            ("5 * 60 < age_seconds", "age_seconds", ">", 300.0),
            ("pool_used >= 9 and pool_max > 1", "pool_used", ">=", 9.0),
            ("temperature <= -4", "temperature", "<=", -4.0),
        ] {
            let sides = of(expr).unwrap_or_else(|| panic!("{expr}"));
            assert_eq!((sides.measured.as_str(), sides.held.sign(), sides.bound), (measured, sign, bound), "{expr}");
        }
        for none in ["absent(up)", "a > b", "up", "not promql (", "1 > 2"] {
            assert_eq!(of(none), None, "{none}");
        }
        assert_eq!(super::measured("absent(up)"), "absent(up)");
    }

    #[test]
    fn what_may_be_nothing_of_nothing_is_asked_for_alone() {
        for (expr, question) in [
            ("hits / looked < 0.7", Some("max(hits / looked)")),
            ("(hits / looked < 0.7) and looked > 1", Some("max(hits / looked)")),
            ("hits / looked < 0.7 or up == 0", None),
            ("((a / b > 1 or c) unless d)", None),
            ("up == 0", None),
            ("a / b", None),
        ] {
            assert_eq!(traffic(expr).as_deref(), question, "{expr}");
        }
    }
}
