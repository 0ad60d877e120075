//! What runbooks say of what is watched: `service api ok`, `cache redis < 80 %`, `signal queue depth`. A name may hold blanks:
//! the longest known one counts.

use super::super::layers::Item;
use super::super::nearest;
use super::builder::Builder;
use super::told;
use crate::domain::Safe;
use crate::domain::threshold::{Threshold, parse_duration};
use crate::remediation::measure::{Expectation, Measure, Told};

/// What it can begin with.
const KINDS: [&str; 14] = [
    "cache",
    "signal",
    "connections",
    "share",
    "blocked",
    "latency",
    "service",
    "requests",
    "errors",
    "p50",
    "p95",
    "p99",
    "scrape",
    "log errors",
];

/// What is measured, what it is called, and what must hold of it.
pub struct Wanted {
    pub measure: Measure,
    pub name: Safe,
    pub expect: Expectation,
    /// For how long, as the threshold itself says.
    pub hold: std::time::Duration,
}

impl Builder<'_> {
    /// What a look is at.
    pub(super) fn looked_at(&mut self, item: &Item, key: &str, words: &str) -> Option<(Measure, Safe)> {
        let (measure, name, rest) = self.measured(item, key, words)?;
        if self.is_told(item, key, &measure) {
            return None;
        }
        if !rest.is_empty() {
            self.wrong(item, key, &format!("{rest:?} is too much: only what is looked at is named"));
            return None;
        }
        Some((measure, name))
    }

    /// What must hold before or after an action.
    pub(super) fn wanted(&mut self, item: &Item, key: &str, words: &str) -> Option<Wanted> {
        let wanted = self.wanted_of_alert(item, key, words)?;
        if self.is_told(item, key, &wanted.measure) { None } else { Some(wanted) }
    }

    /// What no action looks at says so.
    fn is_told(&mut self, item: &Item, key: &str, measure: &Measure) -> bool {
        let is_told = matches!(measure, Measure::Told(_));
        if is_told {
            self.wrong(
                item,
                key,
                "what a scraped target or a log tells is watched by an [[alert]] alone, not by an action",
            );
        }
        is_told
    }

    /// What must hold, of whatever is read.
    pub(super) fn wanted_of_alert(&mut self, item: &Item, key: &str, words: &str) -> Option<Wanted> {
        let (mut measure, mut name, rest) = self.measured(item, key, words)?;
        if let Measure::UsedSlots(at) = measure
            && rest.contains('%')
        {
            measure = Measure::UsedShare(at);
            name = Safe::of(format!("share of {name}"));
        }
        let (measure, rest) = told::narrowed(measure, rest);
        let of_service = matches!(measure, Measure::Service(_) | Measure::Told(Told::Scrape(_)));
        // A verdict holds for a while as a figure does.
        let (rest, lasting) = match rest.rsplit_once(" for ").filter(|_| of_service) {
            Some((verdict, time)) => {
                let Some(lasting) = parse_duration(time) else {
                    self.wrong(item, key, &format!("{time:?} is not a time; write it as 30s, 5m, 2h or 1d"));
                    return None;
                };
                (verdict.trim().to_owned(), lasting)
            }
            None => (rest, std::time::Duration::ZERO),
        };
        let expect = match (rest.as_str(), of_service) {
            ("ok", true) => Expectation::Healthy,
            ("not ok", true) => Expectation::Unwell,
            ("down", true) => Expectation::Down,
            (_, true) => {
                let words = match measure {
                    Measure::Service(_) => "behind a service stands ok, not ok or down",
                    _ => "behind a scraped target stands down, ok, or a time such as older than 1m",
                };
                self.wrong(item, key, words);
                return None;
            }
            ("", false) => {
                self.wrong(item, key, "what must hold is missing: a threshold such as \"< 80 %\"");
                return None;
            }
            (text, false) => match self.threshold_of(&measure, text) {
                Ok(threshold) => Expectation::Meets(threshold),
                Err(why) => {
                    self.wrong(item, key, &why);
                    return None;
                }
            },
        };
        let hold = match &expect {
            Expectation::Meets(threshold) => threshold.hold,
            _ => lasting,
        };
        Some(Wanted { measure, name, expect, hold })
    }

    /// A bound in the unit of what it is compared with.
    fn threshold_of(&self, measure: &Measure, text: &str) -> Result<Threshold, String> {
        let threshold = Threshold::parse(text)?;
        threshold.in_unit(&self.unit_of(measure))
    }

    /// Kind and name, and what stands behind them.
    fn measured(&mut self, item: &Item, key: &str, words: &str) -> Option<(Measure, Safe, String)> {
        if let Some(rest) = words.trim().strip_prefix("idle in transaction") {
            return self.oldest_idle(item, key, rest.trim());
        }
        if let Some((told, rest)) = told::Kind::of(words.trim()) {
            return self.told(item, key, told, rest);
        }
        let r = &self.resolved;
        let (kind, rest) = words.trim().split_once(' ').unwrap_or((words.trim(), ""));
        let databases: Vec<&Safe> = r.databases.iter().map(|d| &d.name).collect();
        let (names, measure, what): (Vec<&Safe>, fn(usize) -> Measure, &str) = match kind {
            "cache" => (r.caches.iter().map(|c| &c.name).collect(), Measure::HitRatio, "hit ratio of"),
            "signal" => (r.signals.iter().map(|s| &s.name).collect(), Measure::Signal, ""),
            "connections" => (databases, Measure::UsedSlots, "connections in use of"),
            "share" => (databases, Measure::UsedShare, "share of connections in use of"),
            "blocked" => (databases, Measure::Blocked, "blocked sessions of"),
            "service" => (r.services.iter().map(|s| &s.name).collect(), Measure::Service, "health of"),
            "latency" => (r.services.iter().map(|s| &s.name).collect(), Measure::Latency, "latency of"),
            _ => {
                let hint = nearest::hint(kind, KINDS);
                let words = "begins with cache, signal, connections, share, blocked, latency, service, requests, errors, \
                             p50, p95, p99, scrape, log lines or log errors, and a name, or with idle in transaction";
                self.wrong(item, key, &format!("{words}{hint}"));
                return None;
            }
        };
        let rest = rest.trim();
        let fits = |name: &Safe| {
            rest.strip_prefix(name.as_str()).is_some_and(|behind| behind.is_empty() || behind.starts_with(' '))
        };
        let known = names.iter().enumerate().filter(|(_, name)| fits(name)).max_by_key(|(_, name)| name.as_str().len());
        let Some((at, name)) = known else {
            let hint = nearest::hint(told::called(rest), names.iter().map(|known| known.as_str()));
            self.wrong(item, key, &format!("there is no {kind} named as in {rest:?}{hint}"));
            return None;
        };
        let behind = rest.strip_prefix(name.as_str()).unwrap_or_default().trim().to_owned();
        Some((measure(at), Safe::of(format!("{what} {name}").trim()), behind))
    }

    /// The session that has been idle in a transaction for longest; without a name, of the first database.
    fn oldest_idle(&mut self, item: &Item, key: &str, rest: &str) -> Option<(Measure, Safe, String)> {
        let names = || self.resolved.databases.iter().map(|database| database.name.as_str());
        let behind = |name: &str| rest.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with(' '));
        let found = names().enumerate().filter_map(|(at, name)| Some((at, name.len(), behind(name)?)));
        let (at, rest) = match found.max_by_key(|(_, length, _)| *length) {
            Some((at, _, rest)) => (at, rest.trim()),
            None => (0, rest),
        };
        let Some(name) = names().nth(at) else {
            self.wrong(item, key, "there is no database whose sessions could be looked at");
            return None;
        };
        let what = Safe::of(format!("longest idle in transaction of {name}"));
        Some((Measure::OldestIdleTransaction(at), what, rest.to_owned()))
    }
}
