//! Whether a server has anything of what an expression asks for: an empty result says "ok" only where its selectors find
//! something. A question finds one element where there is nothing; what was answered holds
//! for a while.

use std::collections::HashMap;

use super::world::{Known, LIMITS};
use crate::alerts::lifecycle::{Basis, Outcome};
use crate::domain::Safe;
use crate::metrics::promql::{self, Ground, Look, Query, Selector};

/// For so long it holds that something is there, in milliseconds.
const HOLDS: i64 = 60_000;
/// And that it is not.
const MISSED: i64 = 15_000;
/// Most answers that are kept.
const MOST: usize = 20_000;
/// Most selectors that are named.
const NAMED: usize = 8;

/// What was answered, by question.
#[derive(Debug, Default)]
pub struct Presence {
    answers: HashMap<String, (i64, Result<bool, Safe>)>,
}

/// A way from a question to its answer; none while nobody knows.
type There<'a> = &'a mut dyn FnMut(String) -> Option<Result<bool, Safe>>;

impl Presence {
    /// Takes what a round answered.
    pub fn learn(&mut self, answers: &HashMap<(String, i64), Outcome>, now: i64) {
        if self.answers.len() >= MOST {
            self.answers.clear();
        }
        for ((expr, at), outcome) in answers.iter().filter(|((expr, _), _)| expr.starts_with("absent(")) {
            let is_known = self.answers.get(expr).is_some_and(|(known, answer)| answer.is_ok() && known >= at);
            if is_known {
                continue;
            }
            let is_there = match outcome {
                Ok(evaluation) => Ok(evaluation.elements.is_empty()),
                Err(failure) => Err(failure.words().clone()),
            };
            // A failure is asked again at the next look.
            let from = if is_there.is_ok() { now.max(*at) } else { *at };
            self.answers.insert(expr.clone(), (from, is_there));
        }
    }

    /// What is still to be asked for an expression that found nothing; with `fresh` only what was answered since then counts.
    pub fn wanted(&self, expr: &str, at: i64, fresh: Option<i64>, now: i64, known: &mut Known) -> Vec<String> {
        let mut wanted = Vec::new();
        let mut there = |question: String| {
            let answer = self.answer(&question, at, fresh, now);
            if answer.is_none() {
                wanted.push(question);
            }
            answer
        };
        ground(expr, at, known, &mut there);
        wanted
    }

    /// Takes what a question for traffic found: an element that is NaN is 0 of 0.
    pub fn learn_traffic(&mut self, question: &str, at: i64, outcome: &Outcome, now: i64) {
        let has_traffic = match outcome {
            Ok(found) => Ok(found.elements.is_empty() || found.elements.iter().any(|(_, value)| !value.is_nan())),
            Err(failure) => Err(failure.words().clone()),
        };
        let from = if has_traffic.is_ok() { now.max(at) } else { at };
        self.answers.insert(question.to_owned(), (from, has_traffic));
    }

    /// Whether a question for traffic is to be asked, as seldom as the others.
    pub fn wants_traffic(&self, question: &str, at: i64, fresh: Option<i64>, now: i64) -> bool {
        self.answer(question, at, fresh, now).is_none()
    }

    /// Whether nothing happened that could be measured, as a question for traffic found.
    pub fn is_idle(&self, question: &str, at: i64, now: i64) -> bool {
        self.answer(question, at, None, now) == Some(Ok(false))
    }

    /// What is known of a question, with `fresh` since then; of one that failed only what was asked for this very time.
    fn answer(&self, question: &str, at: i64, fresh: Option<i64>, now: i64) -> Option<Result<bool, Safe>> {
        let (from, answer) = self.answers.get(question)?;
        let since = |held: i64| fresh.unwrap_or(now.saturating_sub(held));
        let holds = match answer {
            Ok(true) => *from >= since(HOLDS),
            Ok(false) => *from >= since(MISSED),
            Err(_) => *from == at,
        };
        holds.then(|| answer.clone())
    }

    /// What an empty result stands on.
    pub fn basis(&self, expr: &str, at: i64, now: i64, known: &mut Known) -> Basis {
        let unasked = || Err(Safe::of("it was not asked"));
        let mut there = |question: String| Some(self.answer(&question, at, None, now).unwrap_or_else(unasked));
        match ground(expr, at, known, &mut there) {
            Ground::Whole => Basis::Complete,
            Ground::Missing(of) => Basis::Missing(named(&of)),
            Ground::NoneYet(of) => Basis::NoneYet(named(&of)),
            // Since when a server has what it has nobody asks.
            Ground::Warming { .. } => Basis::Missing(vec![Safe::of("too few samples yet")]),
        }
    }
}

fn named(of: &[String]) -> Vec<Safe> {
    of.iter().take(NAMED).map(Safe::of).collect()
}

fn ground(expr: &str, at: i64, known: &mut Known, there: There<'_>) -> Ground {
    match known.compiled(expr) {
        Some(query) => of_query(&query, at, there),
        None => of_selectors(expr, there),
    }
}

fn of_query(query: &Query, at: i64, there: There<'_>) -> Ground {
    query.ground(at, &LIMITS, &mut |selector, look| see(selector, look, at, there))
}

/// What one selector finds. What is not known yet is taken for there: what comes behind it is not asked in vain.
fn see(selector: &Selector, look: Look, at: i64, there: There<'_>) -> Ground {
    let window = Window { of: look, at };
    let words = || vec![selector.to_string()];
    match there(window.question(&selector.to_string(), look.least)) {
        None | Some(Ok(true)) => return Ground::Whole,
        Some(Err(why)) => {
            return Ground::Missing(vec![format!("{selector}, of which the server does not tell: {why}")]);
        }
        Some(Ok(false)) => {}
    }
    if look.least > 1 && there(window.question(&selector.to_string(), 1)) == Some(Ok(true)) {
        return Ground::Missing(vec![format!(
            "{selector}, of which the range holds fewer than {} samples",
            look.least
        )]);
    }
    match selector.metric().filter(|_| !selector.matchers().is_empty()) {
        Some(metric) if there(window.question(metric, 1)) == Some(Ok(true)) => Ground::NoneYet(words()),
        _ => Ground::Missing(words()),
    }
}

/// Where a selector looks.
struct Window {
    of: Look,
    at: i64,
}

impl Window {
    /// A question that finds an element where there are fewer than `least` samples of every series.
    fn question(&self, selector: &str, least: usize) -> String {
        let offset = match self.at.saturating_sub(self.of.until) {
            0 => String::new(),
            offset => format!(" offset {}{}ms", if offset < 0 { "-" } else { "" }, offset.unsigned_abs()),
        };
        let range = self.of.until.saturating_sub(self.of.after).max(1);
        if range == LIMITS.look_back && least <= 1 {
            format!("absent({selector}{offset})")
        } else {
            format!("absent(count_over_time({selector}[{range}ms]{offset}) >= {least})")
        }
    }
}

/// Of what is not evaluated here its selectors are looked at, without what stands around them.
fn of_selectors(expr: &str, there: There<'_>) -> Ground {
    promql::selectors(expr).into_iter().fold(Ground::Whole, |ground, asked| {
        let one = match there(format!("absent({})", asked.selector)) {
            None | Some(Ok(true)) => Ground::Whole,
            Some(Ok(false)) => match asked.metric {
                Some(metric) if there(format!("absent({metric})")) == Some(Ok(true)) => {
                    Ground::NoneYet(vec![asked.selector])
                }
                _ => Ground::Missing(vec![asked.selector]),
            },
            Some(Err(why)) => {
                Ground::Missing(vec![format!("{}, of which the server does not tell: {why}", asked.selector)])
            }
        };
        ground.and(one)
    })
}
