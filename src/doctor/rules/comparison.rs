//! Counters and gauges taken for each other, `bool` at the top, absent() over alternatives.

use promql_parser::label::MatchOp;
use promql_parser::parser::token::{T_GTE, T_GTR, T_LSS, T_LTE};
use promql_parser::parser::{Expr, VectorSelector};

use super::expression::{all, bare, metric, number, plain_rate, selector};
use super::{Findings, Parsed, written};
use crate::doctor::code::Code;

/// Endings of names that are gauges by the conventions of Prometheus.
const GAUGES: &[&str] = &[
    "_available",
    "_avail_bytes",
    "_free_bytes",
    "_used_bytes",
    "_usage",
    "_utilization",
    "_utilisation",
    "_ratio",
    "_percent",
    "_percentage",
    "_celsius",
    "_depth",
    "_pending",
    "_active",
    "_in_flight",
    "_inflight",
    "_current",
    "_max",
    "_min",
    "_limit",
    "_capacity",
    "_age_seconds",
    "_lag",
    "_lag_seconds",
    "_duration",
    "_size_bytes",
    "_queue_length",
    "_timestamp_seconds",
];

/// Looks at all of it.
pub fn check(parsed: &Parsed<'_>, to: &mut Findings) {
    for expr in all(&parsed.expr) {
        match expr {
            Expr::Call(_) => gauge(parsed, expr, to),
            Expr::Binary(b) if matches!(b.op.id(), T_GTR | T_GTE | T_LSS | T_LTE) => {
                let side = if number(&b.rhs).is_some() { &b.lhs } else { &b.rhs };
                if number(&b.lhs).or(number(&b.rhs)).is_some() {
                    counter(parsed, side, to);
                }
            }
            _ => {}
        }
        absent(parsed, expr, to);
    }
    if let Expr::Binary(b) = bare(&parsed.expr)
        && parsed.rule.is_alert
        && b.op.is_comparison_operator()
        && b.modifier.as_ref().is_some_and(|m| m.return_bool)
    {
        let why = "a comparison with bool answers 0 or 1 for every series, and an alert fires for each that is answered: it fires always";
        let right = Expr::Binary(b.clone()).to_string().replacen(&format!("{} bool ", b.op), &format!("{} ", b.op), 1);
        parsed.add(to, Code::BoolFiresAlways, why, written(&right, ""));
    }
}

fn gauge(parsed: &Parsed<'_>, expr: &Expr, to: &mut Findings) {
    let Some((call, range)) = plain_rate(expr) else { return };
    let Some(name) = metric(&range.vs).filter(|name| GAUGES.iter().any(|end| name.ends_with(end))) else { return };
    let why = format!(
        "{}() of {name}, a gauge by its name: each time it falls is taken for a restart of the counter, and the result means nothing",
        call.func.name
    );
    let slope = if call.func.name == "increase" { "delta" } else { "deriv" };
    let right = parsed.expr.to_string().replace(&Expr::Call(call.clone()).to_string(), &format!("{slope}({range})"));
    let said = format!("how it changes; avg_over_time({range}) is its level");
    parsed.add(to, Code::RateOfGauge, why, written(&right, &said));
}

/// A counter that no function was applied to, summed or not.
fn counter(parsed: &Parsed<'_>, side: &Expr, to: &mut Findings) {
    let mut inner = bare(side);
    while let Expr::Aggregate(a) = inner {
        inner = bare(&a.expr);
    }
    let Expr::VectorSelector(v) = inner else { return };
    let Some(name) = metric(v).filter(|name| name.ends_with("_total") && !name.contains(':')) else { return };
    let why = format!(
        "{name} is a counter by its name and only grows: once it is past the bound the alert fires until the process restarts"
    );
    let text = parsed.expr.to_string();
    parsed.add(to, Code::RawCounter, why, written(&text.replace(&v.to_string(), &format!("increase({v}[5m])")), ""));
}

fn absent(parsed: &Parsed<'_>, expr: &Expr, to: &mut Findings) {
    let Expr::Call(c) = expr else { return };
    if !matches!(c.func.name, "absent" | "absent_over_time") {
        return;
    }
    let Some(picked) = c.args.args.first().and_then(|a| selector(bare(a))) else { return };
    let many = picked
        .matchers
        .matchers
        .iter()
        .find(|m| matches!(m.op, MatchOp::Re(_)) && m.value.contains('|') && m.name != "__name__");
    let Some(many) = many else { return };
    let each: Vec<String> = many
        .value
        .trim_matches(['(', ')'])
        .split('|')
        .map(|value| one(c.func.name, expr, picked, &many.name, value))
        .collect();
    let why = format!(
        "absent() over {} waits until every one of them is gone: while one is left, the others may be missing for ever",
        many.value
    );
    parsed.add(to, Code::AbsentOfAlternatives, why, written(&each.join(" or "), ""));
}

fn one(function: &str, expr: &Expr, picked: &VectorSelector, label: &str, value: &str) -> String {
    let mut single = picked.clone();
    for m in single.matchers.matchers.iter_mut().filter(|m| m.name == label) {
        m.op = MatchOp::Equal;
        value.clone_into(&mut m.value);
    }
    let range = all(expr).into_iter().find_map(|e| match e {
        Expr::MatrixSelector(m) => Some(format!("[{}]", promql_parser::util::display_duration(&m.range))),
        _ => None,
    });
    format!("{function}({single}{})", range.unwrap_or_default())
}
