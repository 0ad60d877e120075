//! A rate per second that is compared as if it were a share: the words say per cent, the expression counts events.

use promql_parser::label::MatchOp;
use promql_parser::parser::token::{T_GTE, T_GTR, T_LAND, T_LSS, T_LTE, T_LUNLESS, T_MUL};
use promql_parser::parser::{Expr, MatrixSelector, VectorSelector};
use regex::Regex;

use super::expression::{bare, matchers, metric, number, plain_rate};
use super::{Findings, Parsed, written};
use crate::doctor::code::Code;
use crate::doctor::pattern::Pattern;

static SHARE: Pattern = Pattern::new(|| {
    Regex::new(concat!(
        r"(?i)\b(error|failure|failed|success|hit|miss|drop|loss|rejection|timeout)s?[ _-]?(rate|ratio|share|percentage)\b",
        r"|\bper ?cent\b|\d ?%"
    ))
    .ok()
});

/// Looks at the comparison at the top.
pub fn check(parsed: &Parsed<'_>, to: &mut Findings) {
    let Some(compared) = compared(&parsed.expr).filter(|_| parsed.rule.is_alert) else { return };
    let (counted, bound) = (compared.counted, compared.bound);
    if !(bound > 0.0 && bound < 1.0) {
        return;
    }
    let Some(name) = metric(&counted.vs).filter(|name| !is_share_itself(name)) else { return };
    if !says_share(parsed) {
        return;
    }
    let why = format!(
        "the words speak of a share, the expression is events per second of each series: {bound} of {name} is one event in {} s, \
         not {} %",
        round(1.0 / bound),
        round(bound * 100.0)
    );
    parsed.add(to, Code::RateAsShare, why, instead(parsed, &compared));
}

/// A counter's rate against a number.
struct Compared<'e> {
    counted: &'e MatrixSelector,
    /// Where the rate is multiplied by 100, the number by 100 divided.
    bound: f64,
    /// As it stands, with the number to the right.
    operator: &'static str,
    whole: &'e Expr,
}

/// The comparison whose value the alert has: what stands behind `and` or `unless` is a condition beside it.
fn compared(expr: &Expr) -> Option<Compared<'_>> {
    let whole = bare(expr);
    let Expr::Binary(b) = whole else { return None };
    if matches!(b.op.id(), T_LAND | T_LUNLESS) {
        return compared(&b.lhs);
    }
    let (side, number, turned) = match (number(&b.lhs), number(&b.rhs)) {
        (None, Some(number)) => (&b.lhs, number, false),
        (Some(number), None) => (&b.rhs, number, true),
        _ => return None,
    };
    let operator = match (b.op.id(), turned) {
        (T_GTR, false) | (T_LSS, true) => ">",
        (T_GTE, false) | (T_LTE, true) => ">=",
        (T_LSS, false) | (T_GTR, true) => "<",
        (T_LTE, false) | (T_GTE, true) => "<=",
        _ => return None,
    };
    let (side, times) = scaled(side);
    Some(Compared { counted: counted(side)?, bound: number / times, operator, whole })
}

/// What is multiplied by a hundred, to be read as per cent.
fn scaled(expr: &Expr) -> (&Expr, f64) {
    let Expr::Binary(b) = bare(expr) else { return (expr, 1.0) };
    let is_hundred = |side: &Expr| number(side).is_some_and(|n| (n - 100.0).abs() < f64::EPSILON);
    match b.op.id() {
        T_MUL if is_hundred(&b.rhs) => (&b.lhs, 100.0),
        T_MUL if is_hundred(&b.lhs) => (&b.rhs, 100.0),
        _ => (expr, 1.0),
    }
}

fn round(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}

/// The counter of which a plain rate is taken, summed or not, and divided by nothing.
fn counted(expr: &Expr) -> Option<&MatrixSelector> {
    match bare(expr) {
        Expr::Aggregate(a) => counted(&a.expr),
        other => plain_rate(other).map(|(_, m)| m),
    }
}

/// Seconds per second are a share.
fn is_share_itself(name: &str) -> bool {
    name.contains("_seconds")
}

fn says_share(parsed: &Parsed<'_>) -> bool {
    let rule = parsed.rule;
    let texts = rule.annotations.iter().map(|(_, text)| text.value.as_str());
    let percent = texts.clone().any(|t| t.contains("humanizePercentage"));
    percent || texts.chain([spaced(&rule.name).as_str()]).any(|t| SHARE.is_match(&without_actions(t)))
}

/// `HighErrorRate` as `High Error Rate`.
fn spaced(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// What stands in `{{ }}` is no prose.
fn without_actions(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once("{{") {
        out.push_str(before);
        rest = inside.split_once("}}").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

fn instead(parsed: &Parsed<'_>, compared: &Compared<'_>) -> String {
    let Compared { counted, bound, operator, whole: comparison } = compared;
    let picks = |name: &str| {
        ["status", "code", "result", "outcome", "level", "reason", "error"].iter().any(|w| name.contains(w))
    };
    let mut whole: VectorSelector = counted.vs.clone();
    whole.matchers.matchers.retain(|m| !picks(&m.name) || m.op == MatchOp::NotEqual && m.value.is_empty());
    if matchers(&whole).len() == matchers(&counted.vs).len() {
        return "# divide by the rate of everything that could have failed, both sides summed".to_owned();
    }
    let labels = parsed.printed();
    let by = if labels.is_empty() { String::new() } else { format!(" by ({}) ", labels.join(", ")) };
    let range = promql_parser::util::display_duration(&counted.range);
    let part = &counted.vs;
    let right = format!("sum{by}(rate({part}[{range}])) / sum{by}(rate({whole}[{range}])) {operator} {bound}");
    written(&parsed.expr.to_string().replace(&comparison.to_string(), &right), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_a_share() {
        for yes in ["High Error Rate", "error_rate over 5 %", "above 5%", "hit ratio", "more than 5 percent"] {
            assert!(SHARE.is_match(yes), "{yes}");
        }
        for no in ["requests rate", "request rate limit", "errors per second", "5 percentiles"] {
            assert!(!SHARE.is_match(no), "{no}");
        }
        assert_eq!(without_actions("a {{ printf \"%.0f%%\" $value }} b {{ $x }}"), "a  b ");
    }
}
