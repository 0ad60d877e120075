//! `histogram_quantile` over what is no histogram: without buckets, without a rate, without `le`.

use promql_parser::parser::{Call, Expr, VectorSelector};

use super::expression::{all, bare, is_rate, kept, metric, selector};
use super::{Findings, Parsed, written};
use crate::doctor::code::Code;

/// Looks at every quantile of the expression.
pub fn check(parsed: &Parsed<'_>, to: &mut Findings) {
    for expr in all(&parsed.expr) {
        let Expr::Call(call) = expr else { continue };
        if let ("histogram_quantile", Some(over)) = (call.func.name, call.args.args.get(1)) {
            quantile(parsed, call, over, to);
        }
    }
}

fn quantile(parsed: &Parsed<'_>, call: &Call, over: &Expr, to: &mut Findings) {
    let found: Vec<(&VectorSelector, bool)> = selectors(over);
    // Recording rules name what they made as they like.
    let plain = |s: &VectorSelector| metric(s).filter(|name| !name.contains(':')).map(str::to_owned);
    let Some((first, name)) = found.iter().find_map(|(s, _)| Some((*s, plain(s)?))) else { return };
    let rated = found.iter().any(|(_, rated)| *rated);
    let buckets = name.ends_with("_bucket");
    let keeps_le = kept(over).may_have("le");
    let asks_for_le = matches!(bare(over), Expr::Aggregate(a) if a.modifier.as_ref().is_some_and(|m| m.is_include() && m.labels().labels.iter().any(|l| l == "le")));
    let instead = mended(parsed, call, first, &name);
    let base = base(&name);
    // Native histograms have neither `le` nor a `_sum` or `_count` of their own, and are asked for a rate like any other.
    let native = rated && !asks_for_le && base == name;
    if !buckets && native {
        let why = format!(
            "histogram_quantile() over {name}, which is no {name}_bucket: only a native histogram answers that; of a classic \
             one, which is all that the text format carries, it matches nothing and the alert can never fire"
        );
        parsed.add(to, Code::QuantileOfNative, why, &instead);
    } else if !buckets {
        let why = format!(
            "histogram_quantile() over {name}: a classic histogram has only {base}_bucket, {base}_sum and {base}_count, so the \
             expression matches nothing and the alert can never fire"
        );
        parsed.add(to, Code::QuantileWithoutBuckets, why, &instead);
    }
    if !rated {
        let why = "the quantile is over everything since the process began, since there is no rate(): a slow hour moves it \
                   little, and it stays high long after";
        parsed.add(to, Code::QuantileOfLifetime, why, &instead);
    }
    if buckets && !keeps_le {
        let why = "the aggregation drops the label le, without which histogram_quantile() has no buckets: there is never a result";
        parsed.add(to, Code::QuantileWithoutLe, why, &instead);
    }
}

/// Every selector, and whether a rate is taken of it.
fn selectors(over: &Expr) -> Vec<(&VectorSelector, bool)> {
    let mut found: Vec<(&VectorSelector, bool)> = Vec::new();
    for expr in all(over) {
        match expr {
            Expr::Call(c) if is_rate(c) || c.func.name.ends_with("_over_time") || c.func.name == "delta" => {
                let inner = all(expr).into_iter().filter_map(selector).map(|s| (s, true));
                found.extend(inner);
            }
            Expr::VectorSelector(v) if !found.iter().any(|(seen, _)| std::ptr::eq(*seen, v)) => found.push((v, false)),
            _ => {}
        }
    }
    found
}

fn base(name: &str) -> &str {
    ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

fn mended(parsed: &Parsed<'_>, call: &Call, first: &VectorSelector, name: &str) -> String {
    let (Some(level), Some(over)) = (call.args.args.first(), call.args.args.get(1)) else { return String::new() };
    let buckets = VectorSelector { name: Some(format!("{}_bucket", base(name))), ..first.clone() };
    let mut by = vec!["le".to_owned()];
    by.extend(parsed.printed());
    if let Expr::Aggregate(a) = bare(over)
        && let Some(modifier) = a.modifier.as_ref().filter(|m| m.is_include())
    {
        by.extend(modifier.labels().labels.iter().filter(|l| !by.contains(l)).cloned().collect::<Vec<_>>());
    }
    let range = all(over).into_iter().find_map(|e| match e {
        Expr::MatrixSelector(m) => Some(promql_parser::util::display_duration(&m.range)),
        _ => None,
    });
    let range = range.unwrap_or_else(|| "5m".to_owned());
    let right = format!("histogram_quantile({level}, sum by ({}) (rate({buckets}[{range}])))", by.join(", "));
    written(&parsed.expr.to_string().replace(&Expr::Call(call.clone()).to_string(), &right), "")
}
