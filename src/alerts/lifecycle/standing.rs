//! How a rule stands, in one word. It is ok only where a fresh evaluation stood on all that it needs and found nothing.

use std::time::Duration;

use super::alert::State;
use super::outcome::{Basis, Failure};
use super::rule::{AlertingRule, Last, since};
use crate::domain::{Safe, figure};

/// The word. Worst first is the order of [`Ord`] turned round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing is wrong.
    Ok,
    /// 0 of 0: there was nothing to measure.
    NoTraffic,
    /// What it asks for is told by its targets, and of the kind it looks for there is none.
    NoneYet,
    /// Its range is not full yet.
    WarmingUp,
    /// There is nothing of what it asks for.
    NoData,
    /// It was not evaluated, or too long ago.
    NotEvaluated,
    /// The evaluation failed.
    Error,
    /// An alert is pending.
    Pending,
    /// An alert fires.
    Firing,
}

impl Verdict {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::NoTraffic => "no traffic",
            Verdict::NoneYet => "none now",
            Verdict::WarmingUp => "warming up",
            Verdict::NoData => "no data",
            Verdict::NotEvaluated => "not evaluated",
            Verdict::Error => "error",
            Verdict::Pending => "pending",
            Verdict::Firing => "firing",
        }
    }
}

/// How a rule stands. Alerts that are active are counted beside any word: an error hides none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The word.
    pub verdict: Verdict,
    /// Why, where that needs more than the word.
    pub why: Option<Safe>,
    /// Alerts that fire.
    pub firing: usize,
    /// Alerts that are pending.
    pub pending: usize,
    /// Alerts of before a restart, of which nothing is known yet.
    pub remembered: usize,
}

/// An evaluation that is older than so many intervals says nothing about now.
const FRESH_INTERVALS: u32 = 3;

impl AlertingRule {
    /// How it stands now, where it is evaluated every so often.
    #[must_use]
    pub fn standing(&self, now: i64, interval: Duration) -> Standing {
        let count = |state: State| self.alerts.values().filter(|alert| alert.state == state).count();
        let (firing, pending) = (count(State::Firing), count(State::Pending));
        let (verdict, why) = self.verdict(firing, pending, now, interval);
        Standing { verdict, why, firing, pending, remembered: self.remembered.len() }
    }

    fn verdict(&self, firing: usize, pending: usize, now: i64, interval: Duration) -> (Verdict, Option<Safe>) {
        let basis = match &self.last {
            Last::Never => return (Verdict::NotEvaluated, Some(Safe::of("not yet"))),
            Last::Failed(Failure::Failed(words)) => return (Verdict::Error, Some(words.clone())),
            Last::Failed(Failure::NotEvaluated(words)) => return (Verdict::NotEvaluated, Some(self.aged(words, now))),
            Last::Stood(basis) => basis,
        };
        let age = since(self.evaluated_at.unwrap_or(i64::MIN), now);
        if firing > 0 {
            return (Verdict::Firing, self.noted());
        }
        if pending > 0 {
            return (Verdict::Pending, self.noted());
        }
        if age > interval.saturating_mul(FRESH_INTERVALS) {
            let words = format!("last {} ago", figure::age(age));
            return (Verdict::NotEvaluated, Some(Safe::of(words)));
        }
        match basis {
            Basis::Complete => (Verdict::Ok, self.noted()),
            Basis::NoTraffic => (Verdict::NoTraffic, None),
            Basis::Warming { have, need } => {
                let words = format!("{} of {}", figure::age(*have), figure::span(*need));
                (Verdict::WarmingUp, Some(Safe::of(words)))
            }
            Basis::Missing(selectors) => (Verdict::NoData, told(selectors)),
            Basis::NoneYet(selectors) => (Verdict::NoneYet, told(selectors)),
        }
    }

    /// Why there was no evaluation, and how old what is known is.
    fn aged(&self, words: &Safe, now: i64) -> Safe {
        let age = self.stood_at.map(|stood_at| since(stood_at, now));
        let Some(age) = age.filter(|age| age.as_secs() > 0) else { return words.clone() };
        Safe::of(format!("{words}; last evaluated {} ago", figure::age(age)))
    }

    fn noted(&self) -> Option<Safe> {
        told(&self.notes)
    }
}

fn told(selectors: &[Safe]) -> Option<Safe> {
    let told: Vec<&str> = selectors.iter().map(Safe::as_str).collect();
    (!told.is_empty()).then(|| Safe::of(told.join(", ")))
}
