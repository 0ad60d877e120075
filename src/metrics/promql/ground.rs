//! What a result stands on: which of the series that an expression asks for have to be there, and since when. Whether they
//! are is told by who holds them.

use std::fmt;
use std::time::Duration;

use super::plan::{Call, Matcher, Node, Operator, Selector, Source, Test};
use super::query::Limits;
use crate::domain::figure;

/// What an expression, or a part of it, stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Everything is there, over the whole of its range.
    Whole,
    /// It is there, for less long than its range is; in milliseconds.
    Warming {
        /// So long.
        have: i64,
        /// So long it must be.
        need: i64,
    },
    /// Of these, in words, there is nothing.
    Missing(Vec<String>),
    /// The metrics are there; of what these ask of other labels there is nothing.
    NoneYet(Vec<String>),
}

/// Where a selector looks, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Samples later than this,
    pub after: i64,
    /// and not later than this.
    pub until: i64,
    /// So far before the time of evaluation its series must have begun; 0 where only the newest sample counts.
    pub need: i64,
    /// Fewer samples of a series give no result.
    pub least: usize,
    /// The range that is written at the selector; 0 where there is none.
    pub range: i64,
    /// That there is nothing is what is asked.
    pub absent: bool,
}

/// Tells what one selector finds.
pub type See<'s> = dyn FnMut(&Selector, Look) -> Ground + 's;

impl Ground {
    /// What stands on both.
    #[must_use]
    pub fn and(self, other: Ground) -> Ground {
        match (self, other) {
            (Ground::Missing(of), Ground::Missing(others)) => Ground::Missing(together(of, others)),
            (missing @ Ground::Missing(_), _) | (_, missing @ Ground::Missing(_)) => missing,
            (Ground::Warming { have, need }, Ground::Warming { have: others, need: other }) => {
                if need - have >= other - others {
                    Ground::Warming { have, need }
                } else {
                    Ground::Warming { have: others, need: other }
                }
            }
            (warming @ Ground::Warming { .. }, _) | (_, warming @ Ground::Warming { .. }) => warming,
            (Ground::NoneYet(of), Ground::NoneYet(others)) => Ground::NoneYet(together(of, others)),
            (none @ Ground::NoneYet(_), _) | (_, none @ Ground::NoneYet(_)) => none,
            (Ground::Whole, Ground::Whole) => Ground::Whole,
        }
    }

    /// What stands on either: `or` names what is taken where the first is missing.
    fn or(self, other: Ground) -> Ground {
        match (self, other) {
            (Ground::Missing(of), Ground::Missing(others)) => Ground::Missing(of).and(Ground::Missing(others)),
            (Ground::Missing(_), other) | (other, Ground::Missing(_)) => other,
            (one @ Ground::NoneYet(_), other @ Ground::NoneYet(_)) => one.and(other),
            (Ground::NoneYet(_), other) | (other, Ground::NoneYet(_)) => other,
            (one, other) => one.and(other),
        }
    }
}

fn together(mut of: Vec<String>, others: Vec<String>) -> Vec<String> {
    for other in others {
        if !of.contains(&other) {
            of.push(other);
        }
    }
    of
}

/// What a node stands on at a time.
pub fn of(node: &Node, at: i64, limits: &Limits, see: &mut See<'_>) -> Ground {
    let (look_back, step) = (limits.look_back, limits.subquery_step);
    Walk { at, look_back, step, absent: false, see }.node(node, 0, 0)
}

struct Walk<'w, 's> {
    at: i64,
    look_back: i64,
    /// Of subqueries that name none.
    step: i64,
    /// Within what asks whether something is missing.
    absent: bool,
    see: &'w mut See<'s>,
}

impl Walk<'_, '_> {
    /// `range` is what subqueries around it add, `offset` what theirs say.
    fn node(&mut self, node: &Node, range: i64, offset: i64) -> Ground {
        match node {
            Node::Select(selector) => {
                let offset = offset.saturating_add(selector.offset);
                let until = self.at.saturating_sub(offset);
                let after = until.saturating_sub(range).saturating_sub(self.look_back);
                let need = range.saturating_add(offset).max(0);
                (self.see)(selector, Look { after, until, need, least: 1, range: 0, absent: self.absent })
            }
            Node::Binary(binary) => {
                let left = self.node(&binary.left, range, offset);
                match binary.operator {
                    // What is taken away may be missing.
                    Operator::Unless => left,
                    Operator::Or => left.or(self.node(&binary.right, range, offset)),
                    _ => left.and(self.node(&binary.right, range, offset)),
                }
            }
            // That something is missing is what they ask.
            Node::Call(call) if matches!(**call, Call::Absent { .. } | Call::AbsentOver { .. }) => {
                let around = std::mem::replace(&mut self.absent, true);
                let ground = self.others(node, range, offset);
                self.absent = around;
                ground
            }
            _ => self.others(node, range, offset),
        }
    }

    fn others(&mut self, node: &Node, range: i64, offset: i64) -> Ground {
        let mut ground = Ground::Whole;
        let mut beyond: *const Node = std::ptr::null();
        if let Some(window) = node.window() {
            let offset = offset.saturating_add(window.offset);
            let range = range.saturating_add(window.range);
            let least = match node {
                Node::Call(call) => call.least(),
                _ => 1,
            };
            ground = match &window.source {
                Source::Series(selector) => {
                    let offset = offset.saturating_add(selector.offset);
                    let until = self.at.saturating_sub(offset);
                    let need = range.saturating_add(offset).max(0);
                    let after = until.saturating_sub(range);
                    let look = Look { after, until, need, least, range: window.range, absent: self.absent };
                    (self.see)(selector, look)
                }
                Source::Steps { node, step } => {
                    beyond = node;
                    self.node(node, range, offset).and(if self.absent {
                        Ground::Whole
                    } else {
                        holds(least, window.range, step.unwrap_or(self.step))
                    })
                }
            };
        }
        let mut children = Vec::new();
        node.children(&mut |child| children.push(child));
        for child in children.into_iter().filter(|child| !std::ptr::eq(*child, beyond)) {
            ground = ground.and(self.node(child, range, offset));
        }
        ground
    }
}

/// Whether a range in steps can ever hold so many.
fn holds(least: usize, range: i64, step: i64) -> Ground {
    if least < 2 || range > step {
        return Ground::Whole;
    }
    let words = |long: i64| figure::span(Duration::from_millis(long.unsigned_abs()));
    Ground::Missing(vec![format!("a range of {} in steps of {}, which holds no two", words(range), words(step))])
}

impl Call {
    /// How many samples of a series it takes to give a result.
    fn least(&self) -> usize {
        match self {
            Call::Over { what, .. } => what.least(),
            _ => 1,
        }
    }
}

/// As PromQL writes it.
impl fmt::Display for Selector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.metric().unwrap_or_default())?;
        let matchers: Vec<String> = self.matchers().iter().map(Matcher::to_string).collect();
        if matchers.is_empty() { Ok(()) } else { write!(out, "{{{}}}", matchers.join(",")) }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        match &self.test {
            Test::Equal(value) => write!(out, "{name}={value:?}"),
            Test::NotEqual(value) => write!(out, "{name}!={value:?}"),
            Test::Matches(pattern) => write!(out, "{name}=~{:?}", bare(pattern.as_str())),
            Test::MatchesNot(pattern) => write!(out, "{name}!~{:?}", bare(pattern.as_str())),
        }
    }
}

/// A pattern without what anchors it.
fn bare(pattern: &str) -> &str {
    pattern.strip_prefix("^(?s:").and_then(|rest| rest.strip_suffix(")$")).unwrap_or(pattern)
}

#[cfg(test)]
mod tests {
    use super::super::Query;
    use super::*;

    /// What is asked of each selector, and what the whole stands on where only these names are there.
    fn looked(expr: &str, there: &[&str]) -> (Vec<(String, i64, i64, i64)>, Ground) {
        let mut asked = Vec::new();
        let query = Query::compile(expr).unwrap();
        let ground = query.ground(1_000_000, &Limits::default(), &mut |selector, look| {
            asked.push((selector.to_string(), 1_000_000 - look.after, 1_000_000 - look.until, look.need));
            if look.absent || there.contains(&selector.metric().unwrap_or_default()) {
                Ground::Whole
            } else {
                Ground::Missing(vec![selector.to_string()])
            }
        });
        (asked, ground)
    }

    #[test]
    fn selectors_are_asked_for_what_they_read() {
        let of = |expr| looked(expr, &["a", "b"]).0;
        assert_eq!(of("a{x=\"1\"} > 2"), [("a{x=\"1\"}".into(), 300_000, 0, 0)]);
        assert_eq!(of("rate(a[5m] offset 1m)"), [("a".into(), 360_000, 60_000, 360_000)]);
        let twice = of("max_over_time(rate(a{y=~\"5..\"}[1m])[10m:])");
        assert_eq!(twice, [("a{y=~\"5..\"}".into(), 660_000, 0, 660_000)]);
        assert_eq!(of("absent(a)"), [("a".into(), 300_000, 0, 0)]);
    }

    #[test]
    fn what_an_author_guards_is_not_missing() {
        let of = |expr| looked(expr, &["a"]).1;
        assert_eq!(of("a / b"), Ground::Missing(vec!["b".into()]));
        assert_eq!(of("b + b{c!=\"d\"} + b"), Ground::Missing(vec!["b".into(), "b{c!=\"d\"}".into()]));
        assert_eq!(of("(b or vector(0)) > 1"), Ground::Whole);
        assert_eq!(of("(b or c) > 1"), Ground::Missing(vec!["b".into(), "c".into()]));
        assert_eq!(of("a unless b"), Ground::Whole);
        assert_eq!(of("topk(scalar(b), a)"), Ground::Missing(vec!["b".into()]));
    }
}
