//! What an expression asks for by name, and whether two are the same, also of constructs that are not evaluated here: for who has
//! somebody else evaluate it.

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::token::T_LUNLESS;
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
    let Prepared { text, patterns, .. } = prepared(text)?;
    let tree = parser::parse(&text).map_err(Refused::invalid)?;
    let mut found = Vec::new();
    walk(&tree, 0, true, &mut |selector| found.push(read(selector, &patterns)));
    Ok(found)
}

/// What an expression asks for, by one of its selectors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The selector alone: what stands around it, as a range, is left out.
    pub selector: String,
    /// The name of its metric, where it has matchers beside.
    pub metric: Option<String>,
}

/// The selectors of an expression that have to find something for its result to be one, each once, in their order; none of what
/// cannot be parsed. What `unless` takes away and what is asked to be absent may be missing.
#[must_use]
pub fn selectors(text: &str) -> Vec<Asked> {
    let Ok(Prepared { text, patterns, .. }) = prepared(text) else { return Vec::new() };
    let Ok(tree) = parser::parse(&text) else { return Vec::new() };
    let mut found: Vec<Asked> = Vec::new();
    walk(&tree, 0, false, &mut |selector| {
        let asked = asked(selector, &patterns);
        if !found.contains(&asked) {
            found.push(asked);
        }
    });
    found
}

fn asked(selector: &VectorSelector, patterns: &[String]) -> Asked {
    let one = |matcher: &Matcher| {
        let pattern = matcher.value.parse::<usize>().ok().and_then(|place| patterns.get(place)).cloned();
        let value = match matcher.op {
            MatchOp::Re(_) | MatchOp::NotRe(_) => pattern.unwrap_or_else(|| format!("{:?}", matcher.value)),
            MatchOp::Equal | MatchOp::NotEqual => quoted(&matcher.value),
        };
        format!("{}{}{value}", matcher.name, sign(&matcher.op))
    };
    let all = |of: &[Matcher]| of.iter().map(one).collect::<Vec<_>>().join(",");
    let mut either = vec![&selector.matchers.matchers];
    either.extend(&selector.matchers.or_matchers);
    either.retain(|of| !of.is_empty());
    let matchers = either.iter().map(|of| all(of)).collect::<Vec<_>>().join(" or ");
    let name = selector.name.clone().unwrap_or_default();
    if matchers.is_empty() {
        return Asked { selector: name, metric: None };
    }
    Asked { selector: format!("{name}{{{matchers}}}"), metric: selector.name.clone() }
}

fn sign(op: &MatchOp) -> &'static str {
    match op {
        MatchOp::Equal => "=",
        MatchOp::NotEqual => "!=",
        MatchOp::Re(_) => "=~",
        MatchOp::NotRe(_) => "!~",
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// One text for all that are the same but for how they are laid out; none of what cannot be parsed.
#[must_use]
pub fn canonical(text: &str) -> Option<String> {
    let Prepared { text, patterns, .. } = prepared(text).ok()?;
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

/// Tells the selectors: all, or those alone that have to find something.
fn walk(tree: &Expr, depth: usize, all: bool, tell: &mut dyn FnMut(&VectorSelector)) {
    if depth > DEPTH {
        return;
    }
    let mut into = |tree: &Expr| walk(tree, depth + 1, all, tell);
    match tree {
        Expr::Aggregate(aggregate) => {
            into(&aggregate.expr);
            aggregate.param.iter().for_each(|parameter| into(parameter));
        }
        Expr::Unary(unary) => into(&unary.expr),
        Expr::Binary(binary) if !all && binary.op.id() == T_LUNLESS => into(&binary.lhs),
        Expr::Call(call) if !all && call.func.name.starts_with("absent") => {}
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
    fn the_selectors_that_have_to_find_something_are_told_with_their_matchers() {
        let told =
            |expr: &str| selectors(expr).into_iter().map(|asked| (asked.selector, asked.metric)).collect::<Vec<_>>();
        let with = |selector: &str, metric: &str| (selector.to_owned(), Some(metric.to_owned()));
        assert_eq!(
            told("rate(x{a=~`b\\.|c`, d!='e\"f', g!~\"h\"}[5m] @ end()) / y > 1 unless on () z{i=\"j\"}"),
            [with("x{a=~`b\\.|c`,d!=\"e\\\"f\",g!~\"h\"}", "x"), ("y".to_owned(), None)]
        );
        assert_eq!(told("absent(x{a=\"b\"} @ end()) and y{a=\"b\"} > y{a=\"b\"}"), [with("y{a=\"b\"}", "y")]);
        assert_eq!(told("{__name__=~\"job:.*\"}"), [("{__name__=~\"job:.*\"}".to_owned(), None)]);
        assert!(told("rate(x[5m").is_empty());
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
