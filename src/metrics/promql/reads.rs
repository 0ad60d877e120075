//! What an expression asks for by name, and whether two are the same, also of constructs that are not evaluated here: for who has
//! somebody else evaluate it.

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{self, Expr, VectorSelector};
use promql_parser::util::unquote_string;
use regex::Regex;

use super::failure::Refused;
use super::pattern::anchored;
use super::prepare::{Prepared, prepared};
use crate::metrics::labels::NAME;

/// Deepest nesting that is looked into.
const DEPTH: usize = 1_000;

/// Which metrics a selector means.
#[derive(Clone, Debug)]
pub enum Read {
    /// The one of this name.
    Metric(String),
    /// Those whose name is like this.
    Like(Regex),
    /// Any.
    Any,
}

impl Read {
    /// Whether it means a metric of this name.
    #[must_use]
    pub fn means(&self, metric: &str) -> bool {
        match self {
            Read::Metric(name) => name == metric,
            Read::Like(pattern) => pattern.is_match(metric),
            Read::Any => true,
        }
    }
}

/// What every selector of an expression means; an expression that cannot be parsed is refused.
pub fn reads(text: &str) -> Result<Vec<Read>, Refused> {
    let Prepared { text, patterns } = prepared(text)?;
    let tree = parser::parse(&text).map_err(Refused::invalid)?;
    let mut found = Vec::new();
    walk(&tree, 0, &mut |selector| found.push(read(selector, &patterns)));
    Ok(found)
}

/// One text for all that are the same but for how they are laid out; none of what cannot be parsed.
#[must_use]
pub fn canonical(text: &str) -> Option<String> {
    let Prepared { text, patterns } = prepared(text).ok()?;
    let tree = parser::parse(&text).ok()?;
    let patterns: Vec<String> = patterns.iter().filter_map(|written| unquote_string(written).ok()).collect();
    Some(format!("{tree} {patterns:?}"))
}

fn read(selector: &VectorSelector, patterns: &[String]) -> Read {
    if let Some(name) = &selector.name {
        return Read::Metric(name.clone());
    }
    let named: Vec<&Matcher> = selector.matchers.matchers.iter().filter(|matcher| matcher.name == NAME).collect();
    if let Some(matcher) = named.iter().find(|matcher| matches!(matcher.op, MatchOp::Equal)) {
        return Read::Metric(matcher.value.clone());
    }
    let written = |matcher: &&&Matcher| matches!(matcher.op, MatchOp::Re(_));
    let pattern = named.iter().find(written).and_then(|matcher| {
        let written = patterns.get(matcher.value.parse::<usize>().ok()?)?;
        anchored(&unquote_string(written).ok()?).ok()
    });
    pattern.map_or(Read::Any, Read::Like)
}

fn walk(tree: &Expr, depth: usize, tell: &mut dyn FnMut(&VectorSelector)) {
    if depth > DEPTH {
        return;
    }
    let mut into = |tree: &Expr| walk(tree, depth + 1, tell);
    match tree {
        Expr::Aggregate(aggregate) => {
            into(&aggregate.expr);
            aggregate.param.iter().for_each(|parameter| into(parameter));
        }
        Expr::Unary(unary) => into(&unary.expr),
        Expr::Binary(binary) => {
            into(&binary.lhs);
            into(&binary.rhs);
        }
        Expr::Paren(paren) => into(&paren.expr),
        Expr::Subquery(subquery) => into(&subquery.expr),
        Expr::Call(call) => call.args.args.iter().for_each(|argument| into(argument)),
        Expr::VectorSelector(selector) => tell(selector),
        Expr::MatrixSelector(matrix) => tell(&matrix.vs),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_selector_is_found_also_in_what_is_not_evaluated_here() {
        let found = |expr: &str, metric: &str| reads(expr).unwrap().iter().any(|read| read.means(metric));
        let expr =
            "topk(scalar(limit), sum by (a) (rate(x_total{b=~\"c|d\"}[5m] @ end()))) > on (a) (job:y:rate5m or z)";
        for metric in ["limit", "x_total", "job:y:rate5m", "z"] {
            assert!(found(expr, metric), "{metric}");
        }
        assert!(!found(expr, "a") && !found(expr, "x"));
        assert!(found("{__name__=~\"job:.*\"}", "job:y") && !found("{__name__=~\"job:.*\"}", "a:job:y"));
        assert!(found("{__name__=\"job:y\"}", "job:y") && found("max_over_time({job=\"a\"}[1h:1m])", "anything"));
        assert!(reads("rate(x[5m]").is_err());
    }

    #[test]
    fn the_same_expression_laid_out_otherwise_is_the_same() {
        let same = |one: &str, other: &str| canonical(one).is_some() && canonical(one) == canonical(other);
        assert!(same(
            "sum by(job)(rate( x{a='b' , c=~\"d.*\"}[5m]))>0.5",
            "sum by (job) (rate(x{a=\"b\",c=~`d.*`}[5m])) > 0.5"
        ));
        assert!(!same("x{c=~\"d\"} > 1", "x{c=~\"e\"} > 1"));
        assert!(!same("x > 1", "x > 2") && !same("x >", "x >"));
    }
}
