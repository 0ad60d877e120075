//! Times that do not fit: `for` and ranges against the interval of evaluation, ranges against the scrapes.

use std::time::Duration;

use promql_parser::parser::{Expr, MatrixSelector};
use promql_parser::util::display_duration;

use super::expression::all;
use super::read::{Group, Rule};
use super::{Findings, Parsed, written};
use crate::doctor::code::Code;

/// `for` shorter than the interval.
pub fn pending(rule: &Rule, group: &Group, to: &mut Findings) {
    let (Some((pending, line)), Some(interval)) = (rule.pending, group.interval) else { return };
    if pending.is_zero() || pending >= interval {
        return;
    }
    let why = format!(
        "{}: for: {} is shorter than the interval of evaluation, {}: it fires at the second evaluation, {} later, whatever was in between",
        rule.name,
        display_duration(&pending),
        display_duration(&interval),
        display_duration(&interval),
    );
    to.add(Code::ForShorterThanInterval, line, why, format!("for: {}", display_duration(&(interval * 2))));
}

/// Ranges shorter than the interval, or than two scrapes.
pub fn ranges(parsed: &Parsed<'_>, group: &Group, scrape: Option<Duration>, to: &mut Findings) {
    for expr in all(&parsed.expr) {
        let Expr::MatrixSelector(m) = expr else { continue };
        let range = display_duration(&m.range);
        if let Some(interval) = group.interval.filter(|i| m.range < *i) {
            let why = format!(
                "the range [{range}] is shorter than the interval of evaluation, {}: what happens between two looks is never seen",
                display_duration(&interval)
            );
            parsed.add(to, Code::RangeShorterThanInterval, why, longer(parsed, m, interval * 2));
        }
        if let Some(scrape) = scrape.filter(|s| m.range < *s * 2) {
            let why = format!(
                "the range [{range}] is shorter than two scrapes of {}: a rate needs two samples, so it is often empty",
                display_duration(&scrape)
            );
            parsed.add(to, Code::RangeShorterThanScrapes, why, longer(parsed, m, scrape * 4));
        }
    }
}

/// The expression with that range made longer.
fn longer(parsed: &Parsed<'_>, range: &MatrixSelector, to: Duration) -> String {
    let mut right = range.clone();
    right.range = to;
    written(&parsed.expr.to_string().replace(&range.to_string(), &right.to_string()), "")
}
