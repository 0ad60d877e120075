//! A rate per second that is compared as if it were a share: the words say per cent, the expression counts events.

use promql_parser::label::MatchOp;
use promql_parser::parser::token::{T_GTE, T_GTR};
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
    let Expr::Binary(b) = bare(&parsed.expr) else { return };
    let Some(bound) = number(&b.rhs).filter(|n| (0.0..1.0).contains(n) && *n > 0.0) else { return };
    if !parsed.rule.is_alert || !matches!(b.op.id(), T_GTR | T_GTE) {
        return;
    }
    let Some(counted) = counted(&b.lhs) else { return };
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
    parsed.add(to, Code::RateAsShare, why, instead(parsed, counted, bound));
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

fn instead(parsed: &Parsed<'_>, counted: &MatrixSelector, bound: f64) -> String {
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
    written(&format!("sum{by}(rate({part}[{range}])) / sum{by}(rate({whole}[{range}])) > {bound}"), "")
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
